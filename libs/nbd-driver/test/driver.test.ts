import { NbdError, REQUEST_BYTES } from "@swaplab/nbd/wire"
import { __GFP_MEMALLOC, GFP_NOIO } from "@swaplab/page-alloc"
import { Sim, WaitQueue } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { connection, SERVICE_NS, start, ToyClient, ToyServer } from "./rig.ts"

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("")

const EXPORT_BYTES = 4 << 20

const world = (options = {}) => {
  const sim = new Sim({ seed: 3 })
  const client = new ToyClient(sim, "nbd0", 256, options)
  const server = new ToyServer(EXPORT_BYTES)
  return { sim, server, client }
}

describe("requests", () => {
  it("writes 31 pages with one header of 28 bytes and reads them back", () => {
    const { sim, client, server } = world()
    const [socket] = client.connect(server)
    const pfns = Array.from({ length: 31 }, (_, i) => i)
    for (const pfn of pfns) client.setToken(pfn, 7, 1000 + pfn)
    client.submit(true, 8, pfns)
    sim.run()
    client.check()
    expect(client.device.counters).toMatchObject({ sentWrites: 1, sentPages: 31, completed: 1, failed: 0 })
    const [header, ...pages] = socket.sent
    if (!(header instanceof Uint8Array)) throw new Error("the first piece is the header")
    // magic, flags and type, cookie (high half of a kernel address), offset of slot 8, 31 pages
    expect(header.length).toBe(REQUEST_BYTES)
    expect(toHex(header.subarray(0, 12))).toBe("256095130000000" + "1ffff8800")
    expect(toHex(header.subarray(16))).toBe("0000000000008000" + "0001f000")
    expect(pages.length).toBe(31)
    // MSG_MORE on the header and on all pages but the last
    expect(socket.calls.filter(({ call }) => call.startsWith("send")).map(({ more }) => more)).toEqual([
      ...Array<boolean>(31).fill(true),
      false
    ])
    const targets = pfns.map((pfn) => 100 + pfn)
    client.submit(false, 8, targets)
    sim.run()
    expect(client.device.counters).toMatchObject({ sentReads: 1, receivedPages: 31, completed: 2 })
    for (const pfn of pfns) expect(client.token(100 + pfn)).toEqual([7, 1000 + pfn])
    expect(client.ended.every(({ error }) => error === 0)).toBe(true)
    expect(client.device.lastCompletionNs).toBe(sim.now)
  })

  it("takes the time of the wire and of the server", () => {
    const { sim, client, server } = world()
    client.connect(server, 100_000)
    client.submit(true, 0, [1])
    sim.run()
    // there, the server's time, and back
    expect(client.device.lastCompletionNs).toBe(200_000 + SERVICE_NS)
    const before = sim.now
    client.submit(false, 0, [2])
    sim.run()
    expect(client.device.lastCompletionNs - before).toBe(200_000 + SERVICE_NS)
  })

  it("a page never written reads as zeroes", () => {
    const { sim, client, server } = world()
    client.connect(server)
    client.setToken(5, 9, 9)
    client.submit(false, 100, [5])
    sim.run()
    expect(client.token(5)).toEqual([0, 0])
  })

  it("ends a request past the end of the export with an error, and goes on", () => {
    const { sim, client, server } = world()
    client.connect(server)
    client.submit(true, EXPORT_BYTES / 4096, [1])
    sim.run()
    client.submit(false, EXPORT_BYTES / 4096, [1])
    sim.run()
    client.submit(true, 0, [1])
    sim.run()
    expect(client.ended.map(({ error }) => error)).toEqual([NbdError.EIO, NbdError.EIO, 0])
    expect(server.errors).toBe(2)
    expect(client.device.connected).toBe(true)
  })

  it("refuses writes of a read-only device", () => {
    const { sim, client, server } = world({ readOnly: true })
    client.connect(server)
    client.submit(true, 0, [1])
    client.submit(false, 0, [2])
    sim.run()
    expect(client.ended).toEqual([{ pfn: 1, write: true, error: NbdError.EIO }, { pfn: 2, write: false, error: 0 }])
  })

  it("fails requests at once without a socket", () => {
    const { client } = world()
    client.submit(true, 0, [1, 2])
    expect(client.ended.map(({ error }) => error)).toEqual([NbdError.EIO, NbdError.EIO])
    expect(client.device.counters.refused).toBe(1)
    client.check()
  })
})

describe("sock_xmit", () => {
  it.each([
    { memallocXmit: false, mask: GFP_NOIO, memalloc: false },
    { memallocXmit: true, mask: GFP_NOIO | __GFP_MEMALLOC, memalloc: true }
  ])("memallocXmit $memallocXmit: mask, flag and socket", ({ memallocXmit, mask, memalloc }) => {
    const { sim, client, server } = world({ memallocXmit })
    const [socket] = client.connect(server)
    client.submit(true, 0, [1, 2])
    client.submit(false, 8, [3])
    sim.run()
    expect(socket.memalloc).toBe(memalloc)
    expect(socket.calls.length).toBeGreaterThan(6)
    expect(new Set(socket.calls.map(({ call }) => call))).toEqual(
      new Set(["sendBytes", "sendPage", "recvBytes", "recvPage"])
    )
    for (const call of socket.calls) expect(call).toMatchObject({ skAllocation: mask, memalloc })
  })

  it("restores the flag of the task", () => {
    const { sim, server } = world()
    const client = new ToyClient(sim, "nbd1")
    const [socket] = client.connect(server)
    const seen: Array<number> = []
    const other = start(sim, "disconnecter", (self) => client.device.disconnect(self))
    client.queue.onBioEnd = (ctx) => seen.push(ctx.flags)
    client.submit(true, 0, [1])
    sim.run()
    expect(seen).toEqual([0])
    expect(other.flags).toBe(0)
    expect(socket.calls.every(({ memalloc }) => memalloc)).toBe(true)
  })
})

describe("errors", () => {
  it("a lost connection ends everything that is outstanding, and a new one works", () => {
    const { sim, client, server } = world()
    const [, serverEnd] = client.connect(server, 1_000_000)
    for (let slot = 0; slot < 40; slot++) client.submit(slot % 2 === 0, 2 * slot, [slot])
    sim.run(900_000)
    expect(client.device.outstanding).toBe(40)
    serverEnd.shutdown()
    sim.run()
    client.check()
    expect(client.ended.length).toBe(40)
    expect(client.ended.every(({ error }) => error === NbdError.EIO)).toBe(true)
    expect(client.device).toMatchObject({ connected: false, outstanding: 0, harderror: -32 })
    expect(client.device.counters.disconnects).toBe(1)
    client.connect(server)
    client.submit(true, 0, [1])
    sim.run()
    expect(client.ended.at(-1)).toEqual({ pfn: 1, write: true, error: 0 })
  })

  it.each([
    { appendSent: true, order: [0, 2, 4, 6] },
    { appendSent: false, order: [6, 4, 2, 0] }
  ])("appendSent $appendSent: queue_head is cleared in the order $order", ({ appendSent, order }) => {
    const { sim, client, server } = world({ appendSent })
    const [, serverEnd] = client.connect(server, 1_000_000)
    for (const pfn of [0, 2, 4, 6]) client.submit(true, pfn, [pfn])
    sim.run(500_000)
    expect(client.device.sentCount).toBe(4)
    serverEnd.shutdown()
    sim.run()
    expect(client.ended.map(({ pfn }) => pfn)).toEqual(order)
  })

  it("an answer to nobody, and one that is no NBD, end the connection", () => {
    for (
      const [bytes, error] of [
        ["67446698 00000000 ffff8800 00000042", -53],
        ["67446698 00000000 00000000 00000000", -53],
        ["12345678 00000000 ffff8800 00000000", -71]
      ] as const
    ) {
      const sim = new Sim({ seed: 1 })
      const client = new ToyClient(sim, "nbd0")
      const [clientEnd, serverEnd] = connection(sim, "raw")
      client.device.connect(clientEnd)
      client.submit(false, 0, [1])
      start(
        sim,
        "liar",
        (self) =>
          serverEnd.sendBytes(
            self,
            Uint8Array.from(bytes.replaceAll(" ", "").match(/../g) ?? [], (b) => Number.parseInt(b, 16)),
            false
          )
      )
      sim.run()
      expect(client.device.harderror).toBe(error)
      expect(client.ended).toEqual([{ pfn: 1, write: false, error: NbdError.EIO }])
      client.check()
    }
  })

  it("a send that hangs is killed after the timeout, and everything fails", () => {
    const { sim, client, server } = world({ xmitTimeoutNs: 3_000_000_000 })
    const [socket] = client.connect(server)
    socket.blocked = true
    client.submit(true, 0, [1])
    client.submit(true, 8, [2])
    sim.run()
    expect(client.device.counters.hungXmits).toBe(1)
    expect(client.ended.map(({ error }) => error)).toEqual([NbdError.EIO, NbdError.EIO])
    expect(client.device.lastCompletionNs).toBe(3_000_000_000)
    expect(client.device.connected).toBe(false)
    // the thread survives its signal and serves the next connection
    client.connect(server)
    client.submit(true, 0, [1])
    sim.run()
    expect(client.ended.at(-1)?.error).toBe(0)
    client.check()
  })

  it("a receiver that is killed keeps the socket until a hanging send has ended, then everything fails", () => {
    const { sim, client, server } = world({ xmitTimeoutNs: 3_000_000_000 })
    const [socket] = client.connect(server)
    socket.blocked = true
    client.submit(true, 0, [1])
    sim.run(1_000_000_000)
    client.receiver.process.kill()
    sim.run(2_000_000_000)
    // sock_shutdown wants tx_lock, and the sender has it
    expect(client.device.txLock.owner).not.toBe(null)
    expect(socket.closed).toBe(false)
    expect(client.ended).toEqual([])
    sim.run()
    expect(socket.closed).toBe(true)
    expect(client.device.harderror).toBe(-4)
    expect(client.ended).toEqual([{ pfn: 1, write: true, error: NbdError.EIO }])
    expect(client.device.connected).toBe(false)
    client.check()
  })

  it("a receiver killed while an answer is there drops the socket all the same", () => {
    const { sim, client, server } = world()
    const [socket] = client.connect(server)
    client.submit(true, 0, [1])
    client.submit(true, 8, [2])
    let killed = false
    const recvBytes = socket.recvBytes.bind(socket)
    socket.recvBytes = function*(self, into) {
      const got = yield* recvBytes(self, into)
      if (!killed) self.process.killed = killed = true
      return got
    }
    sim.run()
    expect(client.device.harderror).toBe(-4)
    expect(client.ended.map(({ error }) => error)).toEqual([NbdError.EIO, NbdError.EIO])
    // the signal was taken off the task, which waits for the next socket
    client.connect(server)
    client.submit(true, 0, [1])
    sim.run()
    expect(client.ended.at(-1)?.error).toBe(0)
    client.check()
  })

  it("the timeout shoots the sender, not the socket: answers are received until the sender notices", () => {
    const { sim, client, server } = world({ xmitTimeoutNs: 3_000_000_000 })
    const [socket] = client.connect(server)
    const sendPage = socket.sendPage.bind(socket)
    // a sender in direct reclaim: no signal reaches it
    const reclaim = new WaitQueue(sim, "direct reclaim")
    socket.sendPage = function*(self, writer, version, more) {
      if (version === 9) yield* reclaim.sleepTimeout(self.process, 5_000_000_000)
      return yield* sendPage(self, writer, version, more)
    }
    client.submit(true, 0, [1])
    client.setToken(2, 1, 9)
    client.submit(true, 8, [2])
    sim.run(4_000_000_000)
    expect(client.device.counters.hungXmits).toBe(1)
    expect(socket.closed).toBe(false)
    sim.run()
    expect(socket.closed).toBe(true)
    expect(client.ended).toEqual([{ pfn: 1, write: true, error: 0 }, { pfn: 2, write: true, error: NbdError.EIO }])
    client.check()
  })

  it("without a timeout a send hangs for ever: a deadlock that names the queues", () => {
    const { sim, client, server } = world()
    const [socket] = client.connect(server)
    socket.blocked = true
    client.submit(true, 0, [1])
    const end = sim.run()
    expect(end.reason).toBe("deadlock")
    expect(client.device).toMatchObject({ outstanding: 1, lastCompletionNs: 0 })
    expect(client.device.activeRequest).toBeGreaterThanOrEqual(0)
  })

  it("a connection that ends inside a page fails the read, and leaves the page alone", () => {
    const { sim, client, server } = world()
    const [socket, serverEnd] = client.connect(server)
    socket.cutPage = true
    client.setToken(5, 9, 9)
    client.submit(false, 0, [5, 6])
    sim.run(200_000)
    serverEnd.shutdown()
    sim.run()
    expect(client.ended.map(({ error }) => error)).toEqual([NbdError.EIO, NbdError.EIO])
    expect(client.token(5)).toEqual([9, 9])
    client.check()
  })

  it("disconnects: the server's worker ends, the device has no socket", () => {
    const { sim, client, server } = world()
    const [, serverEnd] = client.connect(server)
    client.submit(true, 0, [1])
    start(sim, "nbd-client -d", (self) => client.device.disconnect(self))
    sim.run()
    expect(serverEnd.closed).toBe(true)
    expect(client.device.connected).toBe(false)
    expect(client.ended).toEqual([{ pfn: 1, write: true, error: 0 }])
  })
})

it("what is read is what was last written, for several clients with exports of their own", () => {
  const command = fc.record({
    client: fc.nat(2),
    write: fc.boolean(),
    slot: fc.nat(120),
    count: fc.integer({ min: 1, max: 31 }),
    pause: fc.constantFrom(0, 0, 20_000, 400_000)
  })
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const sim = new Sim({ seed: 5 })
      const clients = [0, 1, 2].map((i) => {
        const client = new ToyClient(sim, `nbd${i}`, 5000)
        client.connect(new ToyServer(1 << 20), 10_000 * (i + 1))
        return { client, model: new Map<number, number>(), next: 0, reads: [] as Array<readonly [number, number]> }
      })
      let version = 0
      for (const { client: i, write, slot, count, pause } of commands) {
        const who = clients[i]
        const pfns = Array.from({ length: count }, () => who.next++)
        // like the swap cache, no slot is read and written at the same time: let earlier requests finish
        sim.run()
        pfns.forEach((pfn, k) => {
          if (write) {
            who.client.setToken(pfn, i + 1, ++version)
            who.model.set(slot + k, version)
          } else who.reads.push([pfn, who.model.get(slot + k) ?? 0])
        })
        who.client.submit(write, slot, pfns)
        sim.run(sim.now + pause)
        who.client.check()
      }
      sim.run()
      clients.forEach(({ client, reads }, i) => {
        client.check()
        expect(client.device.outstanding).toBe(0)
        for (const [pfn, expected] of reads) {
          expect(client.token(pfn)).toEqual(expected === 0 ? [0, 0] : [i + 1, expected])
        }
      })
    }),
    { seed: 20120731, numRuns: 40 }
  )
})

describe("switches of a device in use", () => {
  it("make the connection a memalloc socket, once, and give the next calls their rights", () => {
    const { sim, client, server } = world({ memallocXmit: false })
    const [socket] = client.connect(server)
    sim.run()
    expect(socket.memalloc).toBe(false)
    client.submit(true, 8, [1])
    sim.run()
    expect(socket.calls.at(-1)).toMatchObject({ skAllocation: GFP_NOIO, memalloc: false })
    client.device.setSwitches({ memallocXmit: true, appendSent: true })
    expect(socket.memalloc).toBe(true)
    const masks = socket.calls.length
    client.submit(true, 16, [2])
    sim.run()
    const sends = socket.calls.slice(masks).filter(({ call }) => call.startsWith("send"))
    expect(sends.length).toBe(2)
    for (const call of sends) expect(call).toMatchObject({ skAllocation: GFP_NOIO | __GFP_MEMALLOC, memalloc: true })
    client.check()
  })

  it("leave a device without a connection for its next DO_IT", () => {
    const { sim, client, server } = world({ memallocXmit: false })
    client.device.setSwitches({ memallocXmit: true, appendSent: false })
    const [socket] = client.connect(server)
    expect(socket.memalloc).toBe(false)
    sim.run()
    expect(socket.memalloc).toBe(true)
  })
})
