// A run as a chart over time: what the clients do, what they swap, and how busy their server is.
import type { RunResult, Series } from "@swaplab/cluster"
import { type Frame, type Line, type Panel, panelSvg, timeAxisSvg } from "./chart.ts"
import { drawing, svgText } from "./svg.ts"

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

/** The columns of a figure: of each client, or of the one machine that has it. */
type Columns = ReadonlyArray<ArrayLike<number>>

const named = (series: Series, machines: ReadonlyArray<string>, figure: string): Columns => {
  const wanted = new Set(machines.map((machine) => `${machine}.${figure}`))
  return series.columns.filter(({ name }) => wanted.has(name)).map(({ values }) => values)
}

/** What counters have gained from one sample to the next, together, for each nanosecond and times `factor`. */
const rate = ({ timesNs }: Series, columns: Columns, factor: number): ReadonlyArray<number> =>
  Array.from(timesNs, (ns, i) => {
    const passed = i === 0 ? 0 : ns - timesNs[i - 1]
    if (passed === 0) return 0
    return columns.reduce((sum, values) => sum + values[i] - values[i - 1], 0) / passed * factor
  })

/** How many of the clients have gained anything in one of their columns since the last sample. */
const gaining = ({ timesNs }: Series, figures: ReadonlyArray<Columns>): ReadonlyArray<number> =>
  Array.from(timesNs, (_, i) =>
    i === 0
      ? 0
      : figures[0].filter((_values, client) => figures.some((columns) => columns[client][i] > columns[client][i - 1]))
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
      title: "Links of the NBD server, %",
      lines: [
        line("to the clients", RED, rate(series, one("server", "link_out_busy_ns"), 100)),
        line("from them", BLUE, rate(series, one("server", "link_in_busy_ns"), 100), true)
      ]
    },
    {
      title: "Requests in the NBD server",
      lines: one("server", "resident").map((values) => line("now", BLUE, values))
    },
    ...host
  ].filter(({ lines }, i) => i === 0 || lines.some(({ values }) => Array.from(values).some((value) => value !== 0)))
    .map((panel) => ({ ...panel, height: HEIGHT }))
}

/** Draws a run that has at least two samples; without them: that there is nothing to draw. */
export const roomSvg = (run: RunResult): string => {
  const { timesNs } = run.series
  const title = `${run.scenario}, ${run.kernel}, seed ${run.seed}`
  const head = [
    svgText(24, 30, title, { "font-size": 18, "font-weight": "bold" }),
    svgText(24, 51, `${run.clients.length} clients. Each point is the time since the one before.`, { fill: "#444444" })
  ]
  if (timesNs.length < 2) return drawing(WIDTH, HEADER, title, ...head, svgText(24, 72, "There are no samples."))
  const base = {
    x: LEFT,
    width: WIDTH - LEFT - RIGHT,
    timesNs,
    fromNs: timesNs[0],
    toNs: timesNs[timesNs.length - 1]
  }
  let y = HEADER
  const drawn = panelsOf(run).map((panel) => {
    const svg = panelSvg(panel, { ...base, y })
    y += panel.height + GAP
    return svg
  })
  const bottom = y - GAP
  const frame: Frame = { ...base, y: HEADER }
  return drawing(WIDTH, bottom + 50, title, ...head, ...drawn, timeAxisSvg(frame, bottom))
}
