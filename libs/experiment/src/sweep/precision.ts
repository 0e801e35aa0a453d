// How many seeds a field gets. Without a wanted precision: so many as are asked for. With one: at least five, then more, until
// Student's 95 % interval of each shown metric is no wider than so much of its mean to each side, or until a limit.
//
// Runs are made in rounds. What a round consists of depends on the results of the rounds before and on nothing else, so that
// neither the number of workers nor an interruption changes the result. The number of seeds that a field will need is guessed
// from what it has (the half width falls with the square root of their number); a guess at most doubles them.
// Looking again and again at an interval makes it a little too narrow: with five seeds and more the 95 % are 92 to 95 %.
import type { CellResult } from "../cell.ts"
import { endedRuns } from "../outcome-counts.ts"
import type { Job } from "../plan.ts"
import { type Estimate, meanEstimate } from "../statistics.ts"
import type { SweepMetric } from "./sweep-metrics.ts"
import type { PlannedCell, SweepPlan } from "./sweep.ts"

/** The fewest seeds that say something about their own spread. */
export const LEAST_SEEDS = 5

/** Mean of a metric over the runs that have one, with Student's 95 % interval. */
export const metricEstimate = (metric: SweepMetric, runs: ReadonlyArray<CellResult>): Estimate =>
  meanEstimate(endedRuns(runs).flatMap((run) => metric.of(run) ?? []))

/** Half width of an interval as a share of the mean: 0 where all values are equal, infinite where it is not known. */
export const relativeError = ({ high, value }: Estimate): number => {
  const half = high - value
  if (half === 0) return 0
  return value === 0 || !Number.isFinite(half) ? Number.POSITIVE_INFINITY : half / Math.abs(value)
}

/** Seeds that a field should have now; as many as it has where it is precise, or where a metric has no value at all. */
const wanted = (
  { metrics, mostSeeds }: SweepPlan,
  runs: ReadonlyArray<CellResult>,
  asked: number,
  precision: number
): number => {
  let most = asked
  for (const metric of metrics) {
    const estimate = metricEstimate(metric, runs)
    // nothing to measure: more of nothing helps nobody
    if (Number.isNaN(estimate.value)) continue
    const error = relativeError(estimate)
    if (error <= precision) continue
    const ratio = error / precision
    const guess = Number.isFinite(ratio) ? Math.ceil(asked * Math.min(2, ratio * ratio)) : asked * 2
    most = Math.max(most, Math.max(asked + 1, Math.min(2 * asked, guess)))
  }
  return Math.min(most, mostSeeds)
}

/** The rounds of a sweep. Each call gives the next runs; none: it is done. */
export const makeRounds = (
  plan: SweepPlan,
  precision: number | null
): (results: ReadonlyMap<number, CellResult>) => ReadonlyArray<Job> => {
  const asked = new Map<PlannedCell, number>()
  return (results) =>
    plan.cells.flatMap((cell) => {
      const before = asked.get(cell) ?? 0
      const runs = cell.jobs.slice(0, before).flatMap(({ id }) => results.get(id) ?? [])
      const now = before === 0 ? plan.seeds : precision === null ? before : wanted(plan, runs, before, precision)
      asked.set(cell, now)
      return cell.jobs.slice(before, now)
    })
}

/** What did not become precise enough with the most seeds that were allowed. */
export interface Imprecise {
  readonly cell: number
  readonly metric: SweepMetric
  readonly error: number
}

/** The cells and metrics that miss a precision. */
export const impreciseCells = (
  metrics: ReadonlyArray<SweepMetric>,
  cells: ReadonlyArray<{ readonly runs: ReadonlyArray<CellResult> }>,
  precision: number
): ReadonlyArray<Imprecise> =>
  cells.flatMap(({ runs }, cell) =>
    metrics.flatMap((metric) => {
      const estimate = metricEstimate(metric, runs)
      const error = relativeError(estimate)
      return Number.isNaN(estimate.value) || error <= precision ? [] : [{ cell, metric, error }]
    })
  )
