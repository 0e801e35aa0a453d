// A device with dead_conn_timeout beside one without, on the same loss.
import { NbdError } from "@swaplab/nbd/wire"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { SERVICE_NS, ToyClient, ToyServer } from "./rig.ts"

const S = 1e9

/** Three requests in flight (a write, a read, a write) when the server's end is closed. */
const lose = (deadConnTimeoutNs: number) => {
  const sim = new Sim({ seed: 1 })
  const client = new ToyClient(sim, "nbd0", 256, { deadConnTimeoutNs })
  const server = new ToyServer(64 * 4096)
  const ends = client.connect(server, 1_000_000)
  client.setToken(1, 7, 1)
  client.setToken(3, 7, 3)
  client.submit(true, 0, [1])
  client.submit(false, 8, [2])
  client.submit(true, 16, [3])
  sim.run(1_000_000 + SERVICE_NS / 2)
  expect(client.device).toMatchObject({ sentCount: 3, waitingCount: 0, outstanding: 3 })
  ends[1].shutdown()
  sim.run(S)
  client.check()
  expect(client.device).toMatchObject({ connected: false, counters: { disconnects: 1 } })
  return { sim, client, server }
}

describe("three requests in flight when the server is killed", () => {
  it("fail without dead_conn_timeout, and so does what comes then", () => {
    const { client, sim } = lose(0)
    expect(client.ended.map(({ error, pfn }) => [pfn, error])).toEqual([[1, 5], [2, 5], [3, 5]])
    client.submit(true, 24, [4])
    sim.run(2 * S)
    expect(client.ended.at(-1)).toEqual({ pfn: 4, write: true, error: NbdError.EIO })
    expect(client.device.counters).toMatchObject({ failed: 4, refused: 1, completed: 0 })
  })

  it("wait with it, are sent again in their order, and what came meanwhile after them", () => {
    const { client, server, sim } = lose(30 * S)
    expect(client.ended).toEqual([])
    client.submit(true, 24, [4])
    sim.run(2 * S)
    expect(client.device).toMatchObject({ sentCount: 0, waitingCount: 4 })
    client.connect(server, 1_000_000)
    sim.run(40 * S)
    client.check()
    expect(client.ended).toEqual([
      { pfn: 1, write: true, error: 0 },
      { pfn: 2, write: false, error: 0 },
      { pfn: 3, write: true, error: 0 },
      { pfn: 4, write: true, error: 0 }
    ])
    expect(client.device.counters).toMatchObject({ failed: 0, refused: 0, completed: 4, sentWrites: 5, sentReads: 2 })
    client.submit(false, 16, [5])
    sim.run(41 * S)
    expect(client.token(5)).toEqual([7, 3])
  })

  it("fail when the time is over, and so does what comes then, until there is a connection", () => {
    const { client, server, sim } = lose(30 * S)
    sim.run(29 * S)
    expect(client.ended).toEqual([])
    sim.run(32 * S)
    expect(client.ended.map(({ error }) => error)).toEqual([5, 5, 5])
    client.submit(true, 24, [4])
    sim.run(33 * S)
    expect(client.device.counters).toMatchObject({ failed: 4, refused: 1 })
    client.connect(server)
    client.submit(true, 24, [4])
    sim.run(34 * S)
    expect(client.ended.at(-1)?.error).toBe(0)
    client.check()
  })

  it("wait, too, from the moment the socket is dropped, before nbd-client has learnt of it", () => {
    const sim = new Sim({ seed: 1 })
    const client = new ToyClient(sim, "nbd0", 256, { deadConnTimeoutNs: 30 * S, xmitTimeoutNs: S })
    const server = new ToyServer(64 * 4096)
    const [socket] = client.connect(server)
    socket.blocked = true
    // the receiver learns 2 ms later that its socket was shut down
    const shutdown = socket.shutdown.bind(socket)
    const learns = sim.queue.register(shutdown)
    socket.shutdown = () => sim.queue.after(2_000_000, learns, 0)
    client.submit(true, 0, [1])
    sim.run(S + 1_000_000)
    expect(client.device.counters).toMatchObject({ hungXmits: 1, disconnects: 0 })
    client.submit(true, 8, [2])
    sim.run(2 * S)
    expect(client.device.counters).toMatchObject({ refused: 0, failed: 0, disconnects: 1 })
    expect(client.device.waitingCount).toBe(2)
    client.connect(server)
    sim.run(3 * S)
    expect(client.ended.map(({ error, pfn }) => [pfn, error])).toEqual([[1, 0], [2, 0]])
    client.check()
  })

  it.each(
    [
      { name: "a connection is waited for", options: { deadConnTimeoutNs: 30 * S }, blocked: false, counter: "failed" },
      { name: "a send is stuck", options: { xmitTimeoutNs: 30 * S }, blocked: true, counter: "hungXmits" }
    ] as const
  )("$name: no timer outlives the machine", ({ blocked, counter, options }) => {
    const counted = (halted: boolean): number => {
      const sim = new Sim({ seed: 1 })
      const group = sim.group("client-1")
      const client = new ToyClient(sim, "nbd0", 256, { ...options, group })
      const [socket, serverEnd] = client.connect(new ToyServer(64 * 4096), 1_000_000)
      socket.blocked = blocked
      client.submit(true, 0, [1])
      const lost = sim.queue.register(() => blocked || serverEnd.shutdown())
      sim.queue.at(1000, lost, 0)
      const powerCut = sim.queue.register(() => halted && sim.halt(group))
      sim.queue.at(S, powerCut, 0)
      sim.run(40 * S)
      return client.device.counters[counter]
    }
    expect([counted(false), counted(true)]).toEqual([1, 0])
  })

  it("a reply that was cut in the middle of a page is asked for again", () => {
    const sim = new Sim({ seed: 1 })
    const client = new ToyClient(sim, "nbd0", 256, { deadConnTimeoutNs: 30 * S })
    const server = new ToyServer(64 * 4096)
    const [socket] = client.connect(server)
    socket.cutPage = true
    client.submit(false, 0, [1])
    sim.run(S)
    expect([client.ended.length, client.device.waitingCount]).toEqual([0, 1])
    client.connect(server)
    sim.run(2 * S)
    expect(client.ended).toEqual([{ pfn: 1, write: false, error: 0 }])
    client.check()
  })
})
