import { RUN_FORM } from "#src/form.ts"
import { runJobs } from "#src/jobs.ts"
import type { RunResult } from "@swaplab/cluster"
import {
  CELL_FORM,
  cellOf,
  type CellResult,
  type Job,
  type JobResults,
  layerInProcess,
  makePlan,
  openRunStore,
  type StoreOptions
} from "@swaplab/experiment"
import { packResult } from "@swaplab/experiment"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "./fake.ts"
import { memoryFiles } from "./memory-files.ts"

const loaded = scenarioWith({ seeds: 2 })
const jobsOf = (changes = {}): ReadonlyArray<Job> =>
  Either.getOrThrow(makePlan(scenarioWith({ seeds: 2, ...changes }))).jobs

type Store = ReturnType<typeof memoryFiles>

/** Runs jobs with the store; the names of those that were really run, and the results. */
const run = (
  store: Store,
  jobs: ReadonlyArray<Job>,
  options: Partial<StoreOptions> = {},
  stopAfter = Number.POSITIVE_INFINITY
): Promise<{ readonly ran: ReadonlyArray<string>; readonly results: JobResults<CellResult> }> => {
  const ran: Array<string> = []
  const runner = layerInProcess((_scenario, kernel, seed) => {
    if (ran.length >= stopAfter) return fakeResult(kernel, seed, "stopped", 1e9)
    ran.push(`${kernel} ${seed}`)
    return fakeResult(kernel, seed)
  })
  return Effect.gen(function*() {
    const opened = yield* openRunStore("out", { engine: "1+abc", loaded, fresh: false, ...options }, () => CELL_FORM)
    const results = yield* runJobs(jobs, {
      reduce: (job, result) => cellOf(job.loaded.scenario, result),
      store: { find: opened.find, keep: (job, cell) => Effect.orDie(opened.keep(job, cell)) }
    })
    return { ran, results }
  }).pipe(Effect.provide(store.layer), Effect.provide(runner), Effect.runPromise)
}

/** The whole runs of some jobs, kept and found again. */
const whole = (store: Store, jobs: ReadonlyArray<Job>): Promise<JobResults<RunResult>> =>
  Effect.gen(function*() {
    const { find, keep } = yield* openRunStore("out", { engine: "1+abc", loaded, fresh: false }, () => RUN_FORM)
    return yield* runJobs(jobs, {
      reduce: (_job, result) => result,
      store: { find, keep: (job, result) => Effect.orDie(keep(job, result)) }
    })
  }).pipe(
    Effect.provide(store.layer),
    Effect.provide(layerInProcess((_scenario, kernel, seed) => fakeResult(kernel, seed))),
    Effect.runPromise
  )

const cellsOf = ({ results }: { readonly results: JobResults<CellResult> }): ReadonlyArray<CellResult> =>
  [...results.results].sort(([a], [b]) => a - b).map(([, cell]) => cell)

describe("a store of runs", () => {
  it("gives back what was run, and goes on with the rest; the result is that of one go", async () => {
    const whole = await run(memoryFiles(), jobsOf())
    expect(whole.ran).toHaveLength(6)
    const store = memoryFiles()
    const first = await run(store, jobsOf(), {}, 4)
    expect(first.ran).toHaveLength(4)
    const second = await run(store, jobsOf())
    expect(second.ran).toEqual(whole.ran.slice(4))
    expect(second.results.found).toBe(4)
    expect(cellsOf(second)).toEqual(cellsOf(whole))
    expect((await run(store, jobsOf())).ran).toEqual([])
  })

  it("keeps no run that was stopped, and no half of a file", async () => {
    const store = memoryFiles()
    await run(store, jobsOf(), {}, 0)
    expect([...store.files.keys()]).toEqual(["out/runs/experiment.json"])
    await run(store, jobsOf())
    expect([...store.files.keys()].filter((name) => name.endsWith(".tmp"))).toEqual([])
    expect(store.files.size).toBe(7)
  })

  it("has the runs of fewer seeds when more are wanted, and of other kernels", async () => {
    const store = memoryFiles()
    await run(store, jobsOf({ seeds: [1] }))
    expect((await run(store, jobsOf())).ran).toEqual(["slab-vanilla 2", "slab-series 2", "slub-vanilla 2"])
  })

  it("knows a kernel by what it is, not by its name", async () => {
    const store = memoryFiles()
    await run(store, jobsOf())
    const renamed = await run(store, jobsOf({ kernels: { other: { allocator: "slub", base: "v3.5" } } }))
    expect(renamed.ran).toEqual([])
    expect(cellsOf(renamed).map(({ kernel }) => kernel)).toEqual(["other", "other"])
    const patched = { other: { allocator: "slub", base: "v3.5", patches: { throttle: true } } }
    expect((await run(store, jobsOf({ kernels: patched }))).ran).toEqual(["other 1", "other 2"])
  })

  it("runs what differs in the machines", async () => {
    const store = memoryFiles()
    await run(store, jobsOf())
    expect((await run(store, jobsOf({ clients: [{ cpus: 3 }] }))).ran).toHaveLength(6)
    expect((await run(store, jobsOf({ hz: 1000 }))).ran).toHaveLength(6)
    // names and expectations decide nothing
    expect((await run(store, jobsOf({ name: "same", expect: { default: "any" } }))).ran).toEqual([])
  })

  it("runs again what cannot be read", async () => {
    const store = memoryFiles()
    await run(store, jobsOf())
    const name = [...store.files.keys()].find((path) => !path.includes("experiment"))
    store.files.set(name ?? "", new TextEncoder().encode("{\"fingerprint"))
    expect((await run(store, jobsOf())).ran).toHaveLength(1)
  })

  it("refuses the runs of another scenario or build, and leaves them", async () => {
    const store = memoryFiles()
    await run(store, jobsOf())
    const before = new Map(store.files)
    const other = scenarioWith({ seeds: 2, clients: [{ cpus: 3 }] })
    await expect(run(store, jobsOf(), { loaded: other })).rejects.toThrow(
      "out: has runs of another scenario (fake.yaml as it was then), expected fake.yaml unchanged, an empty directory, or "
        + "--fresh to drop them"
    )
    await expect(run(store, jobsOf(), { engine: "1+abd" })).rejects.toThrow(
      "out: has runs of another build of swaplab (1+abc), expected 1+abd, an empty directory, or --fresh to drop them"
    )
    expect(store.files).toEqual(before)
    expect((await run(store, jobsOf(), { engine: "1+abd", fresh: true })).ran).toHaveLength(6)
    store.files.set("out/runs/experiment.json", new TextEncoder().encode("[]"))
    await expect(run(store, jobsOf())).rejects.toThrow("out: has runs of an unknown kind")
  })

  it.each([false, true])("refuses a folder of something else, and leaves it; --fresh: %s", async (fresh) => {
    const store = memoryFiles()
    const notes = new TextEncoder().encode("notes")
    store.files.set("out/runs/notes.txt", notes)
    await expect(run(store, jobsOf(), { fresh })).rejects.toThrow(
      "out/runs: is no folder of runs, expected one, an empty one, or none"
    )
    expect([...store.files]).toEqual([["out/runs/notes.txt", notes]])
  })

  it.each([false, true])("takes a folder that was made and no more; --fresh: %s", async (fresh) => {
    const store = memoryFiles()
    store.files.set("out/runs/experiment.json.tmp", new TextEncoder().encode("{"))
    expect((await run(store, jobsOf(), { fresh })).ran).toHaveLength(6)
  })

  it("has whole runs with their series, equal in every byte, under their own names", async () => {
    const store = memoryFiles()
    const first = await whole(store, jobsOf())
    const again = await whole(store, jobsOf())
    expect([first.found, again.found]).toEqual([0, 6])
    for (const [id, run] of first.results) {
      expect(packResult(again.results.get(id) ?? run)).toEqual(packResult(run))
      expect(again.results.get(id)?.series).toEqual(run.series)
    }
    const renamed = await whole(store, jobsOf({ kernels: { other: { allocator: "slub", base: "v3.5" } } }))
    expect(renamed.found).toBe(0)
    expect([...renamed.results.values()].map(({ kernel }) => kernel)).toEqual(["other", "other"])
    const name = [...store.files.keys()].find((path) => path.endsWith(".msgpack"))
    store.files.set(name ?? "", Uint8Array.of(1, 2, 3))
    expect((await whole(store, jobsOf())).found).toBe(5)
  })

  it("tells when it cannot write", async () => {
    const store = memoryFiles()
    await run(store, jobsOf(), {}, 0)
    const full = memoryFiles(".json.tmp")
    for (const [name, data] of store.files) full.files.set(name, data)
    await expect(run(full, jobsOf())).rejects.toThrow("no space left")
    expect([...full.files.keys()]).toEqual(["out/runs/experiment.json"])
  })
})
