// The report of swaplab sensitivity: which assumption moves a result, as a table and as a tornado chart.
import { plural } from "@swaplab/config"
import type { Influence, Sensitivity } from "@swaplab/experiment"
import { type Document, item, key, left, paragraph, right, type Row, section, table, toned } from "./document.ts"
import { faultSection, interruption } from "./faults.ts"
import { change, NONE } from "./format.ts"
import { estimateText, quantity } from "./metric-text.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawing, element, round, svgText, textWidth } from "./svg.ts"
import { drawText } from "./text.ts"

/** The change of a metric against the scenario as it is. */
const relative = (difference: number, base: number): string => base === 0 ? NONE : change(difference / base)

const rowOf = (result: Sensitivity, { estimate, high, low, same, significant }: Influence): Row => [
  estimate.path,
  estimate.value,
  estimate.low,
  relative(low.value, result.base.value),
  estimate.high,
  relative(high.value, result.base.value),
  same ? "the same runs" : toned(significant ? "yes" : "not shown", significant ? "strong" : null) as string
]

const sensitivityDocument = (result: Sensitivity): Document => {
  const { base, failures, influences, interrupted, plan, runs } = result
  const { given, impossible, kernel, loaded, metric, seeds } = plan
  return [
    ...section(`Which assumption matters? ${loaded.scenario.name} (${loaded.file})`, [
      item(
        `  kernel ${kernel}, ${plural(seeds, "seed")}, ${plural(influences.length, "parameter")}, ${
          plural(plan.jobs.length, "run")
        }`
      ),
      item(`  ${metric.name} as it is: ${estimateText(metric.unit, base)}`)
    ]),
    ...section("Change of the metric at both ends of the range of each", [
      table(
        [
          key("parameter"),
          right("default"),
          right("low"),
          right("there"),
          right("high"),
          right("there"),
          left("matters")
        ],
        influences.map((influence) => rowOf(result, influence))
      ),
      paragraph(
        "matters: the 95 % interval of the paired difference (the same seeds) leaves out 0 at one end. One parameter at a time: what "
          + "two do together is not seen. Ranges are those of the scenario reference."
      )
    ]),
    ...section("Not varied", [
      ...(given.length === 0
        ? []
        : [item(`  given by the file: ${given.join(", ")}; --vary PATH=low,high varies them too`)]),
      ...impossible.map(({ path, reason }) => item(`  ${path}: ${reason}`))
    ]),
    ...faultSection(runs, failures),
    ...(interrupted ? interruption(runs.length, plan.jobs.length) : [])
  ]
}

/** The report as text. */
export const renderSensitivity = (result: Sensitivity, sheet: Sheet = PLAIN): string =>
  drawText(sensitivityDocument(result), sheet)

const BAR = { height: 20, gap: 10 }
const WIDTH = 900
const MARGIN = 24
const HEAD = 78
/** Bars beyond these are too short to be seen. */
const MOST_BARS = 24

/** The tornado chart: a bar for each parameter from the metric at one end of its range to the other, the longest on top. */
export const tornadoSvg = (result: Sensitivity): string => {
  const { base, influences, plan: { loaded, metric } } = result
  const shown = influences.slice(0, MOST_BARS)
  const left = MARGIN + 16 + Math.max(60, ...shown.map(({ estimate }) => textWidth(estimate.path, 12)))
  const right = WIDTH - 150
  const reach = Math.max(
    1e-12,
    ...shown.flatMap(({ high, low }) => [Math.abs(low.value), Math.abs(high.value)].filter(Number.isFinite))
  )
  const centre = (left + right) / 2
  const xOf = (difference: number): number => round(centre + difference / reach * (right - left) / 2)
  const bottom = HEAD + shown.length * (BAR.height + BAR.gap)
  const title = `${loaded.scenario.name}: which assumption matters for ${metric.name}`
  const bars = shown.flatMap(({ estimate, high, low, same, significant, swing }, i) => {
    const y = HEAD + i * (BAR.height + BAR.gap)
    const part = (end: "low" | "high", value: number): string => {
      const [from, to] = [Math.min(centre, xOf(value)), Math.max(centre, xOf(value))]
      return element("rect", {
        x: from,
        y: end === "low" ? y : y + BAR.height / 2,
        width: Math.max(0.5, to - from),
        height: BAR.height / 2,
        fill: end === "low" ? "#ffffff" : "#0072b2",
        stroke: "#0072b2",
        ...(significant ? {} : { "stroke-dasharray": "3 2" })
      })
    }
    return [
      svgText(left - 10, y + BAR.height / 2 + 4, estimate.path, { "text-anchor": "end", "font-size": 12 }),
      ...(Number.isFinite(low.value) ? [part("low", low.value)] : []),
      ...(Number.isFinite(high.value) ? [part("high", high.value)] : []),
      svgText(right + 10, y + BAR.height / 2 + 4, same ? "the same runs" : quantity(metric.unit, swing), {
        "font-size": 12
      })
    ]
  })
  return drawing(
    WIDTH,
    bottom + 44,
    title,
    svgText(MARGIN, 28, title, { "font-size": 17, "font-weight": "bold" }),
    svgText(
      MARGIN,
      50,
      "white: low end of the range; blue: high end; dashed: no difference is shown; right: from least to most",
      {
        fill: "#404040"
      }
    ),
    ...bars,
    element("line", { x1: centre, x2: centre, y1: HEAD - 8, y2: bottom, stroke: "#1a1a1a" }),
    svgText(centre, bottom + 18, `as it is: ${quantity(metric.unit, base.value)}`, { "text-anchor": "middle" }),
    svgText(left, bottom + 18, quantity(metric.unit, base.value - reach), { "text-anchor": "start", fill: "#404040" }),
    svgText(right, bottom + 18, quantity(metric.unit, base.value + reach), { "text-anchor": "end", fill: "#404040" })
  )
}
