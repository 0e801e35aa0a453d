import type { FaultResult, RunResult } from "@swaplab/cluster"
import { renderReport } from "@swaplab/report"
import { expect, it } from "vitest"
import { fakeExperiment } from "./fake.ts"

const experiment = fakeExperiment({
  clock: "09:00",
  kernels: { "slub-series": { allocator: "slub", base: "v3.6" } },
  clients: [{ name: "client", count: 3 }],
  expect: {},
  faults: [{ what: "restart", where: "server", at: "09:04", for: "10 s" }, {
    what: "down",
    where: "client-2",
    at: "09:05"
  }]
})

/** A restart of the server that three clients did not notice. */
const RESTART: FaultResult = {
  entry: 0,
  what: "restart",
  words: "restart of nbd-server",
  where: ["server"],
  beganNs: 240e9,
  endedNs: 250e9,
  effects: [{ what: "connections killed", count: 3 }, { what: "requests unanswered", count: 0 }],
  hit: true,
  clients: 3,
  stalled: 0,
  notBack: 0,
  longestFaultNs: 0,
  unharmed: 3,
  stillNs: 0,
  backAfterNs: null,
  ioErrors: 0,
  lostSwap: 0,
  sigbus: 0,
  oomKills: 0,
  lockups: 0,
  timeouts: 0,
  disconnects: 0,
  reconnects: 0,
  reboots: 0
}

/** A cable of one client, to the end of the run. */
const CABLE: FaultResult = {
  ...RESTART,
  entry: 1,
  what: "down",
  words: "cable out",
  where: ["client-2"],
  beganNs: 300e9,
  endedNs: null,
  effects: [{ what: "frames lost", count: 9 }],
  clients: 1,
  unharmed: 1
}

/** The rows of the section, each a list of cells. */
const rowsOf = (...faults: ReadonlyArray<FaultResult>): ReadonlyArray<ReadonlyArray<string>> => {
  const runs = experiment.runs.map((run): RunResult => ({ ...run, faults }))
  const report = renderReport({ ...experiment, runs }, { width: 400, colour: false })
  const at = report.indexOf("Faults, and what followed")
  if (at < 0) return []
  const lines = report.slice(at).split("\n\n")[0].split("\n").slice(1)
  return lines.filter((line) => line.startsWith("  slub-series")).map((line) => line.trim().split(/ {2,}/))
}

it("is not there where no fault has begun", () => expect(rowsOf()).toEqual([]))

it.each<[what: string, fault: FaultResult, cells: ReadonlyArray<string>]>([
  [
    "what nobody noticed",
    RESTART,
    [
      "09:04",
      "server: restart of nbd-server, for 10.0 s",
      "connections killed: 3",
      "none of 3 clients stood still, 3 unharmed",
      "-"
    ]
  ],
  [
    "clients that stood still and came back",
    { ...RESTART, stalled: 2, unharmed: 1, stillNs: 31e9, backAfterNs: 14.2e9, longestFaultNs: 12e9, reboots: 1 },
    [
      "09:04",
      "server: restart of nbd-server, for 10.0 s",
      "connections killed: 3",
      "2 of 3 clients stood still, 31.0 s together, longest page fault 12.0 s, 1 unharmed, 1 boot",
      "14.2 s"
    ]
  ],
  [
    "all that can follow",
    {
      ...RESTART,
      stalled: 3,
      notBack: 1,
      unharmed: 0,
      stillNs: 240e9,
      backAfterNs: 60e9,
      disconnects: 6,
      reconnects: 4,
      timeouts: 1,
      ioErrors: 2,
      lostSwap: 1,
      sigbus: 5,
      oomKills: 1,
      lockups: 1
    },
    [
      "09:04",
      "server: restart of nbd-server, for 10.0 s",
      "connections killed: 3",
      "3 of 3 clients stood still, 1 to the end, 240 s together, 0 unharmed, 6 connections lost, 4 made again, 1 TCP time-out, "
      + "2 pages with I/O errors, 1 program that found its swap lost, 5 programs killed by SIGBUS, 1 program killed for want of "
      + "memory, 1 lockup",
      "60.0 s"
    ]
  ],
  [
    "one client that did not notice",
    CABLE,
    [
      "09:05",
      "client-2: cable out, to the end",
      "frames lost: 9",
      "the client did not stand still, unharmed",
      "-"
    ]
  ],
  [
    "one client that stood still to the end",
    { ...CABLE, stalled: 1, notBack: 1, unharmed: 0, stillNs: 55e9, timeouts: 7 },
    [
      "09:05",
      "client-2: cable out, to the end",
      "frames lost: 9",
      "the client stood still to the end, 55.0 s, harmed, 7 TCP time-outs",
      "-"
    ]
  ],
  [
    "a fault that hit nothing",
    { ...CABLE, effects: [{ what: "frames lost", count: 0 }], hit: false },
    ["09:05", "client-2: cable out, to the end", "nothing", "the client did not stand still, unharmed", "-"]
  ]
])("%s", (_, fault, cells) => {
  expect(rowsOf(fault)).toEqual([["slub-series", ...cells]])
})

it("shows 20 beginnings, and says how many more there are", () => {
  const faults = Array.from({ length: 23 }, () => CABLE)
  expect(rowsOf(...faults)).toHaveLength(20)
  const runs = experiment.runs.map((run): RunResult => ({ ...run, faults }))
  expect(renderReport({ ...experiment, runs }, { width: 80, colour: false })).toContain(
    "3 more are in result.json (--out)."
  )
})
