import { runJobs } from "#src/jobs.ts"
import type { RunResult } from "@swaplab/cluster"
import { type Job, type JobResults, makePlan, Runner } from "@swaplab/experiment"
import { Deferred, Effect, Either, Fiber, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "./fake.ts"

const jobs = Either.getOrThrow(makePlan(scenarioWith({ seeds: 2 }))).jobs

const done = ({ kernel, seed }: Job): Effect.Effect<RunResult> => Effect.succeed(fakeResult(kernel, seed))

describe("runs that are to stop", () => {
  it("are waited for, however long they take to look at the board", async () => {
    const results = await Effect.runPromise(Effect.gen(function*() {
      const [begun, told, look] = yield* Effect.all([
        Deferred.make<void>(),
        Deferred.make<void>(),
        Deferred.make<void>()
      ])
      const slow = Layer.succeed(Runner, {
        size: 1,
        run: (job, board) =>
          job.id === 0 ? done(job) : Effect.gen(function*() {
            yield* Deferred.succeed(begun, undefined)
            yield* Deferred.await(look)
            return fakeResult(job.kernel, job.seed, board.stopped ? "stopped" : "completed", 3e9)
          })
      })
      const found: Array<JobResults<string>> = []
      const measured = runJobs(jobs, {
        reduce: ({ id }, { outcome }) => `${id} ${outcome}`,
        onStop: Effect.asVoid(Deferred.succeed(told, undefined))
      })
      const fiber = yield* Effect.fork(
        Effect.uninterruptible(Effect.provide(Effect.map(measured, (got) => found.push(got)), slow))
      )
      yield* Deferred.await(begun)
      const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* Deferred.await(told)
      // as much else as there is to do comes first: the run has not looked yet
      for (let turn = 0; turn < 1000; turn++) yield* Effect.yieldNow()
      expect(found).toEqual([])
      yield* Deferred.succeed(look, undefined)
      yield* Fiber.join(interruption)
      return found[0]
    }))
    expect(results.interrupted).toBe(true)
    expect([...results.results.values()]).toEqual(["0 completed", "1 stopped"])
  })

  it("are kept where they came to their own end all the same, and none is begun", async () => {
    const kept: Array<string> = []
    const begun: Array<number> = []
    const results = await Effect.runPromise(Effect.gen(function*() {
      const started = yield* Deferred.make<void>()
      const runner = Layer.succeed(Runner, {
        size: 1,
        run: (job, board) =>
          Effect.gen(function*() {
            begun.push(job.id)
            yield* Deferred.succeed(started, undefined)
            while (!board.stopped) yield* Effect.yieldNow()
            return yield* done(job)
          })
      })
      const store = {
        find: () => Effect.succeed(null),
        keep: (_job: Job, result: string) => Effect.sync(() => void kept.push(result))
      }
      const found: Array<JobResults<string>> = []
      const measured = runJobs(jobs, { reduce: ({ id }, { outcome }) => `${id} ${outcome}`, store })
      const fiber = yield* Effect.fork(
        Effect.uninterruptible(Effect.provide(Effect.map(measured, (got) => found.push(got)), runner))
      )
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      return found[0]
    }))
    expect(begun).toEqual([0])
    expect(kept).toEqual(["0 completed"])
    expect([...results.results.values()]).toEqual(["0 completed"])
  })
})

it("runs fields of a map first, whose runs may be the longest", async () => {
  const map = { x: { path: "clients.0.nic.driver", values: ["r8169", "e1000"] }, seeds: 1, kernels: ["slab-vanilla"] }
  const plan = Either.getOrThrow(makePlan(scenarioWith({ seeds: 1, clients: [{ name: "client" }], map })))
  const begun: Array<string> = []
  const runner = Layer.succeed(Runner, {
    size: 1,
    run: (job) => {
      begun.push(`${job.field === null ? "table" : "map"} ${job.kernel}`)
      return done(job)
    }
  })
  await Effect.runPromise(Effect.provide(runJobs(plan.jobs, { reduce: () => 0 }), runner))
  expect(begun).toEqual([
    "map slab-vanilla",
    "map slab-vanilla",
    "table slab-vanilla",
    "table slab-series",
    "table slub-vanilla"
  ])
})
