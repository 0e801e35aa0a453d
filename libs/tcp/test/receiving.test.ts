// What a receiver does at the limits of its rules: exactly at a limit, and just beside it.
import { CARDS, NO_SKB } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, Script } from "./script.ts"

const MSS = 1448
/** A card that interrupts at once. */
const PROMPT = { ...CARDS.e1000, interruptDelayNs: 0, interruptGapNs: 0 }

/** Starts a reader of `bytes`; `result` is what it has got, 0 while it waits. */
const reader = (script: Script, bytes: number) => {
  const state = { result: 0 }
  const { client } = script
  const task = script.net.spawn("reader", function*(self) {
    state.result = yield* client.recvBytes(self, new Uint8Array(bytes))
  })
  script.pass(MS / 2)
  return { state, task }
}

describe("a reader", () => {
  it.each([{ bytes: 512 }, { bytes: 1024 }, { bytes: 1448 }])("pays for copying $bytes bytes", ({ bytes }) => {
    const script = new Script()
    const { client } = script
    script.net.server.sent.appendBytes(new Uint8Array(bytes))
    script.segment({ len: bytes })
    // no ACK is due, which would cost, too
    client.ackScheduled = false
    const { state, task } = reader(script, bytes)
    expect(state.result).toBe(bytes)
    const { copyPerKiBNs, syscallNs } = script.net.a.stack.costs
    expect(copyPerKiBNs).toBeGreaterThan(0)
    expect(task.ns).toBe(syscallNs + Math.floor((copyPerKiBNs * bytes) / 1024))
  })

  it("that finds nothing tells the peer nothing", () => {
    const script = new Script()
    script.client.rcvWnd = 100
    const { state } = reader(script, 10)
    expect([state.result, script.take()]).toEqual([0, []])
  })

  it("that is woken leaves its packets alone while somebody else owns the socket", () => {
    const script = new Script()
    const { client, net } = script
    net.server.sent.appendBytes(new Uint8Array(10))
    const { state } = reader(script, 10)
    // a sender takes the socket before the reader has run
    const wakeAll = client.receiveData.wakeAll.bind(client.receiveData)
    client.receiveData.wakeAll = () => {
      client.owned = true
      return wakeAll()
    }
    script.segment({ len: 10 })
    expect([client.rcvNxt, client.prequeueHead !== NO_SKB, client.lockQueue.waiters]).toEqual([0, true, 1])
    client.receiveData.wakeAll = wakeAll
    client.releaseSock(net.a.softirq.ctx)
    script.pass(MS)
    expect([client.rcvNxt, state.result]).toEqual([10, 10])
  })
})

describe("the backlog", () => {
  it("needs no right to the reserve for packets that are not made of it", () => {
    const script = new Script()
    const { client, net } = script
    // somebody else is a memalloc socket
    net.a.stack.memallocSocks.count = 1
    client.owned = true
    script.segment({ len: 10 })
    expect(client.rcvNxt).toBe(0)
    client.releaseSock(net.a.softirq.ctx)
    expect(client.rcvNxt).toBe(10)
  })
})

describe("the receive buffer", () => {
  it("takes a segment in order when the room of those behind a hole is enough for it", () => {
    const script = new Script({ tcp: { rcvbuf: 9000 }, nic: CARDS.kmalloc })
    const { client } = script
    client.rcvWnd = 100_000
    for (let i = 1; i < 30 && client.rmemAlloc <= client.rcvbuf; i++) script.segment({ seq: i * 3000, len: 1400 })
    expect([client.mib.OfoPruned, client.mib.RcvPruned]).toEqual([0, 0])
    script.segment({ seq: 0, len: 50 })
    expect([client.rcvNxt, client.mib.OfoPruned, client.mib.RcvPruned]).toEqual([50, 1, 0])
  })

  it.each([{ below: 0, grows: 0 }, { below: 1, grows: 2 * MSS }])(
    "the window grows only while it is less than the free room: $below less, by $grows",
    ({ below, grows }) => {
      const script = new Script()
      const { client } = script
      script.segment({ len: MSS })
      const each = client.rmemAlloc
      const before = ((client.rcvbuf - (2 * each - 256)) >> 1) - below
      client.rcvSsthresh = before
      client.windowClamp = client.rcvbuf
      script.segment({ len: MSS })
      // the second is joined to the first, and gives its head object back
      expect([client.rmemAlloc, client.rcvSsthresh]).toEqual([2 * each - 256, before + grows])
    }
  )

  it("a window that a poorly filled packet does not open brings no ACK", () => {
    const script = new Script()
    const { client } = script
    script.segment({ len: 200 })
    script.take()
    Object.assign(client, { rcvbuf: 8 << 20, windowClamp: 4 << 20, rcvSsthresh: 3 << 20, quick: 0 })
    expect(client.rcvSsthresh).toBeGreaterThan(client.rmemMax >> 2)
    script.segment({ len: 200 })
    expect([client.rcvSsthresh, client.ackScheduled, script.take()]).toEqual([3 << 20, true, []])
  })
})

describe("a pause of the peer", () => {
  it.each([{ more: 0, quick: false }, { more: 1, quick: true }])(
    "is long when it exceeds the time-out, by $more ns: quick ACKs $quick",
    ({ more, quick }) => {
      const script = new Script({ nic: PROMPT })
      const { client, net } = script
      const late = () => {
        const at = net.sim.now
        script.segment({ len: 100 })
        return client.lrcvtime - at
      }
      const delay = late()
      Object.assign(client, { quick: 0, pingpong: true, lrcvtime: net.sim.now + delay - client.rto - more })
      expect(late()).toBe(delay)
      expect(client.quick > 0).toBe(quick)
    }
  )
})
