// Two cells side by side: every metric of the runs that have the same seed.
//
// "Faster" has two meanings, and both are given: `time` is the change of the time that the same work takes, (b - a) / a of a
// time and a / b - 1 of a rate; `speed` is how many times as much is done in the same time, a / b of a time and b / a of a rate.
// MMTests' compare-kernels prints the gain in per cent, which is -time of a time and speed - 1 of a rate.
// Over several seeds each has two more meanings: the ratio of the means, and the mean of the ratios seed by seed. They differ
// where seeds differ much. MMTests takes the former for a row, and the geometric mean of such ratios for a whole table.
import { exp, log } from "@swaplab/sim"
import type { WorkloadTable } from "@swaplab/workload"
import type { CellResult } from "../cell.ts"
import { endedRuns } from "../outcome-counts.ts"
import { type Estimate, meanEstimate, pairedDifference } from "../statistics.ts"
import { allMetrics, type SweepMetric } from "../sweep/sweep-metrics.ts"
import type { CellPair } from "./choose-cells.ts"

/** One metric of both cells. */
export interface MetricDifference {
  readonly metric: SweepMetric
  readonly a: Estimate
  readonly b: Estimate
  /** Mean of b - a over the seeds, with Student's 95 % interval. */
  readonly difference: Estimate
  /** Whether that interval leaves out 0. Fewer than three seeds show nothing. */
  readonly significant: boolean
  /** b / a of the means, and the geometric mean of b / a over the seeds; not a number where a mean or a value is 0. */
  readonly ratioOfMeans: number
  readonly meanOfRatios: number
}

/** Two cells, compared. */
export interface CellComparison extends CellPair {
  readonly seeds: ReadonlyArray<number>
  /** Whether the compared runs are those that both have completed. Otherwise there is none, and all are compared. */
  readonly completed: boolean
  /** Of each cell: runs that came to their own end, and that completed. */
  readonly outcomes: { readonly [side in "a" | "b"]: { readonly ended: number; readonly completed: number } }
  /** Seeds whose runs are the same, event for event. */
  readonly identical: number
  readonly rows: ReadonlyArray<MetricDifference>
}

/** Both meanings of faster. */
export interface BothWays {
  readonly time: number
  readonly speed: number
}

/** A ratio b / a of a metric in both meanings; null where neither direction is the better one. */
export const bothWays = ({ better }: SweepMetric, ratio: number): BothWays | null =>
  better === null
    ? null
    : better === "less"
    ? { time: ratio - 1, speed: 1 / ratio }
    : { time: 1 / ratio - 1, speed: ratio }

/** Whether b is the better one, the worse one, or neither is shown. */
export const verdictOf = ({ difference, metric, significant }: MetricDifference): "better" | "worse" | null =>
  !significant || metric.better === null
    ? null
    : (difference.value < 0) === (metric.better === "less")
    ? "better"
    : "worse"

const FEWEST = 3

const geometric = (ratios: ReadonlyArray<number>): number =>
  ratios.every((ratio) => ratio > 0 && Number.isFinite(ratio))
    ? exp(ratios.reduce((sum, ratio) => sum + log(ratio), 0) / ratios.length)
    : Number.NaN

const differenceOf = (
  metric: SweepMetric,
  pairs: ReadonlyArray<readonly [CellResult, CellResult]>
): ReadonlyArray<MetricDifference> => {
  const values = pairs.flatMap(([one, other]) => {
    const a = metric.of(one)
    const b = metric.of(other)
    return a === null || b === null ? [] : [[a, b] as const]
  })
  if (values.length === 0) return []
  const of = (side: 0 | 1): ReadonlyArray<number> => values.map((pair) => pair[side])
  const a = meanEstimate(of(0))
  const b = meanEstimate(of(1))
  const difference = pairedDifference(of(0), of(1))
  return [{
    metric,
    a,
    b,
    difference,
    significant: values.length >= FEWEST && (difference.low > 0 || difference.high < 0),
    ratioOfMeans: a.value === 0 ? Number.NaN : b.value / a.value,
    meanOfRatios: geometric(values.map(([before, after]) => after / before))
  }]
}

const sameValues = (x: MetricDifference, y: MetricDifference): boolean =>
  x.a.value === y.a.value && x.b.value === y.b.value && x.difference.low === y.difference.low

/** Without the least and the most where all clients, groups or servers of each run have the same, such as where there is one. */
const withoutRepeats = (rows: ReadonlyArray<MetricDifference>): ReadonlyArray<MetricDifference> => {
  const byName = new Map(rows.map((row) => [row.metric.name, row]))
  return rows.filter((row) => {
    const mean = byName.get(row.metric.name.replace(/\.(min|max)$/, ".mean"))
    return mean === undefined || mean === row || !sameValues(mean, row)
  })
}

const countsOf = (runs: ReadonlyArray<CellResult>) => {
  const ended = endedRuns(runs)
  return { ended: ended.length, completed: ended.filter(({ outcome }) => outcome === "completed").length }
}

/** Compares two cells; b is measured against a. */
export const compareCells = (pair: CellPair, workloads?: WorkloadTable): CellComparison => {
  const others = new Map(endedRuns(pair.b.runs).map((run) => [run.seed, run]))
  const all = endedRuns(pair.a.runs).flatMap((run) => {
    const other = others.get(run.seed)
    return other === undefined ? [] : [[run, other] as const]
  })
  const both = all.filter(([one, other]) => one.outcome === "completed" && other.outcome === "completed")
  const pairs = both.length > 0 ? both : all
  return {
    ...pair,
    seeds: pairs.map(([{ seed }]) => seed),
    completed: both.length > 0,
    outcomes: { a: countsOf(pair.a.runs), b: countsOf(pair.b.runs) },
    identical: pairs.filter(([one, other]) => one.fingerprint === other.fingerprint).length,
    rows: withoutRepeats(
      allMetrics(workloads).filter(({ name }) => name !== "completed").flatMap((metric) => differenceOf(metric, pairs))
    )
  }
}
