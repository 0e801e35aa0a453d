// Data that arrives in any order: what is kept, what is given out, what is repeated.
import { CARDS, NO_SKB, TCPHDR_ACK, TCPHDR_FIN } from "@swaplab/net-skb"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { at, Script, type Segment } from "./script.ts"

const MSS = 1448

describe("data that arrives in any order", () => {
  /** The rule, over plain lists: what is in order, and what is kept behind the first hole. */
  const model = () => {
    let next = 0
    let kept: Array<readonly [from: number, to: number]> = []
    return {
      get next() {
        return next
      },
      get kept() {
        const sorted = kept.toSorted(([a], [b]) => a - b)
        return sorted.filter(([a], i) => i === 0 || a > sorted[i - 1][1]).length
      },
      add(from: number, to: number): void {
        if (to <= next) return
        if (from > next) {
          if (kept.some(([a, b]) => a <= from && b >= to)) return
          kept = kept.filter(([a, b]) => !(a >= from && b <= to))
          kept.push([from, to])
        } else next = to
        for (;;) {
          const ready = kept.find(([a]) => a <= next)
          if (ready === undefined) return
          kept = kept.filter((other) => other !== ready)
          next = Math.max(next, ready[1])
        }
      }
    }
  }

  /** Ranges that do not touch: segments that follow each other may have been joined. */
  const kept = ({ client, net }: Script): number => {
    const { endSeq, next, seq } = net.a.stack.skbs
    let count = 0
    let end = -1
    for (let skb = client.oooHead; skb !== NO_SKB; skb = next[skb]) {
      if (seq[skb] > end) count++
      end = endSeq[skb]
    }
    return count
  }

  it("is kept once, and given out in order", () => {
    const piece = fc.record({ from: fc.nat(11), n: fc.integer({ min: 1, max: 4 }) })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 14 }), (pieces) => {
        const script = new Script()
        const rule = model()
        for (const { from, n } of pieces) {
          script.segment({ seq: from * 100, len: n * 100 })
          rule.add(from * 100, (from + n) * 100)
          expect([script.client.rcvNxt, kept(script)]).toEqual([rule.next, rule.kept])
        }
        script.net.server.sent.appendBytes(new Uint8Array(2000))
        const into = new Uint8Array(2000)
        const task = script.net.spawn("reader", function*() {})
        expect(script.client.tryRecvBytes(task, into, 0, 2000)).toBe(rule.next)
        // what is left behind a hole still costs memory
        expect(script.client.rmemAlloc > 0).toBe(rule.kept > 0)
        expect(script.client.bytesReceived).toBe(rule.next)
      }),
      { seed: 793, numRuns: 60 }
    )
  })

  it("a FIN behind a hole counts when the hole is filled", () => {
    const script = new Script()
    script.segment({ seq: 100, len: 100, flags: TCPHDR_ACK | TCPHDR_FIN })
    expect(script.client.finReceived).toBe(false)
    script.segment({ seq: 0, len: 100 })
    expect([script.client.finReceived, script.client.rcvNxt, script.client.readable]).toEqual([true, 201, 200])
    expect(script.take().at(-1)).toMatchObject({ ack: 201, len: 0 })
  })

  it("beyond the buffer throws the out-of-order queue away first, then itself", () => {
    const script = new Script({ tcp: { rcvbuf: 9000 }, nic: CARDS.kmalloc })
    script.client.rcvWnd = 100_000
    // full segments, which collapsing does not make smaller
    for (let i = 1; i < 12; i++) script.segment({ seq: i * 2000, len: MSS })
    const { client } = script
    expect(client.mib.OfoPruned).toBeGreaterThan(0)
    expect(client.rcvbufDrops + client.outOfWindow + kept(script)).toBe(11)
    expect(client.rmemAlloc).toBeLessThanOrEqual(9000 + 3000)
    for (let i = 0; i < 12; i++) script.segment({ len: MSS, wnd: 1 << 20 })
    expect(client.rmemAlloc).toBeLessThanOrEqual(9000 + 3000)
  })

  it("waits in the backlog while a task owns the socket, as far as both buffers reach", () => {
    const script = new Script({ tcp: { rcvbuf: 4000, sndbuf: 6000 }, nic: CARDS.kmalloc })
    const { client } = script
    script.segment({ len: 10 })
    const each = client.rmemAlloc
    client.owned = true
    for (let i = 0; i < 14; i++) script.segment({ seq: 10 + i * 10, len: 10 })
    // one is charged already; packets are taken as long as the sum does not exceed both buffers
    const room = Math.floor((4000 + 6000 - each) / each) + 1
    expect([client.backlogLen, client.backlogDrops]).toEqual([room * each, 14 - room])
    client.releaseSock(script.net.a.softirq.ctx)
    expect(client.backlogLen).toBe(0)
    expect(client.rcvNxt).toBeGreaterThan(10)
  })
})

describe("segments behind a hole", () => {
  const counts = ({ client, net }: Script) => {
    const { endSeq, next, seq } = net.a.stack.skbs
    const kept: Array<readonly [number, number]> = []
    for (let skb = client.oooHead; skb !== NO_SKB; skb = next[skb]) kept.push([seq[skb], endSeq[skb]])
    return { kept, duplicates: client.duplicates, rcvNxt: client.rcvNxt }
  }

  const A = { seq: 1100, len: 100 }
  it.each<
    { then: ReadonlyArray<Segment>; kept: ReadonlyArray<readonly [number, number]>; duplicates: number; next?: number }
  >([
    { then: [], kept: [[1100, 1200]], duplicates: 0 },
    { then: [{ seq: 1100, len: 100 }], kept: [[1100, 1200]], duplicates: 1 },
    { then: [{ seq: 1110, len: 90 }], kept: [[1100, 1200]], duplicates: 1 },
    { then: [{ seq: 1110, len: 91 }], kept: [[1100, 1200], [1110, 1201]], duplicates: 0 },
    { then: [{ seq: 1100, len: 101 }], kept: [[1100, 1201]], duplicates: 1 },
    { then: [{ seq: 1099, len: 101 }], kept: [[1099, 1200]], duplicates: 1 },
    { then: [{ seq: 1099, len: 100 }], kept: [[1099, 1199], [1100, 1200]], duplicates: 0 },
    {
      then: [{ seq: 1300, len: 10 }, { seq: 1250, len: 10 }],
      kept: [[1100, 1200], [1250, 1260], [1300, 1310]],
      duplicates: 0
    },
    { then: [{ seq: 1300, len: 10 }, { seq: 1050, len: 300 }], kept: [[1050, 1350]], duplicates: 2 },
    { then: [{ seq: 1300, len: 10 }, { seq: 1050, len: 200 }], kept: [[1050, 1250], [1300, 1310]], duplicates: 1 },
    // the hole is filled
    { then: [{ seq: 1000, len: 99 }], kept: [[1100, 1200]], duplicates: 0, next: 1099 },
    { then: [{ seq: 1000, len: 100 }], kept: [], duplicates: 0, next: 1200 },
    { then: [{ seq: 1000, len: 150 }], kept: [], duplicates: 0, next: 1200 },
    { then: [{ seq: 1000, len: 200 }], kept: [], duplicates: 1, next: 1200 },
    { then: [{ seq: 1200, len: 50 }, { seq: 1000, len: 100 }], kept: [], duplicates: 0, next: 1250 },
    { then: [{ seq: 1201, len: 50 }, { seq: 1000, len: 100 }], kept: [[1201, 1251]], duplicates: 0, next: 1200 }
  ])("[1100, 1200] and $then: $kept, $duplicates repeated", ({ duplicates, kept, next = 1000, then }) => {
    const script = at()
    script.segment(A)
    for (const segment of then) script.segment(segment)
    expect(counts(script)).toEqual({ kept, duplicates, rcvNxt: next })
    expect(script.client.bytesReceived).toBe(next - 1000)
    // what is kept for the reader is linked in order
    const { next: link, seq } = script.net.a.stack.skbs
    const order: Array<number> = []
    for (let skb = script.client.rcvHead; skb !== NO_SKB; skb = link[skb]) order.push(seq[skb])
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    script.client.copiedSeq = next
    script.close()
  })

  it("are answered at once, each", () => {
    const script = at()
    for (const seq of [1100, 1200, 1300]) script.segment({ seq, len: 50 })
    expect(script.client).toMatchObject({ acksSent: 3, pingpong: false })
    expect(script.take().map(({ ack }) => ack)).toEqual([1000, 1000, 1000])
  })

  it.each([{ first: 1000, pingpong: false }, { first: 1001, pingpong: true }])(
    "a hole that is filled ends a conversation, one that is not does not: from $first",
    ({ first, pingpong }) => {
      const script = at()
      script.segment({ seq: 1100, len: 50 })
      script.client.rcvNxt = first
      script.client.copiedSeq = first
      script.client.pingpong = true
      script.segment({ seq: first, len: 1100 - first - (pingpong ? 1 : 0) })
      expect(script.client.pingpong).toBe(pingpong)
    }
  )

  it("a FIN among them counts with the hole, and nothing comes after it", () => {
    const script = at()
    script.segment({ seq: 1100, len: 100, flags: TCPHDR_ACK | TCPHDR_FIN })
    expect([script.client.finReceived, script.client.shutdownReceive]).toEqual([false, false])
    script.segment({ seq: 1000, len: 100 })
    expect(script.client).toMatchObject({ finReceived: true, shutdownReceive: true, rcvNxt: 1201, readable: 200 })
  })

  it("find no room: dropped and counted without an ACK, in order too", () => {
    const script = at({ rmemSchedule: () => false })
    script.segment({ seq: 1100, len: 100 })
    expect(script.client).toMatchObject({ rcvbufDrops: 1, oooHead: NO_SKB, acksSent: 0 })
    script.segment({ seq: 1000, len: 100 })
    expect(script.client).toMatchObject({
      rcvbufDrops: 2,
      rcvHead: NO_SKB,
      rcvNxt: 1000,
      bytesReceived: 0,
      acksSent: 0
    })
  })

  it("full segments in order leave nothing open", () => {
    const script = at({ rcvWnd: 9 * MSS, rcvSsthresh: 9 * MSS })
    for (let i = 0; i < 3; i++) script.segment({ len: MSS })
    expect(script.client).toMatchObject({
      rcvNxt: 1000 + 3 * MSS,
      bytesReceived: 3 * MSS,
      duplicates: 0,
      outOfWindow: 0
    })
  })
})
