import type { RunResult, SeriesColumn } from "@swaplab/cluster"
import { roomSvg } from "@swaplab/report"
import { expect, it } from "vitest"
import { fakeExperiment } from "./fake.ts"

const [made] = fakeExperiment().runs
const column = (name: string, ...values: ReadonlyArray<number>): SeriesColumn => ({
  name,
  values: Float64Array.from(values)
})
const run: RunResult = {
  ...made,
  series: {
    timesNs: Float64Array.of(0, 1e9, 3e9),
    columns: [
      column("client-1.pages_touched", 0, 10, 10),
      column("client-1.pswpin", 0, 0, 0),
      column("client-1.pswpout", 0, 1000, 1000),
      column("server.link_out_busy_ns", 0, 0, 0),
      column("server.link_in_busy_ns", 0, 0.5e9, 0.5e9),
      column("server.resident", 0, 3, 0)
    ]
  }
}

it("draws swap in MB/s, links in percent and clients by what they gained since the sample before", () => {
  const svg = roomSvg(run)
  // 1000 pages in a second are 4.096 MB/s: the axis ends at 5
  for (const text of ["Swap of all clients, MB/s", "Links of the NBD server, %", "swapping", "at work"]) {
    expect(svg).toContain(`>${text}<`)
  }
  const panel = (title: string, next: string): string => svg.slice(svg.indexOf(`>${title}<`), svg.indexOf(`>${next}<`))
  const ticks = (text: string): ReadonlyArray<string> =>
    [...text.matchAll(/text-anchor="end"[^>]*>([\d.]+)</g)].map(([, tick]) => tick)
  // the ticks of a panel stand in front of its title
  expect(ticks(panel("Clients", "Swap of all clients, MB/s"))).toContain("4")
  expect(ticks(panel("Swap of all clients, MB/s", "Links of the NBD server, %"))).toContain("40")
  expect(svg).not.toContain("NaN")
})

it("says that a run without samples has none", () => {
  const svg = roomSvg({ ...run, series: { timesNs: Float64Array.of(0), columns: [] } })
  expect(svg).toContain("There are no samples.")
})

it("marks when something was wrong, and says what", () => {
  const fault = {
    entry: 0,
    what: "restart",
    words: "restart of nbd-server",
    where: ["server", "server-2"],
    beganNs: 1e9,
    endedNs: 2e9,
    effects: [],
    hit: true,
    clients: 1,
    stalled: 1,
    notBack: 0,
    unharmed: 1,
    longestFaultNs: 0,
    stillNs: 1.5e9,
    backAfterNs: 1.5e9,
    ioErrors: 0,
    lostSwap: 0,
    sigbus: 0,
    oomKills: 0,
    lockups: 0,
    timeouts: 0,
    disconnects: 1,
    reconnects: 1,
    reboots: 0
  }
  const svg = roomSvg({
    ...run,
    faults: [fault, { ...fault, beganNs: 2.5e9, endedNs: null }]
  })
  expect(svg).toContain(">Faults: 1: restart of nbd-server<")
  // one band for each beginning, whatever the number of its places
  expect(svg.match(/opacity="0.1"/g)).toHaveLength(2)
  expect(roomSvg(run)).not.toContain("Faults:")
})

it("draws no fall where a counter begins anew, because its machine has booted", () => {
  const columns = run.series.columns.map((of) => of.name === "client-1.pswpout" ? column(of.name, 0, 5000, 1000) : of)
  // 1000 pages in two seconds after the boot, 5000 in one before it: the axis ends at 25
  const svg = roomSvg({ ...run, series: { ...run.series, columns } })
  // the lines of a panel stand in front of its title
  const panel = svg.slice(svg.indexOf(">Clients<"), svg.indexOf(">Swap of all clients, MB/s<"))
  const points = [...panel.matchAll(/[ML][\d.]+ (-?[\d.]+)/g)].map(([, y]) => Number(y))
  const [, bottom] = /y1="([\d.]+)"/.exec(panel) ?? []
  expect(points.length).toBeGreaterThan(0)
  expect(Math.max(...points)).toBeLessThanOrEqual(Number(bottom))
})
