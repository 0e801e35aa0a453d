import type { RunResult, ServerResult } from "@swaplab/cluster"
import { renderReport, roomSvg } from "@swaplab/report"
import { expect, it } from "vitest"
import { fakeExperiment } from "./fake.ts"

const WIDE = { width: 200, colour: false }
const experiment = fakeExperiment()

/** The report where each run has these servers. */
const reportOf = (...servers: ReadonlyArray<Partial<ServerResult>>): string =>
  renderReport({
    ...experiment,
    runs: experiment.runs.map((run): RunResult => ({
      ...run,
      network: { ...run.network, servers: servers.map(() => run.network.servers[0]) },
      servers: servers.map((changes) => ({ ...run.servers[0], ...changes }))
    }))
  }, WIDE)

const tableOf = (report: string, title: string): ReadonlyArray<ReadonlyArray<string>> => {
  const [, ...lines] = report.slice(report.indexOf(`\n${title}`) + 1).split("\n\n")[0].split("\n")
  return lines.map((line) => line.trim().split(/ {2,}/))
}

it("one server is a row for each kernel, without a name", () => {
  const [head, ...rows] = tableOf(reportOf({ requests: 7 }), "Server (")
  expect(head.slice(0, 3)).toEqual(["kernel", "requests", "per s"])
  expect(rows.map((row) => row.slice(0, 3))).toEqual([
    ["slab-vanilla", "7", "3470"],
    ["slab-series", "7", "3470"],
    ["slub-vanilla", "7", "3470"]
  ])
})

it("of several each has its row, by name", () => {
  const [head, ...rows] = tableOf(reportOf({ name: "s-1", requests: 7 }, { name: "s-2", requests: 8 }), "Server (")
  expect(head.slice(0, 3)).toEqual(["kernel", "server", "requests"])
  expect(rows.slice(0, 3).map((row) => row.slice(0, 3))).toEqual([
    ["slab-vanilla", "s-1", "7"],
    ["slab-vanilla", "s-2", "8"],
    ["slab-series", "s-1", "7"]
  ])
})

it("images of roots have a table where there are any: how much came from the cache, with another client, from the disk", () => {
  expect(reportOf({})).not.toContain("Images of roots")
  const image = { name: "root", requests: 9, readBytes: 4e6, hitBytes: 2e6, sharedBytes: 1.6e6, missBytes: 0.4e6 }
  const [head, ...rows] = tableOf(reportOf({ images: [image, { ...image, name: "other" }] }), "Images of roots")
  expect(head).toEqual(["kernel", "image", "requests", "read, MB", "from cache", "shared", "from disk"])
  expect(rows.slice(0, 2)).toEqual([
    ["slab-vanilla", "root", "9", "4.0", "50.0 %", "40.0 %", "10.0 %"],
    ["slab-vanilla", "other", "9", "4.0", "50.0 %", "40.0 %", "10.0 %"]
  ])
  const several = tableOf(reportOf({ name: "s-1" }, { name: "s-2", images: [image] }), "Images of roots")
  expect(several.slice(0, 2).map((row) => row.slice(0, 3))).toEqual([
    ["kernel", "server", "image"],
    ["slab-vanilla", "s-2", "root"]
  ])
})

it("the picture of a room has the mean of the links of several servers, and the sum of their requests", () => {
  const [made] = experiment.runs
  const column = (name: string, ...values: ReadonlyArray<number>) => ({ name, values: Float64Array.from(values) })
  const svg = roomSvg({
    ...made,
    servers: ["s-1", "s-2"].map((name) => ({ ...made.servers[0], name })),
    series: {
      timesNs: Float64Array.of(0, 1e9),
      columns: [
        column("client-1.pages_touched", 0, 10),
        column("s-1.link_out_busy_ns", 0, 0.8e9),
        column("s-2.link_out_busy_ns", 0, 0),
        column("s-1.resident", 0, 3),
        column("s-2.resident", 0, 5)
      ]
    }
  })
  const ticks = (title: string): ReadonlyArray<string> => {
    const before = svg.slice(0, svg.indexOf(`>${title}<`))
    const panel = before.slice(before.lastIndexOf("</text><rect") + 1)
    return [...panel.matchAll(/text-anchor="end"[^>]*>([\d.]+)</g)].map(([, tick]) => tick)
  }
  // the ticks of a panel stand in front of its title: 80 % and 0 % are 40 %, 3 and 5 are 8
  expect(ticks("Links of 2 NBD servers on average, %")).toContain("40")
  expect(ticks("Links of 2 NBD servers on average, %")).not.toContain("80")
  expect(ticks("Requests in all NBD servers")).toContain("8")
})
