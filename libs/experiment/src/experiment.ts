// Runs a plan. The result depends on the plan only: not on the number of workers, nor on who is done first.
import type { Outcome, RunProgress, RunResult } from "@swaplab/cluster"
import { type Duration, Effect, Exit, Fiber, Schedule } from "effect"
import { Board } from "./board.ts"
import type { Job, MapPlan, Plan } from "./plan.ts"
import type { RunFailure } from "./protocol.ts"
import { Runner } from "./runner.ts"

/** Outcomes in one field of the map for one kernel, by seed. */
export interface MapCell {
  readonly kernel: string
  readonly x: number
  readonly y: number
  readonly outcomes: ReadonlyArray<Outcome>
}

/** The map of outcomes. */
export interface OutcomeMap {
  readonly plan: MapPlan
  readonly cells: ReadonlyArray<MapCell>
}

/** What an experiment has measured. */
export interface ExperimentResult {
  readonly plan: Plan
  /** In the order of the plan: by kernel, then by seed. */
  readonly runs: ReadonlyArray<RunResult>
  readonly map: OutcomeMap | null
  /** Runs lost to a fault of swaplab. */
  readonly failures: ReadonlyArray<RunFailure>
  /** Whether the user ended it before its end. */
  readonly interrupted: boolean
}

/** Where an experiment has got to. */
export interface ExperimentProgress {
  readonly done: number
  readonly total: number
  /** Of runs that are over and of those that go on. */
  readonly events: number
  /** The runs that go on now. */
  readonly running: ReadonlyArray<RunProgress & { readonly kernel: string; readonly seed: number }>
}

export interface ExperimentOptions {
  readonly onProgress?: (progress: ExperimentProgress) => Effect.Effect<void>
  /** How often `onProgress` is called. Five times a second without it. */
  readonly every?: Duration.DurationInput
}

/** How long runs may take to end after they have been told to stop. */
const GRACE = "5 seconds"

/** A field of the map needs no more than this; a large map of whole results would not fit into memory. */
const outcomeOnly = (result: RunResult): RunResult => ({
  ...result,
  clients: [],
  series: { timesNs: new Float64Array(0), columns: [] }
})

const collect = (
  plan: Plan,
  results: ReadonlyMap<number, RunResult>,
  failures: ReadonlyArray<readonly [job: number, failure: RunFailure]>,
  interrupted: boolean
): ExperimentResult => {
  const of = (job: Job): ReadonlyArray<RunResult> => {
    const result = results.get(job.id)
    return result === undefined ? [] : [result]
  }
  const cells = new Map<string, { kernel: string; x: number; y: number; outcomes: Array<Outcome> }>()
  for (const job of plan.jobs) {
    if (job.field === null) continue
    const key = `${job.kernel} ${job.field.x} ${job.field.y}`
    const cell = cells.get(key) ?? { kernel: job.kernel, ...job.field, outcomes: [] }
    cells.set(key, cell)
    for (const result of of(job)) cell.outcomes.push(result.outcome)
  }
  return {
    plan,
    runs: plan.jobs.filter((job) => job.field === null).flatMap(of),
    map: plan.map === null ? null : { plan: plan.map, cells: [...cells.values()] },
    failures: [...failures].sort((a, b) => a[0] - b[0]).map(([, failure]) => failure),
    interrupted
  }
}

/**
 * Runs all jobs of a plan. An interruption is not passed on at once: the runs under way are told to stop, and what has
 * been measured until then is the result, marked as interrupted. Call it in an uninterruptible region to make use of that.
 */
export const runExperiment = (
  plan: Plan,
  options: ExperimentOptions = {}
): Effect.Effect<ExperimentResult, never, Runner> =>
  Effect.uninterruptible(Effect.gen(function*() {
    const runner = yield* Runner
    const board = new Board(plan.jobs.length)
    const results = new Map<number, RunResult>()
    const failures: Array<readonly [job: number, failure: RunFailure]> = []
    const running = new Set<Job>()
    let eventsDone = 0

    const runJob = (job: Job): Effect.Effect<void> =>
      Effect.gen(function*() {
        if (board.stopped) return
        running.add(job)
        const result = yield* Effect.either(runner.run(job, board))
        running.delete(job)
        if (result._tag === "Left") {
          failures.push([job.id, result.left])
          return
        }
        // a run that was told to stop before it had begun has measured nothing
        if (result.right.outcome === "stopped" && result.right.simulatedNs === 0) return
        results.set(job.id, job.field === null ? result.right : outcomeOnly(result.right))
        eventsDone += result.right.events
      })

    const progress = (): ExperimentProgress => {
      const now = [...running].sort((a, b) => a.id - b.id).map((job) => ({
        ...board.progress(job.id),
        kernel: job.kernel,
        seed: job.seed
      }))
      return {
        done: results.size + failures.length,
        total: plan.jobs.length,
        events: eventsDone + now.reduce((sum, run) => sum + run.events, 0),
        running: now
      }
    }

    const { onProgress } = options
    const reporter = onProgress === undefined
      ? null
      : yield* Effect.forkDaemon(
        Effect.interruptible(
          Effect.repeat(Effect.suspend(() => onProgress(progress())), Schedule.spaced(options.every ?? "200 millis"))
        )
      )
    const jobs = yield* Effect.forkDaemon(
      Effect.forEach(plan.jobs, runJob, { concurrency: runner.size, discard: true })
    )

    const exit = yield* Effect.exit(Effect.interruptible(Fiber.join(jobs)))
    const interrupted = Exit.isInterrupted(exit)
    if (interrupted) {
      board.stop()
      yield* Fiber.await(jobs).pipe(Effect.timeoutOption(GRACE))
    }
    if (reporter !== null) yield* Fiber.interrupt(reporter)
    return collect(plan, results, failures, interrupted)
  }))
