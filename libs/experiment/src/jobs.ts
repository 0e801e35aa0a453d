// Runs a list of jobs and keeps of each what is asked for. The results depend on the jobs only: not on the number of
// workers, nor on who is done first, nor on which of them a store already had.
import type { RunProgress, RunResult } from "@swaplab/cluster"
import { Cause, type Duration, Effect, Exit, Fiber, Schedule } from "effect"
import { Board } from "./board.ts"
import type { Job } from "./plan.ts"
import type { RunFailure } from "./protocol.ts"
import { Runner } from "./runner.ts"

/** Where a list of jobs has got to. */
export interface ExperimentProgress {
  readonly done: number
  readonly total: number
  /** Of runs that are over and of those that go on. */
  readonly events: number
  /** The runs that go on now. */
  readonly running: ReadonlyArray<RunProgress & { readonly kernel: string; readonly seed: number }>
}

/** How a list of jobs is watched. */
export interface ExperimentOptions {
  readonly onProgress?: (progress: ExperimentProgress) => Effect.Effect<void>
  /** How often `onProgress` is called, besides once at the end. Five times a second without it. */
  readonly every?: Duration.DurationInput
}

/** Results that outlive the process. */
export interface JobStore<A, E> {
  /** The result of a job, or null. Asked once, before anything is run. */
  readonly find: (job: Job) => Effect.Effect<A | null, E>
  /** Keeps a result. Called for runs that came to their own end, not for those that were stopped. */
  readonly keep: (job: Job, result: A) => Effect.Effect<void, E>
}

/** What becomes of the runs of a list of jobs. */
export interface JobOptions<A, E> extends ExperimentOptions {
  /** What is kept of a run. A thousand whole results would not fit into memory. */
  readonly reduce: (job: Job, run: RunResult) => A
  readonly store?: JobStore<A, E>
  /** How long runs may take to end after they have been told to stop. Five seconds without it. */
  readonly grace?: Duration.DurationInput
}

/** What a list of jobs has given. */
export interface JobResults<A> {
  /** By the id of the job. */
  readonly results: ReadonlyMap<number, A>
  /** How many of them were in the store. */
  readonly found: number
  /** Runs lost to a fault of swaplab, in the order of the jobs. */
  readonly failures: ReadonlyArray<RunFailure>
  /** Whether the user ended it before its end. */
  readonly interrupted: boolean
}

/**
 * Runs all jobs. An interruption is not passed on at once: the runs under way are told to stop, and what has been measured
 * until then is the result, marked as interrupted. A run that does not end within the grace is given up. Call it in an
 * uninterruptible region to make use of that. Fails when the store does; the other runs are then told to stop.
 */
export const runJobs = <A, E = never>(
  jobs: ReadonlyArray<Job>,
  options: JobOptions<A, E>
): Effect.Effect<JobResults<A>, E, Runner> =>
  Effect.uninterruptible(Effect.gen(function*() {
    const runner = yield* Runner
    const { grace = "5 seconds", onProgress, reduce, store } = options
    const board = new Board(jobs.length)
    const results = new Map<number, A>()
    const failures: Array<readonly [job: number, failure: RunFailure]> = []
    const running = new Set<Job>()
    let eventsDone = 0

    if (store !== undefined) {
      for (const job of jobs) {
        const known = yield* store.find(job)
        if (known !== null) results.set(job.id, known)
      }
    }
    const found = results.size

    const runJob = (job: Job): Effect.Effect<void, E> =>
      Effect.gen(function*() {
        if (board.stopped) return
        running.add(job)
        const result = yield* Effect.either(runner.run(job, board))
        running.delete(job)
        if (result._tag === "Left") {
          failures.push([job.id, result.left])
          return
        }
        const run = result.right
        // a run that was told to stop before it had begun has measured nothing
        if (run.outcome === "stopped" && run.simulatedNs === 0) return
        const kept = reduce(job, run)
        results.set(job.id, kept)
        eventsDone += run.events
        if (store !== undefined && run.outcome !== "stopped") {
          yield* Effect.tapError(store.keep(job, kept), () => Effect.sync(() => board.stop()))
        }
      })

    const progress = (): ExperimentProgress => {
      const now = [...running].sort((a, b) => a.id - b.id).map((job) => ({
        ...board.progress(job.id),
        kernel: job.kernel,
        seed: job.seed
      }))
      return {
        done: results.size + failures.length,
        total: jobs.length,
        events: eventsDone + now.reduce((sum, run) => sum + run.events, 0),
        running: now
      }
    }

    const reporter = onProgress === undefined
      ? null
      : yield* Effect.forkDaemon(
        Effect.interruptible(
          Effect.repeat(Effect.suspend(() => onProgress(progress())), Schedule.spaced(options.every ?? "200 millis"))
        )
      )
    const runs = yield* Effect.forkDaemon(
      Effect.interruptible(
        Effect.forEach(jobs.filter(({ id }) => !results.has(id)), runJob, { concurrency: runner.size, discard: true })
      )
    )

    const exit = yield* Effect.exit(Effect.interruptible(Fiber.join(runs)))
    // where the store has failed, the runs beside it are interrupted too
    const interrupted = Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
    if (interrupted) {
      board.stop()
      yield* Effect.timeoutOption(Effect.interruptible(Fiber.await(runs)), grace)
      // whoever has not looked at the board by now is not waited for
      yield* Fiber.interruptFork(runs)
    }
    if (reporter !== null) yield* Fiber.interrupt(reporter)
    if (onProgress !== undefined) yield* onProgress(progress())
    if (Exit.isFailure(exit) && !interrupted) return yield* Effect.failCause(exit.cause)
    return {
      results,
      found,
      failures: [...failures].sort((a, b) => a[0] - b[0]).map(([, failure]) => failure),
      interrupted
    }
  }))
