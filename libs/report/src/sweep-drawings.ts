// The pictures of a sweep, by the names of their files.
import type { SweepResult } from "@swaplab/experiment"
import { type Bound, curvesSvg } from "./curves-svg.ts"
import { metricHeatSvg } from "./metric-heat-svg.ts"

/** Curves over the first path, and for two paths a heat map of each shown metric. */
export const sweepDrawings = (
  result: SweepResult,
  bounds: ReadonlyArray<Bound> = []
): ReadonlyArray<readonly [name: string, svg: string]> => {
  const curves = curvesSvg(result, bounds)
  return [
    ...(curves === null ? [] : [["curves.svg", curves] as const]),
    ...result.plan.metrics.flatMap((metric) => {
      const heat = metricHeatSvg(result, metric)
      return heat === null ? [] : [[`${metric.name}.svg`, heat] as const]
    })
  ]
}
