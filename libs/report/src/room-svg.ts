// A run as a chart over time: what the clients do, what they swap, and how busy their servers are.
import type { RunResult, Series } from "@swaplab/cluster"
import { plural } from "@swaplab/config"
import { type Frame, type Line, type Panel, panelSvg, timeAxisSvg, xOf } from "./chart.ts"
import { drawing, element, round, svgText } from "./svg.ts"

const BLUE = "#1f5fa8"
const RED = "#c1272d"
const GREEN = "#2d7d46"

const PAGE_SIZE = 4096
const MIB = 1024 * 1024

const LEFT = 74
const RIGHT = 130
const WIDTH = 1100
const GAP = 44
const HEADER = 92
const HEIGHT = 130

/** The columns of a figure: of each machine of a kind. */
type Columns = ReadonlyArray<ArrayLike<number>>

const named = (series: Series, machines: ReadonlyArray<string>, figure: string): Columns => {
  const wanted = new Set(machines.map((machine) => `${machine}.${figure}`))
  return series.columns.filter(({ name }) => wanted.has(name)).map(({ values }) => values)
}

/** What a counter has gained since the sample before. One that is smaller has begun anew: its machine has booted. */
const gain = (values: ArrayLike<number>, i: number): number =>
  values[i] < values[i - 1] ? values[i] : values[i] - values[i - 1]

/** What counters have gained from one sample to the next, together, for each nanosecond and times `factor`. */
const rate = ({ timesNs }: Series, columns: Columns, factor: number): ReadonlyArray<number> =>
  Array.from(timesNs, (ns, i) => {
    const passed = i === 0 ? 0 : ns - timesNs[i - 1]
    if (passed === 0) return 0
    return columns.reduce((sum, values) => sum + gain(values, i), 0) / passed * factor
  })

/** The values of columns together. */
const total = ({ timesNs }: Series, columns: Columns): ReadonlyArray<number> =>
  Array.from(timesNs, (_, i) => columns.reduce((sum, values) => sum + values[i], 0))

/** How many of the clients have gained anything in one of their columns since the last sample. */
const gaining = ({ timesNs }: Series, figures: ReadonlyArray<Columns>): ReadonlyArray<number> =>
  Array.from(timesNs, (_, i) =>
    i === 0
      ? 0
      : figures[0].filter((_values, client) => figures.some((columns) => gain(columns[client], i) > 0))
        .length)

const line = (name: string, colour: string, values: ArrayLike<number>, area = false): Line => ({
  name,
  colour,
  values,
  area
})

/** One panel for each thing that is looked at; those in which nothing ever happens are left out. */
const panelsOf = (run: RunResult): ReadonlyArray<Panel> => {
  const { series } = run
  const clients = run.clients.map(({ name }) => name)
  const of = (figure: string): Columns => named(series, clients, figure)
  const servers = run.servers.map(({ name }) => name)
  const several = servers.length > 1
  const ofServers = (figure: string): Columns => named(series, servers, figure)
  const linkRate = (figure: string): ReadonlyArray<number> => rate(series, ofServers(figure), 100 / servers.length)
  const one = (machine: string, figure: string): Columns => named(series, [machine], figure)
  const [swapIn, swapOut] = [of("pswpin"), of("pswpout")]
  const host = run.applications === null ? [] : [{
    title: "Server of the programs",
    lines: [
      line("% of a core", BLUE, rate(series, one("applications", "cpu_busy_ns"), 100), true),
      line("requests a s", RED, rate(series, one("applications", "disk_requests"), 1e9))
    ]
  }, {
    title: "Free memory of the server of the programs, MiB",
    lines: one("applications", "nr_free_pages").map((values) =>
      line("free", GREEN, Array.from(values, (pages) => pages * PAGE_SIZE / MIB), true)
    )
  }]
  return [
    {
      title: "Clients",
      lines: [
        line("at work", BLUE, gaining(series, [of("pages_touched")]), true),
        line("swapping", RED, gaining(series, [swapIn, swapOut]))
      ]
    },
    {
      title: "Swap of all clients, MB/s",
      lines: [
        line("in", RED, rate(series, swapIn, PAGE_SIZE * 1e3)),
        line("out", BLUE, rate(series, swapOut, PAGE_SIZE * 1e3), true)
      ]
    },
    {
      title: several ? `Links of ${servers.length} NBD servers on average, %` : "Links of the NBD server, %",
      lines: [
        line("to the clients", RED, linkRate("link_out_busy_ns")),
        line("from them", BLUE, linkRate("link_in_busy_ns"), true)
      ]
    },
    {
      title: several ? "Requests in all NBD servers" : "Requests in the NBD server",
      lines: [line("now", BLUE, total(series, ofServers("resident")))]
    },
    ...host
  ].filter(({ lines }, i) => i === 0 || lines.some(({ values }) => Array.from(values).some((value) => value !== 0)))
    .map((panel) => ({ ...panel, height: HEIGHT }))
}

/** Faults that are drawn. */
const MAX_BANDS = 12

/** When something was wrong: a band over all panels for each beginning of a fault, with a number that the legend explains. */
const bandsOf = (run: RunResult, frame: Frame, bottom: number): { readonly bands: string; readonly legend: string } => {
  const shown = run.faults.slice(0, MAX_BANDS)
  const entries = [...new Set(shown.map(({ entry }) => entry))]
  const bands = shown.flatMap(({ beganNs, endedNs, entry }) => {
    const x = round(xOf(frame, beganNs))
    const width = Math.max(1.5, round(xOf(frame, endedNs ?? frame.toNs) - x))
    return [
      element("rect", { x, y: frame.y, width, height: bottom - frame.y, fill: RED, opacity: 0.1 }),
      element("line", { x1: x, x2: x, y1: frame.y - 3, y2: bottom, stroke: RED, "stroke-dasharray": "2 3" }),
      svgText(x + 3, frame.y + 11, String(entries.indexOf(entry) + 1), { fill: RED, "font-size": 11 })
    ]
  })
  const words = entries.map((entry, i) => {
    const first = shown.find((fault) => fault.entry === entry)
    return `${i + 1}: ${first?.words ?? ""}`
  })
  const more = run.faults.length - shown.length
  return {
    bands: bands.join(""),
    legend: words.length === 0 ? "" : `Faults: ${words.join("; ")}${more > 0 ? `; and ${more} more` : ""}`
  }
}

/** Draws a run that has at least two samples; without them: that there is nothing to draw. */
export const roomSvg = (run: RunResult): string => {
  const { timesNs } = run.series
  const title = `${run.scenario}, ${run.kernel}, seed ${run.seed}`
  const head = [
    svgText(24, 30, title, { "font-size": 18, "font-weight": "bold" }),
    svgText(24, 51, `${plural(run.clients.length, "client")}. Each point is the time since the one before.`, {
      fill: "#444444"
    })
  ]
  if (timesNs.length < 2) return drawing(WIDTH, HEADER, title, ...head, svgText(24, 72, "There are no samples."))
  const base = {
    x: LEFT,
    width: WIDTH - LEFT - RIGHT,
    timesNs,
    fromNs: timesNs[0],
    toNs: timesNs[timesNs.length - 1]
  }
  // a line more where something went wrong
  const top = run.faults.length === 0 ? HEADER : HEADER + 22
  let y = top
  const drawn = panelsOf(run).map((panel) => {
    const svg = panelSvg(panel, { ...base, y })
    y += panel.height + GAP
    return svg
  })
  const bottom = y - GAP
  const frame: Frame = { ...base, y: top }
  const { bands, legend } = bandsOf(run, frame, bottom)
  const faults = legend === "" ? [] : [svgText(24, 70, legend, { fill: RED })]
  return drawing(WIDTH, bottom + 50, title, ...head, ...faults, bands, ...drawn, timeAxisSvg(frame, bottom))
}
