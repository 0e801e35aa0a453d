import { decodeScenario } from "@swaplab/cluster"
import { type Answer, Engine } from "@swaplab/live"
import { Either } from "effect"
import { expect, it } from "vitest"

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

/** A run whose answers take so many milliseconds each, and each look at the clock two. */
const run = (answerTakesMs: number, answerShare: number, sampleNs: number) => {
  const answers: Array<Answer & { readonly kind: "rows" }> = []
  const due: Array<() => void> = []
  let ms = 0
  let answeringMs = 0
  const engine = new Engine({
    answer: (answer) => {
      if (answer.kind !== "rows") return
      answers.push(answer)
      ms += answerTakesMs
      answeringMs += answerTakesMs
    },
    clock: () => (ms += 2),
    soon: (call) => due.push(call),
    answerMs: 30,
    answerShare
  })
  engine.receive({ kind: "open", opened: { scenario, kernel: "patched", seed: 1, yaml: "" }, sampleNs, look: null })
  engine.receive({ kind: "play", fromNs: 0, toNs: 10e9, speed: Infinity, sampleNs, fresh: false })
  while (due.length > 0) due.shift()?.()
  // the first and the last one come at once, whatever they take
  const atOnceMs = 2 * answerTakesMs
  return { answers, share: (answeringMs - atOnceMs) / (ms - atOnceMs) }
}

it("answers take no more than their share of the time", () => {
  const cheap = run(1, 0.5, 1e8)
  const dear = run(40, 0.5, 1e8)
  const rare = run(40, 0.1, 1e8)
  expect(dear.share).toBeLessThan(0.52)
  expect(rare.share).toBeLessThan(0.13)
  expect(cheap.answers.length).toBeGreaterThan(dear.answers.length)
  for (const { answers } of [cheap, dear, rare]) expect(answers.at(-1)!.ended).not.toBeNull()
})

it("rows that there is no more room for go without a look at clients, and none is lost", () => {
  const { answers } = run(20, 0.001, 1e4)
  const rows = answers.reduce((sum, { batch }) => sum + batch.timesNs.length, 0)
  const { ended, nowNs, snapshots } = answers.at(-1)!
  expect(ended!.outcome).toBe("completed")
  expect(snapshots).toHaveLength(1)
  expect(answers.some((answer) => answer.snapshots === null)).toBe(true)
  const times = answers.flatMap(({ batch }) => [...batch.timesNs])
  expect(rows).toBeGreaterThan(512)
  expect(times.at(-1)).toBe(nowNs)
  times.forEach((ns, i) => expect(ns).toBeGreaterThan(times[i - 1] ?? -1))
})
