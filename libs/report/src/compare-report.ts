// The report of swaplab compare: what the two have not in common, then for each pair of cells the figures that people look at
// first, and whatever else differs.
import { plural } from "@swaplab/config"
import {
  bothWays,
  type CellComparison,
  cellWords,
  type Differing,
  type MetricDifference,
  verdictOf
} from "@swaplab/experiment"
import {
  type Block,
  type Document,
  item,
  key,
  left,
  paragraph,
  right,
  type Row,
  section,
  table,
  toned
} from "./document.ts"
import { change, NONE, ratio } from "./format.ts"
import { quantity } from "./metric-text.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** Shown whether or not they differ. */
const FIRST = new Set([
  "elapsed",
  "user",
  "sys",
  "client.faultLatency.p50.mean",
  "client.faultLatency.p99.mean",
  "client.swapInRate.mean",
  "client.swapOutRate.mean",
  "server.throughputPerSecond.mean",
  "server.meanResidence.mean",
  "server.linkOutUtilisation.mean",
  "server.diskUtilisation.mean",
  "steady.throughputPerSecond"
])

/** Rows of other metrics before it says how many more there are. */
const MOST_ROWS = 24

const differenceText = ({ difference, metric: { unit } }: MetricDifference): string => {
  const { high, value } = difference
  const half = high - value
  const size = quantity(unit, value)
  return Number.isFinite(half) ? `${size} ±${quantity(unit, half)}` : size
}

const rowOf = (row: MetricDifference): Row => {
  const { a, b, meanOfRatios, metric, ratioOfMeans, significant } = row
  const means = bothWays(metric, ratioOfMeans)
  const seeds = bothWays(metric, meanOfRatios)
  const verdict = verdictOf(row)
  return [
    metric.name,
    quantity(metric.unit, a.value),
    toned(
      `${quantity(metric.unit, b.value)}${significant ? "*" : " "}`,
      verdict === "better" ? "good" : verdict === "worse" ? "bad" : null
    ),
    differenceText(row),
    means === null ? NONE : change(means.time),
    means === null ? ratio(ratioOfMeans) : ratio(means.speed),
    seeds === null ? ratio(meanOfRatios) : ratio(seeds.speed)
  ]
}

const COLUMNS = [
  key("metric"),
  right("A"),
  right("B "),
  right("difference"),
  right("time"),
  right("speed"),
  right("by seed")
]

const outcomeLine = ({ completed, identical, outcomes: { a, b }, seeds }: CellComparison): ReadonlyArray<Block> => [
  item(
    `  completed: A ${a.completed} of ${a.ended}, B ${b.completed} of ${b.ended}`,
    a.completed * b.ended === b.completed * a.ended ? null : "warn"
  ),
  item(
    completed
      ? `  compared: the ${plural(seeds.length, "seed")} that both completed`
      : `  compared: ${
        plural(seeds.length, "seed")
      }, of which not one was completed by both: times end where the runs ended`,
    completed ? null : "warn"
  ),
  ...(identical > 0
    ? [item(`  the same run, event for event: ${identical} of ${plural(seeds.length, "seed")}`)]
    : []),
  ...(seeds.length < 3 ? [item("  fewer than three seeds show no significance", "warn")] : [])
]

const shownRows = ({ rows }: CellComparison, all: boolean) => {
  const first = rows.filter(({ metric }) => FIRST.has(metric.name))
  const others = rows.filter((row) => !first.includes(row) && (all || row.significant))
    .toSorted((x, y) => all ? 0 : strength(y) - strength(x))
  return { first, others: all ? others : others.slice(0, MOST_ROWS), more: all ? 0 : others.length - MOST_ROWS }
}

/** How far an interval stays away from 0, in its own half widths. */
const strength = ({ difference: { high, value } }: MetricDifference): number =>
  high === value ? Number.MAX_VALUE : Math.abs(value) / (high - value)

const pairSections = (comparison: CellComparison, all: boolean): Document => {
  const { a, b, rows, seeds } = comparison
  const sides = [item(`  A: ${cellWords(a)}`), item(`  B: ${cellWords(b)}`)]
  if (seeds.length === 0) {
    return section("Compared", [
      ...sides,
      item("  no seed that both have run to its end, nothing to compare", "warn")
    ])
  }
  const { first, more, others } = shownRows(comparison, all)
  const significant = rows.filter((row) => row.significant).length
  return section("Compared", [
    ...sides,
    ...outcomeLine(comparison),
    table(COLUMNS, first.map(rowOf)),
    item(
      `  ${significant} of ${rows.length} metrics differ; ${
        Math.round(rows.length * 0.05)
      } of so many would by chance alone.`
    ),
    ...(others.length === 0 ? [] : [table(COLUMNS, others.map(rowOf))]),
    ...(more > 0 ? [item(`  and ${more} more: --all, or --json`)] : [])
  ])
}

const differingSection = (differing: ReadonlyArray<Differing>): Document =>
  section(
    "Not the same in both results",
    differing.length === 0 ? [] : [
      table(
        [left("what"), left("A"), left("B")],
        differing.slice(0, MOST_ROWS).map(({ a, b, what }): Row => [what, a ?? NONE, b ?? NONE])
      ),
      ...(differing.length > MOST_ROWS ? [item(`  and ${differing.length - MOST_ROWS} more`)] : [])
    ]
  )

const legend: Document = section(null, [
  paragraph(
    "A, B: means over the seeds. *: the 95 % interval of the paired difference B - A leaves out 0. time: change of the time for the "
      + "same work. speed: how many times as much is done in the same time, the ratio of the means; by seed: the geometric mean of "
      + "the ratios of each seed. 3240.70 s to 1762.09 s is -45.6 % or 1.84x: headlines use one or the other. MMTests prints the "
      + "gain in per cent: of a time it is time without its sign, of a rate speed - 1. Where more is neither better nor worse, "
      + "speed is B / A."
  )
])

/** The report of a comparison as text. */
export const renderComparison = (
  differing: ReadonlyArray<Differing>,
  comparisons: ReadonlyArray<CellComparison>,
  all: boolean,
  sheet: Sheet = PLAIN
): string =>
  drawText([
    ...differingSection(differing),
    ...comparisons.flatMap((comparison) => pairSections(comparison, all)),
    ...legend
  ], sheet)
