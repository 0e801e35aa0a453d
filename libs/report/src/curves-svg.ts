// A sweep as curves: a panel for each metric over the first parameter, a line with its interval for each combination of the
// others. Lines differ in colour, dashes and marks, so that nothing is said by colour alone.
import {
  axisNumbers,
  type AxisValue,
  type Curve,
  curvesOf,
  metricEstimate,
  type SweepMetric,
  type SweepResult
} from "@swaplab/experiment"
import { log } from "@swaplab/sim"
import { type Frame, type Line, type Mark, type Panel, panelSvg, xOf } from "./chart.ts"
import { drawing, element, round, svgText } from "./svg.ts"

const WIDTH = 940
const LEFT = 84
const RIGHT = 210
const HEIGHT = 190
const GAP = 52
const HEADER = 92

/** Okabe and Ito's colours without the pale ones: told apart by people who see few colours. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#7a5a00", "#000000"]
const DASHES = [undefined, "7 4", "2 3", "9 3 2 3"]
const MARKS: ReadonlyArray<Mark> = ["circle", "square", "triangle", "diamond"]
/** More lines cannot be told apart. */
const MOST_LINES = 12

/** Where a value of the first axis stands, and whether the places are logarithmic. */
interface Scale {
  readonly places: ReadonlyArray<number>
  readonly labels: ReadonlyArray<string>
  readonly words: string
}

/** Numbers stand at their place, on a logarithmic axis where they span more than 1 to 20; words at equal distances. */
const scaleOf = (values: ReadonlyArray<AxisValue>): Scale => {
  const labels = values.map(String)
  const known = axisNumbers(values)
  if (known === null) return { places: values.map((_, i) => i), labels, words: "" }
  const least = Math.min(...known.numbers)
  const most = Math.max(...known.numbers)
  const wide = least > 0 && most / least > 20
  return {
    places: known.numbers.map((value) => wide ? log(value) : value),
    labels,
    words: wide ? " (logarithmic)" : ""
  }
}

/** A factor that makes values of a metric fit to read on an axis, and the unit that it has then. */
const axisUnit = ({ unit }: SweepMetric, most: number): readonly [factor: number, words: string] => {
  if (unit === null) return [1, ""]
  const [name, factor] = unit.units.findLast(([, size]) => most >= size) ?? unit.units[0]
  return [1 / factor, `, ${name}`]
}

/** A level that is drawn across a panel, such as a bound: a value for each value of the first axis. */
export interface Bound {
  readonly metric: string
  readonly name: string
  readonly values: ReadonlyArray<number>
}

const panelOf = (metric: SweepMetric, curves: ReadonlyArray<Curve>, bounds: ReadonlyArray<Bound>): Panel => {
  const estimates = curves.map(({ cells }) =>
    cells.map((cell) => cell === undefined ? null : metricEstimate(metric, cell.runs))
  )
  const most = Math.max(0, ...estimates.flat().map((estimate) => estimate?.value ?? 0).filter(Number.isFinite))
  const [factor, words] = axisUnit(metric, most)
  const scaled = (value: number | undefined): number => value === undefined ? Number.NaN : value * factor
  const lines = curves.map(({ name }, i): Line => ({
    name,
    colour: COLOURS[i % COLOURS.length],
    dash: DASHES[Math.floor(i / COLOURS.length) % DASHES.length],
    mark: MARKS[i % MARKS.length],
    values: estimates[i].map((estimate) => scaled(estimate?.value)),
    band: {
      low: estimates[i].map((estimate) => scaled(estimate?.low)),
      high: estimates[i].map((estimate) => scaled(estimate?.high))
    }
  }))
  // a bound far above what was measured would flatten the curve
  const drawn = bounds.filter((bound) => bound.metric === metric.name).map(({ name, values }): Line => ({
    name,
    colour: "#666666",
    dash: "4 4",
    values: values.map((value) => value > 1.6 * most ? Number.NaN : value * factor)
  })).filter(({ values }) => Array.from(values).some((value) => !Number.isNaN(value)))
  const top = Math.max(
    ...lines.flatMap(({ band, values }) => [...Array.from(values), ...Array.from(band?.high ?? [])]).filter(
      Number.isFinite
    ),
    0
  )
  return {
    title: `${metric.name}${words}`,
    height: HEIGHT,
    lines: [...drawn, ...lines],
    ...(top > 0 && top < 1 ? { top } : {})
  }
}

const axisSvg = (frame: Frame, scale: Scale, name: string, y: number): string => {
  let last = Number.NEGATIVE_INFINITY
  return scale.labels.map((label, i) => {
    const x = round(xOf(frame, scale.places[i]))
    const tick = element("line", { x1: x, x2: x, y1: y, y2: y + 5, stroke: "#8a8a8a" })
    // labels that would cover each other are left out
    const width = label.length * 6.5
    if (x - width / 2 < last + 6) return tick
    last = x + width / 2
    return tick + svgText(x, y + 19, label, { "text-anchor": "middle", "font-size": 11, fill: "#444444" })
  }).join("") +
    svgText(frame.x + frame.width, y + 38, `${name}${scale.words}`, { "text-anchor": "end", "font-size": 12 })
}

/** Draws the metrics of a sweep over its first axis; null where there is none, or more lines than can be told apart. */
export const curvesSvg = (result: SweepResult, bounds: ReadonlyArray<Bound>): string | null => {
  const { cells, plan: { axes, loaded, metrics } } = result
  if (axes.length === 0 || axes[0].values.length < 2) return null
  const curves = curvesOf(result)
  if (curves.length > MOST_LINES) return null
  const scale = scaleOf(axes[0].values)
  const margin = 14
  const base = {
    x: LEFT + margin,
    width: WIDTH - LEFT - RIGHT - 2 * margin,
    timesNs: scale.places,
    fromNs: Math.min(...scale.places),
    toNs: Math.max(...scale.places)
  }
  const seeds = cells.map(({ runs }) => runs.length)
  const [least, most] = [Math.min(...seeds), Math.max(...seeds)]
  // of one seed there is no interval
  const bands = most > 1 ? "; bands: 95 % intervals (Student), cut off at the edges" : ""
  const words = most === 1 ? "One seed." : `Means over ${least === most ? most : `${least} to ${most}`} seeds${bands}.`
  let y = HEADER
  // a metric that no run has would be an empty frame
  const measured = metrics.filter((metric) => cells.some(({ runs }) => runs.some((run) => metric.of(run) !== null)))
  if (measured.length === 0) return null
  const panels = measured.map((metric) => {
    const svg = panelSvg(panelOf(metric, curves, bounds), { ...base, y })
    const axis = axisSvg({ ...base, y }, scale, axes[0].path, y + HEIGHT)
    y += HEIGHT + GAP + 26
    return svg + axis
  })
  return drawing(
    WIDTH,
    y - 10,
    `${loaded.scenario.name} over ${axes[0].path}`,
    svgText(24, 30, loaded.scenario.name, { "font-size": 18, "font-weight": "bold" }),
    svgText(24, 50, words, { fill: "#444444" }),
    ...panels
  )
}
