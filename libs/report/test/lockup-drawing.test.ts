import { panelSvg } from "#src/chart.ts"
import { madeUpLockup, type Series, type WaitEdge, type WaitGraph } from "@swaplab/cluster"
import { closeUpCsv, graphSvg, timelineSvg } from "@swaplab/report"
import { describe, expect, it } from "vitest"

const edge = (from: string, to: string, label = "x"): WaitEdge => ({ from, to, label })

/** The graph of a sender that lacks a page. */
const GRAPH: WaitGraph = {
  nodes: [
    { id: "nbd0", kind: "task", title: "nbd0", lines: ["R, in direct reclaim"] },
    { id: "memory", kind: "resource", title: "free pages", lines: ["DMA32 184 free, floor 191"] },
    { id: "sent", kind: "requests", title: "19 requests sent", lines: [] },
    { id: "unsent", kind: "requests", title: "158 requests to be sent", lines: [] },
    { id: "nbd-client", kind: "task", title: "nbd-client", lines: [] },
    { id: "socket", kind: "lock", title: "socket of nbd0", lines: ["a < b & c"] },
    { id: "slots async", kind: "resource", title: "request slots (writes)", lines: [] },
    { id: "usemem-1", kind: "task", title: "31 tasks (usemem-1, …)", lines: [] },
    { id: "mempool bio-0", kind: "resource", title: "mempool bio-0", lines: [] },
    { id: "kswapd0", kind: "task", title: "kswapd0", lines: [] }
  ],
  edges: [
    edge("nbd0", "memory", "order:0"),
    edge("memory", "sent", "a write ends"),
    edge("memory", "unsent", "a write ends"),
    edge("sent", "nbd-client"),
    edge("nbd-client", "socket"),
    edge("socket", "nbd0"),
    edge("unsent", "nbd0"),
    edge("slots async", "sent", "a request ends"),
    edge("slots async", "unsent", "a request ends"),
    edge("usemem-1", "slots async", "a slot")
  ],
  cycle: ["nbd0", "memory", "sent", "nbd-client", "socket"],
  closed: true
}

const REPORT = madeUpLockup({
  graph: GRAPH,
  firstFailure: {
    timeNs: 0.201e9,
    task: "client-1 nbd0",
    order: 0,
    gfp: 0x10,
    flags: "GFP_NOIO",
    allocFlags: "ALLOC_WMARK_MIN",
    before: { timeNs: 0.193e9, order: 3, gfp: 0x10 },
    zones: []
  },
  zones: [{ name: "DMA32", free: 184, min: 191, low: 238, high: 286, atomic: 72, floor: 191 }],
  requestsOutstanding: 177
})

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length

describe("a wait-for graph as a drawing", () => {
  const svg = graphSvg(REPORT, "slub-vanilla, seed 1")

  it("has the cycle in thick red, the other ways round dashed, and one arrow to both kinds of requests", () => {
    expect(count(svg, /<path [^>]*stroke-width="3"/g)).toBe(GRAPH.cycle.length)
    // memory to unsent, unsent to the sender
    expect(count(svg, /<path [^>]*stroke-dasharray="6 4"/g)).toBe(2)
    // the slot's two edges are one
    expect(count(svg, /<path [^>]*url\(#grey\)/g)).toBe(2)
    expect(count(svg, />a request ends</g)).toBe(1)
    expect(svg).toContain("No way leads out.")
    expect(graphSvg({ ...REPORT, graph: { ...GRAPH, closed: false } }, "")).toContain("A way leads out of it.")
    expect(graphSvg({ ...REPORT, graph: { ...GRAPH, cycle: [], closed: false } }, "")).toContain("There is no cycle.")
  })

  it("escapes what it writes", () => {
    expect(svg).toContain(">a &lt; b &amp; c<")
    expect(svg).not.toContain("a < b")
  })
})

describe("the seconds before a lockup as a chart", () => {
  const timesNs = Float64Array.from({ length: 3000 }, (_, i) => i * 1e5)
  const series: Series = {
    timesNs,
    columns: [
      { name: "free_DMA32", values: timesNs.map((_, i) => (i === 1234 ? 500 : 200)) },
      { name: "packets_lost_total", values: timesNs.map((_, i) => 40 + i) }
    ]
  }

  it("marks the last progress and the first refusal, and the watermarks", () => {
    const svg = timelineSvg(REPORT, series, 0.19e9, "slub-vanilla, seed 1")
    for (
      const words of [
        "last progress",
        "first refused: client-1 nbd0",
        "high 286",
        "low 238",
        "min 191",
        "GFP_ATOMIC 72"
      ]
    ) {
      expect(svg).toContain(`>${words}<`)
    }
    expect(svg).not.toMatch(/NaN|undefined/)
  })

  it("draws at most two points a pixel, and never loses a peak", () => {
    const frame = { x: 0, y: 0, width: 500, timesNs, fromNs: 0, toNs: timesNs[2999] }
    const values = series.columns[0].values
    const svg = panelSvg({ title: "t", height: 100, lines: [{ name: "free", colour: "#000000", values }] }, frame)
    const points = /d="M([^"]*)" fill="none"/.exec(svg)?.[1].split(" L") ?? []
    expect(points.length).toBeLessThanOrEqual(2 * 501)
    expect(points.length).toBeGreaterThan(400)
    // the panel ends at 600
    expect(points.filter((point) => point.endsWith(" 16.7"))).toHaveLength(1)
  })

  it("is a table too", () => {
    const lines = closeUpCsv(series).split("\n")
    expect(lines[0]).toBe("time_s,free_DMA32,packets_lost_total")
    expect(lines[1235]).toBe("0.1234,500,1274")
    expect(lines).toHaveLength(3002)
  })
})
