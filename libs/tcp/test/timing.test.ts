// When lost segments come again, between two machines.
import { retransmitsTimedOutNs } from "#src/timer.ts"
import { ETIMEDOUT } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { MS } from "./script.ts"
import { ToyNetwork } from "./toy.ts"
import { warmUp, watchData } from "./watch.ts"

describe("retransmission time-outs", () => {
  it("double from 200 ms to 120 s; after 924.6 s the connection dies", () => {
    const net = new ToyNetwork()
    warmUp(net)
    const sent = watchData(net)
    net.ba.cut = true
    const start = net.sim.now / MS
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
    })
    net.sim.run(net.sim.now + 2_000_000 * MS)
    const at = sent.map((frame) => frame.at - start)
    const gaps = at.slice(1).map((time, i) => time - at[i])
    // the measured round trip is added to the 200 ms, then rounded to ticks
    expect(gaps[0]).toBeGreaterThanOrEqual(200)
    expect(gaps[0]).toBeLessThan(260)
    for (let i = 1; i < gaps.length; i++) {
      expect(gaps[i] / Math.min(gaps[i - 1] * 2, 120_000)).toBeCloseTo(1, 1)
      expect(gaps[i]).toBeLessThanOrEqual(120_000)
    }
    expect(gaps.slice(-3).every((gap) => gap === 120_000)).toBe(true)
    expect(net.server.error).toBe(ETIMEDOUT)
    expect(at[at.length - 1]).toBeGreaterThan(800_000)
    expect(at[at.length - 1]).toBeLessThan(1_100_000)
    expect(net.server.wmemQueued).toBe(0)
  })

  it.each([{ boundary: 3, seconds: 3 }, { boundary: 15, seconds: 924.6 }])(
    "$boundary retries last $seconds s",
    ({ boundary, seconds }) => expect(retransmitsTimedOutNs(boundary) / 1e9).toBeCloseTo(seconds, 6)
  )

  // the tries come after 0.2, 0.6, 1.4 … s: an outage costs up to twice its length
  it.each([
    { outage: 0.1, back: 0.2 },
    { outage: 1, back: 1.4 },
    { outage: 2.9, back: 3 },
    { outage: 5, back: 6.2 },
    { outage: 10, back: 12.6 },
    { outage: 13, back: 25.4 },
    { outage: 30, back: 51 },
    { outage: 60, back: 102.2 },
    { outage: 120, back: 204.6 },
    // from here on the gaps are 120 s
    { outage: 300, back: 324.6 },
    { outage: 800, back: 804.6 }
  ])("a cable that is out for $outage s stops a sender for $back s", ({ back, outage }) => {
    const net = new ToyNetwork()
    warmUp(net)
    net.ab.cut = net.ba.cut = true
    const start = net.sim.now
    let got = -1
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
    })
    net.spawn("reader", function*(task) {
      yield* net.client.recvBytes(task, new Uint8Array(100))
      got = net.sim.now
    })
    net.sim.run(start + outage * 1000 * MS)
    net.ab.cut = net.ba.cut = false
    net.sim.run(start + 2000_000 * MS)
    const seconds = (got - start) / 1e9
    expect(seconds).toBeGreaterThan(back)
    expect(seconds).toBeLessThan(back * 1.02 + 0.1)
    expect(net.server.error).toBe(0)
  })

  it("a measured round trip brings the time-out back", () => {
    const net = new ToyNetwork()
    warmUp(net)
    net.ba.cut = true
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
    })
    net.sim.run(net.sim.now + 3000 * MS)
    expect(net.server.timeouts).toBe(3)
    expect(net.server.rto).toBeGreaterThan(1600 * MS)
    net.ba.cut = false
    net.sim.run(net.sim.now + 5000 * MS)
    expect(net.server.packetsOut).toBe(0)
    expect(net.server.rto).toBeLessThan(300 * MS)
    expect(net.client.readable).toBe(100)
  })

  it("without memory in the device the same time-out is tried again, without backoff", () => {
    const net = new ToyNetwork()
    warmUp(net)
    net.ba.cut = true
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
    })
    net.sim.run(net.sim.now + 1 * MS)
    const device = net.b.stack.device as { transmit: (ctx: unknown, skb: number) => number }
    const transmit = device.transmit.bind(device)
    let tried = 0
    device.transmit = (_ctx, skb) => {
      tried++
      const { skbs } = net.b.stack
      net.server.skbFreed(net.b.softirq.ctx, skbs.truesize[skb])
      skbs.twinBusy[skb] = 0
      skbs.kfree(net.b.softirq.ctx, skb)
      return 1
    }
    const rto = net.server.rto
    net.sim.run(net.sim.now + 2000 * MS)
    expect(tried).toBeGreaterThanOrEqual(8)
    expect(net.server.rto).toBe(rto)
    device.transmit = transmit
    net.ba.cut = false
    net.sim.run(net.sim.now + 1000 * MS)
    expect(net.client.readable).toBe(100)
  })
})

describe("fast retransmit", () => {
  it("three duplicate ACKs bring one lost segment back within a round trip", () => {
    const net = new ToyNetwork()
    const sent = watchData(net)
    let dropped = false
    const watch = net.ba.onFrame
    net.ba.onFrame = (frame) => {
      watch?.(frame)
      if (dropped || net.packets.seq[frame] < 60 * 1448) return true
      dropped = true
      return false
    }
    let received = 0
    net.spawn("sender", function*(task) {
      for (let i = 0; i < 200; i++) yield* net.server.sendPage(task, 1, i, false)
    })
    net.spawn("receiver", function*(task) {
      const page = { tokenWriter: 0, tokenVersion: 0 }
      for (let i = 0; i < 200; i++) {
        yield* net.client.recvPage(task, page)
        expect(page.tokenVersion).toBe(i)
        received++
      }
    })
    net.sim.run(60_000 * MS)
    expect(received).toBe(200)
    expect(net.server.mib.TCPSackRecovery).toBe(1)
    expect(net.server.timeouts).toBe(0)
    expect(net.server.retransmitted).toBe(1)
    const seqs = sent.map((frame) => frame.seq)
    const repeated = sent.filter((frame, i) => seqs.indexOf(frame.seq) !== i)
    expect(repeated.length).toBe(1)
    expect(repeated[0].at - sent[seqs.indexOf(repeated[0].seq)].at).toBeLessThan(5)
    net.close()
  })

  it.each([
    { what: "FACK finds, by what arrives that left later", fack: 1, timeouts: 0 },
    { what: "is left to the time-out without FACK", fack: 0, timeouts: 1 }
  ])("a lost retransmission $what", ({ fack, timeouts }) => {
    const net = new ToyNetwork({ serverSysctls: { "net.ipv4.tcp_fack": fack } })
    let drops = 0
    let victim = -1
    net.ba.onFrame = (frame) => {
      const seq = net.packets.seq[frame]
      if (victim < 0 && seq > 20 * 1448) victim = seq
      return seq !== victim || ++drops > 2
    }
    let received = 0
    net.spawn("sender", function*(task) {
      for (let i = 0; i < 50; i++) yield* net.server.sendPage(task, 1, i, false)
    })
    net.spawn("receiver", function*(task) {
      const page = { tokenWriter: 0, tokenVersion: 0 }
      for (let i = 0; i < 50; i++) {
        yield* net.client.recvPage(task, page)
        received++
      }
    })
    net.sim.run(60_000 * MS)
    expect(received).toBe(50)
    expect(drops).toBeGreaterThanOrEqual(3)
    expect([net.server.timeouts, net.server.mib.TCPLostRetransmit]).toEqual([timeouts, fack === 1 ? drops - 2 : 0])
    net.close()
  })
})
