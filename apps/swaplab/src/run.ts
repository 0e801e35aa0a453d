// swaplab run: load, plan, simulate in worker threads, report, write.
import { loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import {
  EXIT,
  experimentOf,
  type ExperimentResult,
  judge,
  keptForm,
  keptOf,
  type KeptTraces,
  makePlan,
  resultFiles,
  resultJson,
  serverTraceFiles
} from "@swaplab/experiment"
import { renderReport, roomSvg, runPage } from "@swaplab/report"
import { Console, Effect } from "effect"
import { SERVE_PORT } from "./commands-runs.ts"
import type { Commands } from "./commands.ts"
import { ExitWith, tellFailures, UsageError } from "./exit.ts"
import { keepRuns } from "./kept-runs.ts"
import type { Out } from "./out.ts"
import { overridesOf } from "./overrides.ts"
import { type PageFile, pageFile } from "./page-file.ts"
import { serverOf } from "./real-server/server-of.ts"
import { differences } from "./real-server/trace-runner.ts"
import { sheet } from "./screen.ts"

const finish = (
  result: ExperimentResult,
  asJson: boolean,
  out: Out | null,
  page: PageFile | null,
  traces: KeptTraces | null
) =>
  Effect.gen(function*() {
    yield* Console.log(asJson ? JSON.stringify(resultJson(result)) : renderReport(result, sheet()).trimEnd())
    yield* tellFailures(result.failures)
    // last: a disk that is full loses no report
    if (out !== null) {
      const [first] = result.runs
      const drawings = first === undefined ? [] : [["room.svg", roomSvg(first)] as const]
      yield* out.write([
        ...resultFiles(result, renderReport(result)),
        ...drawings,
        ...(yield* serverTraceFiles(result.plan.loaded, result.runs))
      ])
    }
    if (page !== null) yield* page.write(runPage(result))
    const changed = traces === null || result.interrupted ? [] : differences(traces, result.runs)
    if (changed.length > 0) {
      yield* Console.error(`swaplab: a run is not what its trace was made of, by another build: ${changed.join("; ")}`)
      return yield* new ExitWith({ code: EXIT.ourFault })
    }
    const { exitCode } = judge(result)
    if (exitCode !== EXIT.ok) return yield* new ExitWith({ code: exitCode })
  })

/** `swaplab run`, with worker threads that start at `worker`. */
export const run = (flags: Values<Commands["run"]>, worker: URL) =>
  Effect.gen(function*() {
    if (flags.watch && flags.workers !== undefined) {
      return yield* new UsageError({ message: "run: --workers and --watch: expected one of the two" })
    }
    if (flags.watch && (flags.server !== undefined || flags.serverTrace !== undefined)) {
      return yield* new UsageError({ message: "run: --watch and a real server: expected one of the two" })
    }
    if (!flags.watch && flags.port !== undefined) {
      return yield* new UsageError({ message: "run: --port: expected --watch too" })
    }
    const loaded = yield* loadScenario(flags.file, yield* overridesOf(flags))
    const plan = yield* makePlan(loaded, {
      noMap: flags.noMap,
      ...(flags.kernel.length > 0 ? { kernels: flags.kernel } : {})
    })
    const page = yield* pageFile(flags.report)
    const { also, runner, traces } = yield* serverOf(flags, plan)
    yield* keepRuns(
      worker,
      flags,
      {
        loaded,
        jobs: plan.jobs,
        reduce: keptOf,
        outcomeOf: (kept) => ("run" in kept ? kept.run : kept.cell).outcome,
        formOf: keptForm,
        ...(runner !== null && { runner, also }),
        ...(flags.watch && { watchPort: flags.port ?? SERVE_PORT })
      },
      (results, out) => finish(experimentOf(plan, results), flags.json, out, page, traces)
    )
  })
