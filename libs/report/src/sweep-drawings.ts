// The pictures of a sweep, by the names of their files.
import { axisNumbers, type SweepResult, uslAt } from "@swaplab/experiment"
import type { Analysis } from "./analysis-report.ts"
import { type Bound, curvesSvg } from "./curves-svg.ts"
import { metricHeatSvg } from "./metric-heat-svg.ts"
import { paretoSvg } from "./pareto-svg.ts"

/** The fitted laws and the bounds as lines of the chart; with several curves they would hide each other. */
const linesOf = ({ bounds, usl }: Analysis, { plan: { axes } }: SweepResult): ReadonlyArray<Bound> => {
  const ns = axes.length === 1 ? axisNumbers(axes[0].values)?.numbers ?? [] : []
  if (ns.length === 0) return []
  const [law] = bounds
  return [
    ...usl.flatMap(({ curve, fit, metric }) =>
      typeof fit === "string" || curve !== "" || !fit.fits
        ? []
        : [{ metric: metric.name, name: "fitted (USL)", values: ns.map((n) => uslAt(fit, n)) }]
    ),
    ...(bounds.length !== 1 || law === undefined ?
      [] :
      ["steady.throughputPerSecond", "server.throughputPerSecond.mean"].map((metric) => ({
        metric,
        name: "bound",
        values: law.points.map(({ bound }) => bound)
      })))
  ]
}

/** What to buy where there are prices, curves over the first path, and for two paths a heat map of each shown metric. */
export const sweepDrawings = (
  result: SweepResult,
  analysis: Analysis
): ReadonlyArray<readonly [name: string, svg: string]> => {
  const curves = curvesSvg(result, linesOf(analysis, result))
  const { pareto } = analysis
  const offers = pareto === null ? null : paretoSvg(result.plan.loaded.scenario.name, pareto)
  return [
    ...(offers === null ? [] : [["pareto.svg", offers] as const]),
    ...(curves === null ? [] : [["curves.svg", curves] as const]),
    ...result.plan.metrics.flatMap((metric) => {
      const heat = metricHeatSvg(result, metric)
      return heat === null ? [] : [[`${metric.name}.svg`, heat] as const]
    })
  ]
}
