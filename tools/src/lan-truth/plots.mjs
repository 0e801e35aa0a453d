// @ts-check
// The pictures of docs/validation.md, drawn with the elements of libs/report.
import { pathToFileURL } from "node:url"
import { root } from "../workspace.mjs"
import { JUDGED } from "./judge.mjs"

/** @typedef {import("./judge.mjs").JudgedCell} JudgedCell */
/** @typedef {import("./judge.mjs").Figure} Figure */

const { drawing, element, round, svgText } = await import(pathToFileURL(`${root}/libs/report/dist/svg.js`).href)

const COLOUR = { read: "#1f5fa8", write: "#c1272d", mixed: "#2d7d46" }
const GREY = "#8a8a8a"
const TITLES = {
  goodputMBs: "goodput, MB/s",
  p50ms: "median, ms",
  p99ms: "p99, ms",
  timeoutsPerS: "time-outs a second"
}
const SIDE = 300
const GAP = 76
const LEFT = 66
const TOP = 92

/**
 * A logarithmic axis; values below its least stand at its least, as 0 does.
 * @type {(from: number, to: number, length: number) => { place: (value: number) => number, ticks: ReadonlyArray<number> }}
 */
export const logAxis = (from, to, length) => {
  const decades = Math.log10(to / from)
  const ticks = [1, 2, 5].flatMap((step) =>
    Array.from({ length: 14 }, (_, power) => Number((step * 10 ** (power - 7)).toPrecision(1)))
  ).filter((tick) => tick >= from && tick <= to).sort((a, b) => a - b)
  return {
    place: (value) => Math.log10(Math.min(to, Math.max(from, value)) / from) / decades * length,
    ticks: decades > 2 ? ticks.filter((tick) => tick.toExponential().startsWith("1")) : ticks
  }
}

/** @type {(stack: string, x: number, y: number, colour: string) => string} */
const mark = (stack, x, y, colour) =>
  stack === "reno"
    ? element("circle", { cx: round(x), cy: round(y), r: 3.6, fill: "none", stroke: colour, "stroke-width": 1.5 })
    : element("path", {
      d: `M${round(x - 3.6)} ${round(y - 3.6)} l7.2 7.2 M${round(x + 3.6)} ${round(y - 3.6)} l-7.2 7.2`,
      stroke: colour,
      "stroke-width": 1.5
    })

/** The real side across, the model up: a point for each cell. @type {(cells: ReadonlyArray<JudgedCell>, figure: Figure, left: number, top: number) => string} */
const panel = (cells, figure, left, top) => {
  const rare = figure === "timeoutsPerS"
  const values = cells.flatMap(({ judged }) => [judged[figure].real, judged[figure].model]).filter((value) => value > 0)
  const least = rare ? 0.05 : Math.min(...values) / 1.2
  const { place, ticks } = logAxis(least, Math.max(...values) * 1.2, SIDE)
  const bottom = top + SIDE
  const grid = ticks.map((tick) => {
    const at = place(tick)
    return element("line", { x1: round(left + at), x2: round(left + at), y1: top, y2: bottom, stroke: "#ececec" }) +
      element("line", {
        x1: left,
        x2: left + SIDE,
        y1: round(bottom - at),
        y2: round(bottom - at),
        stroke: "#ececec"
      }) +
      svgText(round(left + at), bottom + 16, String(tick), {
        "text-anchor": "middle",
        "font-size": 11,
        fill: "#444444"
      }) +
      svgText(left - 7, round(bottom - at + 4), String(tick), {
        "text-anchor": "end",
        "font-size": 11,
        fill: "#444444"
      })
  })
  const points = cells.map(({ judged, op, stack }) => {
    const { model, real, spread } = judged[figure]
    const y = bottom - place(model)
    return element("line", {
      x1: round(left + place(real - spread)),
      x2: round(left + place(real + spread)),
      y1: round(y),
      y2: round(y),
      stroke: COLOUR[op],
      opacity: 0.35
    }) + mark(stack, left + place(real), y, COLOUR[op])
  })
  return [
    ...grid,
    element("line", { x1: left, y1: bottom, x2: left + SIDE, y2: top, stroke: GREY, "stroke-dasharray": "5 3" }),
    ...points,
    element("rect", { x: left, y: top, width: SIDE, height: SIDE, fill: "none", stroke: GREY }),
    svgText(left, top - 8, TITLES[/** @type {keyof typeof TITLES} */ (figure)], { "font-weight": "bold" }),
    svgText(left + SIDE, bottom + 32, rare ? "real (0 at the edge)" : "real", {
      "text-anchor": "end",
      "font-size": 11.5
    }),
    svgText(left + 6, top + 16, "model", { "font-size": 11.5 })
  ].join("")
}

/** @type {(x: number, y: number) => string} */
const legend = (x, y) =>
  Object.entries(COLOUR).map(([name, colour], i) =>
    element("rect", { x: x + i * 78, y: y - 9, width: 10, height: 10, fill: colour }) +
    svgText(x + 15 + i * 78, y, name)
  ).join("") + mark("reno", x + 250, y - 4, "#1a1a1a") + svgText(x + 260, y, "reno") +
  mark("cubic", x + 316, y - 4, "#1a1a1a") + svgText(x + 326, y, "cubic")

/** All cells, a panel for each figure with a goal. @type {(cells: ReadonlyArray<JudgedCell>) => string} */
export const scatterSvg = (cells) =>
  drawing(
    LEFT + 2 * SIDE + GAP + 24,
    TOP + 2 * SIDE + GAP + 50,
    "The model beside a real LAN",
    svgText(LEFT, 30, "The model beside a real LAN: medians of the repeats", {
      "font-size": 18,
      "font-weight": "bold"
    }),
    legend(LEFT, 56),
    ...JUDGED.map((figure, i) => panel(cells, figure, LEFT + (i % 2) * (SIDE + GAP), TOP + (i >> 1) * (SIDE + GAP)))
  )

/** Requests by how long the last hundredth takes, over the buffer: real with its spread, and model. @type {(cells: ReadonlyArray<JudgedCell>) => string} */
export const tailsSvg = (cells) => {
  const rows = /** @type {const} */ (["reno", "cubic"]).flatMap((stack) =>
    /** @type {const} */ (["read", "write", "mixed"]).map((op) => ({ stack, op }))
  )
  const [width, height, gap] = [200, 150, 56]
  const buffers = [...new Set(cells.map(({ bufferKiB }) => bufferKiB))].sort((a, b) => a - b)
  const clients = [...new Set(cells.map((cell) => cell.clients))].sort((a, b) => a - b)
  const shades = ["#9dbcdf", "#5f93cc", "#1f5fa8", "#0b2b52"]
  const tails = cells.filter(({ sizeKiB }) => sizeKiB === 32)
  const all = tails.flatMap(({ judged }) => [judged["p99ms"].real, judged["p99ms"].model])
  const { place, ticks } = logAxis(Math.min(...all) / 1.2, Math.max(...all) * 1.2, height)
  const xOf = (/** @type {number} */ buffer) =>
    buffers.length === 1 ? width / 2 : 14 + buffers.indexOf(buffer) / (buffers.length - 1) * (width - 28)
  const panels = rows.map(({ op, stack }, i) => {
    const left = LEFT + (i % 3) * (width + 26)
    const top = TOP + Math.floor(i / 3) * (height + gap)
    const bottom = top + height
    const some = tails.filter((cell) => cell.op === op && cell.stack === stack)
    const grid = ticks.map((tick) => {
      const y = round(bottom - place(tick))
      return element("line", { x1: left, x2: left + width, y1: y, y2: y, stroke: "#ececec" }) +
        (i % 3 === 0
          ? svgText(left - 7, y + 4, String(tick), { "text-anchor": "end", "font-size": 11, fill: "#444444" })
          : "")
    })
    const drawn = clients.map((count, at) => {
      const line = some.filter((cell) => cell.clients === count)
      const d = line.map(({ bufferKiB, judged }) =>
        `${round(left + xOf(bufferKiB))} ${round(bottom - place(judged["p99ms"].model))}`
      )
      const bars = line.map(({ bufferKiB, judged }) => {
        const { real, spread } = judged["p99ms"]
        const x = round(left + xOf(bufferKiB) + (at - 1.5) * 3)
        return element("line", {
          x1: x,
          x2: x,
          y1: round(bottom - place(real - spread)),
          y2: round(bottom - place(real + spread)),
          stroke: shades[at % shades.length],
          "stroke-width": 2
        }) + element("circle", { cx: x, cy: round(bottom - place(real)), r: 3, fill: shades[at % shades.length] })
      })
      return d.length === 0
        ? ""
        : element("path", {
          d: `M${d.join(" L")}`,
          fill: "none",
          stroke: shades[at % shades.length],
          "stroke-width": 1.5
        }) +
          bars.join("")
    })
    return [
      ...grid,
      ...buffers.map((buffer) =>
        svgText(round(left + xOf(buffer)), bottom + 16, String(buffer), {
          "text-anchor": "middle",
          "font-size": 11,
          fill: "#444444"
        })
      ),
      ...drawn,
      element("rect", { x: left, y: top, width, height, fill: "none", stroke: GREY }),
      svgText(left, top - 8, `${stack}, ${op}`, { "font-weight": "bold" })
    ].join("")
  })
  const names = clients.map((count, at) =>
    element("rect", { x: LEFT + at * 96, y: 47, width: 10, height: 10, fill: shades[at % shades.length] }) +
    svgText(LEFT + 15 + at * 96, 56, `${count} client${count === 1 ? "" : "s"}`)
  )
  return drawing(
    LEFT + 3 * width + 2 * 26 + 24,
    TOP + 2 * height + gap + 56,
    "99th percentile of the latency over the buffer of a switch port",
    svgText(LEFT, 30, "p99 in ms over the buffer of a port in KiB: points real, lines model", {
      "font-size": 18,
      "font-weight": "bold"
    }),
    ...names,
    ...panels
  )
}
