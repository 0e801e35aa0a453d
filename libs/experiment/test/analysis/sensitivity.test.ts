import { estimatesOf } from "#src/analysis/estimates.ts"
import { runJobs } from "#src/jobs.ts"
import {
  cellOf,
  type CellResult,
  layerInProcess,
  makeSensitivity,
  parseAxis,
  parseMetric,
  type Sensitivity,
  sensitivityOf,
  type SensitivityOptions,
  type Simulate
} from "@swaplab/experiment"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "../fake.ts"

const options = (changes: Partial<SensitivityOptions> = {}): SensitivityOptions => ({
  kernel: "slab-series",
  seeds: 3,
  metric: Either.getOrThrow(parseMetric("elapsed")),
  vary: [],
  ...changes
})

/** The time hangs on the cost of a scanned page, and a little on chance. */
const simulate: Simulate = (scenario, kernel, seed) =>
  fakeResult(
    kernel,
    seed,
    "completed",
    10e9 + scenario.costs.scanPage * 1e6 + seed * 1e8 + scenario.clients[0].cpus * 1e9
  )

const run = async (changes: Partial<SensitivityOptions> = {}, scenario = {}): Promise<Sensitivity> => {
  const plan = Either.getOrThrowWith(makeSensitivity(scenarioWith(scenario), options(changes)), (error) => error)
  const results = await Effect.runPromise(
    runJobs<CellResult>(plan.jobs, { reduce: (job, of) => cellOf(job.loaded.scenario, of) }).pipe(
      Effect.provide(layerInProcess(simulate))
    )
  )
  return sensitivityOf(plan, results)
}

describe("the estimates of a scenario", () => {
  it("are the defaults in force that the schema has a source for", () => {
    const { estimates, given } = estimatesOf(scenarioWith({ costs: { packet: "3 us" } }))
    const paths = estimates.map(({ path }) => path)
    expect(estimates.find(({ path }) => path === "costs.scanPage")).toMatchObject({
      value: "300 ns",
      low: "150 ns",
      high: "600 ns",
      basis: "assumed"
    })
    expect(paths).toContain("clients[0].link.latency")
    expect(paths).toContain("server.read.base")
    expect(given).toEqual(["costs.packet"])
    expect(paths).not.toContain("costs.packet")
  })

  it("are not those of things that are not there", () => {
    const paths = (scenario: object) => estimatesOf(scenarioWith({ ...scenario })).estimates.map(({ path }) => path)
    expect(paths({}).filter((path) => path.includes("root"))).toEqual([])
    expect(paths({ clients: [{}, { name: "b" }] })).toContain("clients[1].link.latency")
  })
})

describe("which assumption matters", () => {
  it("is the one whose range moves the metric, by paired seeds", async () => {
    const { base, influences, plan } = await run()
    expect(base.value).toBeCloseTo(12.5e9)
    const [first, second] = influences
    expect(first).toMatchObject({ estimate: { path: "costs.scanPage" }, significant: true })
    expect([first.low.value, first.high.value, first.swing]).toEqual([-0.15e9, 0.3e9, 0.45e9])
    expect(second).toMatchObject({ swing: 0, significant: false })
    expect(plan.jobs).toHaveLength(3 + 6 * influences.length)
  })

  it("leaves out what has no effect in the scenario, and says so", async () => {
    const { influences, plan } = await run()
    expect(plan.impossible).toContainEqual({ path: "costs.encryptPage", reason: "has no effect here" })
    expect(influences.some(({ estimate }) => estimate.path === "costs.encryptPage")).toBe(false)
  })

  it("may be one that the user doubts", async () => {
    const { influences } = await run({ vary: [Either.getOrThrow(parseAxis("--vary", "clients.0.cpus=1,4"))] })
    expect(influences[0]).toMatchObject({ estimate: { path: "clients.0.cpus", basis: "--vary" }, swing: 3e9 })
  })

  it.each([
    ["clients.0.cpus=1,2,4", "has 3 values, expected two"],
    ["clients.0.cpus=1,99", "expected a whole number from 1 to 64"]
  ])("%s is a mistake", (text, message) => {
    const plan = makeSensitivity(scenarioWith(), options({ vary: [Either.getOrThrow(parseAxis("--vary", text))] }))
    expect(Either.isLeft(plan) ? plan.left.message : "none").toContain(message)
  })
})
