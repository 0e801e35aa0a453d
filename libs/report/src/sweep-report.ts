// The report of swaplab sweep: a row for each field of the grid, a column for each metric with its mean and interval, and
// what has to be known to read it.
import { formatFinding, plural } from "@swaplab/config"
import {
  type CellResult,
  endedRuns,
  impreciseCells,
  metricEstimate,
  shortNames,
  type SweepCell,
  type SweepResult
} from "@swaplab/experiment"
import { type Analysis, analysisSections } from "./analysis-report.ts"
import {
  type Block,
  type Cell,
  type Document,
  item,
  key,
  paragraph,
  right,
  type Row,
  section,
  table
} from "./document.ts"
import { faultSection, interruption, warningSection } from "./faults.ts"
import { percent } from "./format.ts"
import { estimateText } from "./metric-text.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** Runs that came to their own end, and that completed. */
const completedCell = (runs: ReadonlyArray<CellResult>): Cell => {
  const ended = endedRuns(runs)
  const completed = ended.filter(({ outcome }) => outcome === "completed").length
  const text = `${completed}/${ended.length}`
  return completed === ended.length ? text : { text, tone: completed === 0 ? "bad" : "warn" }
}

/** What stands at a field in a few words: `ram=48 MiB, cpus=2`. */
const placeOf = (result: SweepResult, { at, kernel }: SweepCell): string => {
  const names = shortNames(result.plan.axes.map(({ path }) => path))
  const values = names.map((name, i) => `${name}=${at[i]}`)
  return (result.plan.kernels.length > 1 ? [kernel, ...values] : values).join(", ")
}

const resultTable = (result: SweepResult): ReadonlyArray<Block> => {
  const { cells, plan: { axes, kernels, metrics } } = result
  const several = kernels.length > 1
  const names = shortNames(axes.map(({ path }) => path))
  const columns = [
    ...(several ? [key("kernel")] : []),
    ...names.map(key),
    right("completed"),
    ...metrics.map(({ name }) => right(name))
  ]
  const rows = cells.map(({ at, kernel, runs }): Row => [
    ...(several ? [kernel] : []),
    ...at.map(String),
    completedCell(runs),
    ...metrics.map((metric) => estimateText(metric.unit, metricEstimate(metric, runs)))
  ])
  return [table(columns, rows)]
}

const axisLines = ({ plan: { axes, drawn } }: SweepResult): ReadonlyArray<Block> => {
  const names = shortNames(axes.map(({ path }) => path))
  return [
    ...axes.flatMap(({ path }, i) => names[i] === path ? [] : [item(`  ${names[i]}: ${path}`)]),
    ...drawn.map(({ path, text }) => item(`  ${path}: each seed draws from ${text}`))
  ]
}

const legend = (result: SweepResult): ReadonlyArray<Block> => [
  paragraph(
    "completed: of the runs that came to their own end. ±: half of the 95 % interval of the mean over the seeds (Student), in "
      + "per cent of the mean; none for a single run."
  ),
  ...result.plan.metrics.map(({ meaning, name }) => item(`  ${name}: ${meaning}.`))
]

/** "5 seeds", or "5 to 8 seeds". */
const spanOf = (seeds: ReadonlyArray<number>): string => {
  const [least, most] = [Math.min(...seeds), Math.max(...seeds)]
  return least === most ? plural(most, "seed") : `${least} to ${most} seeds`
}

/** What became of the precision that was wanted. */
const precisionSection = (result: SweepResult, precision: number | null): Document => {
  if (precision === null) return []
  const { cells, interrupted, plan } = result
  const seeds = cells.map(({ runs }) => runs.length)
  const missed = impreciseCells(plan.metrics, cells, precision)
  const used = `${spanOf(seeds)} a field`
  if (missed.length === 0) {
    return section("Precision", [item(`  ${percent(precision)} everywhere, with ${used}.`, "good")])
  }
  const limit = interrupted ? "" : ` The limit is ${plan.mostSeeds} (--most-seeds).`
  return section("Precision", [
    item(`  ${percent(precision)} is not reached at ${plural(missed.length, "place")}, with ${used}.${limit}`, "warn"),
    ...missed.slice(0, MOST_LINES).map(({ cell, error, metric }) =>
      item(
        `  ${placeOf(result, cells[cell])}: ${metric.name} ${
          Number.isFinite(error) ? `±${percent(error)}` : "has no interval"
        }`
      )
    ),
    ...(missed.length > MOST_LINES ? [item(`  and ${missed.length - MOST_LINES} more`)] : [])
  ])
}

/** Lines of a kind before it says how many more there are. */
const MOST_LINES = 8

/** How often there was a steady state, and why not. */
const steadySection = ({ cells, plan }: SweepResult): Document => {
  if (!plan.metrics.some(({ name }) => name.startsWith("steady."))) return []
  const runs = cells.flatMap((cell) => endedRuns(cell.runs))
  const reasons = new Map<string, number>()
  let longest = 0
  let applied = 0
  for (const { steady } of runs) {
    if (steady.applied) {
      applied++
      longest = Math.max(longest, steady.warmUpNs)
    } else {
      // the same but for a figure
      const reason = steady.reason.replace(/ has \d+ samples/, " has too few samples")
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    }
  }
  return section("Steady state", [
    item(
      `  In ${applied} of ${plural(runs.length, "run")}, after at most ${
        (longest / 1e9).toFixed(2)
      } s of beginning that MSER-5 cut off.`,
      applied < runs.length ? "warn" : null
    ),
    ...[...reasons].map(([reason, n]) => item(`  None in ${plural(n, "run")}: ${reason}.`))
  ])
}

/** What the report says; `precision` is the one that was wanted. */
export const sweepDocument = (result: SweepResult, precision: number | null, analysis: Analysis): Document => {
  const { cells, failures, interrupted, plan } = result
  const { loaded } = plan
  const runs = cells.flatMap((cell) => cell.runs)
  return [
    ...section(`${loaded.scenario.name} (${loaded.file})`, [
      item(
        `  ${plural(cells.length, "field")}, ${plural(runs.length, "run")}${
          plan.kernels.length === 1 ? `, kernel ${plan.kernels[0]}` : ""
        }`
      ),
      ...axisLines(result)
    ]),
    ...section("Results (means over seeds)", [...resultTable(result), ...legend(result)]),
    ...steadySection(result),
    ...precisionSection(result, precision),
    ...analysisSections(analysis),
    ...faultSection(runs, failures),
    ...warningSection(loaded.warnings.map(formatFinding)),
    ...(interrupted ? interruption(endedRuns(runs).length, plan.cells.length * plan.seeds) : [])
  ]
}

/** The report of a sweep as text; `precision` is the one that was wanted. */
export const renderSweep = (
  result: SweepResult,
  precision: number | null,
  analysis: Analysis,
  sheet: Sheet = PLAIN
): string => drawText(sweepDocument(result, precision, analysis), sheet)
