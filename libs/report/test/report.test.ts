import { count, latency, megabytes, seconds } from "#src/format.ts"
import { DROP_SITE_NAMES, DROP_SITES, madeUpLatencies, NO_DROPS } from "@swaplab/cluster"
import { RunFailure } from "@swaplab/experiment"
import { renderReport, type Sheet } from "@swaplab/report"
import { describe, expect, it } from "vitest"
import { fakeExperiment } from "./fake.ts"

/** Wide enough for each table in one part. */
const WIDE: Sheet = { width: 100, colour: false }

const sectionOf = (report: string, title: string): string => {
  const start = report.indexOf(`\n${title}`)
  expect(start).toBeGreaterThan(-1)
  return report.slice(start + 1).split(/\n\n(?=[A-Z])/)[0]
}

describe("numbers", () => {
  it.each([
    [1762.09e9, "1762.09"],
    [0, "0.00"],
    [null, "-"],
    [Number.NaN, "-"]
  ])("%s ns is %s s", (ns, text) => expect(seconds(ns)).toBe(text))

  it.each([
    [0, "0 ns"],
    [999, "999 ns"],
    [1000, "1.00 us"],
    [341_000, "341 us"],
    [999_960, "1.00 ms"],
    [12_340_000, "12.3 ms"],
    [4_000_000_000, "4.00 s"],
    [120e9, "120 s"],
    [Number.NaN, "-"]
  ])("a latency of %s ns is %s", (ns, text) => expect(latency(ns)).toBe(text))

  it("leaves out what was not measured", () => {
    expect([megabytes(null), count(Number.NaN)]).toEqual(["-", "-"])
  })
})

describe("the report", () => {
  const report = renderReport(fakeExperiment(), WIDE)

  it("says which runs were lost", () => {
    expect(report).not.toContain("Lost runs")
    const reason = "page count is negative"
    const failures = [new RunFailure({ kernel: "slab-series", seed: 3, reason, stack: "" })]
    expect(sectionOf(renderReport({ ...fakeExperiment(), failures }, WIDE), "Lost runs")).toContain(
      "slab-series, seed 3: page count is negative"
    )
  })

  it("counts outcomes with the interval of their share", () => {
    expect(sectionOf(report, "Outcomes").split("\n").slice(0, 5)).toEqual([
      "Outcomes",
      "  kernel        expected   completed       locked up  after s  elapsed s   sys s  in MB/s  out MB/s",
      "  slab-vanilla  completed        3/3    0/3 (0-56 %)        -    3241.70  202.61     20.0      25.0",
      "  slab-series   completed        3/3    0/3 (0-56 %)        -    1763.09  110.19     20.0      25.0",
      "  slub-vanilla  lockup           0/3  3/3 (44-100 %)    20.00          -       -     20.0      25.0"
    ])
  })

  it("compares kernels by both meanings of faster", () => {
    const single = renderReport(fakeExperiment({ seeds: [1] }), WIDE)
    expect(sectionOf(single, "Comparison").split("\n").slice(1, 6)).toEqual([
      "  seconds   slab-vanilla  slab-series      time  speed  paired difference",
      "  User              1.00         1.00     0.0 %  1.00x                  -",
      "  System          202.54       110.13   -45.6 %  1.84x                  -",
      "  User+Sys        203.54       111.13   -45.4 %  1.83x                  -",
      "  Elapsed        3240.70      1762.09   -45.6 %  1.84x                  -"
    ])
    expect(sectionOf(report, "Comparison")).toContain("1763.09*  -45.6 %  1.84x  -1478.61 to -1478.61")
    expect(report).toContain("slab-vanilla and slub-vanilla: no seed that both have completed, nothing to compare")
  })

  it("prints the proof of a lockup once a kernel, and counts the others", () => {
    expect(sectionOf(report, "Lockups")).toBe([
      "Lockups",
      "  slub-vanilla: lockups in 3 of 3 runs, last progress after 20.00 s (median). deadlock 2, hang 1; tx",
      "    starvation 3",
      "",
      "  Seed 1, client-1:",
      "    deadlock of client-1, seed 1",
      "      nbd0 in direct reclaim needs a page: order:0, GFP_NOIO, DMA32 free 142 <= floor 191; pages are",
      "        freed when a write completes"
    ].join("\n"))
  })

  it("sums up counters over zones, and over clients", () => {
    const two = renderReport(fakeExperiment({ clients: [{ name: "client", count: 2 }] }))
    expect(sectionOf(two, "Counters")).toMatch(/pgscan_kswapd_\* +642 +642 +642/)
    expect(sectionOf(two, "Counters")).toMatch(/dropped by sk_filter +12 +12 +12/)
  })

  it("says what ran in the background, with its rate and latency", () => {
    const experiment = fakeExperiment({ seeds: [1] })
    expect(renderReport(experiment)).not.toContain("\nBackground")
    const load = {
      workload: "sysbench",
      name: "sysbench",
      unit: "transactions",
      done: 6481,
      failed: 2,
      latency: madeUpLatencies({ count: 1, p50Ns: 1.5e6 }),
      figures: {},
      latencies: {}
    }
    const runs = experiment.runs.map((run) => ({
      ...run,
      clients: run.clients.map((client) => ({ ...client, background: [load] }))
    }))
    const [, , first] = sectionOf(renderReport({ ...experiment, runs }), "Background").split("\n")
    expect(first).toMatch(/slab-vanilla +sysbench +transactions +6481 +2 +2 +1.50 ms/)
  })

  it("says when clients started where they differ, by the clock if there is one", () => {
    const clients = [{ name: "client", count: 2, start: "normal(2 min, 90 s)" }]
    const withStarts = (changes: Record<string, unknown>): string => {
      const experiment = fakeExperiment({ clients, seeds: [1], ...changes })
      const starts = [71.5e9, null]
      const runs = experiment.runs.map((run) => ({
        ...run,
        clients: run.clients.map((client, i) => ({ ...client, startedNs: starts[i] }))
      }))
      return renderReport({ ...experiment, runs }, WIDE)
    }
    const plain = withStarts({})
    expect(plain).toContain("starts by normal(2 min, 90 s)")
    const [, head, first, second] = sectionOf(plain, "Clients").split("\n")
    expect(head).toMatch(/client +outcome +start s +elapsed s/)
    expect(first).toMatch(/client-1 +completed +71.50 +3240.70/)
    expect(second).toMatch(/client-2 +completed +- +3240.70/)
    const timed = withStarts({ clock: "08:55" })
    expect(timed).toContain("of simulated time from 08:55 on")
    expect(sectionOf(timed, "Clients")).toMatch(/client-1 +completed +08:56:11 +3240.70/)
    expect(renderReport(fakeExperiment({ seeds: [1] }), WIDE)).not.toContain("start s")
  })

  it("lists clients, and all of them together with the worst latency", () => {
    const many = renderReport(fakeExperiment({ clients: [{ name: "client", count: 11 }], seeds: [1] }), WIDE)
    const lines = sectionOf(many, "Clients").split("\n")
    expect(lines[2]).toMatch(/slab-vanilla +client-1 +completed +3240.70 +400 +1.25ms +16.0ms +65.5ms +1.00s/)
    expect(lines[11]).toContain("client-10")
    expect(lines[13]).toMatch(/slab-vanilla +all 11 +completed +3240.70 +4400 +1.25ms +16.0ms +65.5ms +11.0s/)
  })

  it("lists at most sixty clients of each kernel, and all of them together in any case", () => {
    const many = renderReport(fakeExperiment({ clients: [{ name: "client", count: 61 }], seeds: [1] }), WIDE)
    const lines = sectionOf(many, "Clients").split("\n")
    for (const kernel of ["slab-vanilla", "slab-series"]) {
      const own = lines.filter((line) => line.trim().startsWith(`${kernel} `)).map((line) =>
        line.trim().split(/  +/)[1]
      )
      expect(own).toHaveLength(61)
      expect(own.slice(59)).toEqual(["client-60", "all 61"])
    }
    // one of each of the three kernels
    expect(lines).toContain("  3 more rows are in result.json (--out).")
  })

  it("draws the map of outcomes", () => {
    const map = { x: { path: "clients.0.pageCache", values: ["0 %", "30 %"] }, seeds: 2, kernels: ["slub-vanilla"] }
    expect(sectionOf(renderReport(fakeExperiment({ map })), "Map of outcomes")).toBe([
      "Map of outcomes",
      "  across: clients.0.pageCache",
      "  Completed runs of all; TX tx starvation.",
      "",
      "  slub-vanilla",
      "      0 %     30 %",
      "      0/2 TX  0/2 TX"
    ].join("\n"))
  })

  it("says what is not as expected, and warns once", () => {
    const strict = renderReport(fakeExperiment({ expect: {}, thresholds: ["client.faultLatency.max < 10 ms"] }))
    expect(sectionOf(strict, "Not as expected")).toContain(
      "slub-vanilla, seed 3: lockup where the scenario expects none"
    )
    expect(sectionOf(strict, "Not as expected")).toContain(
      "slab-vanilla, seed 1: client.faultLatency.max < 10 ms: client-1 has 1 s"
    )
    expect(sectionOf(report, "Warnings")).toBe("Warnings\n  the receive ring was empty at times (3 runs)")
    expect(report).not.toContain("Not as expected")
  })

  it("prints the fingerprint of every run", () => {
    expect(sectionOf(report, "Fingerprints")).toContain(
      "  slab-series: 1:0000000000000111 2:0000000000000112 3:0000000000000113"
    )
  })

  it("says that laws hold, or which do not", () => {
    expect(sectionOf(report, "Laws")).toBe("Laws\n  All 9 checks hold: pages conserved.")
    const result = fakeExperiment()
    const [first, ...rest] = result.runs
    const laws = [{ law: "swap tokens" as const, subject: "client-1", holds: false, detail: "3 pages came back wrong" }]
    const broken = renderReport({ ...result, runs: [{ ...first, laws }, ...rest] })
    expect(sectionOf(broken, "Laws")).toContain(
      "1 of 9 checks are broken. This is a fault of swaplab: please report it."
    )
    expect(broken).toContain("  slab-vanilla, seed 1: swap tokens, client-1: 3 pages came back wrong")
  })

  it("says that it was interrupted", () => {
    const result = { ...fakeExperiment(), interrupted: true }
    expect(renderReport(result)).toContain("Interrupted: 9 of 9 runs were measured")
  })
})

describe("the network", () => {
  const experiment = fakeExperiment()
  const withServer = (changes: Partial<(typeof experiment.runs)[number]["network"]["servers"][number]>): string =>
    renderReport({
      ...experiment,
      runs: experiment.runs.map((run) => ({
        ...run,
        network: { ...run.network, servers: run.network.servers.map((server) => ({ ...server, ...changes })) }
      }))
    }, WIDE)

  it.each(DROP_SITE_NAMES)("prints what %s has dropped, and where", (site) => {
    const report = withServer({ drops: { ...NO_DROPS, [site]: 1234 } })
    const rows = sectionOf(report, "Network").split("\n").filter((line) =>
      line.includes(`dropped: ${DROP_SITES[site].label}`)
    )
    expect(rows.map((row) => row.match(/1234/g)?.length)).toEqual([3])
    expect(sectionOf(report, "Ports of the switch")).toMatch(/slab-vanilla +server +1234 /)
  })

  it("prints pauses: how many orders, and how long", () => {
    const report = withServer({ pauseFrames: 46, pausedNs: 2.5e9, switchDroppedBytes: 4096 })
    expect(sectionOf(report, "Network")).toMatch(/pause or go on +46 +46 +46\n/)
    expect(sectionOf(report, "Network")).toMatch(/servers were not allowed to send, all +2\.50 /)
    expect(sectionOf(report, "Ports of the switch")).toMatch(/server +0 +0 +4 +0 +4 +46 +2\.50/)
  })

  it("leaves out ports where nothing was dropped or paused", () => {
    expect(renderReport(experiment, WIDE)).not.toContain("Ports of the switch")
  })
})
