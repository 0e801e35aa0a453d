// Runs that have missed for good are ended: emulated clients that swap over a line that is too slow for three of them.
import { makeLadder } from "#src/capacity/ladder.ts"
import { earlyStopOf } from "#src/capacity/situation.ts"
import { certainLimits, NO_HOOKS, runCluster, type Threshold } from "@swaplab/cluster"
import { type Capacity, findCapacity, layerInProcess } from "@swaplab/experiment"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { scenarioWith } from "../fake.ts"

const loaded = scenarioWith({
  kernels: { series: { allocator: "slab", base: "v3.6" } },
  duration: "60 s",
  clients: [{
    count: 3,
    ram: "8 MiB",
    cpus: 1,
    swap: "32 MiB",
    link: { rate: "100 Mbit" },
    workload: { usemem: { processesPerCpu: 1, size: "10 MiB", passes: 2 } }
  }],
  server: { link: { rate: "20 Mbit" } },
  slo: ["client.faultLatency.max < 1500 ms", "client.faultLatency.p99 < 1 s"]
})

const limit = (text: string): Threshold =>
  scenarioWith({ kernels: { series: { allocator: "slab", base: "v3.6" } }, slo: [text] }).scenario.slo[0]

describe("a run that has missed", () => {
  const whole = runCluster(loaded.scenario, "series", 1)

  it("is ended where it is certain, and says so; its laws hold then, too", () => {
    const earlyStop = { thresholds: [limit("client.faultLatency.max < 100 ms")], lockup: true }
    const cut = runCluster(loaded.scenario, "series", 1, { ...NO_HOOKS, earlyStop })
    expect(cut.outcome).toBe("stopped")
    expect(cut.endedEarly).toMatch(/^client\.faultLatency\.max < 100 ms: client-\d has .*; ended at \d+/)
    expect(cut.events).toBeLessThan(0.5 * whole.events)
    expect(cut.laws.filter(({ holds }) => !holds)).toEqual([])
  })

  it("is ended where it has had enough events, and nobody stands in a closed cycle", () => {
    const earlyStop = { thresholds: [], lockup: false, enough: { events: 100_000, stuckToo: false } }
    const cut = runCluster(loaded.scenario, "series", 1, { ...NO_HOOKS, earlyStop })
    const swapped = cut.clients.reduce((sum, { vmstat }) => sum + vmstat.pswpin + vmstat.pswpout, 0)
    expect(cut.outcome).toBe("stopped")
    expect(cut.events + swapped).toBeGreaterThanOrEqual(100_000)
    expect(cut.events).toBeLessThanOrEqual(100_000)
    expect(cut.endedEarly).toMatch(/^enough: 100000 events and swapped pages; ended at \d+/)
    expect(whole.events).toBeGreaterThan(100_000)
  })

  it("is the run that it would have been where it keeps the limit", () => {
    const earlyStop = { thresholds: [limit("client.faultLatency.max < 10 s")], lockup: true }
    const kept = runCluster(loaded.scenario, "series", 1, { ...NO_HOOKS, earlyStop })
    expect(kept.endedEarly).toBe(undefined)
    expect({ ...kept, cpuSeconds: 0 }).toEqual({ ...whole, cpuSeconds: 0 })
  })
})

describe("what can be missed for good before the end", () => {
  it("is the longest of latencies and counts that rise, below a limit; nothing that may fall again", () => {
    const texts = [
      "client.faultLatency.max < 2 s",
      "client.integrityErrors <= 0",
      "client.faultLatency.p99 < 1 s",
      "client.faultLatency.mean < 1 s",
      "client.faultLatency.over1s <= 1 %",
      "client.faultLatency.max > 1 s",
      "client.oomKills >= 1",
      "elapsed < 1 s"
    ]
    expect(certainLimits(texts.map(limit)).map(({ metric, comparison }) => `${metric} ${comparison}`)).toEqual([
      "client.faultLatency.max <",
      "client.integrityErrors <="
    ])
  })

  it("is a lockup only where the scenario expects completion", () => {
    expect(earlyStopOf({ kernel: "series", loaded })?.lockup).toBe(true)
    const any = scenarioWith({
      kernels: { series: { allocator: "slab", base: "v3.6" } },
      expect: { default: "any" },
      slo: ["client.faultLatency.p99 < 1 s"]
    })
    expect(earlyStopOf({ kernel: "series", loaded: any })).toBe(null)
  })
})

describe("a search", () => {
  const found = (wholeRuns: boolean): Promise<Capacity> =>
    Effect.runPromise(
      findCapacity(
        {
          loaded,
          kernel: "series",
          ladder: Either.getOrThrow(makeLadder(loaded, { to: 3, least: false })),
          firstSeed: 1
        },
        { holds: 0.8, sure: 0.8, within: 0.01, maxSeeds: 1 },
        { wholeRuns }
      ).pipe(Effect.provide(layerInProcess(runCluster)))
    )

  it("gives the same answer from the same runs, with fewer events", async () => {
    const [cut, whole] = [await found(false), await found(true)]
    const told = ({ audit, high, low, reached, samples, state }: Capacity) => ({
      state,
      low,
      high,
      audit,
      reached,
      runs: samples.map(({ holds, index, level }) => ({ index, level, holds }))
    })
    expect(told(cut)).toEqual(told(whole))
    const early = cut.samples.filter(({ cell }) => cell.endedEarly !== undefined)
    expect(early.length).toBeGreaterThan(0)
    expect(early.every(({ holds }) => !holds)).toBe(true)
    expect(whole.samples.every(({ cell }) => cell.endedEarly === undefined)).toBe(true)
    const eventsOf = ({ samples }: Capacity): number => samples.reduce((sum, { cell }) => sum + cell.events, 0)
    expect(eventsOf(cut)).toBeLessThan(eventsOf(whole))
  })
})
