// What the network drops and whom it holds up is counted where it happens, and told.
import { DROP_SITE_NAMES, portsOf, runCluster, type RunResult, totalDrops } from "@swaplab/cluster"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

const brokenLaws = (result: RunResult) => result.laws.filter(({ holds }) => !holds)

const workload = { usemem: { processesPerCpu: 2, size: "24 MiB", passes: 2 } } as const
const fast = { ...SMALL, workload, name: "fast", count: 2 } as const
const slow = { ...SMALL, workload, name: "slow", count: 2, link: { rate: "100 Mbit" } } as const

describe("one slow client", () => {
  const run = (flowControl: boolean): RunResult =>
    runCluster(scenario([fast, slow], { lan: { flowControl, switch: { buffer: "128 KiB" } } }), "slub-series", 1)
  const dropping = run(false)
  const pausing = run(true)
  const retransmits = (result: RunResult): number =>
    result.clients.reduce((sum, { network }) => sum + network.retransmits, 0)

  it("without pauses the switch drops, and every segment sent again has a cause that is counted", () => {
    expect(retransmits(dropping)).toBeGreaterThan(0)
    expect(portsOf(dropping).reduce((sum, port) => sum + port.drops.switchBuffer, 0)).toBeGreaterThan(0)
    expect(portsOf(dropping).reduce((sum, port) => sum + port.switchDroppedBytes, 0)).toBeGreaterThan(0)
    expect(portsOf(dropping).map((port) => [port.pauseFrames, port.pausedNs])).toEqual(Array(5).fill([0, 0]))
    expect(dropping.network.switches[0].bufferHighWaterBytes).toBeLessThanOrEqual(128 * 1024)
    expect(brokenLaws(dropping)).toEqual([])
  })

  it("with pauses nothing is lost, and the server is told to wait", () => {
    expect(portsOf(pausing).map((port) => totalDrops(port.drops))).toEqual(Array(5).fill(0))
    expect(pausing.network.servers[0].pausedNs).toBeGreaterThan(0)
    expect(pausing.network.servers[0].pauseFrames).toBeGreaterThan(0)
    expect(retransmits(pausing)).toBe(0)
    expect(brokenLaws(pausing)).toEqual([])
  })
})

it("frames lost by chance are counted at the cable that lost them, in both directions", () => {
  const result = runCluster(scenario([fast], { lan: { loss: "0.5 %" } }), "slab-series", 3)
  const [server, ...clients] = portsOf(result)
  for (const port of [server, ...clients]) {
    expect(port.drops.lostIn).toBeGreaterThan(0)
    expect(port.drops.lostOut).toBeGreaterThan(0)
  }
  expect(result.clients.every(({ network }) => network.retransmits > 0)).toBe(true)
  expect(brokenLaws(result)).toEqual([])
})

it("every place has a figure for every port, and a metric", () => {
  const result = runCluster(
    scenario([{ ...SMALL, background: { packetsPerSecond: 2000, tcpFlood: 1 } }], { duration: "300 ms" }),
    "slab-vanilla",
    1
  )
  for (const port of portsOf(result)) expect(Object.keys(port.drops)).toEqual(DROP_SITE_NAMES)
  expect(portsOf(result).map(({ name }) => name)).toEqual(["server", "client-1", "other hosts"])
  // nobody reads the flood: it fills the socket's buffer
  expect(result.clients[0].network.port.drops.rcvbuf).toBeGreaterThan(0)
  expect(brokenLaws(result)).toEqual([])
})

describe("a network that carries nothing", () => {
  const dead = runCluster(
    scenario([SMALL], { lan: { loss: "100 %" }, watchdog: { hang: "5 s" }, duration: "60 s" }),
    "slab-series",
    1
  )

  it("is told as such, with the link and the cause, whatever the memory of the client looks like", () => {
    const { lockup } = dead.clients[0]
    expect([dead.outcome, lockup?.taxonomy]).toEqual(["lockup", "dead network"])
    expect(lockup?.network).toMatch(/^nothing has arrived over client-1 to switch .*: \d+ frames lost \(loss\)$/)
    expect(lockup?.text).toContain(`the network is dead: ${lockup?.network}`)
  })

  it("is not seen where frames are lost and others arrive, nor where none is lost", () => {
    const run = (loss: string): ReadonlyArray<string | null> =>
      runCluster(scenario([SMALL], { lan: { loss }, watchdog: { hang: "5 s" }, duration: "20 s" }), "slab-vanilla", 1)
        .clients.map(({ lockup }) => lockup?.network ?? null)
    expect([...run("0 %"), ...run("3 %")]).toEqual([null, null])
  })
})
