import type { SavedNetwork } from "@swaplab/experiment"
import { renderReport, renderTimeout } from "@swaplab/report"
import { describe, expect, it } from "vitest"
import { fakeExperiment } from "./fake.ts"

type Machine = SavedNetwork["machines"][number]

const NOTHING = { switchBuffer: 0, lostIn: 0, lostOut: 0, unplugged: 0 }

const machine = (name: string, changes: Partial<Machine> = {}): Machine => ({
  name,
  drops: NOTHING,
  queueHighWaterBytes: 0,
  pausedNs: 0,
  ...changes
})

const QUIET_WAY = { to: "core", noRoom: 0, lost: 0, unplugged: 0, pausedNs: 0 }

const NETWORK: SavedNetwork = {
  simulatedNs: 10e9,
  servers: ["server"],
  machines: ["server", "slow-1", "slow-2", "fast-1", "fast-2"].map((name) => machine(name)),
  uplinks: []
}

const WIDE = { width: 200, colour: false }

/** What `swaplab why` says of the network for fast-1. */
const said = (changes: Partial<SavedNetwork>, retransmits = 0, rtos = 0): ReadonlyArray<string> => {
  const lines = renderTimeout({
    timeout: {
      kernel: "slub-series",
      seed: 1,
      client: "fast-1",
      requests: 1,
      startedNs: 0,
      elapsedNs: 10e9,
      pagesTouched: 1,
      vmstat: {},
      faultLatency: { count: 1, maxNs: 1e9 },
      network: { ...NETWORK, ...changes },
      retransmits,
      rtos
    },
    durationNs: 10e9,
    wholeTouches: null,
    neededNs: null,
    kswapdScanned: 0,
    directScanned: 0,
    freed: 0,
    hangNs: 1e9,
    livelockNs: 1e9,
    scanRatio: 20
  }, WIDE).split("\n")
  const from = lines.findIndex((line) => line.startsWith("  network"))
  return lines.slice(from, lines.findIndex((line) => line.startsWith("  no lockup"))).map((line) => line.trim())
}

const withMachines = (changes: Readonly<Record<string, Partial<Machine>>>): Partial<SavedNetwork> => ({
  machines: NETWORK.machines.map((it) => machine(it.name, changes[it.name]))
})

describe("why page-ins waited in the network", () => {
  it("is not said where nothing was lost and nobody paused", () => {
    expect(said({})).toEqual(["network: nothing was lost, and nobody paused"])
  })

  it("is the pauses of the server, with those whose frames filled the switch; of clients, only this one's own", () => {
    expect(said(withMachines({
      server: { pausedNs: 3e9, queueHighWaterBytes: 70_000 },
      "slow-1": { queueHighWaterBytes: 50 * 1024, pausedNs: 1e9 },
      "slow-2": { queueHighWaterBytes: 51 * 1024 },
      "fast-1": { pausedNs: 5e8, queueHighWaterBytes: 3072 },
      "fast-2": { queueHighWaterBytes: 2048 }
    }))).toEqual([
      "network, in the whole run:",
      "pause frames kept server silent for 3.00 s, 30.0 % of the run, whoever its replies were for",
      "most that waited in a switch meanwhile: 51 KiB for slow-2, 50 KiB for slow-1, 3 KiB for fast-1 and 1 more",
      "pause frames kept fast-1 silent for 0.50 s, 5.0 % of the run"
    ])
  })

  it("is frames without room by port, frames that cables lost, and what TCP did about it", () => {
    expect(said(
      withMachines({
        "slow-1": { drops: { ...NOTHING, switchBuffer: 7, unplugged: 1 } },
        "fast-1": { drops: { ...NOTHING, switchBuffer: 9, lostIn: 2, lostOut: 3 } }
      }),
      12,
      1
    )).toEqual([
      "network, in the whole run:",
      "a switch had no room for 16 frames: 9 for fast-1 and 7 for slow-1",
      "cables lost 6 frames: 5 for fast-1 and 1 for slow-1",
      "its swap connection, both ends: 12 segments sent again, 1 time-out of TCP (200 ms or more each)"
    ])
  })

  it("is the same of each way of a cable between switches", () => {
    const uplink = {
      name: "room.uplink",
      up: { ...QUIET_WAY, noRoom: 4 },
      down: { ...QUIET_WAY, to: "room", pausedNs: 1e9, unplugged: 2 }
    }
    expect(said({ uplinks: [uplink] })).toEqual([
      "network, in the whole run:",
      "pause frames kept room.uplink towards room silent for 1.00 s, 10.0 % of the run",
      "a switch had no room for 4 frames: 4 for room.uplink towards core",
      "cables lost 2 frames: 2 for room.uplink towards room"
    ])
  })
})

it("a report says it of each kernel that has a cause, with the pauses of every client", () => {
  const experiment = fakeExperiment()
  const title = "What made page-ins wait in the network"
  expect(renderReport(experiment, WIDE)).not.toContain(title)
  const [{ kernel }] = experiment.runs
  const report = renderReport({
    ...experiment,
    runs: experiment.runs.map((run) => ({
      ...run,
      clients: run.clients.map((client) => ({
        ...client,
        network: {
          ...client.network,
          port: { ...client.network.port, pausedNs: run.kernel === kernel ? 2e9 : 0 }
        }
      }))
    }))
  }, WIDE)
  const after = report.slice(report.indexOf(title)).split("\n")
  const name = experiment.runs[0].clients[0].name
  expect(after.slice(1, 3)).toEqual([`  ${kernel}`, `    pause frames kept clients silent: ${name} 2.00 s`])
  expect(after[3]).toBe("")
})
