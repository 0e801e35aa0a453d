// Which assumption matters? Each estimate of a scenario goes to both ends of its range, alone, with the same seeds as the
// scenario as it is; the paired difference of a metric says how much of a result hangs on it. One at a time: what two
// estimates do together is not seen.
import { type LoadedScenario, withOverrides } from "@swaplab/cluster"
import { type ConfigError, mistake, plural } from "@swaplab/config"
import { Either } from "effect"
import type { CellResult } from "../cell.ts"
import type { JobResults } from "../jobs.ts"
import { endedRuns } from "../outcome-counts.ts"
import type { Job } from "../plan.ts"
import { type Estimate, pairedDifference } from "../statistics.ts"
import { type Axis, valueOverride } from "../sweep/grid.ts"
import { metricEstimate } from "../sweep/precision.ts"
import type { SweepMetric } from "../sweep/sweep-metrics.ts"
import { type EstimatedDefault, estimatesOf } from "./estimates.ts"

/** What is varied. */
export interface SensitivityOptions {
  readonly kernel: string
  readonly seeds: number
  readonly metric: SweepMetric
  /** Parameters that the user doubts, with two values each, besides the estimates of the schema. */
  readonly vary: ReadonlyArray<Axis>
}

/** A parameter with the runs at both ends of its range. */
interface Varied {
  readonly estimate: EstimatedDefault
  readonly low: ReadonlyArray<Job>
  readonly high: ReadonlyArray<Job>
}

/** Runs that tell which assumption matters. */
export interface SensitivityPlan extends SensitivityOptions {
  readonly loaded: LoadedScenario
  readonly base: ReadonlyArray<Job>
  readonly varied: ReadonlyArray<Varied>
  /** Estimates whose value the file gives. */
  readonly given: ReadonlyArray<string>
  /** Estimates whose range makes no valid scenario here, and why. */
  readonly impossible: ReadonlyArray<{ readonly path: string; readonly reason: string }>
  readonly jobs: ReadonlyArray<Job>
}

/** How much of the metric hangs on one parameter. */
export interface Influence {
  readonly estimate: EstimatedDefault
  /** Paired differences to the scenario as it is. */
  readonly low: Estimate
  readonly high: Estimate
  /** From the least to the most of the metric over its range. */
  readonly swing: number
  /** Whether one of the intervals leaves out 0. */
  readonly significant: boolean
  /** Not one event of a run is different. */
  readonly same: boolean
}

/** What was found. */
export interface Sensitivity extends Pick<JobResults<unknown>, "failures" | "interrupted"> {
  readonly plan: SensitivityPlan
  readonly base: Estimate
  readonly runs: ReadonlyArray<CellResult>
  /** The largest swing first. */
  readonly influences: ReadonlyArray<Influence>
}

const doubted = ({ path, values: [low, high] }: Axis): EstimatedDefault => ({
  path,
  value: "as it is",
  low: String(low),
  high: String(high),
  basis: "--vary",
  meaning: ""
})

/** Plans the runs: the scenario as it is, and each estimate at both ends of its range. */
export const makeSensitivity = (
  loaded: LoadedScenario,
  options: SensitivityOptions
): Either.Either<SensitivityPlan, ConfigError> =>
  Either.gen(function*() {
    const jobs: Array<Job> = []
    const runsAt = (place: LoadedScenario): ReadonlyArray<Job> => {
      const runs = Array.from({ length: options.seeds }, (_, i): Job => ({
        id: jobs.length + i,
        loaded: place,
        kernel: options.kernel,
        seed: i + 1,
        field: null
      }))
      jobs.push(...runs)
      return runs
    }
    const base = runsAt(loaded)
    const { estimates, given } = estimatesOf(loaded)
    const varied: Array<Varied> = []
    const impossible: Array<{ readonly path: string; readonly reason: string }> = []
    const place = (estimate: EstimatedDefault, value: string) =>
      withOverrides(loaded, [valueOverride(estimate.basis, estimate.path, plainValue(value))])
    for (const axis of options.vary) {
      if (axis.values.length !== 2) {
        return yield* Either.left(
          mistake(`--vary ${axis.path}`, `has ${plural(axis.values.length, "value")}, expected two: PATH=low,high`)
        )
      }
      const estimate = doubted(axis)
      const [low, high] = [yield* place(estimate, estimate.low), yield* place(estimate, estimate.high)]
      varied.push({ estimate, low: runsAt(low), high: runsAt(high) })
    }
    for (const estimate of estimates) {
      const low = place(estimate, estimate.low)
      const high = place(estimate, estimate.high)
      if (Either.isLeft(low) || Either.isLeft(high)) {
        const reason = Either.isLeft(low) ? low.left.message : Either.isLeft(high) ? high.left.message : ""
        impossible.push({ path: estimate.path, reason })
      } else if (high.right.warnings.length > loaded.warnings.length) {
        impossible.push({ path: estimate.path, reason: "has no effect here" })
      } else varied.push({ estimate, low: runsAt(low.right), high: runsAt(high.right) })
    }
    return { ...options, loaded, base, varied, given, impossible, jobs }
  })

/** A number is a number in a file too. */
const plainValue = (text: string): string | number => /^\d+(\.\d+)?$/.test(text) ? Number(text) : text

/** What the runs of a plan say. */
export const sensitivityOf = (
  plan: SensitivityPlan,
  { failures, interrupted, results }: Pick<JobResults<CellResult>, "failures" | "interrupted" | "results">
): Sensitivity => {
  const { metric } = plan
  const runsOf = (jobs: ReadonlyArray<Job>): ReadonlyArray<CellResult> =>
    jobs.flatMap(({ id }) => results.get(id) ?? [])
  const base = endedRuns(runsOf(plan.base))
  const difference = (jobs: ReadonlyArray<Job>): Estimate => {
    const others = new Map(endedRuns(runsOf(jobs)).map((run) => [run.seed, run]))
    const pairs = base.flatMap((run) => {
      const other = others.get(run.seed)
      const [a, b] = [metric.of(run), other === undefined ? null : metric.of(other)]
      return a === null || b === null ? [] : [[a, b] as const]
    })
    return pairedDifference(pairs.map(([a]) => a), pairs.map(([, b]) => b))
  }
  const shows = ({ high, low }: Estimate): boolean => low > 0 || high < 0
  const prints = new Map(base.map((run) => [run.seed, run.fingerprint]))
  const influences = plan.varied.map(({ estimate, high: atHigh, low: atLow }): Influence => {
    const low = difference(atLow)
    const high = difference(atHigh)
    return {
      estimate,
      low,
      high,
      swing: Math.max(0, low.value, high.value) - Math.min(0, low.value, high.value),
      significant: shows(low) || shows(high),
      same: runsOf([...atLow, ...atHigh]).every((run) => prints.get(run.seed) === run.fingerprint)
    }
  })
  return {
    plan,
    failures,
    interrupted,
    base: metricEstimate(metric, base),
    runs: [...results.values()],
    influences: influences.toSorted((a, b) => b.swing - a.swing)
  }
}

/** The content of sensitivity.json. */
export const sensitivityJson = ({ base, failures, influences, interrupted, plan }: Sensitivity): object => ({
  format: 1,
  file: plan.loaded.file,
  kernel: plan.kernel,
  seeds: plan.seeds,
  metric: plan.metric.name,
  interrupted,
  base,
  influences,
  given: plan.given,
  impossible: plan.impossible,
  lost: failures.length
})
