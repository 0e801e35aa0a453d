// One panel of a chart over time: a frame, axes, lines and levels. Several panels under each other share their time axis.
import { element, round, svgText } from "./svg.ts"

/** A line: a value for every time; NaN: none was measured then. */
export interface Line {
  readonly name: string
  readonly colour: string
  readonly values: ArrayLike<number>
  /** Filled down to zero. */
  readonly area?: boolean
  /** A band around it, such as an interval: least and greatest value for every time. */
  readonly band?: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> }
  /** Dashes of the line, as SVG has them; without it: a whole line. */
  readonly dash?: string | undefined
  /** A mark at each value: charts of few values have some, so that lines differ without colours. */
  readonly mark?: Mark
}

/** The shape of a mark. */
export type Mark = "circle" | "square" | "triangle" | "diamond"

/** Its outline around 0, 0. */
const MARKS: Readonly<Record<Mark, string>> = {
  circle: "m-3.5,0 a3.5,3.5 0 1,0 7,0 a3.5,3.5 0 1,0 -7,0",
  square: "m-3.2,-3.2 h6.4 v6.4 h-6.4 z",
  triangle: "m0,-4.2 l4,7 h-8 z",
  diamond: "m0,-4.6 l4.6,4.6 l-4.6,4.6 l-4.6,-4.6 z"
}

/** A horizontal mark, such as a watermark. */
export interface Level {
  readonly name: string
  readonly value: number
  readonly colour: string
}

export interface Panel {
  readonly title: string
  readonly lines: ReadonlyArray<Line>
  readonly levels?: ReadonlyArray<Level>
  readonly height: number
  /** Highest value that is drawn; without it, the highest there is. Lines above it are cut off. */
  readonly top?: number
}

/** Where a panel stands, and how times become places. */
export interface Frame {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly timesNs: ArrayLike<number>
  readonly fromNs: number
  readonly toNs: number
}

const AXIS = "#8a8a8a"

/** 1, 2 or 5 times a power of ten: at most `most` steps up to `range`. */
export const niceStep = (range: number, most: number): number => {
  const rough = Math.max(range, 1e-12) / most
  const power = Number(`1e${rough.toExponential().split("e")[1]}`)
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough) ?? 10 * power
}

/** Place of a time. */
export const xOf = ({ fromNs, toNs, width, x }: Frame, ns: number): number =>
  x + ((ns - fromNs) / (toNs - fromNs)) * width

/** The points of a line, at most two a pixel column (its least and its greatest value there), in order of time. */
const pointsOf = (line: Line, frame: Frame, yOf: (value: number) => number): ReadonlyArray<string> => {
  const points: Array<string> = []
  for (let i = 0; i < frame.timesNs.length;) {
    // what was not measured is no point
    if (Number.isNaN(line.values[i])) {
      i++
      continue
    }
    const column = Math.floor(xOf(frame, frame.timesNs[i]))
    let least = i
    let greatest = i
    let end = i
    for (; end < frame.timesNs.length && Math.floor(xOf(frame, frame.timesNs[end])) === column; end++) {
      if (line.values[end] < line.values[least]) least = end
      if (line.values[end] > line.values[greatest]) greatest = end
    }
    for (const at of least === greatest ? [least] : [Math.min(least, greatest), Math.max(least, greatest)]) {
      points.push(`${round(xOf(frame, frame.timesNs[at]))} ${round(yOf(line.values[at]))}`)
    }
    i = end
  }
  return points
}

/** Names at the right edge, moved apart where they would cover each other. */
const namesAt = (
  items: ReadonlyArray<{ readonly text: string; readonly y: number; readonly colour: string }>,
  x: number
): ReadonlyArray<string> => {
  let last = Number.NEGATIVE_INFINITY
  return items.toSorted((a, b) => a.y - b.y).map(({ colour, text, y }) => {
    last = Math.max(y, last + 13)
    return svgText(x, round(last + 4), text, { "font-size": 11.5, fill: colour })
  })
}

/** The band of a line, where it has one: forth along its upper edge and back along the lower one. */
const bandSvg = ({ band, colour, values }: Line, frame: Frame, yOf: (value: number) => number): string => {
  if (band === undefined) return ""
  const known = Array.from(values, (_, i) => i).filter((i) =>
    Number.isFinite(band.low[i]) && Number.isFinite(band.high[i])
  )
  const edge = (of: ArrayLike<number>) => (i: number): string =>
    `${round(xOf(frame, frame.timesNs[i]))} ${round(yOf(Math.max(0, of[i])))}`
  const outline = [...known.map(edge(band.high)), ...known.toReversed().map(edge(band.low))]
  return known.length === 0
    ? ""
    : element("path", {
      d: `M${outline.join(" L")} z`,
      fill: colour,
      opacity: 0.18,
      stroke: colour,
      "stroke-width": 0.5
    })
}

const marksSvg = ({ colour, mark, values }: Line, frame: Frame, yOf: (value: number) => number): string =>
  mark === undefined ? "" : element("path", {
    d: Array.from(values).flatMap((value, i) =>
      Number.isNaN(value) ? [] : [`M${round(xOf(frame, frame.timesNs[i]))},${round(yOf(value))} ${MARKS[mark]}`]
    ).join(" "),
    fill: colour
  })

/** The values of a line without those that were not measured. */
const measured = ({ values }: Line): ReadonlyArray<number> => Array.from(values).filter((value) => !Number.isNaN(value))

/** Draws a panel. */
export const panelSvg = (panel: Panel, frame: Frame): string => {
  const { height, levels = [], title } = panel
  const lines = panel.lines.filter((line) => line.values.length > 0)
  const values = lines.map((line) => measured(line).reduce((a, b) => Math.max(a, b), 0))
  const highest = panel.top ?? Math.max(1, ...values, ...levels.map(({ value }) => value))
  const step = niceStep(highest, 4)
  const top = panel.top ?? Math.ceil(highest / step) * step
  const bottom = frame.y + height
  const yOf = (value: number): number => bottom - (Math.min(value, top) / top) * height
  const grid: Array<string> = []
  for (let value = 0; value <= top + step / 1000; value += step) {
    const y = round(yOf(value))
    grid.push(
      element("line", { x1: frame.x, x2: frame.x + frame.width, y1: y, y2: y, stroke: "#e6e6e6" }),
      svgText(frame.x - 8, y + 4, value.toLocaleString("en-US"), {
        "text-anchor": "end",
        "font-size": 11,
        fill: "#444444"
      })
    )
  }
  const right = frame.x + frame.width + 8
  const drawn = lines.map((line) => {
    const points = pointsOf(line, frame, yOf)
    const first = round(xOf(frame, frame.timesNs[0]))
    const last = round(xOf(frame, frame.timesNs[frame.timesNs.length - 1]))
    const area = line.area === true
      ? element("path", {
        d: `M${first} ${bottom} L${points.join(" L")} L${last} ${bottom} z`,
        fill: line.colour,
        opacity: 0.22
      })
      : ""
    const path = element("path", {
      d: `M${points.join(" L")}`,
      fill: "none",
      stroke: line.colour,
      "stroke-width": 1.6,
      ...(line.dash === undefined ? {} : { "stroke-dasharray": line.dash })
    })
    return bandSvg(line, frame, yOf) + area + path + marksSvg(line, frame, yOf)
  })
  const marks = levels.map(({ colour, value }) =>
    element("line", {
      x1: frame.x,
      x2: frame.x + frame.width,
      y1: round(yOf(value)),
      y2: round(yOf(value)),
      stroke: colour,
      "stroke-dasharray": "5 3"
    })
  )
  const names = [
    ...lines.map((line) => [line, measured(line)] as const).map(([{ colour, name }, of]) => ({
      text: name,
      colour,
      y: yOf(of.at(-1) ?? 0)
    })),
    ...levels.map(({ colour, name, value }) => ({ text: `${name} ${value}`, colour, y: yOf(value) }))
  ]
  return [
    ...grid,
    ...marks,
    ...drawn,
    element("rect", { x: frame.x, y: frame.y, width: frame.width, height, fill: "none", stroke: AXIS }),
    svgText(frame.x, frame.y - 8, title, { "font-weight": "bold", "font-size": 13 }),
    ...namesAt(names, right)
  ].join("")
}

/** Ticks of the time axis below the last panel, in seconds. */
export const timeAxisSvg = (frame: Frame, y: number): string => {
  const step = niceStep((frame.toNs - frame.fromNs) / 1e9, 8)
  const marks: Array<string> = []
  for (let s = Math.ceil(frame.fromNs / 1e9 / step) * step; s <= frame.toNs / 1e9 + step / 1000; s += step) {
    const x = round(xOf(frame, s * 1e9))
    marks.push(
      element("line", { x1: x, x2: x, y1: y, y2: y + 5, stroke: AXIS }),
      svgText(x, y + 19, String(Number(s.toFixed(6))), { "text-anchor": "middle", "font-size": 11, fill: "#444444" })
    )
  }
  return marks.join("") +
    svgText(frame.x + frame.width, y + 36, "simulated time, s", { "text-anchor": "end", "font-size": 11.5 })
}
