import { Histogram, THREE_DIGITS } from "@swaplab/stats"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const output: Array<string> = []
const print = (line: string) => output.push(line)

const example = () => {
  const latencies = new Histogram(THREE_DIGITS)
  for (let ns = 1000; ns <= 1_000_000; ns += 1000) latencies.record(ns)
  latencies.record(7_654_321)

  print(`${latencies.count} values, mean ${Math.round(latencies.mean)}, largest ${latencies.max}`)
  for (const percent of [50, 99, 100]) print(`${percent} %: ${latencies.percentile(percent)}`)
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
