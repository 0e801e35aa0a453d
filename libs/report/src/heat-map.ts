// The map of outcomes as a picture: a grid for each kernel. The colour of a field is the share of runs that completed; a bar
// at its foot is divided by the classes of those that did not, each with its pattern, and their codes are written out, so
// that nothing is said by colour alone. No font, script or image is loaded.
import { plural } from "@swaplab/config"
import { type CellResult, endedRuns, type MapCell, type OutcomeMap } from "@swaplab/experiment"
import { inkOn, shareColour } from "./heat-colours.ts"
import { CODE_WORDS, codeCounts, type EndedCode, fieldCounts } from "./outcome-codes.ts"
import { type Attributes, drawing, element, escapeXml, svgText, textWidth } from "./svg.ts"

const FIELD = { width: 92, height: 58, gap: 3, bar: 11 }
const MARGIN = 28
const SIZE = { title: 18, panel: 15, axis: 13, count: 17, codes: 12 }
/** Degrees by which labels of columns stand slanted that are longer than a field. */
const SLANT = 35
const COS_SLANT = 0.819152044288992
const pitch = { x: FIELD.width + FIELD.gap, y: FIELD.height + FIELD.gap }

/** Lines of the pattern of each code, in a tile of 8 by 8. */
const PATTERNS: Readonly<Record<EndedCode, string>> = {
  TX: "M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4",
  RX: "M0,2 h8 M0,6 h8",
  RQ: "M2,0 v8 M6,0 v8",
  IS: "M0,0 l8,8 M0,8 l8,-8",
  UN: "M0,4 l2,-3 l4,6 l2,-3",
  DN: "M0,2 h4 M4,6 h4",
  LL: "M2,2 h4 v4 h-4 z",
  OR: "M1,4 h2 M5,4 h2 M4,1 v2 M4,5 v2",
  LU: "M0,4 h8 M4,0 v8",
  WP: "M0,0 l8,8 M0,8 l8,-8 M0,4 h8",
  LS: "M0,0 l8,8 M4,0 v8",
  IO: "M2,0 v8 M6,0 v8 M0,4 h8",
  OOM: "M-2,6 l4,4 M0,0 l8,8 M6,-2 l4,4",
  TO: "M1,1 h1 M5,1 h1 M3,5 h1 M7,5 h1"
}

const patterns = (): string =>
  element(
    "defs",
    {},
    ...Object.entries(PATTERNS).map(([code, path]) =>
      element(
        "pattern",
        { id: `class-${code}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
        element("rect", { width: 8, height: 8, fill: "#ffffff" }),
        element("path", { d: path, stroke: "#000000", "stroke-width": 1.4, fill: "none" })
      )
    )
  )

const patternOf = (code: string): string => Object.hasOwn(PATTERNS, code) ? `url(#class-${code})` : "#ffffff"

/** The bar of a field: its whole width are the runs given. */
const bar = (runs: ReadonlyArray<CellResult>, x: number, y: number): string => {
  let left = x + 1
  return codeCounts(runs).map(([code, n]) => {
    const width = (FIELD.width - 2) * n / runs.length
    const part = element("rect", {
      x: left,
      y: y + FIELD.height - FIELD.bar - 1,
      width,
      height: FIELD.bar,
      fill: patternOf(code),
      stroke: "#000000",
      "stroke-width": 0.8
    })
    left += width
    return part
  }).join("")
}

/** One field, with what a pointer that rests on it is told. */
const field = (runs: ReadonlyArray<CellResult>, where: string, x: number, y: number): string => {
  const centre = { "text-anchor": "middle" }
  const { codes: counts, completed, ended } = fieldCounts(runs)
  if (ended === 0) {
    const words = runs.length === 0 ? "not run" : "stopped"
    return element(
      "g",
      {},
      element("title", {}, escapeXml(`${where}: ${words}`)),
      element("rect", {
        x,
        y,
        width: FIELD.width,
        height: FIELD.height,
        fill: "#ffffff",
        stroke: "#767676",
        "stroke-dasharray": "4 3"
      }),
      svgText(x + FIELD.width / 2, y + FIELD.height / 2 + 4, words, { ...centre, fill: "#595959" })
    )
  }
  const share = completed / ended
  const ink = inkOn(share)
  const codes = counts.map(([code, n]) => (n === null ? code : `${code} ${n}`)).join("  ")
  const room = FIELD.width - 6
  const size = Math.min(SIZE.codes, Math.floor((room / Math.max(1, textWidth(codes, 1))) * 10) / 10)
  return element(
    "g",
    {},
    element(
      "title",
      {},
      escapeXml(`${where}: ${completed} of ${ended} completed${codes === "" ? "" : `, ${codes}`}`)
    ),
    element("rect", {
      x,
      y,
      width: FIELD.width,
      height: FIELD.height,
      fill: shareColour(share),
      stroke: "#4d4d4d",
      "stroke-width": 0.8
    }),
    svgText(x + FIELD.width / 2, y + (codes === "" ? 35 : 21), `${completed}/${ended}`, {
      ...centre,
      fill: ink,
      "font-size": SIZE.count,
      "font-weight": "bold"
    }),
    ...(codes === ""
      ? []
      : [
        svgText(x + FIELD.width / 2, y + 38, codes, { ...centre, fill: ink, "font-size": size }),
        bar(endedRuns(runs), x, y)
      ])
  )
}

/** Everything that a panel needs to know about its axes. */
interface Frame {
  readonly map: OutcomeMap
  readonly xs: ReadonlyArray<string>
  readonly ys: ReadonlyArray<string>
  /** Room for the labels of the rows, and for slanted ones of the columns, which begin left of theirs. */
  readonly left: number
  /** Whether the labels of the columns stand slanted, and the room for them. */
  readonly slanted: boolean
  readonly foot: number
}

/** Room that a slanted label needs to the left of the grid, beyond the margin; `i` is its column. */
const slantedRoom = (label: string, i: number): number => {
  const reach = textWidth(label, SIZE.axis) * COS_SLANT + SIZE.axis
  return reach - i * pitch.x - FIELD.width / 2 - MARGIN
}

const frameOf = (map: OutcomeMap): Frame => {
  const xs = map.plan.x.values.map(String)
  const ys = map.plan.y === null ? [""] : map.plan.y.values.map(String)
  const longest = Math.max(...xs.map((label) => textWidth(label, SIZE.axis)))
  const slanted = longest > FIELD.width
  const rows = Math.max(...ys.map((label) => textWidth(label, SIZE.axis))) + 16
  const columns = slanted ? Math.max(...xs.map(slantedRoom)) : 0
  return {
    map,
    xs,
    ys,
    left: Math.ceil(Math.max(rows, columns)),
    slanted,
    foot: slanted ? Math.ceil(longest * 0.6) + 22 : 24
  }
}

const acrossText = (map: OutcomeMap): string => `across: ${map.plan.x.path}`

/** Middle of the name of the columns: that of the grid, or further to the right where the name would not fit. */
const acrossAt = ({ left, map, xs }: Frame): number =>
  MARGIN + Math.max(left + (xs.length * pitch.x) / 2, textWidth(acrossText(map), SIZE.axis) / 2)

/** Height of a panel: title, name of the rows, grid, labels and name of the columns. */
const panelHeight = ({ foot, map, ys }: Frame): number =>
  26 + (map.plan.y === null ? 0 : 20) + ys.length * pitch.y + foot + 36

const panel = (frame: Frame, kernel: string, top: number): string => {
  const { foot, left, map, slanted, xs, ys } = frame
  const { x, y } = map.plan
  const grid = { x: MARGIN + left, y: top + 26 + (y === null ? 0 : 20) }
  const bottom = grid.y + ys.length * pitch.y
  const runsAt = (xi: number, yi: number): MapCell["runs"] =>
    map.cells.find((cell) => cell.kernel === kernel && cell.x === xi && cell.y === yi)?.runs ?? []
  return element(
    "g",
    {},
    svgText(MARGIN, top + 14, kernel, { "font-size": SIZE.panel, "font-weight": "bold" }),
    ...(y === null ? [] : [svgText(MARGIN, top + 36, `down: ${y.path}`, { fill: "#404040" })]),
    ...ys.map((label, yi) =>
      svgText(grid.x - 10, grid.y + yi * pitch.y + FIELD.height / 2 + 5, label, { "text-anchor": "end" })
    ),
    ...ys.flatMap((yLabel, yi) =>
      xs.map((xLabel, xi) =>
        field(
          runsAt(xi, yi),
          `${kernel}, ${x.path} ${xLabel}${y === null ? "" : `, ${y.path} ${yLabel}`}`,
          grid.x + xi * pitch.x,
          grid.y + yi * pitch.y
        )
      )
    ),
    ...xs.map((label, xi) => {
      const at = { x: grid.x + xi * pitch.x + FIELD.width / 2, y: bottom + 15 }
      const attributes: Attributes = slanted
        ? { "text-anchor": "end", transform: `rotate(-${SLANT} ${at.x} ${at.y})` }
        : { "text-anchor": "middle" }
      return svgText(at.x, at.y, label, attributes)
    }),
    svgText(acrossAt(frame), bottom + foot + 10, acrossText(map), { "text-anchor": "middle", fill: "#404040" })
  )
}

const SWATCH = { width: 34, height: 18 }

/** The legend: the scale, the classes that occur with their counts over the whole map. */
const legend = (runs: ReadonlyArray<CellResult>, top: number): string => {
  const { completed, ended } = fieldCounts(runs)
  const shares = [1, 0.75, 0.5, 0.25, 0]
  return element(
    "g",
    {},
    svgText(MARGIN, top + 13, `Share of runs that completed (${completed} of ${ended} runs)`),
    ...shares.flatMap((share, i) => {
      const x = MARGIN + i * (SWATCH.width + 14)
      return [
        element("rect", {
          x,
          y: top + 22,
          width: SWATCH.width + 14,
          height: SWATCH.height,
          fill: shareColour(share),
          stroke: "#4d4d4d",
          "stroke-width": 0.8
        }),
        svgText(x + (SWATCH.width + 14) / 2, top + 35, `${share * 100} %`, {
          "text-anchor": "middle",
          fill: inkOn(share),
          "font-size": 11
        })
      ]
    }),
    ...codeCounts(runs).flatMap(([code, n], i) => {
      const y = top + 52 + i * 24
      return [
        element("rect", {
          x: MARGIN,
          y,
          width: SWATCH.width,
          height: SWATCH.height,
          fill: patternOf(code),
          stroke: "#000000",
          "stroke-width": 0.8
        }),
        svgText(
          MARGIN + SWATCH.width + 10,
          y + 14,
          `${code}: ${CODE_WORDS.get(code)}, ${n === 1 ? "1 run" : `${n} runs`}`
        )
      ]
    })
  )
}

/** The map as an SVG file. */
export const heatMap = (title: string, map: OutcomeMap): string => {
  const frame = frameOf(map)
  const { kernels, seeds } = map.plan
  const runs = map.cells.flatMap((cell) => cell.runs)
  const head = 60
  const each = panelHeight(frame)
  const legendTop = head + kernels.length * each + 16
  const height = legendTop + 52 + codeCounts(runs).length * 24 + MARGIN
  const words = [`${title}: outcomes over ${map.plan.x.path}`, ...(map.plan.y === null ? [] : [map.plan.y.path])]
  const subtitle = `${plural(seeds.length, "seed")} in each field; completed / run, and the class of the others`
  const width = Math.ceil(
    MARGIN * 2 + Math.max(
      frame.left + frame.xs.length * pitch.x,
      acrossAt(frame) - MARGIN + textWidth(acrossText(map), SIZE.axis) / 2,
      textWidth(title, SIZE.title) * 1.1,
      textWidth(subtitle, SIZE.axis),
      330
    )
  )
  return drawing(
    width,
    height,
    words.join(" and "),
    patterns(),
    svgText(MARGIN, 30, title, { "font-size": SIZE.title, "font-weight": "bold" }),
    svgText(MARGIN, 50, subtitle, { fill: "#404040" }),
    ...kernels.map((kernel, i) => panel(frame, kernel, head + i * each + 6)),
    legend(runs, legendTop)
  )
}
