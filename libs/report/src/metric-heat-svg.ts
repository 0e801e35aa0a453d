// A metric over two parameters as a picture: a field for each pair of values, darker for more, with the mean written in it.
import { metricEstimate, shortNames, type SweepMetric, type SweepResult } from "@swaplab/experiment"
import { inkOn, shareColour } from "./heat-colours.ts"
import { estimateText } from "./metric-text.ts"
import { drawing, element, escapeXml, round, svgText, textWidth } from "./svg.ts"

const FIELD = { width: 118, height: 42, gap: 3 }
const MARGIN = 28
const PANEL_HEAD = 40

/** The grid of one kernel. */
const grid = (
  result: SweepResult,
  metric: SweepMetric,
  kernel: string,
  at: { readonly x: number; readonly y: number }
) => {
  const { cells, plan: { axes: [x, y] } } = result
  const own = cells.filter((cell) => cell.kernel === kernel)
  const means = cells.map(({ runs }) => metricEstimate(metric, runs).value).filter(Number.isFinite)
  const [least, most] = [Math.min(...means), Math.max(...means)]
  const drawn = own.map(({ at: values, field: [xi, yi], runs }) => {
    const estimate = metricEstimate(metric, runs)
    const known = Number.isFinite(estimate.value)
    // pale is least: the colours of a share go from dark for none to pale for all
    const share = known ? 1 - (most === least ? 0 : (estimate.value - least) / (most - least)) : 1
    const left = at.x + xi * (FIELD.width + FIELD.gap)
    const top = at.y + yi * (FIELD.height + FIELD.gap)
    const text = estimateText(metric.unit, estimate)
    return element(
      "g",
      {},
      element("title", {}, escapeXml(`${kernel}, ${x.path} ${values[0]}, ${y.path} ${values[1]}: ${text}`)),
      element("rect", {
        x: left,
        y: top,
        width: FIELD.width,
        height: FIELD.height,
        fill: known ? shareColour(share) : "#ffffff",
        stroke: "#4d4d4d",
        "stroke-width": 0.8,
        ...(known ? {} : { "stroke-dasharray": "4 3" })
      }),
      svgText(left + FIELD.width / 2, top + FIELD.height / 2 + 5, text, {
        "text-anchor": "middle",
        fill: known ? inkOn(share) : "#595959",
        "font-size": Math.min(13, round((FIELD.width - 8) / Math.max(1, textWidth(text, 1))))
      })
    )
  })
  const bottom = at.y + y.values.length * (FIELD.height + FIELD.gap)
  const labels = [
    ...y.values.map((value, i) =>
      svgText(at.x - 10, at.y + i * (FIELD.height + FIELD.gap) + FIELD.height / 2 + 5, String(value), {
        "text-anchor": "end"
      })
    ),
    ...x.values.map((value, i) =>
      svgText(at.x + i * (FIELD.width + FIELD.gap) + FIELD.width / 2, bottom + 14, String(value), {
        "text-anchor": "middle"
      })
    )
  ]
  return [...drawn, ...labels].join("")
}

/** Draws a metric of a sweep over two paths, a grid for each kernel; null for another number of paths. */
export const metricHeatSvg = (result: SweepResult, metric: SweepMetric): string | null => {
  const { axes, kernels, loaded } = result.plan
  if (axes.length !== 2) return null
  const [x, y] = axes
  const names = shortNames([x.path, y.path])
  const left = MARGIN + 14 + Math.max(...y.values.map((value) => textWidth(String(value), 13)))
  const height = PANEL_HEAD + y.values.length * (FIELD.height + FIELD.gap) + 46
  const title = `${loaded.scenario.name}: ${metric.name}`
  const words = `across: ${x.path}, down: ${y.path}; means over seeds, ±: 95 % interval; darker is more`
  const width = Math.ceil(Math.max(
    left + x.values.length * (FIELD.width + FIELD.gap) + MARGIN,
    textWidth(title, 18) + 2 * MARGIN,
    textWidth(words, 12) + 2 * MARGIN
  ))
  const panels = kernels.map((kernel, i) => {
    const top = 66 + i * height
    return svgText(MARGIN, top + 14, kernel, { "font-weight": "bold" })
      + svgText(left, top + height - 20, names[0], { fill: "#404040" })
      + grid(result, metric, kernel, { x: left, y: top + PANEL_HEAD - 14 })
  })
  return drawing(
    width,
    66 + kernels.length * height,
    title,
    svgText(MARGIN, 30, title, { "font-size": 18, "font-weight": "bold" }),
    svgText(MARGIN, 50, words, { fill: "#404040", "font-size": 12 }),
    ...panels
  )
}
