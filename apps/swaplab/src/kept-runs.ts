// What run, map, sweep and ablate share: many runs in worker threads, each kept in the directory of --out as soon as it is over, so
// that the same command goes on where an interruption or a crash ended it.
import type { WorkerError } from "@effect/platform/WorkerError"
import type { LoadedScenario, Outcome, RunResult } from "@swaplab/cluster"
import {
  type Form,
  type Job,
  type JobResults,
  type JobStore,
  openRunStore,
  reasonOf,
  type Runner,
  runRounds,
  type StoreOptions
} from "@swaplab/experiment"
import { makeProgressLine } from "@swaplab/report"
import { Console, Effect, type Layer } from "effect"
import { stderr } from "node:process"
import { engine } from "./engine.ts"
import { UsageError } from "./exit.ts"
import { type Out, withOut } from "./out.ts"
import { type PoolFlags, withPool } from "./pool.ts"

/** Options that all of them have. */
export interface KeptFlags extends PoolFlags {
  readonly out: string | undefined
  readonly fresh: boolean
}

/** What is run, and what is kept of it. */
export interface KeptRuns<A> {
  /** Serves a page at this port that shows the runs, which are made one after the other. */
  readonly watchPort?: number
  /** The scenario that the jobs vary. */
  readonly loaded: LoadedScenario
  readonly jobs: ReadonlyArray<Job>
  /** Which of the jobs are run next, by the results so far; none: it is done. Without it: all of them at once. */
  readonly next?: (results: ReadonlyMap<number, A>) => ReadonlyArray<Job>
  readonly reduce: (job: Job, run: RunResult) => A
  readonly outcomeOf: (kept: A) => Outcome
  readonly formOf: (job: Job) => Form<A>
  /** What runs them; without it worker threads. */
  readonly runner?: Layer.Layer<Runner>
  /** What else than the scenario decides what the runs give. */
  readonly also?: unknown
}

/** Opens the store in the directory. What it cannot keep is told and lost for the next command only, not for this one. */
export const openStore = <A>(
  out: Out,
  options: StoreOptions,
  formOf: (job: Job) => Form<A>
): Effect.Effect<JobStore<A>, UsageError, Effect.Effect.Context<ReturnType<typeof openRunStore>>> =>
  openRunStore(out.directory, options, formOf).pipe(
    Effect.map(({ find, keep }) => ({
      find,
      keep: (job: Job, kept: A) => Effect.catchAll(keep(job, kept), (error) => out.tell(error))
    })),
    Effect.mapError((error) =>
      new UsageError({
        message: error._tag === "StoreMismatch"
          ? `--out ${error.message}`
          : `--out ${out.directory}: cannot be written to: ${reasonOf(error)}`
      })
    )
  )

/** All jobs, and then none. */
const once = (jobs: ReadonlyArray<Job>): () => ReadonlyArray<Job> => {
  let rest = jobs
  return () => {
    const given = rest
    rest = []
    return given
  }
}

/** Says what is left to do, where that is not all or nothing. How many runs there are in all is not known of rounds. */
const say = <A>(
  out: Out | null,
  { jobs, next, outcomeOf }: KeptRuns<A>,
  { found, interrupted, results }: JobResults<A>
) => {
  const all = next === undefined ? ` of ${jobs.length}` : ""
  const kept = [...results.values()].filter((result) => outcomeOf(result) !== "stopped").length
  if (out === null) {
    return interrupted
      ? Console.error("swaplab: interrupted; without --out no run is kept")
      : Effect.void
  }
  if (interrupted) {
    return Console.error(
      `swaplab: interrupted; ${kept}${all} runs are kept in ${out.directory}, the same command goes on from there`
    )
  }
  return found > 0
    ? Console.error(`swaplab: ${found}${next === undefined ? all : ` of ${kept}`} runs were in ${out.directory}`)
    : Effect.void
}

/** Told when an interruption has told the runs to stop. */
export const onStop = Console.error("swaplab: the runs under way are ending; Ctrl-C again ends the command at once")

/** Uses what makes the runs. */
const withRunner = <A, B, E, R>(
  worker: URL,
  flags: KeptFlags,
  { jobs, runner, watchPort }: KeptRuns<A>,
  use: (runner: Layer.Layer<Runner, UsageError | WorkerError>) => Effect.Effect<B, E, R>
) =>
  Effect.gen(function*() {
    if (runner !== undefined) return yield* use(runner)
    if (watchPort === undefined) return yield* withPool(worker, flags, jobs.length, use)
    const { layerWatched } = yield* Effect.promise(() => import("./live/watched.ts"))
    return yield* use(layerWatched(worker, watchPort, jobs.length))
  })

/** Makes the runs of a command. Then `finish`, which no interruption stops. */
export const keepRuns = <A, E, R>(
  worker: URL,
  flags: KeptFlags,
  runs: KeptRuns<A>,
  finish: (results: JobResults<A>, out: Out | null) => Effect.Effect<void, E, R>
) =>
  withRunner(worker, flags, runs, (runner) =>
    withOut(flags.out, (out) =>
      Effect.gen(function*() {
        if (flags.fresh && out === null) return yield* new UsageError({ message: "--fresh: expected --out too" })
        const { also, formOf, jobs, loaded, next = once(jobs), reduce } = runs
        const store = out === null
          ? null
          : yield* openStore(out, { engine: engine(worker), loaded, also, fresh: flags.fresh }, formOf)
        const line = yield* makeProgressLine(stderr, loaded.scenario.duration)
        const measured = runRounds(next, {
          reduce,
          onStop,
          onProgress: line.show,
          ...(store === null ? {} : { store })
        }).pipe(
          Effect.ensuring(line.end),
          Effect.provide(runner)
        )
        // an interruption ends the runs early and is held back until their results have been shown and written
        yield* Effect.uninterruptible(
          Effect.flatMap(measured, (results) => Effect.zipRight(say(out, runs, results), finish(results, out)))
        )
      })))
