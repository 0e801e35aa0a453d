// What ablate and map share: many runs of which little is kept, in worker threads, kept in the directory of --out so that
// the same command goes on where an interruption ended it.
import type { LoadedScenario } from "@swaplab/cluster"
import {
  cellOf,
  type CellResult,
  type Job,
  type JobResults,
  type JobStore,
  openCellStore,
  runJobs
} from "@swaplab/experiment"
import { makeProgressLine } from "@swaplab/report"
import { Console, Effect } from "effect"
import { stderr } from "node:process"
import { engine } from "./engine.ts"
import { UsageError } from "./exit.ts"
import { prepareOut, writing } from "./out.ts"
import { workerPool } from "./pool.ts"

/** Flags that both have. */
export interface CellFlags {
  readonly out: string | undefined
  readonly fresh: boolean
  readonly workers: number | undefined
}

const cannotUse = (directory: string, reason: string): UsageError =>
  new UsageError({ message: `--out ${directory}: cannot be used: ${reason}` })

const openStore = (directory: string, fresh: boolean, loaded: LoadedScenario) =>
  Effect.gen(function*() {
    yield* prepareOut(directory)
    const { find, keep } = yield* openCellStore(directory, { engine: engine(), loaded, fresh })
    const store: JobStore<CellResult, UsageError> = {
      find: (job) => Effect.mapError(find(job), (error) => cannotUse(directory, error.message)),
      keep: (job, cell) => writing(directory, keep(job, cell))
    }
    return store
  }).pipe(
    Effect.mapError((error) =>
      error._tag === "UsageError"
        ? error
        : error._tag === "StoreMismatch"
        ? new UsageError({ message: `--out ${error.message}` })
        : cannotUse(directory, error.message)
    )
  )

/** Says what is left to do, where that is not all or nothing. */
const say = (flags: CellFlags, jobs: ReadonlyArray<Job>, { found, interrupted, results }: JobResults<CellResult>) => {
  const kept = [...results.values()].filter(({ outcome }) => outcome !== "stopped").length
  if (flags.out === undefined) {
    return interrupted ? Console.error("swaplab: interrupted; without --out no run is kept") : Effect.void
  }
  const directory = flags.out
  if (interrupted) {
    return Console.error(
      `swaplab: interrupted; ${kept} of ${jobs.length} runs are kept in ${directory}, the same command goes on from there`
    )
  }
  return found > 0 ? Console.error(`swaplab: ${found} of ${jobs.length} runs were in ${directory}`) : Effect.void
}

/** Runs the jobs of a command; `loaded` is the scenario that they vary. Then `finish`, which no interruption stops. */
export const runCells = <E, R>(
  worker: URL,
  flags: CellFlags,
  loaded: LoadedScenario,
  jobs: ReadonlyArray<Job>,
  finish: (results: JobResults<CellResult>) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function*() {
    if (flags.fresh && flags.out === undefined) {
      return yield* new UsageError({ message: "--fresh: expected --out too" })
    }
    const store = flags.out === undefined ? undefined : yield* openStore(flags.out, flags.fresh, loaded)
    const line = yield* makeProgressLine(stderr, loaded.scenario.duration)
    const cells = runJobs(jobs, {
      reduce: (job, run) => cellOf(job.loaded.scenario, run),
      ...(store === undefined ? {} : { store }),
      onProgress: line.show
    }).pipe(
      Effect.ensuring(line.end),
      Effect.provide(workerPool(worker, flags.workers, jobs.length))
    )
    // an interruption ends the runs early and is held back until their results have been shown and written
    yield* Effect.uninterruptible(
      Effect.flatMap(cells, (results) =>
        Effect.gen(function*() {
          yield* say(flags, jobs, results)
          yield* finish(results)
        }))
    )
  })
