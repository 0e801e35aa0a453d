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
