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
  /** The runs that go on now. One that waits for its turn on another machine, or has not told anything from there, is not among them. */
  readonly running: ReadonlyArray<RunProgress & { readonly kernel: string; readonly seed: number }>
}

/** How a list of jobs is watched. */
export interface ExperimentOptions {
  readonly onProgress?: (progress: ExperimentProgress) => Effect.Effect<void>
  /** How often `onProgress` is called, besides once at the end. Five times a second without it. */
  readonly every?: Duration.DurationInput
  /** Called when an interruption has told the runs to stop, before they have. */
  readonly onStop?: Effect.Effect<void>
}

/** Results that outlive the process. Whoever opens a store says what becomes of a result that it cannot keep. */
export interface JobStore<A> {
  /** The result of a job, or null. Asked once, before anything is run. */
  readonly find: (job: Job) => Effect.Effect<A | null>
  /** Keeps a result. Called for runs that came to their own end, not for those that were stopped. */
  readonly keep: (job: Job, result: A) => Effect.Effect<void>
}

/** What becomes of the runs of a list of jobs. */
export interface JobOptions<A> extends ExperimentOptions {
  /** What is kept of a run. A thousand whole results would not fit into memory. */
  readonly reduce: (job: Job, run: RunResult) => A
  readonly store?: JobStore<A>
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

/** A list of jobs under way. */
class JobList<A> {
  readonly #jobs: ReadonlyArray<Job>
  readonly #options: JobOptions<A>
  readonly #board: Board
  readonly #results = new Map<number, A>()
  readonly #failures: Array<readonly [job: number, failure: RunFailure]> = []
  readonly #running = new Set<Job>()
  /** Some of those that were given to the runner may wait there for their turn. */
  #ahead = false
  #found = 0
  #eventsDone = 0

  constructor(jobs: ReadonlyArray<Job>, options: JobOptions<A>) {
    this.#jobs = jobs
    this.#options = options
    this.#board = new Board(jobs.length)
  }

  /** Takes what the store has. */
  findKept(): Effect.Effect<void> {
    const { store } = this.#options
    if (store === undefined) return Effect.void
    return Effect.forEach(this.#jobs, (job) =>
      Effect.map(store.find(job), (known) => {
        if (known === null) return
        this.#results.set(job.id, known)
        this.#found++
      }), { discard: true })
  }

  /**
   * Runs what the store does not have, as many side by side as there are workers. Fields of a map go first: a run of them may
   * be many times as long as any of the table, and as the last one it would leave the other workers idle.
   */
  get runRest(): Effect.Effect<void, never, Runner> {
    const rest = this.#jobs.filter(({ id }) => !this.#results.has(id))
    const ordered = [...rest.filter(({ field }) => field !== null), ...rest.filter(({ field }) => field === null)]
    return Effect.flatMap(
      Runner,
      (runner) => {
        this.#ahead = runner.ahead !== undefined
        return Effect.forEach(ordered, (job) => this.#run(job, runner), {
          concurrency: runner.ahead ?? runner.size,
          discard: true
        })
      }
    )
  }

  /** Tells all runs to stop as soon as they look. */
  stop(): void {
    this.#board.stop()
  }

  /** Calls `onProgress` again and again, until it is interrupted. */
  get watch(): Effect.Effect<void> {
    const { every = "200 millis", onProgress } = this.#options
    return onProgress === undefined
      ? Effect.void
      : Effect.asVoid(Effect.repeat(this.tellProgress, Schedule.spaced(every)))
  }

  /** Calls `onProgress`. */
  get tellProgress(): Effect.Effect<void> {
    const { onProgress } = this.#options
    return onProgress === undefined ? Effect.void : Effect.suspend(() => onProgress(this.#progress()))
  }

  resultsOf(interrupted: boolean): JobResults<A> {
    return {
      results: this.#results,
      found: this.#found,
      failures: [...this.#failures].sort((a, b) => a[0] - b[0]).map(([, failure]) => failure),
      interrupted
    }
  }

  #run(job: Job, runner: typeof Runner.Service): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#board.stopped) return Effect.void
      this.#running.add(job)
      return Effect.flatMap(Effect.either(runner.run(job, this.#board)), (result) => {
        this.#running.delete(job)
        if (result._tag === "Right") return this.#end(job, result.right)
        this.#failures.push([job.id, result.left])
        return Effect.void
      })
    })
  }

  /** Takes the result of a run, and keeps it. */
  #end(job: Job, run: RunResult): Effect.Effect<void> {
    // a run that was told to stop before it had begun has measured nothing
    if (run.outcome === "stopped" && run.simulatedNs === 0) return Effect.void
    const { reduce, store } = this.#options
    const kept = reduce(job, run)
    this.#results.set(job.id, kept)
    this.#eventsDone += run.events
    return store === undefined || run.outcome === "stopped" ? Effect.void : store.keep(job, kept)
  }

  #progress(): ExperimentProgress {
    const running = [...this.#running].sort((a, b) => a.id - b.id).map((job) => ({
      ...this.#board.progress(job.id),
      kernel: job.kernel,
      seed: job.seed
    })).filter(({ clients }) => clients > 0 || !this.#ahead)
    return {
      done: this.#results.size + this.#failures.length,
      total: this.#jobs.length,
      events: this.#eventsDone + running.reduce((sum, { events }) => sum + events, 0),
      running
    }
  }
}

/**
 * Runs all jobs. An interruption is not passed on: the runs under way are told to stop, which they do when they look next,
 * however long that takes; what has been measured until then is the result, marked as interrupted. Call it in an
 * uninterruptible region to make use of that.
 */
export const runJobs = <A>(
  jobs: ReadonlyArray<Job>,
  options: JobOptions<A>
): Effect.Effect<JobResults<A>, never, Runner> =>
  Effect.uninterruptible(Effect.gen(function*() {
    const list = new JobList(jobs, options)
    yield* list.findKept()
    const watcher = yield* Effect.forkDaemon(Effect.interruptible(list.watch))
    const runs = yield* Effect.forkDaemon(Effect.interruptible(list.runRest))
    const exit = yield* Effect.exit(Effect.interruptible(Fiber.join(runs)))
    const interrupted = Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
    if (interrupted) {
      list.stop()
      if (options.onStop !== undefined) yield* options.onStop
      yield* Fiber.await(runs)
    }
    yield* Fiber.interrupt(watcher)
    yield* list.tellProgress
    if (Exit.isFailure(exit) && !interrupted) return yield* Effect.failCause(exit.cause)
    return list.resultsOf(interrupted)
  }))
