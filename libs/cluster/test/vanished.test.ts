// One end of an NBD connection has lost its power while nothing was said: what the other end learns, and when.
import { describe, expect, it } from "vitest"
import { scenario, SMALL, started } from "./clusters.ts"

const S = 1e9

/** A client that has done its work, and a server whose keep-alive is quick: the sysctls of nbd-server's machine. */
const idle = () => {
  const of = started(scenario([SMALL], {
    server: {
      sysctl: {
        "net.ipv4.tcp_keepalive_time": 10,
        "net.ipv4.tcp_keepalive_intvl": 2,
        "net.ipv4.tcp_keepalive_probes": 3
      }
    }
  }))
  // the work is done, and a little later everything that was sent is acknowledged
  of.cluster.sim.run()
  of.cluster.sim.run(of.cluster.sim.now + S)
  const { clients: [client], servers: [{ machine: server }], sim } = of.cluster
  const { swap } = client.connection
  return { client, server, sim, swap, serverSocket: swap.serverSocket, worker: swap.worker }
}

describe("nothing is said, and", () => {
  it("a client loses its power: nbd-server's keep-alive ends the worker", () => {
    const { client, serverSocket, sim, worker } = idle()
    expect([serverSocket.keepOpen, serverSocket.error, worker.process.finished]).toEqual([true, 0, false])
    const before = serverSocket.keepaliveProbes
    client.power.unplug()
    sim.run(sim.now + 17 * S)
    expect(serverSocket.keepaliveProbes - before).toBe(3)
    expect(serverSocket.mib.TCPAbortOnTimeout).toBe(1)
    expect([worker.process.finished, serverSocket.closed]).toEqual([true, true])
  })

  it("a server loses its power: its client never learns of it, because nbd-client sets no SO_KEEPALIVE", () => {
    const { server, sim, swap } = idle()
    const { clientSocket } = swap
    server.powerOff("kept")
    sim.run(sim.now + 40 * S)
    expect(clientSocket).toMatchObject({ keepOpen: false, keepaliveTimer: null, error: 0 })
  })

  it("both stay: the connection is probed, and stands", () => {
    const { client, serverSocket, sim } = idle()
    sim.run(sim.now + 40 * S)
    expect(serverSocket).toMatchObject({ keepaliveProbes: 4, error: 0, timeouts: 0 })
    expect(client.connection.swap.clientSocket.keepaliveProbes).toBe(0)
  })
})
