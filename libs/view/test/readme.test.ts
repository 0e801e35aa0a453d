import { pageHtml } from "@swaplab/view"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const output: Array<string> = []
const print = (line: string) => output.push(line)

const example = () => {
  const html = pageHtml({
    title: "A room of forty",
    subtitle: "How many of them can work at nine?",
    headline: { value: "38", unit: "clients", sentences: ["Between 36 and 41, in 4 of 5 mornings, 80 % sure."] },
    sections: [{
      title: "Limits",
      drawings: [{ svg: "<svg width=\"20\" height=\"20\"></svg>", caption: "Nothing yet." }],
      blocks: []
    }],
    command: "swaplab run room.yaml"
  })
  print(html.slice(0, html.indexOf("\n")))
}

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

it("prints what README.md says", () => {
  example()
  expect(`${output.join("\n")}\n`).toBe(/```text\n([\s\S]*?)```/.exec(readme)?.[1])
})

it("is the code that README.md shows", () => {
  const shown = /```ts\n([\s\S]*?)```/.exec(readme)?.[1].replace(/\s+/g, " ").replaceAll("console.log(", "print(")
  const body = /const example = \(\) => \{\n([\s\S]*?)\n\}\n/.exec(readFileSync(new URL(import.meta.url), "utf8"))?.[1]
  expect(shown).toContain(body?.replace(/\s+/g, " ").trim())
})
