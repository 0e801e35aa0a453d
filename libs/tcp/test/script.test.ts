// What a connection does segment by segment, with a peer that the test plays.
import { CARDS, HostMemory, NO_SKB, TCPHDR_ACK, TCPHDR_FIN, TCPHDR_PSH } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MS, Script } from "./script.ts"

const MSS = 1448
const OPEN = 0
const RECOVERY = 1
const LOSS = 2

/** A machine that has memory for the first `left` heads. */
class Stingy extends HostMemory {
  left = Number.POSITIVE_INFINITY

  override tryHead(ctx: Context, gfp: number, fclone: boolean): number {
    return this.left-- > 0 ? super.tryHead(ctx, gfp, fclone) : -1
  }
}

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
        return kept.length
      },
      add(from: number, to: number): void {
        if (to <= next) return
        if (from > next) {
          if (kept.some(([a, b]) => a <= from && b >= to)) return
          // a shorter one that begins at the same place stays
          kept = kept.filter(([a, b]) => !(a > from && b <= to))
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

  const kept = ({ client, net }: Script): number => {
    let count = 0
    for (let skb = client.oooHead; skb !== NO_SKB; skb = net.a.stack.skbs.next[skb]) count++
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
    for (let i = 1; i < 12; i++) script.segment({ seq: i * 100, len: 50 })
    const { client } = script
    expect(client.ofoPruned).toBeGreaterThan(0)
    expect(client.rcvbufDrops + kept(script)).toBe(11)
    expect(client.rmemAlloc).toBeLessThanOrEqual(9000 + 3000)
    for (let i = 0; i < 12; i++) script.segment({ len: 50 })
    expect(client.rcvPruned).toBeGreaterThan(0)
    expect(client.rcvSsthresh).toBe(Math.min(client.windowClamp, 2 * MSS))
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

describe("Reno", () => {
  it("three repeated ACKs: the head again with half the window; partial ACKs the next holes; then it goes on", () => {
    const script = new Script()
    const { client } = script
    script.segment()
    script.send(40 * MSS)
    expect(script.data()).toHaveLength(10)
    expect([client.cwnd, client.packetsOut]).toEqual([10, 10])
    script.segment({ ack: 0 })
    script.segment({ ack: 0 })
    expect([client.caState, client.sackedOut, script.data()]).toEqual([OPEN, 2, []])
    script.segment({ ack: 0 })
    expect([client.caState, client.cwnd, client.ssthresh, client.highSeq]).toEqual([RECOVERY, 5, 5, 10 * MSS])
    expect(script.data()).toEqual([[0, MSS]])
    // segment 4 is missing, too
    for (let i = 0; i < 4; i++) script.segment({ ack: 0 })
    const early = script.data()
    script.segment({ ack: 4 * MSS })
    expect(client.caState).toBe(RECOVERY)
    expect(script.data()).toContainEqual([4 * MSS, MSS])
    expect(early.every(([seq]) => seq >= 10 * MSS)).toBe(true)
    const sent = client.sndNxt
    script.segment({ ack: sent })
    expect([client.caState, client.cwnd, client.sackedOut, client.lostOut, client.retransOut]).toEqual([
      OPEN,
      5,
      0,
      0,
      0
    ])
    expect([client.fastRetransmits, client.timeouts]).toEqual([1, 0])
  })

  it("a repeated ACK with data or with another window is none", () => {
    const script = new Script()
    script.send(20 * MSS)
    for (let i = 0; i < 6; i++) script.segment({ ack: 0, len: 10 })
    for (let i = 1; i < 6; i++) script.segment({ ack: 0, wnd: (1 << 20) + i })
    expect([script.client.sackedOut, script.client.fastRetransmits]).toEqual([0, 0])
  })

  it("after a time-out one segment, then two, and the window grows again", () => {
    const script = new Script()
    const { client } = script
    script.send(40 * MSS)
    script.take()
    script.pass(1100 * MS)
    expect([client.caState, client.cwnd, client.ssthresh, client.lostOut]).toEqual([LOSS, 1, 5, 10])
    expect(script.data()).toEqual([[0, MSS]])
    script.segment({ ack: MSS })
    expect(client.cwnd).toBe(2)
    expect(script.data()).toEqual([[MSS, MSS], [2 * MSS, MSS]])
    script.segment({ ack: 3 * MSS })
    expect(client.cwnd).toBe(3)
    expect(script.data()).toHaveLength(3)
    script.segment({ ack: 10 * MSS })
    expect([client.caState, client.lostOut, client.retransOut]).toEqual([OPEN, 0, 0])
  })

  it.each([
    { cwnd: 10, ssthresh: 1 << 20, acks: 10, after: 20 },
    { cwnd: 10, ssthresh: 10, acks: 1, after: 11 },
    { cwnd: 10, ssthresh: 9, acks: 9, after: 10 },
    { cwnd: 10, ssthresh: 9, acks: 10, after: 11 },
    { cwnd: 4, ssthresh: 2, acks: 9, after: 6 }
  ])("cwnd $cwnd, ssthresh $ssthresh: $acks ACKs later $after", ({ acks, after, cwnd, ssthresh }) => {
    const script = new Script()
    const { client } = script
    Object.assign(client, { cwnd, ssthresh })
    script.send(200 * MSS)
    for (let i = 1; i <= acks; i++) script.segment({ ack: i * MSS })
    expect(client.cwnd).toBe(after)
  })

  it.each([
    { cwnd: 40, idle: 1.5, window: 20 },
    { cwnd: 40, idle: 2.5, window: 10 },
    { cwnd: 40, idle: 9, window: 10 },
    { cwnd: 4, idle: 9, window: 4 }
  ])("cwnd $cwnd is $window after $idle idle time-outs, and ssthresh three quarters", ({ cwnd, idle, window }) => {
    const script = new Script()
    const { client } = script
    script.segment()
    script.send(MSS)
    script.segment({ ack: MSS })
    Object.assign(client, { cwnd, ssthresh: 2 })
    script.pass(idle * client.rto)
    script.send(MSS)
    expect([client.cwnd, client.ssthresh]).toEqual([window, (cwnd >> 1) + (cwnd >> 2)])
  })
})

describe("the delay of an ACK", () => {
  const PROMPT = { ...CARDS.e1000, interruptDelayNs: 0, interruptGapNs: 0 }

  it.each([
    { gaps: [], ato: 40 },
    { gaps: [30], ato: 50 },
    { gaps: [30, 50], ato: 50 },
    { gaps: [30, 49], ato: 74 },
    { gaps: [30, 20], ato: 45 },
    { gaps: [30, 10], ato: 45 },
    { gaps: [300], ato: 40 }
  ])("follows the gaps between segments, $gaps ms: $ato ms", ({ ato, gaps }) => {
    const script = new Script({ nic: PROMPT })
    const { client } = script
    client.rto = 1000 * MS
    // quick ACKs do not touch the estimate; a delayed ACK that is due would
    const arrive = () => {
      client.quick = 10
      script.segment({ len: 100 })
    }
    arrive()
    for (const gap of gaps) {
      script.pass(gap * MS - MS / 2)
      arrive()
    }
    expect(client.ato / MS).toBeCloseTo(ato, 3)
  })

  it.each([
    { what: "a conversation", pingpong: true, len: 1448, srtt: 0, delay: 200 },
    { what: "the end of a message", pingpong: false, len: 100, srtt: 0, delay: 200 },
    { what: "a stream", pingpong: false, len: 1448, srtt: 0, delay: 220 },
    { what: "a stream over 100 ms", pingpong: false, len: 1448, srtt: 100, delay: 100 },
    { what: "a stream over 1 ms", pingpong: false, len: 1448, srtt: 1, delay: 40 }
  ])("of $what is $delay ms where the estimate is 220 ms", ({ delay, len, pingpong, srtt }) => {
    const script = new Script({ nic: PROMPT })
    const { client, net } = script
    script.pass(1000 * MS)
    Object.assign(client, {
      ato: 400 * MS,
      lrcvtime: net.sim.now,
      srtt: srtt * MS,
      pingpong,
      quick: 0,
      // a window that grows brings quick ACKs
      rcvSsthresh: client.windowClamp
    })
    script.segment({ len })
    const arrived = client.lrcvtime
    expect(Math.abs((client.delackTimer.deadline - arrived) / MS - delay)).toBeLessThan(1.1)
  })

  it("an ACK that is nearly due goes with the next segment", () => {
    const script = new Script({ nic: PROMPT })
    const { client } = script
    script.segment({ len: 100 })
    const small = () => {
      Object.assign(client, { pingpong: true, quick: 0 })
      script.segment({ len: 10 })
      return script.take().length
    }
    script.take()
    expect(small()).toBe(0)
    // 40 ms after the first at the earliest; within its last quarter the second takes it along
    script.pass(20 * MS)
    expect(small()).toBe(0)
    script.pass(12 * MS)
    expect(small()).toBe(1)
    expect(client.ackScheduled).toBe(false)
  })
})

describe("round trips", () => {
  it.each([
    { samples: [0], srtt: 1e-6, rto: 200 + 1e-6 },
    { samples: [10], srtt: 10, rto: 210 },
    { samples: [10, 50], srtt: 15, rto: 215 },
    { samples: [10, 50, 500], srtt: 75.625, rto: 601.875 },
    { samples: [500], srtt: 500, rto: 1500 },
    { samples: [500, 500], srtt: 500, rto: 1250 },
    { samples: [80, 8], srtt: 71, rto: 271 }
  ])("of $samples ms: $srtt ms, time-out $rto ms", ({ rto, samples, srtt }) => {
    const script = new Script({ nic: { ...CARDS.e1000, interruptDelayNs: 0, interruptGapNs: 0 } })
    const { client, net } = script
    script.pass(1000 * MS)
    samples.forEach((sample, i) => {
      script.send(MSS)
      script.segment({ ack: (i + 1) * MSS, echo: net.sim.now - sample * MS })
    })
    expect(Math.abs(client.srtt / MS - srtt)).toBeLessThan(0.01)
    expect(Math.abs(client.rto / MS - rto)).toBeLessThan(0.05)
  })

  it("a time-out late in a long life does not end it", () => {
    const script = new Script()
    script.send(MSS)
    script.pass(1100 * MS)
    script.segment({ ack: MSS })
    script.pass(2_000_000 * MS)
    script.send(MSS)
    script.pass(5000 * MS)
    expect([script.client.error, script.client.retransmits > 1]).toEqual([0, true])
  })
})

describe("a long segment", () => {
  it("is shortened by ACKs within it, wherever they cut", () => {
    for (const bytes of [2 * MSS, 9 * MSS, 12_000]) {
      const script = new Script()
      const { client } = script
      script.send(bytes)
      script.data()
      const step = 1448
      for (let ack = step; ack < Math.min(bytes, 10 * MSS); ack += step) {
        script.segment({ ack })
        expect(client.sndUna).toBe(ack)
      }
      script.segment({ ack: client.sndNxt })
      expect(client.packetsOut).toBe(0)
      script.segment({ ack: client.writeSeq })
      expect(client.wmemQueued).toBe(client.writeHead === NO_SKB ? 0 : client.wmemQueued)
    }
  })
})

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
