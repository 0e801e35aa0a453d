// swaplab run: load, plan, simulate in worker threads, report, write.
import { loadScenario, type Override, parseOverride, ScenarioError } from "@swaplab/cluster"
import {
  EXIT,
  type ExperimentResult,
  judge,
  makePlan,
  resultJson,
  runExperiment,
  writeResults
} from "@swaplab/experiment"
import { makeProgressLine, renderReport } from "@swaplab/report"
import { Console, Effect, Either, type Option } from "effect"
import { stderr } from "node:process"
import { ExitWith, tellFailures, UsageError } from "./exit.ts"
import { prepareOut, writing } from "./out.ts"
import { workerPool } from "./pool.ts"
import { sheet } from "./screen.ts"

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

const finish = (flags: RunFlags, result: ExperimentResult) =>
  Effect.gen(function*() {
    yield* Console.log(flags.json ? JSON.stringify(resultJson(result)) : renderReport(result, sheet()).trimEnd())
    yield* tellFailures(result.failures)
    // last: a disk that is full loses no report
    if (flags.out._tag === "Some") {
      yield* writing(flags.out.value, writeResults(flags.out.value, result, renderReport(result)))
    }
    const { exitCode } = judge(result)
    if (exitCode !== EXIT.ok) {
      return yield* new ExitWith({ code: exitCode })
    }
  })

/** `swaplab run`, with worker threads that start at `worker`. */
export const run = (worker: URL) => (flags: RunFlags) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(flags.file, yield* overridesOf(flags))
    const plan = yield* makePlan(loaded, {
      noMap: flags.noMap,
      ...(flags.kernel.length > 0 ? { kernels: flags.kernel } : {})
    })
    if (flags.out._tag === "Some") yield* prepareOut(flags.out.value)

    const line = yield* makeProgressLine(stderr)
    const experiment = runExperiment(plan, line === null ? {} : { onProgress: line.show }).pipe(
      Effect.ensuring(line === null ? Effect.void : line.clear),
      Effect.provide(workerPool(worker, flags.workers, plan.jobs.length))
    )
    // an interruption ends the experiment early and is held back until its result has been shown and written
    yield* Effect.uninterruptible(Effect.flatMap(experiment, (result) => finish(flags, result)))
  })
