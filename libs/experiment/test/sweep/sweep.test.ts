import {
  cellOf,
  type CellResult,
  layerInProcess,
  makeRounds,
  makeSweep,
  metricEstimate,
  parseAxis,
  parseDrawn,
  parseMetric,
  runRounds,
  type Simulate,
  sweepCsv,
  sweepJson,
  sweepOf,
  type SweepOptions,
  type SweepPlan,
  type SweepResult
} from "@swaplab/experiment"
import { Random } from "@swaplab/sim"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "../fake.ts"

const metric = (name: string) => Either.getOrThrow(parseMetric(name))

const options = (changes: Partial<SweepOptions> = {}): SweepOptions => ({
  axes: [Either.getOrThrow(parseAxis("--x", "clients.0.cpus=1,2,4"))],
  drawn: [],
  kernels: ["slub-vanilla"],
  seeds: 5,
  mostSeeds: 5,
  metrics: [metric("elapsed")],
  ...changes
})

const planOf = (changes: Partial<SweepOptions> = {}): SweepPlan =>
  Either.getOrThrowWith(makeSweep(scenarioWith(), options(changes)), (error) => error)

const mistakeOf = (changes: Partial<SweepOptions>): string => {
  const plan = makeSweep(scenarioWith(), options(changes))
  return Either.isLeft(plan) ? plan.left.message : "none"
}

/** Time falls with CPUs; with four of them it varies much. */
const simulate: Simulate = (scenario, kernel, seed) => {
  const { cpus } = scenario.clients[0]
  const noise = new Random(seed, "time").normal() * (cpus === 4 ? 0.2 : 0.01)
  return fakeResult(kernel, seed, "completed", Math.round(60e9 / cpus * (1 + noise)))
}

const run = (plan: SweepPlan, precision: number | null, by: Simulate = simulate): Promise<SweepResult> =>
  Effect.runPromise(
    runRounds<CellResult>(makeRounds(plan, precision), { reduce: (job, of) => cellOf(job.loaded.scenario, of) }).pipe(
      Effect.provide(layerInProcess(by)),
      Effect.map((results) => sweepOf(plan, results))
    )
  )

describe("a sweep", () => {
  it("has every combination of any number of paths", () => {
    const plan = planOf({
      axes: ["clients.0.cpus=1,2", "clients.0.ram=32 MiB,64 MiB,128 MiB", "lan.loss=0 %,1 %"].map((text) =>
        Either.getOrThrow(parseAxis("--over", text))
      )
    })
    expect(plan.cells.map(({ field }) => field.join(""))).toEqual(
      ["000", "100", "010", "110", "020", "120", "001", "101", "011", "111", "021", "121"]
    )
    const last = plan.cells[11].jobs[0].loaded.scenario
    expect([last.clients[0].cpus, last.clients[0].ram, last.lan.loss]).toEqual([2, 128 << 20, 0.01])
  })

  it("draws a value for each seed, the same at every field", () => {
    const plan = planOf({ drawn: [Either.getOrThrow(parseDrawn("--y", "clients.0.ram=uniform(32 MiB, 64 MiB)"))] })
    const memory = plan.cells.map(({ jobs }) => jobs.map(({ loaded }) => loaded.scenario.clients[0].ram))
    expect(memory[0]).toEqual(memory[2])
    expect(new Set(memory[0]).size).toBe(5)
  })

  it("is written as a row a run and a column a parameter and metric", async () => {
    const plan = planOf({
      axes: [Either.getOrThrow(parseAxis("--x", "clients.0.ram=32 MiB,64 MiB"))],
      drawn: [Either.getOrThrow(parseDrawn("--y", "clients.0.cpus=uniform(1, 4)"))],
      seeds: 2,
      mostSeeds: 2
    })
    const result = await run(plan, null)
    const lines = sweepCsv(result).trimEnd().split("\n").map((line) => line.split(","))
    expect(lines[0].slice(0, 5)).toEqual(["kernel", "clients.0.ram_bytes", "clients.0.cpus", "seed", "outcome"])
    expect(lines.slice(1).map((line) => line.slice(0, 4).join(" "))).toEqual([
      `slub-vanilla 33554432 ${plan.cells[0].jobs[0].loaded.scenario.clients[0].cpus} 1`,
      `slub-vanilla 33554432 ${plan.cells[0].jobs[1].loaded.scenario.clients[0].cpus} 2`,
      `slub-vanilla 67108864 ${plan.cells[0].jobs[0].loaded.scenario.clients[0].cpus} 1`,
      `slub-vanilla 67108864 ${plan.cells[0].jobs[1].loaded.scenario.clients[0].cpus} 2`
    ])
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1)
    expect(sweepJson(result, {})).toMatchObject({
      format: 1,
      cells: [{ at: { "clients.0.ram": "32 MiB" }, completed: 2, runs: [{ seed: 1 }, { seed: 2 }] }, {}]
    })
  })

  it.each<[string, Partial<SweepOptions>]>([
    ["no kernel of this scenario", { kernels: ["slob"] }],
    ["is swept twice", {
      axes: ["clients.0.cpus=1", "clients[0].cpus=2"].map((text) => Either.getOrThrow(parseAxis("--x", text)))
    }],
    [
      `the sweep: clients.0.cups=1: clients[0].cups: unknown key, did you mean "cpus"?`,
      { axes: [Either.getOrThrow(parseAxis("--x", "clients.0.cups=1,2"))] }
    ],
    ["expected a whole number from 1 to 64", { axes: [Either.getOrThrow(parseAxis("--x", "clients.0.cpus=1,99"))] }],
    ["expected a whole number", { drawn: [Either.getOrThrow(parseDrawn("--x", "clients.0.thp=uniform(1, 4)"))] }]
  ])("a mistake is said before anything is run: %s", (message, changes) => {
    if (message === "expected a whole number") expect(mistakeOf(changes)).toContain("true or false")
    else expect(mistakeOf(changes)).toContain(message)
  })
})

describe("a wanted precision", () => {
  const wide = () => planOf({ mostSeeds: 60 })

  it("gives a field as many seeds as it needs", async () => {
    const { cells } = await run(wide(), 0.08)
    const seeds = cells.map(({ runs }) => runs.length)
    expect(seeds.slice(0, 2)).toEqual([5, 5])
    expect(seeds[2]).toBeGreaterThan(12)
    expect(seeds[2]).toBeLessThan(60)
    for (const { runs } of cells) {
      const { high, value } = metricEstimate(metric("elapsed"), runs)
      expect((high - value) / value).toBeLessThanOrEqual(0.08)
    }
  })

  it("ends at the limit", async () => {
    const { cells } = await run(planOf({ mostSeeds: 9 }), 0.001)
    expect(cells.map(({ runs }) => runs.length)).toEqual([9, 9, 9])
  })

  it("does not wait for lost runs", async () => {
    const { cells, failures } = await run(planOf({ mostSeeds: 9 }), 0.001, (scenario, kernel, seed, ...rest) => {
      if (seed === 3) throw new Error("lost")
      return simulate(scenario, kernel, seed, ...rest)
    })
    expect(cells.map(({ runs }) => runs.length)).toEqual([8, 8, 8])
    expect(failures).toHaveLength(3)
  })

  it("asks for no more of what is always equal, or never there", async () => {
    const plan = planOf({ mostSeeds: 20, metrics: [metric("completed"), metric("steady.throughputPerSecond")] })
    expect((await run(plan, 0.01)).cells.map(({ runs }) => runs.length)).toEqual([5, 5, 5])
  })
})

describe("a metric of a sweep", () => {
  it.each([
    ["client.faultLatency.p99.max", "less"],
    ["server.throughputPerSecond", "more"],
    ["client.vmstat.pgfault", null],
    ["steady.swapInRate", "more"],
    ["completed", "more"]
  ])("%s: %s is better", (name, better) => expect(metric(name).better).toBe(better))

  it.each([
    ["client.faultLatency.p98", "did you mean client.faultLatency.p9"],
    ["elapsed.max", "is no metric"],
    ["speed", "is no metric, docs/reference/scenario.md lists them"]
  ])("%s is none", (name, message) => {
    const parsed = parseMetric(name)
    expect(Either.isLeft(parsed) ? parsed.left.message : "none").toContain(message)
  })
})
