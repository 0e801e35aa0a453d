import { type ClientSnapshot, madeUpLockup } from "@swaplab/cluster"
import { ClientPanel, FigureCharts, ServerCard, Tile, WaitGraphView } from "@swaplab/view"
import { type ComponentChild, h } from "preact"
import { renderToStaticMarkup } from "preact-render-to-string"
import { describe, expect, it } from "vitest"

const html = (child: ComponentChild): string => renderToStaticMarkup(h("div", null, child))

const report = madeUpLockup({
  graph: {
    nodes: [
      { id: "nbd0", kind: "task", title: "nbd0", lines: ["D"] },
      { id: "memory", kind: "resource", title: "free pages", lines: [] }
    ],
    edges: [
      { from: "nbd0", to: "memory", label: "order:0" },
      { from: "memory", to: "nbd0", label: "a completed write frees its page" }
    ],
    cycle: ["nbd0", "memory"],
    closed: true
  },
  cycle: ["nbd0 (D) → order:0", "free pages → a completed write frees its page", "→ nbd0; no way leads out"]
})
const snapshot: ClientSnapshot = {
  client: "client-1",
  atNs: 1e9,
  pages: {
    present: 2000,
    free: 60,
    activeAnon: 900,
    inactiveAnon: 900,
    activeFile: 20,
    inactiveFile: 20,
    writeback: 5,
    slab: 50
  },
  swapOut: 10,
  swapIn: 0,
  waiting: 3,
  sent: 2,
  sendQueue: 0,
  backlog: 0,
  receiveBuffers: 256,
  packetsLost: 0,
  report: {
    ...report,
    zones: [
      { name: "DMA", free: 10, min: 8, low: 10, high: 12, atomic: 3, floor: 8 },
      { name: "DMA32", free: 50, min: 90, low: 112, high: 135, atomic: 33, floor: 90 }
    ]
  },
  locked: true
}
const columns = { timesNs: [0, 5e8, 1e9], free: [2000, 100, 60], fromNs: 0, toNs: 1e9 }
const panel = (changes: Partial<ClientSnapshot> = {}, top?: number): string =>
  html(h(ClientPanel, {
    snapshot: { ...snapshot, ...changes },
    columns,
    levels: [{ value: 120, label: "low" }],
    ...(top !== undefined && { top })
  }))

describe("a client, live", () => {
  it("tells its memory in words and as a meter, of the zone with the most of it", () => {
    expect(panel()).toContain("<b>50 pages free</b> in DMA32: nothing left but the reserve")
    expect(panel()).toContain(
      "aria-label=\"free pages in DMA32\" aria-valuemin=\"0\" aria-valuemax=\"297\" aria-valuenow=\"50\""
    )
    const zone = (free: number) => ({ report: { ...snapshot.report, zones: [{ ...snapshot.report.zones[1], free }] } })
    expect(panel(zone(100))).toContain("scarce: the kernel frees pages")
    expect(panel(zone(5000))).toMatch(/enough.*aria-valuenow="297"/s)
  })

  it("draws free pages over time, on the scale that it is given", () => {
    expect(panel()).toContain("d=\"M0 0L300 95L600 97\"")
    expect(panel({}, 200)).toContain("d=\"M0 0L300 50L600 70\"")
  })

  it("labels levels of the chart, those that lie close together in one place", () => {
    const labels = (...levels: ReadonlyArray<readonly [label: string, value: number]>) =>
      html(h(ClientPanel, { snapshot, columns, levels: levels.map(([label, value]) => ({ label, value })), top: 1000 }))
        .match(/class="levels" aria-hidden="true">(.*?)<\/div>/)?.[1]
    expect(labels(["min", 100], ["low", 125])).toBe("<span style=\"top:88%;\">low, min</span>")
    expect(labels(["min", 100], ["low", 125], ["plenty", 700])).toBe(
      "<span style=\"top:30%;\">plenty</span><span style=\"top:88%;\">low, min</span>"
    )
  })

  it("shows requests as boxes and in words", () => {
    const text = panel()
    expect(text.match(/<i class="sent">/g)).toHaveLength(2)
    expect(text.match(/<i class="waiting">/g)).toHaveLength(3)
    expect(text).toContain("2 sent, no answer read yet (filled); 3 wait to be sent (hollow).")
    expect(panel({ sent: 2, waiting: 1 })).toContain("; 1 waits to be sent (hollow).")
    expect(panel({ sent: 0, waiting: 0 })).toContain("No request is under way.")
    expect(panel({ sent: 100, waiting: 900 }).match(/<i /g)).toHaveLength(140)
  })

  it("gives each task a sign besides its colour", () => {
    const tasks = [{
      task: "client-1 nbd0",
      state: "uninterruptible",
      waitQueue: "congestion_wqh[async]",
      wokenBy: "",
      sinceNs: 0,
      why: "order:0, mode:0x10"
    }]
    expect(panel({ report: { ...snapshot.report, tasks } })).toMatch(
      /<li class="lacks"><span class="sign" aria-hidden="true">✗<\/span><b>nbd0<\/b> needs a page of memory/
    )
    expect(panel({ report: { ...snapshot.report, tasks: [] } })).toContain("Nobody waits.")
  })
})

describe("the wait-for graph, live", () => {
  it("is a drawing and a list of words, and says what starved only of a lockup", () => {
    const text = (locked: boolean) => html(h(WaitGraphView, { report, of: "a run", locked }))
    expect(text(true)).toContain("<title>wait-for graph of client-1</title>")
    for (const line of report.cycle) expect(text(true)).toContain(`<li>${line.replaceAll("&", "&amp;")}</li>`)
    expect(text(true)).toContain(report.taxonomy)
    expect(text(false)).not.toContain(report.taxonomy)
  })
})

describe("figures over time", () => {
  const charts = (atNs: number) =>
    html(h(FigureCharts, {
      timesNs: [0, 10, 20],
      figures: [{ title: "Pages", values: [4, 8, 2.5] }, { title: "Drops", values: [0, 0, 0] }],
      atNs
    }))

  it("each say what they are where the reader is, and the most they ever are", () => {
    expect(charts(15)).toContain("Pages: 8, at most 8")
    expect(charts(20)).toContain("Pages: 2.50, at most 8")
    expect(charts(15)).toContain("class=\"at\" x1=\"450\"")
  })

  it("that are always 0 are no charts", () => {
    expect(charts(0).match(/<figure/g)).toHaveLength(1)
    expect(charts(0)).toContain("Always 0: drops.")
  })
})

describe("a tile", () => {
  const TILE = {
    name: "client-1",
    state: "alive",
    free: 1,
    low: 2,
    requests: 3,
    latencyNs: 0,
    chosen: false,
    onChoose: () => {}
  } as const
  const tile = (latencyNs: number) => html(h(Tile, { ...TILE, latencyNs }))

  it("counts one request as one", () => {
    expect(tile(0)).toContain("3 requests")
    expect(html(h(Tile, { ...TILE, requests: 1 }))).toContain("<span>1 request</span>")
    const server = { name: "server", inShare: 0, outShare: 0, bufferShare: 0 }
    expect(html(h(ServerCard, { ...server, resident: 1 }))).toContain("1 request inside")
    expect(html(h(ServerCard, { ...server, resident: 0 }))).toContain("0 requests inside")
  })

  it("says how long page-ins take with a sign and a word, not with a colour alone", () => {
    expect(tile(0)).toContain("<span class=\"wait none\">no page-in</span>")
    const steps = [[2e6, "short", "▁", "2.0 ms"], [20e6, "noticed", "▃", "20.0 ms"], [0.2e9, "long", "▅", "200.0 ms"], [
      2e9,
      "longest",
      "█",
      "2.0 s"
    ]] as const
    for (const [ns, kind, sign, words] of steps) {
      expect(tile(ns)).toContain(
        `<span class="wait ${kind}"><i aria-hidden="true">${sign}</i>page-ins ${words}</span>`
      )
    }
  })
})
