import type { TimeoutExplanation } from "@swaplab/experiment"
import { renderTimeout } from "@swaplab/report"
import { expect, it } from "vitest"

const QUIET = {
  drops: { switchBuffer: 0, lostIn: 0, lostOut: 0, unplugged: 0 },
  queueHighWaterBytes: 4096,
  pausedNs: 0
}

const LATE: TimeoutExplanation["timeout"] = {
  kernel: "slab-series",
  seed: 2,
  client: "client-1",
  requests: 500,
  startedNs: 0,
  elapsedNs: 29e9,
  pagesTouched: 12_288,
  vmstat: { pswpout: 900, pswpin: 800 },
  faultLatency: { count: 3, maxNs: 2e9 },
  network: {
    simulatedNs: 30e9,
    servers: ["server"],
    machines: ["server", "client-1", "client-2"].map((name) => ({ ...QUIET, name })),
    uplinks: []
  },
  retransmits: 0,
  rtos: 0
}

const EXPLAINED: TimeoutExplanation = {
  timeout: LATE,
  durationNs: 30e9,
  wholeTouches: 49_152,
  neededNs: 117e9,
  kswapdScanned: 30,
  directScanned: 700,
  freed: 20,
  hangNs: 120e9,
  livelockNs: 10e9,
  scanRatio: 1000
}

const linesOf = (changes: Partial<TimeoutExplanation> = {}): ReadonlyArray<string> =>
  renderTimeout({ ...EXPLAINED, ...changes }, { width: 200, colour: false }).split("\n")

it("says how far the client came, what it did meanwhile, and how long it would have needed", () => {
  expect(linesOf()).toEqual([
    "client-1 with slab-series, seed 2: not done in time, no lockup",
    "  progress: 12288 pages touched of 49152 (25.0 %) in 29.00 s",
    "  swap: 900 pages out, 800 in; the server got 500 requests of all clients",
    "  reclaim: 730 pages scanned (kswapd 30, direct 700), 20 freed, 36.5 for each",
    "  waits: 3 major faults, the longest 2.00 s",
    "  network: nothing was lost, and nobody paused",
    "  no lockup: the watchdog found no closed cycle, no 2 min without a completion (hang), and no 10 s in which reclaim "
    + "scanned 1000 pages for each that it freed (livelock)",
    "  duration is 30 s; at this rate it would have needed 117.00 s",
    ""
  ])
})

it("breaks its lines at the width of the screen, and ends with a line feed", () => {
  const text = renderTimeout(EXPLAINED, { width: 80, colour: false })
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([])
  expect(text.replaceAll(/\n +/g, " ").replaceAll(/ +/g, " ")).toBe(linesOf().join("\n").replaceAll(/\n +/g, " "))
})

it("has colours on a terminal", () => {
  expect(renderTimeout(EXPLAINED, { width: 80, colour: true })).toContain("\u001b[1m")
  expect(renderTimeout(EXPLAINED)).not.toContain("\u001b")
})

it.each<[what: string, changes: Partial<TimeoutExplanation>, line: number, text: string]>([
  [
    "a workload that does not say how much there is to do",
    { wholeTouches: null, neededNs: null },
    7,
    "  duration is 30 s; its workload does not say how much there is to do, so nobody knows how long it would have needed"
  ],
  ["the pages alone for such a workload", { wholeTouches: null }, 1, "  progress: 12288 pages touched in 29.00 s"],
  [
    "when a client started that did not start with the run",
    { timeout: { ...LATE, startedNs: 1e9 } },
    1,
    "  progress: 12288 pages touched of 49152 (25.0 %) in 29.00 s from its start at 1.00 s on"
  ],
  [
    "that a client never started",
    { timeout: { ...LATE, startedNs: null, pagesTouched: 0 } },
    1,
    "  progress: none, its start was to be after the end"
  ],
  [
    "that there is no rate where no page was touched",
    { neededNs: null, timeout: { ...LATE, pagesTouched: 0 } },
    7,
    "  duration is 30 s; it has touched no page, so there is no rate"
  ],
  [
    "no ratio where nothing was freed",
    { freed: 0 },
    3,
    "  reclaim: 730 pages scanned (kswapd 30, direct 700), 0 freed"
  ],
  [
    "that nothing was swapped",
    { timeout: { ...LATE, vmstat: {} } },
    2,
    "  swap: 0 pages out, 0 in; the server got 500 requests of all clients"
  ],
  [
    "that no page was read back",
    { timeout: { ...LATE, faultLatency: { count: 0, maxNs: 0 } } },
    4,
    "  waits: no page was read back"
  ]
])("says %s", (_what, changes, line, text) => {
  expect(linesOf(changes)[line]).toBe(text)
})
