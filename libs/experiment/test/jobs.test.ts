import type { RunResult } from "@swaplab/cluster"
import { type Job, type JobOptions, type JobResults, makePlan, runJobs, Runner } from "@swaplab/experiment"
import { Deferred, Effect, Either, Fiber, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "./fake.ts"

const jobs = Either.getOrThrow(makePlan(scenarioWith({ seeds: 2 }))).jobs

const done = ({ kernel, seed }: Job): Effect.Effect<RunResult> => Effect.succeed(fakeResult(kernel, seed))

describe("runs that are to stop", () => {
  it("are given up after the grace when they never look at the board", async () => {
    const results = await Effect.runPromise(Effect.gen(function*() {
      const begun = yield* Deferred.make<void>()
      const ended = yield* Deferred.make<void>()
      const deaf = Layer.succeed(Runner, {
        size: 1,
        run: (job) =>
          job.id === 0 ? done(job) : Deferred.succeed(begun, undefined).pipe(
            Effect.zipRight(Effect.never),
            Effect.onInterrupt(() => Deferred.succeed(ended, undefined))
          )
      })
      const found: Array<JobResults<number>> = []
      const options: JobOptions<number, never> = { reduce: ({ id }) => id, grace: "1 millis" }
      const keep = Effect.map(runJobs(jobs, options), (measured) => found.push(measured))
      const fiber = yield* Effect.fork(Effect.uninterruptible(Effect.provide(keep, deaf)))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      // nothing of it goes on
      yield* Deferred.await(ended)
      return found[0]
    }))
    expect(results.interrupted).toBe(true)
    expect([...results.results]).toEqual([[0, 0]])
  })

  it("are told so when a result cannot be kept", async () => {
    const stopped: Array<number> = []
    const begun = Effect.runSync(Deferred.make<void>())
    const pair = Layer.succeed(Runner, {
      size: 2,
      run: (job, board) =>
        job.id === 0 ?
          Effect.zipRight(Deferred.await(begun), done(job)) :
          Effect.uninterruptible(Effect.gen(function*() {
            yield* Deferred.succeed(begun, undefined)
            while (!board.stopped) yield* Effect.yieldNow()
            stopped.push(job.id)
            return fakeResult(job.kernel, job.seed, "stopped")
          }))
    })
    const store = { find: () => Effect.succeed(null), keep: () => Effect.fail("no space left") }
    const failed = await Effect.runPromise(
      Effect.either(Effect.provide(runJobs(jobs, { reduce: ({ id }) => id, store }), pair))
    )
    expect(failed).toEqual(Either.left("no space left"))
    expect(stopped).toEqual([1])
  })
})
