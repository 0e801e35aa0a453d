// The curve of a capacity search as a picture: by value the share of seeds that hold, the wanted share as a line, and the
// interval of the answer as a band. Readable without colours.
import type { Capacity } from "@swaplab/experiment"
import { oftenOf, unitOf, valueOf } from "./capacity-words.ts"
import { drawing, element, round, svgText } from "./svg.ts"

const WIDTH = 720
const HEIGHT = 360
const FRAME = { x: 56, y: 40, width: 620, height: 250 }
const GREY = "#8a8a8a"

/** Draws it. */
export const capacitySvg = (capacity: Capacity): string => {
  const { demand, high, low, reached, situation } = capacity
  const levels = reached.length
  const bottom = FRAME.y + FRAME.height
  const xOf = (level: number): number => round(FRAME.x + (level / (levels + 1)) * FRAME.width)
  const yOf = (share: number): number => round(bottom - share * FRAME.height)
  const points = reached.flatMap(({ reach, seeds }, i) =>
    seeds === 0
      ? []
      : [{ x: xOf(i + 1), y: yOf(reach / seeds), text: `${valueOf(situation, i + 1)}: ${reach} of ${seeds}` }]
  )
  const every = Math.max(1, Math.ceil(levels / 12))
  const ticks = Array.from({ length: levels }, (_, i) => i + 1).filter((level) => level % every === 0 || level === 1)
  return drawing(
    WIDTH,
    HEIGHT,
    `Capacity of ${situation.loaded.scenario.name}`,
    svgText(FRAME.x, 24, `${situation.loaded.scenario.name}: share of seeds that hold, by ${unitOf(situation)}`, {
      "font-weight": "bold"
    }),
    element("rect", {
      x: xOf(low),
      y: FRAME.y,
      width: Math.max(2, xOf(high) - xOf(low)),
      height: FRAME.height,
      fill: "#d8d8d8"
    }),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      element("line", { x1: FRAME.x, x2: FRAME.x + FRAME.width, y1: yOf(share), y2: yOf(share), stroke: "#e6e6e6" }),
      svgText(FRAME.x - 8, yOf(share) + 4, `${share * 100} %`, { "text-anchor": "end", "font-size": 11 })
    ]),
    element("line", {
      x1: FRAME.x,
      x2: FRAME.x + FRAME.width,
      y1: yOf(demand.holds),
      y2: yOf(demand.holds),
      stroke: "#1a1a1a",
      "stroke-dasharray": "5 3"
    }),
    svgText(FRAME.x + FRAME.width, yOf(demand.holds) - 5, `wanted: ${oftenOf(demand.holds)}`, {
      "text-anchor": "end",
      "font-size": 11.5
    }),
    element("path", {
      d: `M${points.map(({ x, y }) => `${x} ${y}`).join(" L")}`,
      fill: "none",
      stroke: "#0b5fa5",
      "stroke-width": 1.8
    }),
    ...points.map(({ text, x, y }) =>
      element("circle", { cx: x, cy: y, r: 2.6, fill: "#0b5fa5" }, element("title", {}, text))
    ),
    element("rect", { ...FRAME, fill: "none", stroke: GREY }),
    ...ticks.map((level) =>
      svgText(xOf(level), bottom + 18, valueOf(situation, level), { "text-anchor": "middle", "font-size": 11 })
    ),
    svgText(FRAME.x + FRAME.width, bottom + 38, unitOf(situation), { "text-anchor": "end", "font-size": 11.5 }),
    svgText(FRAME.x, HEIGHT - 12, "grey band: where the answer lies", { "font-size": 11.5 })
  )
}
