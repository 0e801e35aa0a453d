import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { commandLine } from "../src/page-file.ts"
import { workspace } from "./workspace.ts"

const { path, swaplab } = workspace()

it("tells the command of a page ready for a shell, without what changes nothing on it", () => {
  const words = [
    "run",
    "a b.yaml",
    "--set",
    "clients.0.count=2",
    "--report",
    "x.html",
    "--out=here",
    "--workers",
    "2",
    "--json"
  ]
  expect(commandLine(words)).toBe("swaplab run 'a b.yaml' --set clients.0.count=2")
  expect(commandLine(["run", "it's.yaml", "--fresh", "--seeds", "2"])).toBe(
    String.raw`swaplab run 'it'\''s.yaml' --seeds 2`
  )
})

it("writes the page beside what is printed, the same again for the same runs", async () => {
  const page = async (name: string): Promise<string> => {
    const { code, stdout } = await swaplab("run", "ok.yaml", "--report", `${name}/page.html`)
    expect({ code, outcomes: stdout.includes("Outcomes") }).toEqual({ code: 0, outcomes: true })
    return readFileSync(path(`${name}/page.html`), "utf8")
  }
  const html = await page("first")
  expect(html).toContain("<h2>Outcomes</h2>")
  expect(html).toContain("<svg ")
  expect(await page("second")).toBe(html)
})

it("is of a capacity: the number, what limits it, a typical run there and beyond, and what is assumed", async () => {
  const { code } = await swaplab("capacity", "capacity.yaml", "--report", "capacity.html")
  expect(code).toBe(0)
  const html = readFileSync(path("capacity.html"), "utf8")
  const titles = [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)
  expect(titles.filter((title) => title !== "Warnings")).toEqual([
    "How often a run holds",
    "Limited by",
    "What people feel",
    "A typical run: 12 clients",
    "A typical run: 14 clients",
    "Assumptions",
    "Made by"
  ])
  expect(html).toContain("<strong>12</strong><span class=\"unit\">clients</span><p>12 hold in at least 4 of 5 mornings")
  expect(html).toContain("<th scope=\"row\">client.faultLatency.p99 &lt; 30 ms</th>")
  expect(html.match(/<svg /g)).toHaveLength(3)
})

it("is of a sweep: charts and tables, and what is assumed", async () => {
  const { code } = await swaplab(
    "sweep",
    "ok.yaml",
    "-x",
    "clients.0.cpus=1,2",
    "--seeds",
    "2",
    "--report",
    "sweep.html"
  )
  expect(code).toBe(0)
  const html = readFileSync(path("sweep.html"), "utf8")
  expect(html).toContain("<h2>Results (means over seeds)</h2>")
  expect(html).toContain("<th scope=\"row\">costs.touch</th>")
  expect(html).toContain("<pre>swaplab sweep ok.yaml -x clients.0.cpus=1,2 --seeds 2</pre>")
  expect(html.match(/<svg /g)).toHaveLength(1)
})

it("is refused before anything runs where its directory cannot be made", async () => {
  const { code, stderr, stdout } = await swaplab("run", "ok.yaml", "--report", "ok.yaml/page.html")
  expect({ code, stderr, stdout }).toEqual({
    code: 2,
    stderr: "swaplab: --report ok.yaml/page.html: ok.yaml is a file, expected a directory\n",
    stdout: ""
  })
})
