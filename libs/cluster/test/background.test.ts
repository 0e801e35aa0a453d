// Background loads of a scenario: they reach their client, they are counted, and the laws hold with all of them at once.
import { buildCluster, runCluster } from "@swaplab/cluster"
import { describe, expect, it } from "vitest"
import { KERNELS, scenario, SMALL } from "./clusters.ts"

const EVERYTHING = {
  kernelBuild: { jobs: 2, memory: "1 MiB", cpu: "20 ms", files: 20 },
  hackbench: { groups: 1, descriptors: 4, messagesPerSecond: 5000 },
  netperf: { tcpStreams: 1, udpPacketsPerSecond: 500 },
  tcpFlood: 2,
  packetsPerSecond: 300,
  iozone: { file: "4 MiB" },
  sysbench: { threads: 2, memory: "1 MiB" }
} as const

describe("all background loads at once", () => {
  it.each(Object.keys(KERNELS))("keep every law (%s)", (kernel) => {
    const of = scenario(
      [{ ...SMALL, swap: "150 MiB", link: { rate: "100 Mbit" }, background: EVERYTHING }],
      { duration: "3 s", costs: { scanPage: "10 us" } }
    )
    const result = runCluster(of, kernel, 1)
    const [client] = result.clients
    expect(result.laws.filter((law) => !law.holds)).toEqual([])
    expect(client.integrityErrors).toBe(0)
    expect(client.background.map(({ name, unit }) => `${name}: ${unit}`)).toEqual([
      "netperf UDP_STREAM: datagrams",
      "netperf TCP_STREAM: KiB",
      "kernelBuild: compiles",
      "hackbench: messages",
      "iozone: pages",
      "sysbench: transactions"
    ])
    // v3.5 stands still under all of this, and finishes no compile
    if (kernel.endsWith("vanilla")) return
    for (const load of client.background) expect(load.done, load.name).toBeGreaterThan(0)
    expect(client.background.at(-1)?.latency?.p50Ns).toBeGreaterThan(500_000)
    expect(client.vmstat.nr_dirtied).toBeGreaterThan(500)
  })

  it("are the same twice, and change no random number of another client", () => {
    const quiet = { ...SMALL, name: "quiet" }
    const busy = { ...SMALL, name: "busy", swap: "150 MiB", background: EVERYTHING }
    const of = scenario([quiet, busy])
    const first = runCluster(of, "slab-series", 3)
    expect(runCluster(of, "slab-series", 3).fingerprint).toBe(first.fingerprint)
    // where the search for swap slots begins, drawn at swapon
    const drawn = (clients: Parameters<typeof scenario>[0]): ReadonlyArray<readonly [string, number]> =>
      buildCluster(scenario(clients), "slab-series", 3).clients.map(({ machine }) =>
        [machine.name, machine.swap.areas[0].map.clusterNext] as const
      )
    expect(drawn([quiet, busy])).toContainEqual(drawn([quiet])[0])
  })
})

describe("a flood of datagrams", () => {
  const flood = (background: NonNullable<Parameters<typeof scenario>[0][number]["background"]>) => {
    const quiet = { ...SMALL, workload: { usemem: { size: "1 MiB", processesPerCpu: 1, passes: 1 } } }
    const cluster = buildCluster(scenario([{ ...quiet, background }]), "slub-series", 1)
    cluster.sim.run(1e9)
    cluster.clients[0].machine.checkInvariants()
    return cluster.clients[0].sockets
  }
  const sum = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)

  it("is shared by its sockets, each with a buffer of its own", () => {
    const sockets = flood({ packetsPerSecond: 4000, sockets: 4, receiveBuffer: "32 KiB" })
    expect(sockets).toHaveLength(4)
    expect(sum(sockets.map(({ packets }) => packets))).toBeGreaterThan(3700)
    expect(sum(sockets.map(({ packets }) => packets))).toBeLessThan(4300)
    for (const { packets, rcvbufDrops, rmemAlloc } of sockets) {
      expect(packets).toBeGreaterThan(850)
      expect(rmemAlloc).toBeGreaterThanOrEqual(32 * 1024)
      expect(rmemAlloc).toBeLessThan(36 * 1024)
      expect(rcvbufDrops).toBeGreaterThan(800)
    }
  })

  it("drops nothing where processes read it, and leaves no memory behind", () => {
    const sockets = flood({ packetsPerSecond: 4000, sockets: 4, read: true })
    expect(sum(sockets.map(({ packets }) => packets))).toBeGreaterThan(3700)
    for (const { rcvbufDrops, rmemAlloc, rcvbuf } of sockets) {
      expect(rcvbufDrops).toBe(0)
      expect(rmemAlloc).toBeLessThan(rcvbuf / 10)
    }
  })
})

describe("a TCP flood to a socket that nobody reads", () => {
  it("fills the receive buffer, then only probes", () => {
    const cluster = buildCluster(scenario([{ ...SMALL, background: { tcpFlood: 1 } }]), "slab-series", 1)
    const [{ sockets: [socket], down }] = cluster.clients
    cluster.sim.run(2e9)
    const filled = socket.rmemAlloc
    expect(filled).toBeGreaterThan(socket.rcvbuf / 2)
    const frames = down.deliveredFrames
    cluster.sim.run(20e9)
    expect(socket.rmemAlloc).toBeLessThanOrEqual(filled + 4096)
    // zero-window probes with their backoff
    expect(down.deliveredFrames - frames).toBeGreaterThan(3)
    expect(down.deliveredFrames - frames).toBeLessThan(100)
    cluster.clients[0].machine.checkInvariants()
  })
})
