import { seriesCsv } from "#src/series-csv.ts"
import { wilson } from "#src/statistics.ts"
import type { RunResult } from "@swaplab/cluster"
import {
  cellOf,
  type CellResult,
  type ExperimentProgress,
  type ExperimentResult,
  judge,
  judgeRuns,
  layerInProcess,
  makePlan,
  mapJson,
  type OutcomeMap,
  packResult,
  resultJson,
  runExperiment,
  RunFailure,
  Runner,
  summarise,
  unpackResult
} from "@swaplab/experiment"
import { Deferred, Effect, Either, Fiber, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, fakeSimulate, scenarioWith } from "./fake.ts"

const plan = (changes = {}, options = {}) => Either.getOrThrow(makePlan(scenarioWith(changes), options))

const inProcess = (changes = {}, simulate = fakeSimulate): ExperimentResult =>
  Effect.runSync(Effect.provide(runExperiment(plan(changes)), layerInProcess(simulate)))

/** A runner that finishes jobs out of order. */
const layerShuffled = (size: number): Layer.Layer<Runner> =>
  Layer.succeed(Runner, {
    size,
    run: (job, board) =>
      Effect.gen(function*() {
        for (let i = 0; i < (job.id * 7) % 5; i++) yield* Effect.yieldNow()
        return fakeSimulate(job.loaded.scenario, job.kernel, job.seed, board.hooks(job.id))
      })
  })

describe("an experiment", () => {
  it("runs every kernel with every seed, in that order", () => {
    const result = inProcess({ seeds: 3 })
    expect(result.runs.map((run) => `${run.kernel} ${run.seed}`)).toEqual([
      "slab-vanilla 1",
      "slab-vanilla 2",
      "slab-vanilla 3",
      "slab-series 1",
      "slab-series 2",
      "slab-series 3",
      "slub-vanilla 1",
      "slub-vanilla 2",
      "slub-vanilla 3"
    ])
  })

  it("has the same result with any number of workers", async () => {
    const results = await Promise.all(
      [1, 2, 7, 64].map((size) => Effect.runPromise(Effect.provide(runExperiment(plan()), layerShuffled(size))))
    )
    const texts = results.map((result) => JSON.stringify(resultJson(result)))
    expect(new Set(texts).size).toBe(1)
    expect(JSON.stringify(resultJson(inProcess()))).toBe(texts[0])
  })

  it("keeps what was measured when it is interrupted, and the part of the run under way", async () => {
    const result = await Effect.runPromise(Effect.gen(function*() {
      const begun = yield* Deferred.make<void>()
      const slow = Layer.succeed(Runner, {
        size: 1,
        run: (job, board) =>
          Effect.gen(function*() {
            if (job.id < 2) return fakeResult(job.kernel, job.seed)
            yield* Deferred.succeed(begun, undefined)
            while (!board.stopped) yield* Effect.yieldNow()
            return fakeResult(job.kernel, job.seed, "stopped", 1e9)
          })
      })
      const results: Array<ExperimentResult> = []
      const keep = Effect.map(runExperiment(plan()), (measured) => results.push(measured))
      const fiber = yield* Effect.fork(Effect.uninterruptible(Effect.provide(keep, slow)))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      return results[0]
    }))
    expect(result.interrupted).toBe(true)
    expect(result.runs.map((run) => run.outcome)).toEqual(["completed", "completed", "stopped"])
    expect(judge(result).exitCode).toBe(130)
  })

  it("loses no other run when one fails", () => {
    const result = inProcess({ seeds: 2 }, (scenario, kernel, seed, hooks) => {
      if (kernel === "slab-series" && seed === 2) throw new Error("freeing a page in use")
      return fakeSimulate(scenario, kernel, seed, hooks)
    })
    expect(result.runs).toHaveLength(5)
    expect(result.failures.map((failure) => failure.message)).toEqual(["slab-series, seed 2: freeing a page in use"])
    expect(result.failures[0]).toBeInstanceOf(RunFailure)
    expect(judge(result).exitCode).toBe(1)
  })

  it("tells where it has got to", async () => {
    const seen: Array<ExperimentProgress> = []
    const isTold = (kernel: string, seed: number) =>
      seen.some(({ running }) => running.some((run) => run.kernel === kernel && run.seed === seed))
    // each run ends when it has been told of
    const slow = Layer.succeed(Runner, {
      size: 2,
      run: (job, board) =>
        Effect.gen(function*() {
          while (!isTold(job.kernel, job.seed)) yield* Effect.yieldNow()
          return fakeSimulate(job.loaded.scenario, job.kernel, job.seed, board.hooks(job.id))
        })
    })
    const onProgress = (progress: ExperimentProgress) => Effect.sync(() => void seen.push(progress))
    await Effect.runPromise(Effect.provide(runExperiment(plan(), { onProgress, every: "1 millis" }), slow))
    expect(seen.every(({ running, total }) => total === 15 && running.length <= 2)).toBe(true)
    expect(seen.at(-1)).toMatchObject({ done: 15, running: [] })
  })

  it("counts a stopped run, and takes no share of it", () => {
    const outcomes = ["completed", "completed", "lockup", "stopped", "stopped"] as const
    const [summary] = summarise(
      inProcess({}, (_scenario, kernel, seed) => fakeResult(kernel, seed, outcomes[seed - 1]))
    )
    expect(summary).toMatchObject({ runs: 3, completed: 2, lockup: 1, stopped: 2, lockupShare: wilson(1, 3) })
  })

  it("refuses a kernel that the scenario has not", () => {
    const refused = makePlan(scenarioWith(), { kernels: ["slob"] })
    expect(Either.isLeft(refused) && refused.left.message).toBe(
      "--kernel slob: no kernel of this scenario, expected one of slab-vanilla, slab-series, slub-vanilla"
    )
  })
})

describe("a map", () => {
  const map = {
    x: { path: "clients.0.pageCache", values: ["0 %", "30 %"] },
    y: { path: "clients.0.nic.driver", values: ["e1000", "igb", "tg3"] },
    seeds: 2,
    kernels: ["slub-vanilla"]
  }

  it("has a field for every pair of values, run with the values put in", () => {
    const seen: Array<string> = []
    const result = inProcess({ seeds: 1, clients: [{ name: "client" }], map }, (scenario, kernel, seed, hooks) => {
      const [group] = scenario.clients
      seen.push(`${kernel} ${seed} ${group.pageCache} ${group.nic.driver}`)
      return fakeSimulate(scenario, kernel, seed, hooks)
    })
    expect(result.runs).toHaveLength(3)
    expect(seen).toHaveLength(3 + 2 * 3 * 2)
    expect(seen).toContain("slub-vanilla 2 0.3 tg3")
    expect(result.map?.cells).toHaveLength(6)
    expect(result.map?.cells[0]).toMatchObject({
      kernel: "slub-vanilla",
      x: 0,
      y: 0,
      runs: [{ seed: 1, outcome: "lockup" }, { seed: 2, outcome: "lockup" }]
    })
    const { map: json } = JSON.parse(JSON.stringify(resultJson(result))) as { map: { cells: ReadonlyArray<unknown> } }
    expect(json.cells[0]).toEqual({ kernel: "slub-vanilla", x: 0, y: 0, outcomes: ["lockup", "lockup"] })
  })

  it("takes no share of runs that were stopped, and names those that were lost", () => {
    const loaded = scenarioWith({ clients: [{ name: "client" }], map: { ...map, seeds: 3 } })
    const cells = inProcess(
      { clients: [{ name: "client" }], map: { ...map, seeds: 3 } },
      (_scenario, kernel, seed) => fakeResult(kernel, seed, seed < 3 ? "completed" : "stopped")
    ).map
    const failures = [new RunFailure({ kernel: "slub-vanilla", seed: 2, reason: "a fault", stack: "" })]
    const json = mapJson(loaded, cells as OutcomeMap, { failures, interrupted: true }) as {
      readonly cells: ReadonlyArray<unknown>
    }
    expect(json.cells[0]).toMatchObject({ completed: 2, completedShare: wilson(2, 2) })
    expect(json).toMatchObject({ failures: [{ kernel: "slub-vanilla", seed: 2, reason: "a fault" }] })
  })

  it("is left out with kernels that are not in it, and refused where it is all there is", () => {
    const loaded = scenarioWith({ clients: [{ name: "client" }], map })
    expect(Either.getOrThrow(makePlan(loaded, { kernels: ["slab-series"] }))).toMatchObject({ map: null })
    const refused = makePlan(loaded, { kernels: ["slab-series"], noTable: true })
    expect(Either.isLeft(refused) && refused.left.message).toBe(
      "--kernel slab-series: the scenario does not map it, expected one of slub-vanilla"
    )
    const empty = makePlan(scenarioWith({ clients: [{ name: "client" }], map: { ...map, kernels: [] } }))
    expect(Either.isLeft(empty) && empty.left.message).toBe(
      "fake.yaml: map.kernels: is empty, expected at least one kernel"
    )
  })

  it("is refused before anything runs when a value is wrong", () => {
    const wrong = { ...map, x: { path: "clients.0.pageCache", values: ["30 MiB"] } }
    const refused = makePlan(scenarioWith({ clients: [{ name: "client" }], map: wrong }))
    expect(Either.isLeft(refused) && refused.left.message).toContain(
      `map: clients.0.pageCache=30 MiB: clients[0].pageCache: got "30 MiB", expected a percentage`
    )
  })
})

describe("a verdict", () => {
  const expected = { expect: { "slub-vanilla": "lockup" } }
  it.each<[string, object, (run: RunResult) => RunResult, number]>([
    ["a lockup that is expected is fine", expected, (run) => run, 0],
    ["a lockup that is not is 98", {}, (run) => run, 98],
    ["an expected lockup that does not come is no failure", expected, (run) => ({ ...run, outcome: "completed" }), 0],
    ["any outcome will do", { expect: { default: "any" } }, (run) => run, 0],
    ["an expected OOM kill is fine", { expect: { default: "oom" } }, (run) => ({ ...run, outcome: "oom" }), 0],
    ["an expected OOM kill that does not come is no failure", { expect: { default: "oom" } }, (run) => ({
      ...run,
      outcome: "completed"
    }), 0],
    ["a lockup where an OOM kill is expected is 98", { expect: { default: "oom" } }, (run) => run, 98],
    ["a time-out where an OOM kill is expected is 99", { expect: { default: "oom" } }, (run) => ({
      ...run,
      outcome: "timeout"
    }), 99],
    ["a time-out where a lockup is expected is 99", { expect: { default: "lockup" } }, (run) => ({
      ...run,
      outcome: "timeout"
    }), 99],
    ["an expected corruption is fine", { expect: { default: "corruption" } }, (run) => ({
      ...run,
      outcome: "corruption"
    }), 0],
    ["an OOM kill where completion is expected is 99", expected, (run) => ({ ...run, outcome: "oom" }), 99],
    ["a kept threshold is fine", { ...expected, thresholds: ["client.faultLatency.p99 <= 50 ms"] }, (run) => run, 0],
    ["a missed threshold is 99", { ...expected, thresholds: ["client.faultLatency.p99 < 50 ms"] }, (run) => run, 99],
    ["a lockup outweighs a threshold", { thresholds: ["elapsed < 1 s"] }, (run) => run, 98],
    [
      "a broken law outweighs all",
      {},
      (run) => ({ ...run, laws: [{ law: "swap tokens", subject: "client-1", holds: false, detail: "1 wrong" }] }),
      1
    ]
  ])("%s", (_, changes, change, exitCode) => {
    const result = inProcess(changes, (...args) => change(fakeSimulate(...args)))
    expect(judge(result).exitCode).toBe(exitCode)
  })

  it.each<[string, Record<string, unknown>, Partial<CellResult>, boolean, number]>([
    ["a lockup that nobody expects is 98", {}, { outcome: "lockup" }, false, 98],
    ["any outcome will do", { expect: { default: "any" } }, { outcome: "lockup" }, false, 0],
    ["a missed threshold is 99", { thresholds: ["elapsed < 1 s"] }, {}, false, 99],
    ["a threshold of a counter too", { thresholds: ["client.vmstat.pswpin > 1"] }, {}, false, 99],
    ["a run that was stopped misses none", { thresholds: ["elapsed < 1 s"] }, { outcome: "stopped" }, true, 130],
    ["a broken law outweighs an interruption", {}, { brokenLaws: ["swap tokens, client-1: 1 wrong"] }, true, 1]
  ])("of reduced runs: %s", (_, changes, change, interrupted, exitCode) => {
    const { scenario } = scenarioWith(changes)
    const cell = { ...cellOf(scenario, { ...fakeResult("slab-vanilla", 3), outcome: "completed" }), ...change }
    expect(judgeRuns(scenario, [cell], { failures: [], interrupted }).exitCode).toBe(exitCode)
  })

  it("of the map of an experiment looks at the laws alone", () => {
    const broken = { law: "swap tokens", subject: "client-1", holds: false, detail: "1 wrong" } as const
    const map = { x: { path: "clients.0.cpus", values: [1, 2] }, seeds: 1 }
    const mapped = (laws: RunResult["laws"]) =>
      inProcess({ expect: { default: "any" }, map }, (...args) => ({
        ...fakeSimulate(...args),
        laws: args[0].clients[0].cpus === 1 ? laws : []
      }))
    expect(judge(mapped([broken])).exitCode).toBe(1)
    expect(judge(mapped([])).exitCode).toBe(0)
  })

  it("says which client missed which threshold by what", () => {
    const result = inProcess({ ...expected, seeds: [7], thresholds: ["client.faultLatency.p99 < 50 ms"] })
    expect(judge(result).findings[0]).toEqual({
      kernel: "slab-vanilla",
      seed: 7,
      kind: "threshold",
      text: "client.faultLatency.p99 < 50 ms: client-1 has 70 ms"
    })
    const elapsed = inProcess(
      { ...expected, seeds: [7], thresholds: ["elapsed < 100 ms"] },
      (...args) => ({ ...fakeSimulate(...args), elapsedNs: 408_158_207 })
    )
    expect(judge(elapsed).findings[0]?.text).toBe("elapsed < 100 ms: is 408 ms")
  })
})

describe("results", () => {
  it("cross to another thread as they are, columns included", () => {
    const result = fakeResult("slab-vanilla", 3)
    expect(unpackResult(packResult(result))).toEqual(result)
  })

  it("are summed up by kernel", () => {
    const [vanilla, , slub] = summarise(inProcess())
    expect(vanilla).toMatchObject({ completed: 5, lockup: 0, elapsedNs: 33e9, lockupNs: null })
    expect(slub).toMatchObject({ completed: 0, lockup: 5, elapsedNs: null })
    expect(slub.lockupShare.value).toBe(1)
  })

  it("hold the scenario with all defaults, and no series, in result.json", () => {
    const json = JSON.parse(JSON.stringify(resultJson(inProcess({ seeds: 1 })))) as Record<string, unknown>
    expect(json).toMatchObject({ format: 3, exitCode: 98, scenario: { name: "fake", duration: "15 min" } })
    expect(JSON.stringify(json)).not.toContain("timesNs")
  })

  it("write a time series as CSV without rounding time", () => {
    const { series } = fakeResult("a,b", 3)
    const odd = { ...series, timesNs: Float64Array.of(1, 900e9 + 1) }
    expect(seriesCsv([{ kernel: "a,b", seed: 3, series: odd }])).toBe(
      "kernel,seed,time_s,series,value\n"
        + "\"a,b\",3,0.000000001,client-1.nr_free_pages,9000\n"
        + "\"a,b\",3,900.000000001,client-1.nr_free_pages,250.5\n"
    )
  })
})
