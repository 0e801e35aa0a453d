// swaplab sweep: any metric over any number of parameters.
import { type LoadedScenario, loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import type { ConfigError } from "@swaplab/config"
import {
  type Axis,
  CELL_FORM,
  cellOf,
  defaultMetrics,
  type DrawnAxis,
  EXIT,
  fitCurves,
  jsonFile,
  judgeRuns,
  LEAST_SEEDS,
  looksDrawn,
  makeRounds,
  makeSweep,
  mayFit,
  paretoOf,
  parseAxis,
  parseDrawn,
  parseMetric,
  priceOf,
  sweepBounds,
  sweepCsv,
  sweepJson,
  sweepOf,
  type SweepOptions,
  type SweepResult
} from "@swaplab/experiment"
import { renderSweep, sweepDrawings, sweepPage } from "@swaplab/report"
import { Console, Effect, Either } from "effect"
import type { Commands } from "./commands.ts"
import { ExitWith, tellFailures, UsageError } from "./exit.ts"
import { keepRuns } from "./kept-runs.ts"
import type { Out } from "./out.ts"
import { overridesOf } from "./overrides.ts"
import { type PageFile, pageFile } from "./page-file.ts"
import { sheet } from "./screen.ts"

type Flags = Values<Commands["sweep"]>

/** The most seeds of a field where a precision is wanted and nothing else is said. */
const MOST_SEEDS = 50

/** The parameters as they are typed, with the option of each. */
const typedAxes = ({ over, x, y, z }: Flags): ReadonlyArray<readonly [flag: string, text: string]> => [
  ...(x === undefined ? [] : [["--x", x] as const]),
  ...(y === undefined ? [] : [["--y", y] as const]),
  ...(z === undefined ? [] : [["--z", z] as const]),
  ...over.map((text) => ["--over", text] as const)
]

/** What is swept, by the options. */
const optionsOf = (loaded: LoadedScenario, flags: Flags): Either.Either<SweepOptions, ConfigError | UsageError> =>
  Either.gen(function*() {
    const typed = typedAxes(flags)
    if (typed.length === 0) {
      return yield* Either.left(new UsageError({ message: "sweep: expected --x PATH=RANGE" }))
    }
    const axes: Array<Axis> = []
    const drawn: Array<DrawnAxis> = []
    for (const [flag, text] of typed) {
      if (looksDrawn(text.slice(text.indexOf("=") + 1))) drawn.push(yield* parseDrawn(flag, text))
      else axes.push(yield* parseAxis(flag, text))
    }
    const metrics = [...defaultMetrics(loaded)]
    if (flags.metric.length > 0) metrics.length = 0
    for (const text of flags.metric) metrics.push(yield* parseMetric(text, loaded.workloads))
    const { mostSeeds = MOST_SEEDS, precision, seeds = LEAST_SEEDS } = flags
    if (flags.usl) yield* mayFit(axes, metrics)
    if (precision === undefined) {
      if (flags.mostSeeds !== undefined) {
        return yield* Either.left(new UsageError({ message: "--most-seeds: expected --precision too" }))
      }
      return { axes, drawn, kernels: flags.kernel, seeds, mostSeeds: seeds, metrics }
    }
    if (seeds < LEAST_SEEDS || mostSeeds < seeds) {
      return yield* Either.left(
        new UsageError({
          message: `--precision: expected at least ${LEAST_SEEDS} seeds, and at least as many with --most-seeds`
        })
      )
    }
    return { axes, drawn, kernels: flags.kernel, seeds, mostSeeds, metrics }
  })

const finish = (result: SweepResult, flags: Flags, out: Out | null, page: PageFile | null) =>
  Effect.gen(function*() {
    const precision = flags.precision ?? null
    const analysis = { usl: fitCurves(result), bounds: sweepBounds(result), pareto: yield* paretoOf(result) }
    const data = sweepJson(result, {
      ...analysis,
      usl: analysis.usl.map(({ metric, ...fit }) => ({ metric: metric.name, ...fit })),
      pareto: analysis.pareto === null
        ? null
        : { ...analysis.pareto, metric: analysis.pareto.metric?.name ?? "clients" }
    })
    yield* Console.log(flags.json ? JSON.stringify(data) : renderSweep(result, precision, analysis, sheet()).trimEnd())
    yield* tellFailures(result.failures)
    if (out !== null) {
      yield* out.write([
        ["sweep.json", jsonFile(data)],
        ["sweep.csv", sweepCsv(result)],
        ...sweepDrawings(result, analysis),
        ["report.txt", renderSweep(result, precision, analysis)]
      ])
    }
    if (page !== null) yield* page.write(sweepPage(result, precision, analysis))
    const { loaded } = result.plan
    const { exitCode } = judgeRuns(
      loaded.scenario,
      result.cells.flatMap(({ runs }) => runs),
      result,
      [],
      loaded.workloads
    )
    if (exitCode !== EXIT.ok) return yield* new ExitWith({ code: exitCode })
  })

/** `swaplab sweep`, with worker threads that start at `worker`. */
export const sweep = (flags: Flags, worker: URL) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(
      flags.file,
      yield* overridesOf({ set: flags.set, seed: undefined, seeds: undefined })
    )
    const plan = yield* makeSweep(loaded, yield* optionsOf(loaded, flags))
    // a value without a price is said before anything is run
    for (const { jobs: [job] } of plan.cells) if (job !== undefined) yield* priceOf(job.loaded)
    const page = yield* pageFile(flags.report)
    yield* keepRuns(
      worker,
      flags,
      {
        loaded,
        jobs: plan.cells.flatMap(({ jobs }) => jobs),
        ...(flags.precision === undefined ? {} : { next: makeRounds(plan, flags.precision) }),
        reduce: (job, run) => cellOf(job.loaded.scenario, run, job.loaded.workloads),
        outcomeOf: ({ outcome }) => outcome,
        formOf: () => CELL_FORM
      },
      (results, out) => finish(sweepOf(plan, results), flags, out, page)
    )
  })
