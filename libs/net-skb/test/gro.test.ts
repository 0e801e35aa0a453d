// GRO: what is merged, what is not, and when it goes up.
import { MAX_GRO_SKBS } from "#src/gro.ts"
import { SACK_STRIDE } from "#src/packets.ts"
import { CARDS, MSS, Nic, TCPHDR_ACK, TCPHDR_FIN, TCPHDR_PSH, TCPHDR_RST, TCPHDR_SYN } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { Bench, type Fields } from "./gro-toy.ts"

describe("what continues an skb", () => {
  it("three segments become one skb of the first one's headers, and its size is that of the first", () => {
    const bench = new Bench()
    bench.burst(2)
    bench.receive({ seq: 2 * MSS, len: 100 })
    // a short segment ends the skb: it goes up without a flush
    expect(bench.sink.got).toMatchObject([{ seq: 0, len: 2 * MSS + 100, segs: 3, size: MSS, flags: TCPHDR_ACK }])
    expect([bench.gro.merged, bench.gro.heldSegments]).toEqual([2, 0])
    bench.idle()
  })

  it("a segment by itself goes up as it came", () => {
    const bench = new Bench()
    bench.burst(1)
    expect(bench.sink.got).toEqual([])
    expect(bench.gro.heldSegments).toBe(1)
    expect(bench.flush()).toMatchObject([{ segs: 1, size: 0, frags: 0, list: false }])
    bench.idle()
  })

  it.each([
    { what: "PSH", flags: TCPHDR_ACK | TCPHDR_PSH },
    { what: "FIN", flags: TCPHDR_ACK | TCPHDR_FIN }
  ])("$what goes over to the skb, and sends it up", ({ flags }) => {
    const bench = new Bench()
    bench.burst(1)
    bench.receive({ seq: MSS, flags })
    expect(bench.sink.got).toMatchObject([{ seq: 0, len: 2 * MSS, segs: 2, flags }])
    // by itself it is never held
    bench.receive({ seq: 2 * MSS, flags })
    expect(bench.sink.got[1]).toMatchObject({ seq: 2 * MSS, segs: 1 })
    bench.idle()
  })

  it.each<{ readonly what: string; readonly second: Fields; readonly held: number }>([
    { what: "a gap", second: { seq: 2 * MSS }, held: 1 },
    { what: "a repetition", second: { seq: 0 }, held: 1 },
    { what: "a longer segment", second: { seq: MSS, len: MSS + 1 }, held: 1 },
    { what: "no data", second: { seq: MSS, len: 0 }, held: 0 },
    { what: "another acknowledged number", second: { seq: MSS, ack: 2 }, held: 1 },
    { what: "another window", second: { seq: MSS, wnd: 30_001 }, held: 1 },
    { what: "a time stamp of another tick", second: { seq: MSS, tsval: 6_000_000 }, held: 1 },
    { what: "an echo of another tick", second: { seq: MSS, tsecr: 3_999_999 }, held: 1 },
    { what: "RST", second: { seq: MSS, flags: TCPHDR_ACK | TCPHDR_RST }, held: 0 },
    { what: "SYN", second: { seq: MSS, flags: TCPHDR_ACK | TCPHDR_SYN }, held: 0 },
    { what: "no ACK", second: { seq: MSS, flags: 0 }, held: 1 }
  ])("$what sends up what is held", ({ held, second }) => {
    const bench = new Bench()
    bench.burst(1)
    bench.receive(second)
    expect(bench.sink.got.map(({ segs }) => segs)).toEqual(held === 1 ? [1] : [1, 1])
    expect(bench.sink.got[0].seq).toBe(0)
    expect([bench.gro.heldSegments, bench.gro.merged]).toEqual([held, 0])
    bench.flush()
    bench.idle()
  })

  it("options of another length send up what is held", () => {
    const bench = new Bench()
    bench.burst(1)
    const skb = bench.skb({ seq: MSS, len: MSS - 12 })
    bench.toy.packets.bytes[bench.toy.stack.skbs.frame[skb]] += 12
    bench.gro.receive(bench.toy.ctx, skb)
    expect([bench.sink.got.length, bench.gro.merged]).toEqual([1, 0])
    expect(bench.gro.drain(bench.toy.ctx)).toBe(1)
    bench.idle()
  })

  it.each([{ end: 99, segs: [2] }, { end: 98, segs: [1, 1] }])("SACK blocks to 99 and $end: $segs", ({ end, segs }) => {
    const bench = new Bench()
    for (const [i, to] of [99, end].entries()) {
      const skb = bench.skb({ seq: i * MSS })
      const { packets, stack } = bench.toy
      const frame = stack.skbs.frame[skb]
      packets.bytes[frame] += 12
      packets.sackBlocks[frame] = 1
      packets.sackSeq.set([90, to], frame * SACK_STRIDE)
      bench.gro.receive(bench.toy.ctx, skb)
    }
    expect(bench.flush().map((got) => got.segs)).toEqual(segs)
    bench.idle()
  })

  it("stamps of one tick are the same", () => {
    const bench = new Bench()
    bench.receive({ seq: 0, tsval: 5_000_000, tsecr: 4_000_000 })
    bench.receive({ seq: MSS, tsval: 5_999_999, tsecr: 4_999_999 })
    expect(bench.flush()).toMatchObject([{ segs: 2 }])
    bench.idle()
  })

  it("connections do not disturb each other, up to eight; the latest goes up first", () => {
    const bench = new Bench()
    for (const seq of [0, MSS]) for (let sport = 0; sport < MAX_GRO_SKBS; sport++) bench.receive({ seq, sport })
    // the ninth is not held
    bench.receive({ seq: 9 * MSS, sport: 99 })
    // the same port of another host is another connection
    bench.receive({ seq: 2 * MSS, sport: 0, src: 2 })
    expect(bench.sink.got.map(({ segs }) => segs)).toEqual([1, 1])
    const up = bench.flush().slice(2)
    expect(up.map(({ segs }) => segs)).toEqual(Array.from({ length: MAX_GRO_SKBS }, () => 2))
    bench.idle()
  })

  it("datagrams and a device without GRO pass", () => {
    const bench = new Bench({}, false)
    bench.burst(3)
    expect(bench.sink.got.map(({ segs, size }) => [segs, size])).toEqual([[1, 0], [1, 0], [1, 0]])
    const on = new Bench()
    on.burst(1)
    const skb = on.toy.stack.netdev.skb(on.toy.ctx, 1522)
    const frame = on.toy.packets.datagram(1, 0, 999, 100)
    on.toy.stack.skbs.frame[skb] = frame
    on.gro.receive(on.toy.ctx, skb)
    expect([on.toy.stack.noSocket, on.gro.heldSegments]).toEqual([1, 1])
    on.flush()
    on.idle()
    bench.idle()
  })

  it("costs the CPU a third of a packet for each segment that is appended", () => {
    const bench = new Bench()
    const skbs = [0, 1, 2, 3].map((i) => bench.skb({ seq: i * MSS }))
    bench.toy.ctx.ns = 0
    for (const skb of skbs) bench.gro.receive(bench.toy.ctx, skb)
    const { mergedPacketNs, rxPacketNs } = bench.toy.stack.costs
    // and what it takes to free the three heads
    expect(bench.toy.ctx.ns - rxPacketNs - 3 * mergedPacketNs).toBeGreaterThanOrEqual(0)
    expect(bench.toy.ctx.ns - rxPacketNs - 3 * mergedPacketNs).toBeLessThan(mergedPacketNs)
    bench.flush()
  })
})

describe("in a card", () => {
  const opened = (gro: boolean): { readonly bench: Bench; readonly nic: Nic; readonly arrive: (n: number) => void } => {
    const bench = new Bench()
    const { stack, softirq } = bench.toy
    const nic = new Nic(stack, { transmit: () => 0 }, softirq, { ...CARDS.e1000, gro })
    nic.open(bench.toy.ctx)
    let seq = 0
    return {
      bench,
      nic,
      arrive: (n) => {
        for (let i = 0; i < n; i++, seq += MSS) nic.receive(bench.frame({ seq }))
      }
    }
  }

  it("what is held goes up at the end of a poll that emptied the ring", () => {
    const { arrive, bench } = opened(true)
    arrive(5)
    bench.toy.pass(1_000_000)
    expect(bench.sink.got.map(({ segs }) => segs)).toEqual([5])
  })

  it("a poll that used up its weight holds on to it", () => {
    const { arrive, bench } = opened(true)
    arrive(64 + 3)
    // the first poll takes 64: 3 × 18 and 10 that the next poll continues
    bench.toy.pass(1_000_000)
    expect(bench.sink.got.map(({ segs }) => segs)).toEqual([18, 18, 18, 13])
  })

  it("a card that goes down frees what is held, and counts it with what was in its ring", () => {
    const { arrive, bench, nic } = opened(true)
    arrive(64 + 3)
    // the poll of the interrupt takes 64 and holds the last ten of them
    bench.toy.sim.run(5_000)
    expect([nic.rx.arrived, nic.rx.gro.heldSegments, bench.sink.got.length]).toEqual([3, 10, 3])
    nic.close(bench.toy.ctx)
    expect([nic.rxWhileDown, bench.toy.packets.inUse]).toEqual([13, 0])
  })

  it("without GRO each segment comes by itself", () => {
    const { arrive, bench } = opened(false)
    arrive(5)
    bench.toy.pass(1_000_000)
    expect(bench.sink.got.map(({ segs }) => segs)).toEqual([1, 1, 1, 1, 1])
  })
})
