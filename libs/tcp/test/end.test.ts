// The end of a connection, and windows that are closed.
import { TCPHDR_ACK, TCPHDR_FIN, TCPHDR_PSH, TCPHDR_RST } from "@swaplab/net-skb"
import { ECONNRESET, EPIPE } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { MS, Script, Stingy } from "./script.ts"
import { ToyNetwork } from "./toy.ts"

const MSS = 1448

describe("the end", () => {
  it("a FIN goes out although the congestion window is full", () => {
    const script = new Script()
    script.client.cwnd = 2
    script.send(2 * MSS)
    script.take()
    script.client.shutdown()
    script.pass(MS)
    expect(script.take()).toMatchObject([{ seq: 2 * MSS, len: 0, flags: TCPHDR_ACK | TCPHDR_FIN }])
  })

  it.each(["nothing", "data"])("a FIN without memory goes out later, where %s is in flight", (flight) => {
    const memory = new Stingy()
    const script = new Script({ memory })
    script.send(10)
    if (flight === "nothing") script.segment({ ack: 10 })
    script.take()
    memory.left = 0
    script.client.shutdown()
    script.pass(MS)
    if (flight === "data") script.segment({ ack: 10 })
    expect([script.client.finPending, script.take()]).toEqual([true, []])
    memory.left = Number.POSITIVE_INFINITY
    script.pass(2000 * MS)
    expect(script.client.finPending).toBe(false)
    expect(script.take()[0].flags & TCPHDR_FIN).toBe(TCPHDR_FIN)
  })
})

describe("a closed window", () => {
  const closed = (memory = new Stingy()) => {
    const script = new Script({ memory })
    script.segment({ wnd: 0 })
    script.send(3 * MSS)
    expect(script.data()).toEqual([])
    return script
  }

  it("a probe carries what the window has room for", () => {
    const script = closed()
    script.client.sndWnd = 700
    script.pass(2000 * MS)
    const [first] = script.take()
    expect(first).toMatchObject({ seq: 0, len: 700, flags: TCPHDR_ACK | TCPHDR_PSH })
  })

  it("without memory for probes they back off like lost ones", () => {
    const memory = new Stingy()
    const script = closed(memory)
    memory.left = 0
    script.pass(8000 * MS)
    expect(script.take()).toEqual([])
    // after 1 s, 2 s and 4 s
    expect([script.client.backoff, script.client.probesOut]).toEqual([3, 3])
  })

  it("an ACK that opens it starts the data at once", () => {
    const script = closed()
    script.pass(2000 * MS)
    expect(script.take().every(({ len, seq }) => len === 0 && seq === -1)).toBe(true)
    script.segment({ wnd: 2 * MSS })
    expect(script.data()).toEqual([[0, MSS], [MSS, MSS]])
    expect(script.client.backoff).toBe(0)
  })
})

describe("the end of a connection", () => {
  it("shutdown: the peer reads to the end, then gets 0; sending gives EPIPE", () => {
    const net = new ToyNetwork()
    const results: Array<number> = []
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
      net.server.shutdown()
      results.push(yield* net.server.sendBytes(task, new Uint8Array(1), false))
    })
    net.spawn("receiver", function*(task) {
      results.push(yield* net.client.recvBytes(task, new Uint8Array(100)))
      results.push(yield* net.client.recvBytes(task, new Uint8Array(100)))
    })
    net.sim.run(10_000 * MS)
    expect(results).toEqual([-EPIPE, 100, 0])
    net.close()
  })

  it("abort resets the peer", () => {
    const net = new ToyNetwork()
    let result = 0
    net.spawn("receiver", function*(task) {
      result = yield* net.client.recvBytes(task, new Uint8Array(100))
    })
    net.sim.run(1 * MS)
    net.server.abort(net.b.softirq.ctx)
    net.sim.run(10 * MS)
    expect(result).toBe(-ECONNRESET)
  })

  it("a segment for a socket that is gone is answered with a reset", () => {
    const net = new ToyNetwork()
    let resets = 0
    net.ba.onFrame = (frame) => {
      if ((net.packets.flags[frame] & TCPHDR_RST) !== 0) resets++
      return true
    }
    net.server.close(net.b.softirq.ctx)
    net.spawn("sender", function*(task) {
      yield* net.client.sendBytes(task, new Uint8Array(10), false)
    })
    net.sim.run(10 * MS)
    expect(resets).toBe(1)
    expect(net.client.error).toBe(ECONNRESET)
  })
})
