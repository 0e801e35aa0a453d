import { mser, steadyOf } from "#src/sweep/steady.ts"
import { madeUpResult, type RunResult } from "@swaplab/cluster"
import { Random } from "@swaplab/sim"
import { describe, expect, it } from "vitest"

/** Rates that climb for `rise` batches and then stay, with noise. */
const rising = (rise: number, length: number, noise = 0.02): ReadonlyArray<number> => {
  const random = new Random(1, "noise")
  return Array.from({ length }, (_, i) => 1000 * Math.min(1, (i + 1) / (rise + 1)) * (1 + noise * random.normal()))
}

describe("MSER", () => {
  it.each([[0, 40], [5, 40], [12, 60], [20, 80]])("cuts off a rise of %d batches of %d", (rise, length) => {
    const cut = mser(rising(rise, length))
    // chance may cut off some more
    expect(cut ?? -1).toBeGreaterThanOrEqual(rise - Math.max(3, rise * 0.3))
    expect(cut).toBeLessThanOrEqual(length / 2)
  })

  it("cuts off nothing of equal values", () => expect(mser(Array.from({ length: 30 }, () => 5))).toBe(0))

  it("finds no end of a beginning that fills more than half", () => expect(mser(rising(45, 50))).toBeNull())
})

/** A run whose server gets `perSample` requests a sample of 100 ms from sample `from` on. */
const runWith = (samples: number, perSample: (i: number) => number, startedNs: number | null = 0): RunResult => {
  const run = madeUpResult({
    kernel: "slub",
    seed: 1,
    outcome: "completed",
    elapsedNs: samples * 1e8,
    clients: ["client-1"]
  })
  const requests = new Float64Array(samples + 1)
  for (let i = 1; i <= samples; i++) requests[i] = requests[i - 1] + perSample(i)
  return {
    ...run,
    clients: run.clients.map((client) => ({ ...client, startedNs, elapsedNs: samples * 1e8 })),
    series: {
      timesNs: Float64Array.from({ length: samples + 1 }, (_, i) => i * 1e8),
      columns: [
        { name: `${run.servers[0].name}.requests`, values: requests },
        { name: `${run.servers[0].name}.resident`, values: new Float64Array(samples + 1).fill(3) },
        { name: "client-1.pswpin", values: requests },
        { name: "client-1.pswpout", values: new Float64Array(samples + 1) }
      ]
    }
  }
}

describe("the steady state of a run", () => {
  it("is what is left after the beginning, by Little's law", () => {
    const steady = steadyOf(runWith(200, (i) => i <= 50 ? 0 : 10))
    expect(steady).toMatchObject({ applied: true, warmUpNs: 5e9, fromNs: 5e9, toNs: 20e9 })
    if (!steady.applied) return
    expect(steady.figures).toEqual({
      throughputPerSecond: 100,
      swapInRate: 100 * 4096 * 8,
      swapOutRate: 0,
      meanInSystem: 3,
      meanResidence: 3e9 / 100
    })
  })

  it.each<[string, RunResult]>([
    ["the time in which every client works has 20 samples, 50 are the least", runWith(20, () => 10)],
    ["the time in which every client works has 0 samples", runWith(100, () => 10, null)],
    ["the servers got no request", runWith(100, () => 0)],
    ["the throughput does not settle", runWith(100, (i) => i)]
  ])("there is none, and why: %s", (reason, run) => {
    const steady = steadyOf(run)
    expect(steady.applied ? "applied" : steady.reason).toContain(reason)
  })
})
