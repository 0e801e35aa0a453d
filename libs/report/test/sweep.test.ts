import { decodeScenario, type LoadedScenario } from "@swaplab/cluster"
import { type CellResult, makeSweep, parseAxis, parseMetric, sweepOf, type SweepResult } from "@swaplab/experiment"
import { type Analysis, renderSweep, sweepDrawings } from "@swaplab/report"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { cell } from "./cells.ts"

const loaded: LoadedScenario = Either.getOrThrow(decodeScenario("fake.yaml", {
  name: "fake",
  kernels: { slub: { allocator: "slub", base: "v3.6" } },
  clients: [{}]
}))

/** A sweep whose runs take `seconds`; made up where `code` says how they end. */
const sweep = (
  axes: ReadonlyArray<string>,
  seconds: (at: ReadonlyArray<number>, seed: number) => number,
  code: (at: ReadonlyArray<number>, seed: number) => string = () => "c"
): SweepResult => {
  const plan = Either.getOrThrow(makeSweep(loaded, {
    axes: axes.map((text) => Either.getOrThrow(parseAxis("--x", text))),
    drawn: [],
    kernels: [],
    seeds: 3,
    mostSeeds: 3,
    metrics: ["elapsed", "steady.throughputPerSecond"].map((name) => Either.getOrThrow(parseMetric(name)))
  }))
  const results = new Map<number, CellResult>(
    plan.cells.flatMap(({ field, jobs }) =>
      jobs.map((
        { id, seed }
      ) => [id, cell(seed, code(field, seed), "slub", { metrics: { elapsed: seconds(field, seed) * 1e9 } })])
    )
  )
  return sweepOf(plan, { results, failures: [], interrupted: false })
}

const NOTHING: Analysis = { usl: [], bounds: [], pareto: null }

const two = (): SweepResult =>
  sweep(
    ["clients.0.cpus=1,2", "clients.0.ram=32 MiB,64 MiB"],
    ([x, y], seed) => 10 / (x + 1) + y + seed / 10,
    ([x, y], seed) => x === 1 && y === 1 && seed === 2 ? "o" : "c"
  )

describe("the report of a sweep", () => {
  it("has a row a field with means and intervals, in 80 columns", () => {
    const text = renderSweep(two(), null, NOTHING)
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([])
    expect(text).toContain("4 fields, 12 runs, kernel slub")
    expect(text).toMatch(/1 +32 MiB +3\/3 +10\.2 s ±2\.4 %/)
    expect(text).toMatch(/2 +64 MiB +2\/3 +6\.20 s ±4\.0 %/)
    expect(text).toContain("None in 12 runs: made up.")
  })

  it("says what is not precise", () => {
    const text = renderSweep(two(), 0.03, NOTHING)
    expect(text).toContain("3.0 % is not reached at 2 places, with 3 seeds a field. The limit is 3")
    expect(text).toContain("cpus=2, ram=32 MiB: elapsed ±4.8 %")
    expect(renderSweep(two(), 0.05, NOTHING)).toContain("5.0 % everywhere")
  })
})

describe("the pictures of a sweep", () => {
  it("are curves with bands, and a heat map of each metric of two paths", () => {
    const pictures = new Map(sweepDrawings(two(), NOTHING))
    expect([...pictures.keys()]).toEqual(["curves.svg", "elapsed.svg", "steady.throughputPerSecond.svg"])
    const curves = pictures.get("curves.svg") ?? ""
    expect(curves).toContain("elapsed, s")
    // what no run has is not drawn
    expect(curves).not.toContain("steady.throughputPerSecond")
    expect(curves).toContain("ram 32 MiB")
    expect(curves.match(/opacity="0\.18"/g)).toHaveLength(2)
    expect(pictures.get("elapsed.svg")).toContain("10.2 s ±2.4 %")
  })

  it("are none of more lines than can be told apart, nor of words alone", () => {
    const many = sweep([
      "clients.0.cpus=1,2",
      `clients.0.swap=${Array.from({ length: 13 }, (_, i) => `${300 + i} MiB`).join(",")}`
    ], () => 1)
    expect(sweepDrawings(many, NOTHING).map(([name]) => name)).not.toContain("curves.svg")
  })

  it("stand at equal distances where the values are words", () => {
    const [[, svg]] = sweepDrawings(sweep(["clients.0.nic.driver=e1000,r8169,igb"], ([x]) => 1 + x), NOTHING)
    expect(svg).toMatch(/>e1000<.*>r8169<.*>igb</)
  })
})

describe("the picture of what to buy", () => {
  const offer = (disk: string, price: number, gives: number, front: boolean) => ({
    kernel: "slub",
    at: { "server.disk": disk },
    price,
    gives,
    front
  })
  const drawn = (offers: ReadonlyArray<ReturnType<typeof offer>>): string | undefined =>
    new Map(sweepDrawings(two(), { ...NOTHING, pareto: { metric: null, better: "more", offers } })).get("pareto.svg")

  it("has a full mark on the line for what nothing beats, a hollow one for the others, and a list", () => {
    const svg = drawn([offer("hdd", 50, 1, true), offer("old", 80, 1, false), offer("nvme", 100, 4, true)]) ?? ""
    expect(svg).toContain(">(1) hdd: 1 client for 50<")
    expect(svg).toContain(">(3) nvme: 4 clients for 100<")
    const marks = [...svg.matchAll(/rx="9" fill="(#\w+)"/g)].map(([, fill]) => fill)
    expect(marks).toEqual(["#0b5fa5", "#ffffff", "#0b5fa5"])
    // 0 to 120 across 460 from 70 on, 0 to 5 over 300 from 386 upward; the line does not go through the bad buy
    expect(svg).toContain("d=\"M261.7 326 H453.3 V146 H530\"")
  })

  it("gives one mark to offers that are the same, and none where there is no choice or too large a one", () => {
    const same = drawn([offer("a", 50, 1, true), offer("b", 50, 1, true)]) ?? ""
    expect(same).toContain(">1, 2<")
    expect(same.match(/rx="9"/g)).toHaveLength(1)
    expect(drawn([offer("a", 50, 1, true)])).toBeUndefined()
    expect(drawn(Array.from({ length: 25 }, (_, i) => offer(`${i}`, i, i, true)))).toBeUndefined()
  })
})
