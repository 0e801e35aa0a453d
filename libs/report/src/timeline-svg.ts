// The seconds before a lockup as a chart: free pages against their watermarks and floors, block requests, tasks, and what
// the network lost or could not hand over.
import type { LockupReport, LockupZone, Series } from "@swaplab/cluster"
import { type Frame, type Level, type Line, type Panel, panelSvg, timeAxisSvg, xOf } from "./chart.ts"
import { moment } from "./format.ts"
import { drawing, element, round, svgText } from "./svg.ts"

const BLUE = "#1f5fa8"
const RED = "#c1272d"
const GREEN = "#2d7d46"
const ORANGE = "#b8651b"
const GREY = "#777777"

const LEFT = 74
const RIGHT = 150
const WIDTH = 1100
const GAP = 44
const HEADER = 92

const column = (series: Series, name: string): ArrayLike<number> =>
  series.columns.find((item) => item.name === name)?.values ?? []

/** What a counter has gained since the beginning of the window. */
const gained = (values: ArrayLike<number>): ArrayLike<number> => Array.from(values, (value) => value - values[0])

const scaled = (values: ArrayLike<number>, by: number): ArrayLike<number> => Array.from(values, (value) => value / by)

/** Watermarks of a zone, the floor of the allocation that is stuck, and that of interrupts. */
const levelsOf = (zone: LockupZone): ReadonlyArray<Level> => [
  { name: "high", value: zone.high, colour: GREY },
  { name: "low", value: zone.low, colour: GREY },
  { name: "min", value: zone.min, colour: ORANGE },
  ...(zone.floor !== zone.min && zone.floor !== zone.atomic ? [{ name: "floor", value: zone.floor, colour: RED }] : []),
  { name: "GFP_ATOMIC", value: zone.atomic, colour: RED }
]

/** Panels: one for each zone, the largest first. */
const panelsOf = (report: LockupReport, series: Series): ReadonlyArray<Panel> => {
  const zones = report.zones.toReversed().map((zone, i): Panel => ({
    title: `Free pages, zone ${zone.name}`,
    lines: [{ name: "free", colour: BLUE, values: column(series, `free_${zone.name}`) }],
    levels: levelsOf(zone),
    height: i === 0 ? 190 : 120,
    top: Math.ceil(zone.high * 1.8 / 50) * 50
  }))
  const lost = gained(column(series, "packets_lost_total"))
  const lines = (...all: ReadonlyArray<readonly [string, string, ArrayLike<number>, boolean?]>): ReadonlyArray<Line> =>
    all.map(([name, colour, values, area = false]) => ({ name, colour, values, area }))
  return [
    ...zones,
    {
      title: "Block requests",
      lines: lines(
        ["in flight", BLUE, column(series, "requests_in_flight"), true],
        ["sent, no reply read", RED, column(series, "requests_sent")]
      ),
      height: 120
    },
    {
      title: "Tasks of the client",
      lines: lines(
        ["in state D", BLUE, column(series, "tasks_in_d"), true],
        ["page refused", RED, column(series, "tasks_refused")],
        ["throttled", GREEN, column(series, "tasks_throttled")]
      ),
      height: 120
    },
    {
      title: "Network",
      lines: lines(
        ["packets lost", RED, lost],
        ["backlog, KiB", BLUE, scaled(column(series, "backlog_bytes"), 1024), true]
      ),
      height: 120
    }
  ]
}

/** A moment, as a line through all panels with its name above. */
const momentSvg = (frame: Frame, ns: number, bottom: number, name: string, row: number): string => {
  if (ns < frame.fromNs || ns > frame.toNs) return ""
  const x = round(xOf(frame, ns))
  const late = x > frame.x + frame.width * 0.7
  return element("line", {
    x1: x,
    x2: x,
    y1: HEADER - 34 + row * 15,
    y2: bottom,
    stroke: "#000000",
    "stroke-width": 1
  }) +
    svgText(late ? x - 5 : x + 5, HEADER - 25 + row * 15, name, {
      "font-size": 11.5,
      "text-anchor": late ? "end" : "start"
    })
}

/**
 * Draws a close-up of a client around a lockup. `momentNs` is the last progress; `of` says of which run: `seed-2012,
 * slub-vanilla, seed 1`.
 */
export const timelineSvg = (report: LockupReport, series: Series, momentNs: number, of: string): string => {
  const { timesNs } = series
  const panels = panelsOf(report, series)
  const base = {
    x: LEFT,
    width: WIDTH - LEFT - RIGHT,
    timesNs,
    fromNs: timesNs[0],
    toNs: timesNs[timesNs.length - 1]
  }
  let y = HEADER + 24
  const drawn = panels.map((panel) => {
    const svg = panelSvg(panel, { ...base, y })
    y += panel.height + GAP
    return svg
  })
  const bottom = y - GAP
  const frame = { ...base, y: HEADER }
  const failure = report.firstFailure
  const firstNs = failure === null ? -1 : failure.before?.timeNs ?? failure.timeNs
  const quiet = xOf(frame, momentNs)
  return drawing(
    WIDTH,
    bottom + 50,
    `the seconds before the lockup of ${report.client}`,
    element("rect", {
      x: quiet,
      y: HEADER + 24,
      width: Math.max(0, frame.x + frame.width - quiet),
      height: bottom - HEADER - 24,
      fill: "#f3e3e3",
      opacity: 0.6
    }),
    svgText(
      24,
      30,
      `Before the lockup of ${report.client}: ${report.taxonomy}, last progress at ${moment(momentNs)}`,
      {
        "font-size": 18,
        "font-weight": "bold"
      }
    ),
    svgText(24, 51, `${of}. Shaded: nothing is touched, completed or reclaimed any more.`, { fill: "#444444" }),
    ...drawn,
    momentSvg(frame, momentNs, bottom, "last progress", 0),
    firstNs < 0 ? "" : momentSvg(frame, firstNs, bottom, `first refused: ${failure?.task ?? ""}`, 1),
    timeAxisSvg(frame, bottom)
  )
}

/** The same samples for a spreadsheet: seconds, then a column each. */
export const closeUpCsv = ({ columns, timesNs }: Series): string =>
  [
    ["time_s", ...columns.map(({ name }) => name)].join(","),
    ...Array.from(timesNs, (ns, i) => [ns / 1e9, ...columns.map(({ values }) => values[i])].join(","))
  ].join("\n") + "\n"
