// capacity, sweep, compare and sensitivity over real simulations: exit codes, JSON, files, going on, and one mistake each.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { fileWith, scratch, swaplab } from "../src/command.ts"
import { small } from "../src/scenarios.ts"

const filesOf = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder).filter((name) => !name.startsWith(".")).toSorted()

const runsOf = (folder: string): number => readdirSync(join(folder, "runs")).length

describe.concurrent("swaplab capacity", () => {
  it("finds the same number again, from the runs that are kept", async () => {
    const file = fileWith(small("slo: [server.meanResidence < 100 s]"))
    const out = join(scratch(), "out")
    const words = ["capacity", file, "--to", "2", "--sure", "50%", "--holds", "60%", "--out", out]
    const first = await swaplab([...words, "--json", "--workers", "1"])
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: "" })
    expect(JSON.parse(first.stdout)).toMatchObject({ path: "clients.0.count", atLeast: 2, failsAt: null, failures: [] })
    expect(filesOf(out)).toEqual(["capacity.csv", "capacity.json", "capacity.svg", "report.txt", "runs"])
    expect(`${JSON.stringify(JSON.parse(readFileSync(join(out, "capacity.json"), "utf8")))}\n`).toBe(first.stdout)
    const kept = runsOf(out)
    expect((await swaplab([...words, "--json", "--workers", "2"])).stdout).toBe(first.stdout)
    // with two workers a run that was under way at the end may be kept, too
    expect(runsOf(out)).toBeGreaterThanOrEqual(kept)
  })

  it("exits with 99 where nothing holds, and with 2 where nothing is demanded", async () => {
    const [nothing, mistake] = await Promise.all([
      swaplab(["capacity", fileWith(small("slo: [elapsed < 1 ms]")), "--to", "2"]),
      swaplab(["capacity", fileWith(small())])
    ])
    expect(nothing.code).toBe(99)
    expect(nothing.stdout).toContain("No value holds in at least 4 of 5 mornings: not even 1.")
    expect(mistake.code).toBe(2)
    expect(mistake.stderr).toMatch(/slo: is missing, expected what a run has to keep/)
  })
})

describe.concurrent("swaplab sweep and compare", () => {
  const words = ["-x", "clients.0.ram=8MiB,12MiB", "--seeds", "3", "--metric", "elapsed"]

  it("keeps every run, goes on with more seeds, and two of its fields are compared", async () => {
    const file = fileWith(small())
    const out = join(scratch(), "out")
    const first = await swaplab(["sweep", file, ...words, "--out", out, "--workers", "1"])
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: "" })
    expect(filesOf(out)).toEqual(["curves.svg", "report.txt", "runs", "sweep.csv", "sweep.json"])
    expect(readFileSync(join(out, "report.txt"), "utf8")).toBe(first.stdout)
    const [head, ...rows] = readFileSync(join(out, "sweep.csv"), "utf8").trimEnd().split("\n")
    expect(head).toMatch(/^kernel,clients\.0\.ram_bytes,seed,/)
    expect(rows.map((row) => row.split(",").slice(1, 3).join(" "))).toEqual([
      ...[1, 2, 3].map((seed) => `8388608 ${seed}`),
      ...[1, 2, 3].map((seed) => `12582912 ${seed}`)
    ])
    const alone = await swaplab(
      ["sweep", file, ...words, "--seeds=4", "--json"].filter((word) => word !== "--seeds" && word !== "3")
    )
    const again = await swaplab(
      ["sweep", file, ...words, "--seeds=4", "--json", "--out", out].filter((word) =>
        word !== "--seeds" && word !== "3"
      )
    )
    expect(again.stdout).toBe(alone.stdout)
    expect(again.stderr).toBe(`swaplab: 6 of 8 runs were in ${out}\n`)
    expect(runsOf(out)).toBe(9)

    const [a, b] = [`${out}#clients.0.ram=8MiB`, `${out}#clients.0.ram=12MiB`]
    const [better, worse] = await Promise.all([
      swaplab(["compare", a, b, "--guard", "elapsed"]),
      swaplab(["compare", b, a, "--guard", "elapsed"])
    ])
    expect({ code: better.code, stderr: better.stderr }).toEqual({ code: 0, stderr: "" })
    expect(better.stdout).toMatch(/^ {2}A: .*8MiB\n {2}B: .*12MiB\n/m)
    expect(better.stdout).toContain("compared: the 4 seeds that both completed")
    expect(worse.code).toBe(99)
    expect(worse.stderr).toContain("elapsed")
  })

  it("tells a mistake with its place, and writes nothing", async () => {
    const out = join(scratch(), "out")
    const [sweep, compare] = await Promise.all([
      swaplab(["sweep", fileWith(small()), "-x", "clients.0.ram=8MiB,1MiB", "--out", out]),
      swaplab(["compare", out, out])
    ])
    expect(sweep.code).toBe(2)
    expect(sweep.stderr).toMatch(/the sweep: clients\.0\.ram=1MiB: clients\[0\]\.ram: got "?1MiB"?, expected/)
    expect(compare).toMatchObject({ code: 2, stdout: "" })
    expect(() => readdirSync(out)).toThrow("ENOENT")
  })
})

describe.concurrent("swaplab sensitivity", () => {
  it("varies each estimate, the same for any number of workers, and the user's own doubts", async () => {
    const file = fileWith(small())
    const out = join(scratch(), "out")
    const words = ["sensitivity", file, "--seeds", "1", "--vary", "clients.0.cpus=1,2"]
    const [one, two] = await Promise.all([
      swaplab([...words, "--json", "--workers", "1", "--out", out]),
      swaplab([...words, "--json", "--workers", "2"])
    ])
    expect({ code: one.code, stderr: one.stderr }).toEqual({ code: 0, stderr: "" })
    expect(two.stdout).toBe(one.stdout)
    const { influences } = JSON.parse(one.stdout) as {
      readonly influences: ReadonlyArray<{ readonly estimate: { readonly path: string } }>
    }
    const paths = influences.map(({ estimate }) => estimate.path)
    expect(paths).toEqual(expect.arrayContaining(["clients.0.cpus", "costs.touch", "server.read.base"]))
    expect(filesOf(out)).toEqual(["report.txt", "runs", "sensitivity.json", "tornado.svg"])
  })
})
