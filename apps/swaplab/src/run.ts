// swaplab run: load, plan, simulate in worker threads, report, write.
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import * as FileSystem from "@effect/platform/FileSystem"
import { loadScenario, type Override, parseOverride, ScenarioError } from "@swaplab/cluster"
import {
  EXIT,
  type ExperimentResult,
  judge,
  layerWorkers,
  makePlan,
  type Plan,
  resultJson,
  runExperiment,
  writeResults
} from "@swaplab/experiment"
import { makeProgressLine, renderReport } from "@swaplab/report"
import { Console, Effect, Either, Layer, type Option } from "effect"
import { availableParallelism } from "node:os"
import { stderr } from "node:process"
import { Worker } from "node:worker_threads"
import { ExitWith, UsageError } from "./exit.ts"

/** Flags of `run`, as they were parsed. */
export interface RunFlags {
  readonly file: string
  readonly seed: Option.Option<number>
  readonly seeds: Option.Option<number>
  readonly kernel: ReadonlyArray<string>
  readonly set: ReadonlyArray<string>
  readonly json: boolean
  readonly out: Option.Option<string>
  readonly workers: Option.Option<number>
  readonly noMap: boolean
}

const MAX_WORKERS = 256

/**
 * Young generation of a worker in MB. A simulation's garbage is short-lived; with V8's default it is collected while
 * still in use, which halves the speed of runs with many tasks.
 */
const YOUNG_GENERATION_MB = 192

/** The values of --set, --seed and --seeds. */
export const overridesOf = (
  flags: Pick<RunFlags, "seed" | "seeds" | "set">
): Either.Either<ReadonlyArray<Override>, ScenarioError | UsageError> =>
  Either.gen(function*() {
    const overrides: Array<Override> = []
    for (const text of flags.set) overrides.push(yield* parseOverride(text))
    if (flags.seed._tag === "Some" && flags.seeds._tag === "Some") {
      return yield* Either.left(new UsageError({ message: "--seed and --seeds: expected one of the two" }))
    }
    if (flags.seed._tag === "Some") {
      overrides.push({ source: `--seed ${flags.seed.value}`, path: ["seeds"], value: [flags.seed.value] })
    }
    if (flags.seeds._tag === "Some") {
      overrides.push({ source: `--seeds ${flags.seeds.value}`, path: ["seeds"], value: flags.seeds.value })
    }
    return overrides
  })

const workersOf = (flags: RunFlags, plan: Plan): number => {
  const wanted = flags.workers._tag === "Some" ? flags.workers.value : availableParallelism()
  return Math.min(wanted, MAX_WORKERS, Math.max(1, plan.jobs.length))
}

/** Makes the directory for results before hours are spent on them. */
const prepareOut = (directory: string): Effect.Effect<void, UsageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (yield* fs.exists(directory)) {
      const info = yield* fs.stat(directory)
      if (info.type !== "Directory") return yield* new UsageError({ message: `--out ${directory}: is no directory` })
    }
    yield* fs.makeDirectory(directory, { recursive: true })
    yield* fs.access(directory, { writable: true })
  }).pipe(
    Effect.mapError((error) =>
      error._tag === "UsageError"
        ? error
        : new UsageError({ message: `--out ${directory}: cannot be written to: ${error.message}` })
    )
  )

const finish = (flags: RunFlags, result: ExperimentResult) =>
  Effect.gen(function*() {
    const report = renderReport(result)
    if (flags.out._tag === "Some") yield* writeResults(flags.out.value, result, report)
    yield* Console.log(flags.json ? JSON.stringify(resultJson(result)) : report.trimEnd())
    for (const failure of result.failures) {
      yield* Console.error(`swaplab: a run failed through a fault of swaplab: ${failure.message}\n${failure.stack}`)
    }
    const { exitCode } = judge(result)
    if (exitCode !== EXIT.ok) return yield* new ExitWith({ code: exitCode })
  })

/** `swaplab run`, with worker threads that start at `worker`. */
export const run = (worker: URL) => (flags: RunFlags) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(flags.file, yield* overridesOf(flags))
    const plan = yield* makePlan(loaded, {
      noMap: flags.noMap,
      ...(flags.kernel.length > 0 ? { kernels: flags.kernel } : {})
    })
    const size = workersOf(flags, plan)
    if (flags.out._tag === "Some") yield* prepareOut(flags.out.value)

    const workers = layerWorkers(size).pipe(
      Layer.provide(
        NodeWorker.layer(() =>
          new Worker(worker, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } })
        )
      )
    )
    const line = yield* makeProgressLine(stderr)
    const experiment = runExperiment(plan, line === null ? {} : { onProgress: line.show }).pipe(
      Effect.ensuring(line === null ? Effect.void : line.clear),
      Effect.provide(workers)
    )
    // an interruption ends the experiment early and is held back until its result has been shown and written
    yield* Effect.uninterruptible(Effect.flatMap(experiment, (result) => finish(flags, result)))
  })
