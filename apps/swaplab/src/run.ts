// swaplab run: load, plan, simulate in worker threads, report, write.
import { loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
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
import { Console, Effect } from "effect"
import { stderr } from "node:process"
import type { Commands } from "./commands.ts"
import { ExitWith, tellFailures } from "./exit.ts"
import { prepareOut, writing } from "./out.ts"
import { overridesOf } from "./overrides.ts"
import { workerPool } from "./pool.ts"
import { sheet } from "./screen.ts"

type Flags = Values<Commands["run"]>

const finish = (flags: Flags, result: ExperimentResult) =>
  Effect.gen(function*() {
    yield* Console.log(flags.json ? JSON.stringify(resultJson(result)) : renderReport(result, sheet()).trimEnd())
    yield* tellFailures(result.failures)
    // last: a disk that is full loses no report
    if (flags.out !== undefined) yield* writing(flags.out, writeResults(flags.out, result, renderReport(result)))
    const { exitCode } = judge(result)
    if (exitCode !== EXIT.ok) return yield* new ExitWith({ code: exitCode })
  })

/** `swaplab run`, with worker threads that start at `worker`. */
export const run = (flags: Flags, worker: URL) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(flags.file, yield* overridesOf(flags))
    const plan = yield* makePlan(loaded, {
      noMap: flags.noMap,
      ...(flags.kernel.length > 0 ? { kernels: flags.kernel } : {})
    })
    if (flags.out !== undefined) yield* prepareOut(flags.out)

    const line = yield* makeProgressLine(stderr, loaded.scenario.duration)
    const experiment = runExperiment(plan, { onProgress: line.show }).pipe(
      Effect.ensuring(line.end),
      Effect.provide(workerPool(worker, flags.workers, plan.jobs.length))
    )
    // an interruption ends the experiment early and is held back until its result has been shown and written
    yield* Effect.uninterruptible(Effect.flatMap(experiment, (result) => finish(flags, result)))
  })
