// A check of every structure reaches the machines beside the clients, too: what is spoilt anywhere is noticed.
import { ClusterRun } from "@swaplab/cluster"
import { TcpSocket } from "@swaplab/tcp"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

const GROUP = { ...SMALL, workload: { usemem: { processesPerCpu: 2, size: "24 MiB", passes: 2 } } } as const

/** A run in the middle of its swapping, before a disk with a page cache. */
const swapping = (): ClusterRun => {
  const run = new ClusterRun(
    scenario([GROUP], { duration: "60 s", server: { disk: "sata-ssd", pageCache: "4 MiB" } }),
    "slab-series",
    1
  )
  run.advance(150e6)
  run.checkInvariants()
  return run
}

const socketOf = (net: { sockets: () => Iterable<unknown> } | null | undefined): TcpSocket => {
  const found = [...net?.sockets() ?? []].find((socket) => socket instanceof TcpSocket)
  if (found === undefined) throw new Error("no connection")
  return found
}

describe("spoilt structures are noticed:", () => {
  it.each<readonly [string, (run: ClusterRun) => void, string]>([
    ["a socket of a client", ({ cluster }) => {
      socketOf(cluster.clients[0].machine.net).lostOut++
    }, "lost segments miscounted"],
    ["a socket of the server", ({ cluster }) => {
      socketOf(cluster.servers[0].machine.net).packetsOut++
    }, "packets in flight miscounted"],
    ["memory of a protocol", ({ cluster }) => {
      cluster.servers[0].machine.net.tcpMemory.allocated++
    }, "memory of a protocol is not what its sockets hold"],
    ["the page cache of the server", ({ cluster }) => {
      const { cache } = cluster.servers[0].machine
      if (cache !== null) cache.writeback++
    }, "pages of the cache were lost"],
    ["the driver of a client", ({ cluster }) => {
      const { nbd } = cluster.clients[0].machine
      if (nbd !== null) Object.defineProperty(nbd, "checkInvariants", { value: () => expect.fail("looked at") })
    }, "looked at"]
  ])("%s", (_, spoil, message) => {
    const run = swapping()
    spoil(run)
    expect(() => run.checkInvariants()).toThrow(message)
  })
})
