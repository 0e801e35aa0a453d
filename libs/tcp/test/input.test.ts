// Segments that come in: who handles them, which of them count, and what is kept; each rule at its limits.
import { processPrequeue } from "#src/input.ts"
import {
  ALL_SWITCHES,
  HostMemory,
  NO_SKB,
  NO_SWITCHES,
  TCPHDR_ACK,
  TCPHDR_FIN,
  TCPHDR_RST,
  TCPHDR_SYN
} from "@swaplab/net-skb"
import { type Context, EPIPE, PF_MEMALLOC } from "@swaplab/page-alloc"
import { waitingSegments } from "@swaplab/tcp"
import { describe, expect, it } from "vitest"
import { at, MS } from "./script.ts"

describe("the window of the receiver", () => {
  const NONE = { rcvNxt: 1000, duplicates: 0, outOfWindow: 0, acksSent: 0 }
  it.each([
    // after what was received: kept; at the right edge: answered at once
    { what: "in order", segment: { seq: 1000, len: 100 }, after: { rcvNxt: 1100 } },
    { what: "the last byte of the window", segment: { seq: 1499, len: 100 }, after: { acksSent: 1 }, kept: true },
    {
      what: "right behind the window",
      segment: { seq: 1500, len: 100 },
      after: { outOfWindow: 1, acksSent: 1 },
      quick: true
    },
    { what: "behind the window", segment: { seq: 1501, len: 100 }, after: { outOfWindow: 1, acksSent: 1 } },
    // before it: a repetition
    { what: "old", segment: { seq: 800, len: 199 }, after: { duplicates: 1, acksSent: 1 }, quick: true },
    { what: "just received", segment: { seq: 900, len: 100 }, after: { duplicates: 1, acksSent: 1 }, quick: true },
    {
      what: "in part old",
      segment: { seq: 900, len: 101 },
      after: { rcvNxt: 1001, duplicates: 1, acksSent: 1 },
      quick: true
    },
    // no data
    { what: "a bare ACK", segment: { seq: 1000 }, after: {} },
    { what: "an old bare ACK", segment: { seq: 999 }, after: { duplicates: 1, acksSent: 1 } },
    { what: "a bare ACK at the right edge", segment: { seq: 1500 }, after: {} },
    { what: "a bare ACK behind the window", segment: { seq: 1501 }, after: { outOfWindow: 1, acksSent: 1 } },
    // resets
    { what: "an old reset", segment: { seq: 999, flags: TCPHDR_RST }, after: { duplicates: 1 } },
    { what: "a reset behind the window", segment: { seq: 1501, flags: TCPHDR_RST }, after: { outOfWindow: 1 } },
    { what: "a reset", segment: { seq: 1000, flags: TCPHDR_RST }, after: { error: 104 } },
    // elsewhere in the window it is asked about
    { what: "a reset at the right edge", segment: { seq: 1500, flags: TCPHDR_RST }, after: { acksSent: 1 } },
    { what: "a SYN", segment: { seq: 1000, flags: TCPHDR_SYN }, after: { acksSent: 1 } },
    { what: "an old SYN", segment: { seq: 900, flags: TCPHDR_SYN }, after: { acksSent: 1, duplicates: 1 } },
    // the end
    {
      what: "a FIN",
      segment: { seq: 1000, flags: TCPHDR_FIN | TCPHDR_ACK },
      // the own FIN may carry the ACK
      after: { rcvNxt: 1001, acksSent: 0, ackScheduled: true }
    },
    {
      what: "an old FIN",
      segment: { seq: 998, flags: TCPHDR_FIN | TCPHDR_ACK },
      after: { duplicates: 1, acksSent: 1 },
      quick: true
    }
  ])("$what", ({ after, kept = false, quick = kept, segment }) => {
    const script = at()
    script.segment(segment)
    const { client } = script
    expect(client).toMatchObject({ ...NONE, ...after })
    expect(client.oooHead !== NO_SKB).toBe(kept)
    // quick ACKs end a conversation
    expect(client.pingpong).toBe(!quick)
  })

  it.each([
    { what: "a reset at the right edge", segment: { seq: 1500, flags: TCPHDR_RST }, error: 104 },
    { what: "a SYN in the window", segment: { seq: 1001, flags: TCPHDR_SYN }, error: 104 },
    { what: "an old SYN", segment: { seq: 999, flags: TCPHDR_SYN }, error: 0 }
  ])("before RFC 5961, $what: $error", ({ error, segment }) => {
    const script = at({}, { switches: NO_SWITCHES })
    script.segment(segment)
    expect(script.client.error).toBe(error)
  })

  it("a machine asks about so many resets a second", () => {
    const script = at({}, { sysctls: { "net.ipv4.tcp_challenge_ack_limit": 3 } })
    for (let i = 0; i < 5; i++) script.segment({ seq: 1100, flags: TCPHDR_RST })
    expect(script.client.acksSent).toBe(3)
    script.pass(1e9)
    script.segment({ seq: 1100, flags: TCPHDR_RST })
    expect(script.client.acksSent).toBe(4)
  })

  it("a reset after the FIN of the peer is a broken pipe", () => {
    const script = at()
    script.segment({ seq: 1000, flags: TCPHDR_FIN | TCPHDR_ACK })
    script.segment({ seq: 1001, flags: TCPHDR_RST })
    expect(script.client.error).toBe(EPIPE)
  })

  it("is told to a peer that sends into a closed one", () => {
    const script = at({ rcvWnd: 0, rcvSsthresh: 0 })
    script.segment({ seq: 1000, len: 100 })
    expect(script.client).toMatchObject({ rcvNxt: 1000, outOfWindow: 1, duplicates: 0, acksSent: 1, pingpong: false })
    expect(script.take()).toMatchObject([{ ack: 1000, wnd: 0 }])
  })

  it.each([{ seq: 990, echo: true }, { seq: 991, echo: false }])(
    "the stamp of a segment from $seq on is echoed, where 990 was acknowledged: $echo",
    ({ echo, seq }) => {
      const script = at({ rcvWup: 990, rcvWnd: 510, tsRecent: 7 })
      script.pass(MS)
      script.segment({ seq, len: 100 })
      expect(script.client.tsRecent > 7).toBe(echo)
    }
  )
})

describe("a segment", () => {
  it.each([{ error: 5 }, { state: 7 }])(
    "for a socket that is over (%o) is counted, and answered with a RST",
    (state) => {
      const script = at(state)
      script.segment({ seq: 1000, len: 10 })
      expect(script.client).toMatchObject({ packets: 1, segmentsReceived: 1, drops: 1, closedDrops: 1, rcvNxt: 1000 })
      script.pass(MS)
      expect(script.take()).toMatchObject([{ flags: TCPHDR_RST, len: 0, seq: script.client.sndUna }])
      // but a RST is not
      script.segment({ seq: 1000, flags: TCPHDR_RST })
      script.pass(MS)
      expect([script.client.closedDrops, script.take()]).toEqual([2, []])
    }
  )

  it.each([
    {
      what: "acknowledges something: without an ACK",
      flags: TCPHDR_ACK,
      ack: 700,
      reset: { seq: 700, flags: TCPHDR_RST }
    },
    {
      what: "does not: with an ACK",
      flags: TCPHDR_FIN,
      ack: 700,
      reset: { seq: 0, ack: 1011, flags: TCPHDR_RST | TCPHDR_ACK }
    }
  ])("that nobody wants is answered with a RST; where it $what", ({ ack, flags, reset }) => {
    const script = at({ state: 7 })
    script.segment({ seq: 1000, len: 10, ack, flags })
    script.pass(MS)
    expect(script.take()).toMatchObject([reset])
  })

  it("that acknowledges what was never sent is dropped with its data, without an answer", () => {
    const script = at()
    script.segment({ seq: 1000, len: 10, ack: script.client.sndNxt + 1 })
    expect(script.client).toMatchObject({ rcvNxt: 1000, outOfWindow: 1, drops: 0, error: 0 })
    expect(script.take()).toEqual([])
    script.segment({ seq: 1000, len: 10, ack: script.client.sndNxt })
    expect(script.client.rcvNxt).toBe(1010)
  })

  it("made of the reserve is dropped by a socket that has no right to it", () => {
    const script = at({}, { switches: ALL_SWITCHES })
    const { skbs } = script.net.a.stack
    const rcv = script.client.rcv.bind(script.client)
    script.client.rcv = (ctx, skb) => {
      skbs.pfmemalloc[skb] = 1
      rcv(ctx, skb)
    }
    script.segment({ seq: 1000, len: 10 })
    expect(script.client).toMatchObject({ packets: 1, drops: 1, closedDrops: 0, pfmemallocDrops: 1, rcvNxt: 1000 })
  })

  it("that dies in the backlog with its connection is dropped", () => {
    const script = at({ owned: true })
    script.segment({ seq: 1000, flags: TCPHDR_RST })
    script.segment({ seq: 1000, len: 10 })
    expect(waitingSegments(script.client)).toBe(2)
    script.client.releaseSock(script.ctx)
    expect(script.client).toMatchObject({ error: 104, drops: 1, closedDrops: 1, rcvNxt: 1000, packets: 2 })
  })
})

describe("the backlog", () => {
  const each = (() => {
    const script = at({ owned: true })
    script.segment({ seq: 1000, len: 10 })
    return script.client.backlogLen
  })()

  it.each([
    { left: 0, rmemAlloc: 0, taken: 2 },
    { left: 1, rmemAlloc: 0, taken: 1 },
    { left: 0, rmemAlloc: 1, taken: 1 }
  ])("takes a segment unless it is beyond both buffers: by $left, $rmemAlloc held", ({ left, rmemAlloc, taken }) => {
    // the second segment finds one in the backlog
    const script = at({ owned: true, rcvbuf: each - 100 - left, sndbuf: 100, rmemAlloc })
    const { client } = script
    const check = client.checkInvariants.bind(client)
    client.checkInvariants = () => {}
    script.checkMemory = () => {}
    script.segment({ seq: 1000, len: 10 })
    script.segment({ seq: 1010, len: 10 })
    expect([client.backlogLen, client.backlogDrops, waitingSegments(client)]).toEqual([taken * each, 2 - taken, taken])
    client.rmemAlloc = 0
    client.rcvbuf = 9999
    client.releaseSock(script.ctx)
    expect([client.rcvNxt, client.backlogLen, client.owned]).toEqual([1000 + taken * 10, 0, false])
    check()
  })

  it("is handled in order, and empty afterwards", () => {
    const script = at({ owned: true })
    for (let i = 0; i < 3; i++) script.segment({ seq: 1000 + 10 * i, len: 10 })
    script.client.releaseSock(script.ctx)
    expect(script.client).toMatchObject({ rcvNxt: 1030, backlogHead: NO_SKB, backlogTail: NO_SKB, oooHead: NO_SKB })
    script.client.owned = true
    script.segment({ seq: 1030, len: 10 })
    script.client.releaseSock(script.ctx)
    expect(script.client.rcvNxt).toBe(1040)
  })
})

describe("the prequeue", () => {
  /** A socket whose reader sleeps; woken readers do not run, so that the prequeue can be seen. */
  const waiting = (state: object = {}) => {
    const script = at({ readerWaiting: true, ...state })
    let woken = 0
    script.client.receiveData.wakeAll = () => ++woken
    return { script, client: script.client, woken: () => woken }
  }

  it("takes data and wakes the reader once; an ACK alone only behind data", () => {
    const { client, script, woken } = waiting()
    script.segment({ seq: 1000 })
    expect([waitingSegments(client), woken(), client.delackTimer.armed]).toEqual([0, 0, false])
    script.segment({ seq: 1000, len: 10 })
    expect([waitingSegments(client), woken(), client.rcvNxt]).toEqual([1, 1, 1000])
    script.segment({ seq: 1010 })
    script.segment({ seq: 1010, len: 10 })
    expect([waitingSegments(client), woken(), client.rcvNxt]).toEqual([3, 1, 1000])
    expect(client.prequeueMemory).toBeGreaterThan(0)
    processPrequeue(client, script.ctx)
    expect(client).toMatchObject({ prequeueMemory: 0, prequeueHead: NO_SKB, rcvNxt: 1020, segmentsReceived: 4 })
  })

  it.each([false, true])("is looked after by the timer of ACKs; one is due: %s", (ackScheduled) => {
    const { client, script } = waiting({ ackScheduled })
    const before = script.now
    script.segment({ seq: 1000, len: 10 })
    const delay = client.delackTimer.deadline - before
    if (ackScheduled) expect(delay).toBe(Infinity)
    else expect([delay >= 149 * MS, delay <= 151 * MS]).toEqual([true, true])
    script.pass(200 * MS)
    expect(client.rcvNxt).toBe(ackScheduled ? 1000 : 1010)
    client.readerWaiting = false
  })

  it("is handled at once when it holds more than the receive buffer", () => {
    const { client, script } = waiting()
    script.segment({ seq: 1000, len: 10 })
    client.rcvbuf = 2 * client.prequeueMemory
    script.segment({ seq: 1010, len: 10 })
    expect([waitingSegments(client), client.rcvNxt]).toEqual([2, 1000])
    script.segment({ seq: 1020, len: 10 })
    expect([waitingSegments(client), client.prequeueMemory]).toEqual([0, 0])
    expect(client.rcvNxt).toBeGreaterThan(1000)
  })
})

describe("the right to the reserve", () => {
  class Asked extends HostMemory {
    readonly asked: Array<readonly [inInterrupt: boolean, memalloc: boolean]> = []
    override tryHead(ctx: Context, gfp: number, fclone: boolean): number {
      this.asked.push([ctx.inInterrupt, (ctx.flags & PF_MEMALLOC) !== 0])
      return super.tryHead(ctx, gfp, fclone)
    }
  }

  it.each([
    { what: "a packet of it", pfmemalloc: true, sockets: 1, switches: ALL_SWITCHES, right: true },
    { what: "another packet", pfmemalloc: false, sockets: 1, switches: ALL_SWITCHES, right: false },
    { what: "no socket has it", pfmemalloc: true, sockets: 0, switches: ALL_SWITCHES, right: false },
    {
      what: "a kernel before it",
      pfmemalloc: true,
      sockets: 1,
      switches: { ...ALL_SWITCHES, pfmemallocReceive: false },
      right: false
    }
  ])(
    "comes with a packet from the backlog, as in a softirq: $what, $right",
    ({ pfmemalloc, right, sockets, switches }) => {
      const memory = new Asked()
      const script = at({ owned: true, quick: 9, pingpong: false, memalloc: true }, { memory, switches })
      const { stack } = script.net.a
      script.segment({ seq: 1000, len: 10 })
      stack.memallocSocks.count = sockets
      stack.skbs.pfmemalloc[script.client.backlogHead] = pfmemalloc ? 1 : 0
      const task = script.net.spawn("owner", function*() {})
      memory.asked.length = 0
      script.client.releaseSock(task)
      // the ACK
      expect(memory.asked).toEqual([[true, right]])
      expect([task.inInterrupt, task.flags]).toEqual([false, 0])
    }
  )
})
