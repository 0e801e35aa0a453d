import { decodeScenario } from "@swaplab/cluster"
import { Engine } from "@swaplab/live"
import { Either } from "effect"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const output: Array<string> = []
const print = (line: string) => output.push(line)

const example = () => {
  const { scenario } = Either.getOrThrow(decodeScenario("tiny.yaml", {
    name: "tiny",
    seeds: [1],
    duration: "10 s",
    kernels: { patched: { allocator: "slab", base: "v3.6" } },
    clients: [{
      name: "client",
      ram: "8 MiB",
      cpus: 1,
      swap: "64 MiB",
      workload: { usemem: { processesPerCpu: 2, size: "1x RAM", passes: 1 } }
    }]
  }))

  let ms = 0
  const due: Array<() => void> = []
  const engine = new Engine({
    answer: (answer) => {
      if (answer.kind === "rows" && answer.ended !== null) print(answer.ended.outcome)
    },
    clock: () => ms++,
    soon: (call) => due.push(call),
    answerMs: 30,
    answerShare: 0.5
  })
  engine.receive({
    kind: "open",
    opened: { scenario, kernel: "patched", seed: 1, yaml: "" },
    sampleNs: 1e6,
    look: null
  })
  engine.receive({
    kind: "play",
    fromNs: null,
    toNs: 10e9,
    speed: Number.POSITIVE_INFINITY,
    sampleNs: 1e6,
    fresh: false
  })
  while (due.length > 0) due.shift()?.()
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
