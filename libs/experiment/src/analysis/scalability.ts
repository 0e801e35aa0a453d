// The Universal Scalability Law on every curve of a sweep over whole numbers that has a throughput.
import { type ConfigError, mistake, RATE } from "@swaplab/config"
import { Either } from "effect"
import { endedRuns } from "../outcome-counts.ts"
import { axisNumbers } from "../sweep/axis-values.ts"
import type { Axis } from "../sweep/grid.ts"
import type { SweepMetric } from "../sweep/sweep-metrics.ts"
import type { SweepResult } from "../sweep/sweep.ts"
import { curvesOf } from "./curves.ts"
import { fitUsl, type UslFit } from "./usl.ts"

/** A fit of one curve, or why there is none. */
export interface CurveFit {
  readonly metric: SweepMetric
  readonly curve: string
  readonly ns: ReadonlyArray<number>
  readonly fit: UslFit | string
}

/** Whether a metric is a throughput: more of it is better, and it is a rate. */
const isThroughput = ({ better, name, unit }: SweepMetric): boolean =>
  better === "more" && (unit === RATE || name.includes("throughputPerSecond"))

/** The whole numbers of an axis; null where it has others. */
const wholeNumbers = ({ values }: Axis): ReadonlyArray<number> | null => {
  const known = axisNumbers(values)
  return known !== null && known.kind === null && known.numbers.every((value) => Number.isInteger(value) && value >= 1)
    ? known.numbers
    : null
}

/** Why a sweep that asks for the law cannot have it. */
export const mayFit = (
  axes: ReadonlyArray<Axis>,
  metrics: ReadonlyArray<SweepMetric>
): Either.Either<void, ConfigError> => {
  const [axis] = axes
  if (axis === undefined || wholeNumbers(axis) === null) {
    return Either.left(
      mistake(
        "--usl",
        `needs whole numbers from 1 on across, such as --x clients.0.count=1,2,4,8; ${
          axis?.path ?? "nothing"
        } has others`
      )
    )
  }
  return metrics.some(isThroughput)
    ? Either.void
    : Either.left(mistake("--usl", "needs a throughput, such as --metric steady.throughputPerSecond"))
}

/** Fits every curve of every throughput. */
export const fitCurves = (result: SweepResult): ReadonlyArray<CurveFit> => {
  const [axis] = result.plan.axes
  const ns = axis === undefined ? null : wholeNumbers(axis)
  if (ns === null) return []
  return result.plan.metrics.filter(isThroughput).flatMap((metric) =>
    curvesOf(result).map(({ cells, name }): CurveFit => ({
      metric,
      curve: name,
      ns,
      fit: fitUsl(cells.map((cell, i) => ({
        n: ns[i],
        values: cell === undefined ? [] : endedRuns(cell.runs).flatMap((run) => metric.of(run) ?? [])
      })))
    }))
  )
}
