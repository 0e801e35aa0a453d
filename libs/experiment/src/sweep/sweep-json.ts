// sweep.json and sweep.csv: what a sweep has measured, for other programs. The CSV file is tidy: a row a run, a column a
// parameter and a column a metric, numbers in base units without a unit in the field. R and pandas read it as it is.
import { scenarioSchema } from "@swaplab/cluster"
import { Schema } from "effect"
import { cellsCsv } from "../cells-csv.ts"
import { endedRuns } from "../outcome-counts.ts"
import { failuresJson } from "../protocol.ts"
import { orNull } from "../statistics.ts"
import { axisNumbers, columnName } from "./axis-values.ts"
import { type DrawnAxis, drawnValue } from "./draws.ts"
import type { Axis, AxisValue } from "./grid.ts"
import { metricEstimate } from "./precision.ts"
import type { SweepResult } from "./sweep.ts"

/** Grows by one with every change that breaks a reader. */
const SWEEP_FORMAT = 1

/** The content of sweep.json. `analysis` is what was found in the curves. */
export const sweepJson = ({ cells, failures, interrupted, plan }: SweepResult, analysis: object): object => ({
  format: SWEEP_FORMAT,
  file: plan.loaded.file,
  scenario: Schema.encodeSync(scenarioSchema(plan.loaded.workloads))(plan.loaded.scenario),
  interrupted,
  axes: plan.axes,
  drawn: plan.drawn.map(({ path, text }) => ({ path, distribution: text })),
  kernels: plan.kernels,
  cells: cells.map(({ at, kernel, runs }) => ({
    kernel,
    at: Object.fromEntries(plan.axes.map(({ path }, i) => [path, at[i]])),
    completed: endedRuns(runs).filter(({ outcome }) => outcome === "completed").length,
    metrics: Object.fromEntries(
      plan.metrics.map((metric) => {
        const { high, low, value } = metricEstimate(metric, runs)
        return [metric.name, { value: orNull(value), low: orNull(low), high: orNull(high) }]
      })
    ),
    runs
  })),
  ...analysis,
  failures: failuresJson(failures)
})

/** How the values of an axis stand in a CSV file: name of the column, and the field of a value. */
interface AxisColumn {
  readonly name: string
  readonly of: (value: AxisValue) => string | number
}

const columnOf = (path: string, values: ReadonlyArray<AxisValue>): AxisColumn => {
  const numbers = axisNumbers(values)
  return numbers === null
    ? { name: path, of: String }
    : { name: columnName(path, numbers.kind), of: (value) => numbers.numbers[values.indexOf(value)] }
}

const axisColumn = ({ path, values }: Axis): AxisColumn => columnOf(path, values)

/** Drawn values are of one kind. */
const drawnColumn = (axis: DrawnAxis): readonly [name: string, of: (seed: number) => string | number] => [
  columnName(axis.path, axis.kind),
  (seed) => {
    const value = drawnValue(axis, seed)
    return columnOf(axis.path, [value]).of(value)
  }
]

/** The content of sweep.csv. */
export const sweepCsv = ({ cells, plan: { axes, drawn, loaded } }: SweepResult): string => {
  const swept = axes.map(axisColumn)
  const chance = drawn.map(drawnColumn)
  return cellsCsv(
    ["kernel", ...swept.map(({ name }) => name), ...chance.map(([name]) => name)],
    cells.flatMap(({ at, kernel, runs }) =>
      runs.map((run) =>
        [
          [kernel, ...swept.map(({ of }, i) => of(at[i])), ...chance.map(([, of]) => of(run.seed))],
          run
        ] as const
      )
    ),
    loaded.workloads
  )
}
