// result.json: what an experiment has measured, without the time series, for other programs to read. Its fields are those
// of RunResult; times end in Ns, sizes in Bytes. `format` grows by one with every change that breaks a reader.
import { type RunResult, scenarioSchema } from "@swaplab/cluster"
import { formatFinding } from "@swaplab/config"
import { Schema } from "effect"
import { type Comparison, comparisonsOf } from "./comparison.ts"
import type { ExperimentResult } from "./experiment.ts"
import { countOutcomes, endedRuns, type OutcomeCounts } from "./outcome-counts.ts"
import { medianOf, orNull, wilson } from "./statistics.ts"
import { type Finding, judge } from "./verdict.ts"

/** Grows by one with every change that breaks a reader. */
export const RESULT_FORMAT = 3

/** Counts over the seeds of one kernel. */
export interface KernelSummary extends OutcomeCounts {
  readonly kernel: string
  /** Runs that came to their own end; those that were stopped are counted beside them. */
  readonly runs: number
  /** Share of these runs that locked up, with Wilson's interval of 95 %. */
  readonly lockupShare: { readonly value: number | null; readonly low: number; readonly high: number }
  /** Medians over completed runs; null when there is none. Of sys then: over those that were not done in time. */
  readonly elapsedNs: number | null
  readonly sysNs: number | null
  readonly userNs: number | null
  /** Median of the time of the first lockup; null when there is none. */
  readonly lockupNs: number | null
  /** Bytes swapped in, and out, per simulated second: medians over all runs that have elapsed time. */
  readonly swapInPerSecond: number | null
  readonly swapOutPerSecond: number | null
}

/** The content of result.json. */
export interface ResultJson {
  readonly format: number
  /** The file, and the scenario with every default filled in, as a file would write it. */
  readonly file: string
  readonly scenario: unknown
  readonly interrupted: boolean
  readonly exitCode: number
  readonly kernels: ReadonlyArray<KernelSummary>
  readonly comparisons: ReadonlyArray<Comparison>
  readonly findings: ReadonlyArray<Finding>
  readonly runs: ReadonlyArray<Omit<RunResult, "series">>
  /** Outcomes by field of the map; null without a map. */
  readonly map: unknown
  readonly warnings: ReadonlyArray<string>
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)

/** Bytes a second in one direction over a run, all clients. */
const rate = (run: RunResult, key: "swapInBytes" | "swapOutBytes"): number =>
  run.elapsedNs === 0 ? 0 : (sum(run.clients.map((client) => client[key])) * 1e9) / run.elapsedNs

/** Simulated time of the first lockup of a run. */
const firstLockupNs = (run: RunResult): ReadonlyArray<number> => {
  const times = run.clients.flatMap((client) => (client.lockup === null ? [] : [client.lockup.sinceNs]))
  return times.length === 0 ? [] : [Math.min(...times)]
}

/** Sums up the runs of each kernel of an experiment. */
export const summarise = (result: ExperimentResult): ReadonlyArray<KernelSummary> =>
  result.plan.kernels.map((kernel) => {
    const runs = result.runs.filter((run) => run.kernel === kernel)
    const counts = countOutcomes(runs)
    const completed = runs.filter((run) => run.outcome === "completed")
    const timedOut = runs.filter((run) => run.outcome === "timeout")
    const measured = runs.filter((run) => run.elapsedNs > 0)
    const ended = endedRuns(runs).length
    const share = wilson(counts.lockup, ended)
    return {
      kernel,
      runs: ended,
      ...counts,
      lockupShare: { ...share, value: orNull(share.value) },
      elapsedNs: orNull(medianOf(completed.map((run) => run.elapsedNs))),
      sysNs: orNull(medianOf((completed.length > 0 ? completed : timedOut).map((run) => run.sysNs))),
      userNs: orNull(medianOf(completed.map((run) => run.userNs))),
      lockupNs: orNull(medianOf(runs.flatMap(firstLockupNs))),
      swapInPerSecond: orNull(medianOf(measured.map((run) => rate(run, "swapInBytes")))),
      swapOutPerSecond: orNull(medianOf(measured.map((run) => rate(run, "swapOutBytes"))))
    }
  })

/** Columns have files of their own. */
const withoutSeries = (
  { series: _series, serverTrace: _trace, ...run }: RunResult
): Omit<RunResult, "series" | "serverTrace"> => run

/** Makes the content of result.json. */
export const resultJson = (result: ExperimentResult): ResultJson => {
  const verdict = judge(result)
  const { loaded } = result.plan
  return {
    format: RESULT_FORMAT,
    file: loaded.file,
    scenario: Schema.encodeSync(scenarioSchema(loaded.workloads))(loaded.scenario),
    interrupted: result.interrupted,
    exitCode: verdict.exitCode,
    kernels: summarise(result),
    comparisons: comparisonsOf(result),
    findings: verdict.findings,
    runs: result.runs.map(withoutSeries),
    map: result.map === null ? null : {
      x: result.map.plan.x,
      y: result.map.plan.y,
      cells: result.map.cells.map(({ kernel, runs, x, y }) => ({
        kernel,
        x,
        y,
        outcomes: runs.map(({ outcome }) => outcome)
      }))
    },
    warnings: loaded.warnings.map(formatFinding)
  }
}
