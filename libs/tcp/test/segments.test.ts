// Segments on the write queue: how they are cut, sent and copied; each rule at its limits.
import { segments } from "#src/queue.ts"
import { transmitSkb } from "#src/transmit.ts"
import { chargeStreamSkb, fragment, streamAllocFailed, tryStreamAllocSkb } from "#src/write-queue.ts"
import {
  MAX_SKB_FRAGS,
  MAX_TCP_HEADER,
  NO_SKB,
  SKB_ALLOC_RX,
  TCP_HEADER_BYTES,
  TCPHDR_ACK,
  TCPHDR_FIN,
  TCPHDR_PSH
} from "@swaplab/net-skb"
import { GFP_ATOMIC } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { MS, NEWRENO, PROMPT, Script, Stingy } from "./script.ts"

const MSS = 1448
const SEC = 1000 * MS

/** A socket with one segment to send: 1000 linear bytes, then fragments of 2000, 3000 and 500. */
const long = (memory = new Stingy()) => {
  const script = new Script({ nic: PROMPT, memory })
  const { client, ctx, net } = script
  const { skbs } = net.a.stack
  script.queue([1000])
  const skb = client.writeTail
  client.sent.appendBytes(new Uint8Array(5500))
  for (const bytes of [2000, 3000, 500]) {
    skbs.fillPageDesc(skb, skbs.pages.adopt(memory.tryPage(ctx, 0)), bytes)
    client.wmemSchedule(bytes)
    client.memCharge(bytes)
    client.wmemQueued += bytes
    skbs.truesize[skb] += bytes
    skbs.len[skb] += bytes
    skbs.endSeq[skb] += bytes
    client.writeSeq += bytes
  }
  const shape = (one: number) => {
    const first = one * MAX_SKB_FRAGS
    return [skbs.headLen[one], ...skbs.fragLen.slice(first, first + skbs.nrFrags[one])]
  }
  const pages = (one: number) => {
    const first = one * MAX_SKB_FRAGS
    return Array.from({ length: skbs.nrFrags[one] }, (_, i) => skbs.pages.refs[skbs.fragPage[first + i]])
  }
  return { script, client, skbs, skb, shape, pages }
}

describe("a segment that is cut", () => {
  it.each([
    { at: 1, first: [1], second: [999, 2000, 3000, 500], refs: [[], [1, 1, 1]] },
    { at: 999, first: [999], second: [1, 2000, 3000, 500], refs: [[], [1, 1, 1]] },
    { at: 1000, first: [1000], second: [0, 2000, 3000, 500], refs: [[], [1, 1, 1]] },
    { at: 1001, first: [1000, 1], second: [0, 1999, 3000, 500], refs: [[2], [2, 1, 1]] },
    { at: 2999, first: [1000, 1999], second: [0, 1, 3000, 500], refs: [[2], [2, 1, 1]] },
    { at: 3000, first: [1000, 2000], second: [0, 3000, 500], refs: [[1], [1, 1]] },
    { at: 3001, first: [1000, 2000, 1], second: [0, 2999, 500], refs: [[1, 2], [2, 1]] },
    { at: 6499, first: [1000, 2000, 3000, 499], second: [0, 1], refs: [[1, 1, 2], [2]] }
  ])("after $at bytes: $first and $second", ({ at, first, refs, second }) => {
    const { client, pages, script, shape, skb, skbs } = long()
    skbs.flags[skb] |= TCPHDR_PSH | TCPHDR_FIN
    skbs.endSeq[skb]++
    client.writeSeq++
    skbs.sacked[skb] = 5
    skbs.when[skb] = 77
    const [truesize, queued, data] = [skbs.truesize[skb], client.wmemQueued, 6500 - at]
    expect(fragment(client, script.ctx, skb, at, GFP_ATOMIC)).toBe(true)
    const rest = skbs.next[skb]
    expect([shape(skb), shape(rest), pages(skb), pages(rest)]).toEqual([first, second, ...refs])
    expect([skbs.len[skb], skbs.len[rest]]).toEqual([at, data])
    expect([skbs.seq[skb], skbs.endSeq[skb], skbs.seq[rest], skbs.endSeq[rest]]).toEqual([0, at, at, 6501])
    expect([skbs.flags[skb], skbs.flags[rest]]).toEqual([TCPHDR_ACK, TCPHDR_ACK | TCPHDR_PSH | TCPHDR_FIN])
    expect([skbs.sacked[rest], skbs.when[rest], skbs.pfmemalloc[rest]]).toEqual([5, 77, 0])
    expect([client.writeHead, client.writeTail, client.sendHead, skbs.next[rest]]).toEqual([skb, rest, skb, NO_SKB])
    // the fragments' memory moves, the linear part's is allocated anew
    const own = client.wmemQueued - queued
    expect(skbs.truesize[rest]).toBe(own + data - second[0])
    expect(skbs.truesize[skb]).toBe(truesize - (data - second[0]))
    script.client.checkInvariants()
    script.checkMemory()
    script.close()
  })

  it("in the middle of the queue stays between its neighbours, and its mark of the reserve is inherited", () => {
    const script = new Script()
    const { skbs } = script.net.a.stack
    script.queue([100, 300, 50])
    const middle = skbs.next[script.client.writeHead]
    const tail = script.client.writeTail
    skbs.pfmemalloc[middle] = 1
    fragment(script.client, script.ctx, middle, 120, GFP_ATOMIC)
    expect([script.queues()[1], script.client.writeTail]).toEqual([[100, 120, 180, 50], tail])
    expect([skbs.pfmemalloc[middle], skbs.pfmemalloc[skbs.next[middle]]]).toEqual([1, 1])
  })

  it("without memory stays as it is", () => {
    const memory = new Stingy()
    const { client, script, shape, skb } = long(memory)
    memory.leftPairs = 0
    const queued = client.wmemQueued
    expect(fragment(client, script.ctx, skb, 500, GFP_ATOMIC)).toBe(false)
    expect([shape(skb), client.wmemQueued]).toEqual([[1000, 2000, 3000, 500], queued])
  })
})

describe("the memory of a new segment", () => {
  it("when it fails, cuts the buffer and is a sign of pressure", () => {
    const memory = new Stingy()
    const script = new Script({ memory })
    const { client } = script
    memory.leftPairs = 0
    client.wmemQueued = 10_000
    expect(tryStreamAllocSkb(client, script.ctx, 0, GFP_ATOMIC)).toBe(NO_SKB)
    expect([client.txFailures, client.memory.pressure, client.sndbuf]).toEqual([1, true, 5000])
    streamAllocFailed(client)
    expect([client.txFailures, client.sndbuf]).toEqual([2, 5000])
  })

  it("when the protocol grants none, is freed again", () => {
    const memory = new Stingy()
    const script = new Script({ memory })
    Object.assign(script.client, { wmemSchedule: () => false })
    const { heads } = memory
    const { skbs } = script.net.a.stack
    const skb = skbs.tryAllocSkb(script.ctx, 100, GFP_ATOMIC, 0)
    expect(chargeStreamSkb(script.client, script.ctx, skb)).toBe(NO_SKB)
    expect([memory.heads, script.client.txFailures, script.client.memory.pressure]).toEqual([heads, 0, false])
  })

  it.each([[0, 1], [1, 1], [MSS, 1], [MSS + 1, 2], [2 * MSS, 2], [2 * MSS + 1, 3]])(
    "%i bytes are %i segments",
    (len, count) => {
      expect(segments(len, MSS)).toBe(count)
    }
  )
})

describe("a segment on its way", () => {
  it("says who, what and how much, and echoes the peer's stamp", () => {
    const script = new Script()
    script.pass(SEC)
    const { client, net } = script
    Object.assign(client, {
      rcvNxt: 500,
      copiedSeq: 500,
      rcvWup: 500,
      rcvSsthresh: 999,
      rcvWnd: 10,
      rcvMss: 88,
      tsRecent: 42
    })
    script.queue([100])
    const headers: Array<object> = []
    const { tx, skbs } = net.a.stack
    net.a.nic.transmit = (_ctx, skb) => {
      headers.push({ ...tx, skb })
      return 0
    }
    const skb = client.writeHead
    expect(transmitSkb(client, script.ctx, skb, GFP_ATOMIC)).toBe(0)
    const { peerHost: dst, peerPort: port, port: sport } = client
    expect(headers).toMatchObject([
      {
        headerBytes: TCP_HEADER_BYTES,
        sackBlocks: 0,
        proto: 6,
        dst,
        sport,
        port,
        seq: 0,
        ack: 500,
        wnd: 1024,
        flags: TCPHDR_ACK,
        len: 100,
        tsval: SEC,
        tsecr: 42,
        mss: MSS,
        skb
      }
    ])
    expect([skbs.when[skb], skbs.twinBusy[skb], skbs.users(skb), client.wmemAlloc]).toEqual([
      SEC,
      1,
      2,
      skbs.truesize[skb]
    ])
    expect(client).toMatchObject({ lsndtime: SEC, dataSegmentsSent: 1, rcvWnd: 1024 })
  })

  it("whose clone is still in the device is copied: own linear part, shared fragments", () => {
    const { client, pages, script, shape, skb, skbs } = long()
    const sent: Array<number> = []
    script.net.a.nic.transmit = (_ctx, out) => sent.push(out) && 0
    skbs.twinBusy[skb] = 1
    const before = skbs.users(skb)
    expect(transmitSkb(client, script.ctx, skb, GFP_ATOMIC)).toBe(0)
    const [copy] = sent
    expect(copy).not.toBe(skb)
    expect([skbs.users(skb), skbs.len[copy], shape(copy), pages(copy)]).toEqual([before, 6500, shape(skb), [2, 2, 2]])
    expect(skbs.truesize[copy]).toBe(skbs.headRoom[copy] + 576 + 5500)
    expect(skbs.headRoom[copy]).toBeGreaterThanOrEqual(1000 + MAX_TCP_HEADER)
  })

  it.each([{ pfmemalloc: 0, rx: false }, { pfmemalloc: 1, rx: true }])(
    "is copied as a received packet is made when it is made of the reserve: $rx",
    ({ pfmemalloc, rx }) => {
      const script = new Script()
      script.queue([100])
      const { skbs } = script.net.a.stack
      const skb = script.client.writeHead
      skbs.twinBusy[skb] = 1
      skbs.pfmemalloc[skb] = pfmemalloc
      const flags: Array<number> = []
      const tryAllocSkb = skbs.tryAllocSkb.bind(skbs)
      skbs.tryAllocSkb = (ctx, size, gfp, flag) => {
        flags.push(flag)
        return tryAllocSkb(ctx, size, gfp, flag)
      }
      transmitSkb(script.client, script.ctx, skb, GFP_ATOMIC)
      expect(flags).toEqual([rx ? SKB_ALLOC_RX : 0])
    }
  )

  it("and cannot be copied has still been tried", () => {
    const memory = new Stingy()
    const script = new Script({ memory })
    script.queue([100])
    script.pass(SEC)
    const { skbs } = script.net.a.stack
    const skb = script.client.writeHead
    skbs.twinBusy[skb] = 1
    memory.left = 0
    expect(transmitSkb(script.client, script.ctx, skb, GFP_ATOMIC)).toBe(-105)
    expect([skbs.when[skb], script.client.dataSegmentsSent, script.client.lsndtime]).toEqual([SEC, 0, 0])
  })

  it.each([
    { what: "at once", gap: 0, pingpong: true },
    { what: "within the delay of an ACK", gap: 40 * MS - 1, pingpong: true },
    { what: "later", gap: 40 * MS, pingpong: false }
  ])("that answers $what makes a conversation: $pingpong", ({ gap, pingpong }) => {
    const script = new Script()
    script.pass(SEC)
    Object.assign(script.client, { ato: 40 * MS, lrcvtime: script.now - gap })
    script.queue([0, 100])
    const { next } = script.net.a.stack.skbs
    transmitSkb(script.client, script.ctx, script.client.writeHead, GFP_ATOMIC)
    expect([script.client.pingpong, script.client.dataSegmentsSent]).toEqual([false, 0])
    transmitSkb(script.client, script.ctx, next[script.client.writeHead], GFP_ATOMIC)
    expect(script.client.pingpong).toBe(pingpong)
  })

  it.each([
    { what: "a short pause", state: { lsndtime: SEC - 300 }, cwnd: 80 },
    { what: "a long pause", state: { lsndtime: SEC - 301 }, cwnd: 40 },
    { what: "something in flight", state: { lsndtime: SEC - 301, packetsOut: 1 }, cwnd: 80 },
    { what: "nothing sent yet", state: { lsndtime: 0 }, cwnd: 80 }
  ])("after $what finds cwnd $cwnd", ({ cwnd, state }) => {
    const script = new Script()
    script.pass(SEC)
    script.queue([100])
    Object.assign(script.client, { cwnd: 80, rto: 300, ...state })
    transmitSkb(script.client, script.ctx, script.client.writeHead, GFP_ATOMIC)
    expect(script.client.cwnd).toBe(cwnd)
  })

  it("that the device drops cuts the window", () => {
    const script = new Script({ sysctls: NEWRENO })
    script.queue([100])
    script.drop()
    expect(transmitSkb(script.client, script.ctx, script.client.writeHead, GFP_ATOMIC)).toBe(1)
    expect(script.client).toMatchObject({ caState: 2, cwnd: 1, ssthresh: 5, wmemAlloc: 0 })
  })
})
