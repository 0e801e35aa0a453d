// The first example of README.md, run as it stands there.
import { decodeScenario, runCluster } from "@swaplab/cluster"
import { layerInProcess, makePlan, runExperiment, summarise } from "@swaplab/experiment"
import { Effect, Either } from "effect"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const example = (): string => {
  const loaded = Either.getOrThrow(decodeScenario("inline", {
    name: "tiny",
    seeds: 2,
    kernels: { series: { allocator: "slab", base: "v3.6" } },
    clients: [{ ram: "16 MiB", swap: "96 MiB", workload: { usemem: { passes: 1 } } }]
  }))

  const plan = Either.getOrThrow(makePlan(loaded))
  const result = Effect.runSync(Effect.provide(runExperiment(plan), layerInProcess(runCluster)))
  const [series] = summarise(result)
  return `${series.completed} of ${series.runs} completed`
}

/** Code without indentation and without the lines that differ between a page and a function. */
const lines = (code: string): ReadonlyArray<string> =>
  code.split("\n").map((line) => line.trim()).filter((line) =>
    line !== "" && !/^(import|return|console|const example)/.test(line)
  )

it("the example of README.md is the one that runs here", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ""
  const here = readFileSync(new URL(import.meta.url), "utf8")
  const body = /const example[^\n]*\n([\s\S]*?)\n}\n/.exec(here)?.[1] ?? ""
  expect(lines(code)).toEqual(lines(body))
  expect(example()).toBe("2 of 2 completed")
})
