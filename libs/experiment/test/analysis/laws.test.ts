import type { Mapping } from "@swaplab/config"
import {
  cellOf,
  type CellResult,
  fitCurves,
  makeSweep,
  mayFit,
  paretoOf,
  parseAxis,
  parseMetric,
  sweepBounds,
  sweepOf,
  type SweepResult
} from "@swaplab/experiment"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "../fake.ts"

const axis = (text: string) => Either.getOrThrow(parseAxis("--x", text))
const metric = (name: string) => Either.getOrThrow(parseMetric(name))

interface Figures {
  readonly throughput?: number
  readonly disk?: number
  readonly residence?: number
  readonly seconds?: number
}

/** A sweep whose runs have figures of their server by the field. */
const sweep = (
  axes: ReadonlyArray<string>,
  figures: (at: ReadonlyArray<string | number | boolean>) => Figures,
  scenario: Mapping = {},
  shown: ReadonlyArray<string> = ["server.throughputPerSecond"]
): SweepResult => {
  const loaded = scenarioWith(scenario)
  const plan = Either.getOrThrowWith(
    makeSweep(loaded, {
      axes: axes.map(axis),
      drawn: [],
      kernels: ["slab-series"],
      seeds: 3,
      mostSeeds: 3,
      metrics: shown.map(metric)
    }),
    (error) => error
  )
  const results = new Map<number, CellResult>(plan.cells.flatMap(({ field, jobs }) => {
    const { disk = 0.1, residence = 1e6, seconds = 10, throughput = 100 } = figures(
      field.map((i, of) => plan.axes[of].values[i])
    )
    return jobs.map(({ id, kernel, loaded: { scenario: at }, seed }) => {
      const run = fakeResult(kernel, seed, "completed", (seconds + seed / 100) * 1e9)
      return [
        id,
        cellOf(at, {
          ...run,
          servers: run.servers.map((server) => ({
            ...server,
            throughputPerSecond: throughput * (1 + seed / 1000),
            diskUtilisation: disk,
            linkInUtilisation: 0.01,
            linkOutUtilisation: 0.02,
            cpuUtilisation: 0.001,
            meanResidenceNs: residence,
            meanInSystem: throughput * (1 + seed / 1000) / 1000
          }))
        })
      ] as const
    })
  }))
  return sweepOf(plan, { results, failures: [], interrupted: false })
}

describe("operational bounds", () => {
  const counts = "clients.0.count=1,2,4,16"

  it("are N over the cycle of the fewest, and 1 over the largest demand", () => {
    // a disk of 1 ms a request: 1000 a second
    const [bounds] = sweepBounds(
      sweep([counts], ([n]) => ({ throughput: Math.min(95 * Number(n), 990), disk: Math.min(0.095 * Number(n), 0.99) }))
    )
    expect(bounds.demands[0].resource).toBe("disk")
    expect(bounds.most).toBeCloseTo(1000, -1)
    expect(bounds.knee).toBeCloseTo(10.5, 0)
    expect(bounds.points.map(({ n }) => n)).toEqual([1, 2, 4, 16])
    expect(bounds.points.some(({ above }) => above)).toBe(false)
    expect(bounds.points[3]).toMatchObject({ busiest: "disk" })
  })

  it("say where a run is above them, and where Little's law does not hold", () => {
    const [bounds] = sweepBounds(
      sweep([counts], ([n]) => ({ throughput: 100 * Number(n), disk: 0.1, residence: n === 4 ? 1.1e6 : 1e6 }))
    )
    expect(bounds.points.map(({ above }) => above)).toEqual([false, false, false, true])
    expect(bounds.points.filter(({ littleError }) => (littleError ?? 0) > 0.02).map(({ n }) => n)).toEqual([4])
  })

  it("are those of the busiest of several servers", () => {
    // three servers of 1000 a second each: one has half of the clients, the others share the rest
    const shares = [0.5, 0.25, 0.25]
    const result = sweep([counts], ([n]) => ({ throughput: 95 * Number(n) }), {
      servers: [{ name: "server", count: 3 }]
    })
    const shared: SweepResult = {
      ...result,
      cells: result.cells.map((cell) => ({
        ...cell,
        runs: cell.runs.map((run) => {
          const of = (values: ReadonlyArray<number>) => ({
            min: Math.min(...values),
            mean: values.reduce((a, b) => a + b) / values.length,
            max: Math.max(...values),
            minClient: "server-3",
            maxClient: "server-1"
          })
          const { mean: all } = run.metrics["server.throughputPerSecond"] as ReturnType<typeof of>
          const throughput = shares.map((share) => share * all)
          return {
            ...run,
            metrics: {
              ...run.metrics,
              "server.throughputPerSecond": of(throughput),
              "server.diskUtilisation": of(throughput.map((each) => each / 1000)),
              "server.linkInUtilisation": of([0, 0, 0]),
              "server.linkOutUtilisation": of([0, 0, 0]),
              "server.cpuUtilisation": of([0, 0, 0])
            }
          }
        })
      }))
    }
    const [bounds] = sweepBounds(shared)
    expect(bounds).toMatchObject({ servers: 3, demands: [{ resource: "disk" }, {}, {}, {}] })
    expect(bounds.most).toBeCloseTo(1000, 6)
    // 2000 a second, of which the first one gets half
    expect(bounds.knee).toBeCloseTo(2000 / 95.2, 0)
    expect(bounds.points[3].bound).toBeCloseTo(Math.min(16 * 95.19, 2000), 0)
    expect(bounds.points[3]).toMatchObject({ busiest: "disk", above: false, littleError: null })
    expect(bounds.points[3].share).toBeCloseTo(0.5, 6)
    expect(bounds.points[3].utilisation).toBeCloseTo(0.5 * 16 * 0.0952, 1)
  })

  it("are none where the number of clients stays", () => {
    expect(sweepBounds(sweep(["clients.0.cpus=1,2"], () => ({})))).toEqual([])
  })
})

describe("the scalability of curves", () => {
  it("is fitted to each curve of a throughput", () => {
    const fits = fitCurves(
      sweep(
        ["clients.0.count=1,2,4,8", "clients.0.cpus=1,2"],
        ([n, cpus]) => ({ throughput: Number(n) * 50 * Number(cpus) })
      )
    )
    expect(fits.map(({ curve }) => curve)).toEqual(["cpus 1", "cpus 2"])
    expect(fits.every(({ fit }) => typeof fit !== "string" && fit.sigma < 1e-9 && fit.peak === null)).toBe(true)
  })

  it.each([
    ["clients.0.ram=32 MiB,64 MiB", "server.throughputPerSecond", "needs whole numbers from 1 on"],
    ["clients.0.cpus=1,2", "elapsed", "needs a throughput"]
  ])("cannot be had of %s and %s", (text, name, message) => {
    const may = mayFit([axis(text)], [metric(name)])
    expect(Either.isLeft(may) ? may.left.message : "none").toContain(message)
  })
})

describe("what to buy", () => {
  const prices = [
    { path: "server.disk", values: { hdd: 50, nvme: 120 } },
    { path: "clients.0.ram", values: { "32MiB": 1, "64 MiB": 2 }, each: "clients.0.count" }
  ]
  const disk = "server.disk=hdd,nvme"

  it("is what nothing else beats in price and metric", () => {
    const result = sweep(
      [disk, "clients.0.ram=32 MiB,64 MiB"],
      ([of, ram]) => ({ seconds: of === "nvme" && ram === "32 MiB" ? 5 : 10 }),
      { prices, clients: [{ count: 3 }] },
      ["elapsed"]
    )
    const pareto = Either.getOrThrow(paretoOf(result))
    expect(pareto?.offers.map(({ at, front, price }) => [...Object.values(at), price, front])).toEqual([
      ["hdd", "32 MiB", 53, true],
      ["hdd", "64 MiB", 56, false],
      ["nvme", "32 MiB", 123, true],
      ["nvme", "64 MiB", 126, false]
    ])
  })

  it("is clients where a count is swept and there are thresholds", () => {
    const result = sweep(
      [disk, "clients.0.count=1,2,4,8"],
      ([of, n]) => ({ seconds: Number(n) * (of === "hdd" ? 10 : 4) }),
      { prices, thresholds: ["elapsed < 25 s"] }
    )
    const pareto = Either.getOrThrow(paretoOf(result))
    expect(pareto?.offers.map(({ at, gives, price }) => [at["server.disk"], gives, price])).toEqual([["hdd", 2, 54], [
      "nvme",
      4,
      128
    ]])
  })

  it("needs a price for each value", () => {
    const result = sweep(["server.disk=hdd,sata-ssd"], () => ({}), { prices }, ["elapsed"])
    const pareto = paretoOf(result)
    expect(Either.isLeft(pareto) ? pareto.left.message : "none").toContain(
      "prices[0]: has no price for server.disk sata-ssd, expected one of hdd, nvme"
    )
  })
})
