import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type { ConfigError } from "@swaplab/config"
import {
  bothWays,
  type CellComparison,
  chosenCells,
  compareCells,
  differencesOf,
  layerInProcess,
  makePlan,
  pairCells,
  parseChoice,
  parseMetric,
  readCells,
  resultJson,
  runExperiment,
  type SavedCells,
  type Simulate,
  verdictOf
} from "@swaplab/experiment"
import { Effect, Either, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "../fake.ts"

/** Files by path; `old`, `new` and `empty` are directories. */
const files = (contents: Readonly<Record<string, string>>) =>
  Layer.merge(
    FileSystem.layerNoop({
      exists: (path) => Effect.succeed(path in contents),
      stat: (path) =>
        path in contents || ["old", "new", "empty"].includes(path)
          ? Effect.succeed({ type: path in contents ? "File" : "Directory" } as FileSystem.File.Info)
          : Effect.fail({ _tag: "SystemError", reason: "NotFound", description: "", message: "" } as never),
      readFileString: (path) =>
        path in contents ? Effect.succeed(contents[path]) : Effect.fail({ message: "not there" } as never)
    }),
    Path.layer
  )

/** A result.json whose runs take as long as said; a time of 0 is a lockup. */
const result = async (seconds: (kernel: string, seed: number) => number, ram = "64 MiB"): Promise<string> => {
  const plan = Either.getOrThrow(
    makePlan(scenarioWith({ clients: [{ ram }] }), { kernels: ["slab-vanilla", "slab-series"] })
  )
  const simulate: Simulate = (_scenario, kernel, seed) => {
    const time = seconds(kernel, seed)
    return fakeResult(kernel, seed, time === 0 ? "lockup" : "completed", time * 1e9)
  }
  const measured = await Effect.runPromise(Effect.provide(runExperiment(plan), layerInProcess(simulate)))
  return JSON.stringify(resultJson(measured))
}

const read = (path: string, contents: Readonly<Record<string, string>>): Promise<SavedCells> =>
  Effect.runPromise(Effect.provide(readCells(path), files(contents)))

const message = async (path: string, contents: Readonly<Record<string, string>>): Promise<string> => {
  const found = await Effect.runPromise(Effect.either(Effect.provide(readCells(path), files(contents))))
  return Either.isLeft(found) ? found.left.message : "none"
}

const choice = (text: string) => Either.getOrThrow(parseChoice(text))
const leftOf = <A>(either: Either.Either<A, ConfigError>): string =>
  Either.isLeft(either) ? either.left.message : "none"

const elapsed = ({ rows }: CellComparison) => {
  const row = rows.find(({ metric }) => metric.name === "elapsed")
  if (row === undefined) throw new Error("no row of elapsed")
  return row
}

describe("two cells", () => {
  it("are compared seed by seed, with both meanings of faster", async () => {
    // B takes half of the time of A at each seed, which differ much among themselves
    const cells = await read("old/result.json", {
      "old/result.json": await result((kernel, seed) => (kernel === "slab-vanilla" ? 2 : 1) * 10 * seed)
    })
    const [a] = Either.getOrThrow(chosenCells(cells, choice("old#kernel=slab-vanilla")))
    const [b] = Either.getOrThrow(chosenCells(cells, choice("old#kernel=slab-series")))
    const comparison = compareCells(Either.getOrThrow(pairCells([a], [b]))[0])
    const row = elapsed(comparison)
    expect(comparison).toMatchObject({ seeds: [1, 2, 3, 4, 5], completed: true, identical: 0 })
    expect([row.a.value, row.b.value, row.difference.value]).toEqual([60e9, 30e9, -30e9])
    expect(row.ratioOfMeans).toBeCloseTo(0.5)
    expect(row.meanOfRatios).toBeCloseTo(0.5)
    expect(row.significant).toBe(true)
    expect(verdictOf(row)).toBe("better")
    expect(bothWays(row.metric, row.ratioOfMeans)).toEqual({ time: -0.5, speed: 2 })
    // one client: its least and its most are its mean
    expect(comparison.rows.some(({ metric }) => metric.name === "client.elapsed.max")).toBe(false)
    expect(comparison.rows.some(({ metric }) => metric.name === "client.elapsed.mean")).toBe(true)
  })

  it("have two ratios where seeds differ", async () => {
    const cells = await read("old/result.json", {
      "old/result.json": await result((kernel, seed) => kernel === "slab-vanilla" ? 10 : seed === 1 ? 90 : 10)
    })
    const comparison = compareCells({ a: cells.cells[0], b: cells.cells[1] })
    expect(elapsed(comparison).ratioOfMeans).toBeCloseTo(2.6)
    // the fifth root of 9
    expect(elapsed(comparison).meanOfRatios).toBeCloseTo(1.552, 3)
    expect(elapsed(comparison).significant).toBe(false)
  })

  it("are compared by what both have completed, or by nothing better", async () => {
    const some = await read("old/result.json", { "old/result.json": await result((_, seed) => seed === 2 ? 0 : 10) })
    expect(compareCells({ a: some.cells[0], b: some.cells[1] }).seeds).toEqual([1, 3, 4, 5])
    const none = await read("old/result.json", {
      "old/result.json": await result((kernel) => kernel === "slab-vanilla" ? 0 : 9)
    })
    expect(compareCells({ a: none.cells[0], b: none.cells[1] })).toMatchObject({
      completed: false,
      seeds: [1, 2, 3, 4, 5],
      outcomes: { a: { ended: 5, completed: 0 }, b: { ended: 5, completed: 5 } }
    })
  })
})

it("a rate is faster the other way round than a time", () => {
  const rate = Either.getOrThrow(parseMetric("server.throughputPerSecond"))
  expect(bothWays(rate, 2)).toEqual({ time: -0.5, speed: 2 })
  expect(bothWays(Either.getOrThrow(parseMetric("client.vmstat.pgfault")), 2)).toBeNull()
})

describe("two results", () => {
  it("say what they have not in common", async () => {
    const contents = {
      "old/result.json": await result(() => 10),
      "old/runs/experiment.json": `{ "engine": "0.1.0+aaaa" }`,
      "new/result.json": await result(() => 10, "128 MiB"),
      "new/runs/experiment.json": `{ "engine": "0.1.0+bbbb" }`
    }
    const [a, b] = [await read("old", contents), await read("new", contents)]
    expect(differencesOf(a, b)).toEqual([
      { what: "build of swaplab", a: "0.1.0+aaaa", b: "0.1.0+bbbb" },
      { what: "clients[0].ram", a: "64 MiB", b: "128 MiB" }
    ])
    expect(differencesOf(a, a)).toEqual([])
    expect(Either.getOrThrow(pairCells(a.cells, b.cells)).map((pair) => [pair.a.kernel, pair.b.kernel])).toEqual([
      ["slab-vanilla", "slab-vanilla"],
      ["slab-series", "slab-series"]
    ])
  })

  it("are read as sweeps and maps, too", async () => {
    const scenario = JSON.parse(await result(() => 10)).scenario
    const cell = JSON.parse(await result(() => 10))
    const runs = (await read("old/result.json", { "old/result.json": JSON.stringify(cell) })).cells[0].runs
    const sweep = {
      file: "a.yaml",
      scenario,
      cells: [{ kernel: "k", at: { "clients.0.cpus": 1, "clients.0.ram": "64 MiB" }, runs }]
    }
    const map = {
      file: "a.yaml",
      scenario,
      x: { path: "clients.0.cpus" },
      y: null,
      cells: [{ kernel: "k", x: 1, y: null, runs }]
    }
    const contents = { "old/sweep.json": JSON.stringify(sweep), "new/map.json": JSON.stringify(map) }
    const [a, b] = [await read("old", contents), await read("new", contents)]
    expect(a.cells[0].at).toEqual({ "clients.0.cpus": "1", "clients.0.ram": "64 MiB" })
    expect(b.cells[0].at).toEqual({ "clients.0.cpus": "1" })
    expect(Either.getOrThrow(chosenCells(a, choice("old#clients.0.ram=64MiB")))).toHaveLength(1)
    expect(compareCells(Either.getOrThrow(pairCells(a.cells, b.cells))[0]).identical).toBe(5)
  })

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ["gone", "no such file, expected result.json, sweep.json or map.json", {}],
    ["empty", "has no result, expected result.json", {}],
    ["a.json", "is not JSON", { "a.json": "{" }],
    ["a.json", "is no result", { "a.json": "{}" }]
  ])("that are none are a mistake: %s %s", async (path, words, contents) => {
    expect(await message(path, contents)).toContain(`${path}: ${words}`)
  })

  it("have to have a cell in common, and one only", async () => {
    const { cells } = await read("old/result.json", { "old/result.json": await result(() => 10) })
    const [one, two] = cells
    expect(leftOf(pairCells([{ ...one, kernel: "x" }, one], [two, { ...two, kernel: "y" }])))
      .toContain("have no cell in common: kernel=x; kernel=slab-vanilla and kernel=slab-series; kernel=y")
    const at = (ram: string) => ({ ...one, at: { "clients.0.ram": ram } })
    expect(leftOf(pairCells([one], [at("32 MiB"), at("64 MiB")]))).toContain("have cells that fit to several")
    expect(leftOf(chosenCells({ source: "old", cells } as unknown as SavedCells, choice("old#kernel=slob"))))
      .toContain("old#kernel=slob: fits no cell of it, expected one of: kernel=slab-vanilla; kernel=slab-series")
    expect(leftOf(parseChoice("old#slob"))).toContain("expected RESULT#kernel=NAME,PATH=VALUE")
  })
})
