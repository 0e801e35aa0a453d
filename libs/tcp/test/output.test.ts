// What a sender puts on the wire: the tests of tcp_write_xmit, each at its limits.
import { pushPendingFrames, sendFin, writeWakeup, writeXmit } from "#src/output.ts"
import { ALL_SWITCHES, NO_SKB, NO_SWITCHES, TCPHDR_ACK, TCPHDR_FIN, TCPHDR_PSH } from "@swaplab/net-skb"
import { __GFP_MEMALLOC, GFP_ATOMIC } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script, Stingy } from "./script.ts"
import type { ToyOptions } from "./toy.ts"

const MSS = 1448
const OFF = 1
const CORK = 2
const PUSH = 4
const RECOVERY = 3

/** A socket with segments of the given sizes to send, in a given state. */
const sender = (sizes: ReadonlyArray<number>, state: object = {}, flags = 0, options: ToyOptions = {}): Script => {
  const script = new Script({ nic: PROMPT, ...options })
  const { client } = script
  Object.assign(client, { cwnd: 1000, maxWindow: 1 << 20, sndWnd: 1 << 20 })
  const from = (state as { sndNxt?: number }).sndNxt ?? 0
  client.writeSeq = client.sndNxt = from
  script.queue(sizes)
  const { skbs } = script.net.a.stack
  if ((flags & TCPHDR_FIN) !== 0) {
    skbs.endSeq[client.writeTail]++
    client.writeSeq++
  }
  skbs.flags[client.writeTail] |= flags
  Object.assign(client, state)
  return script
}

const xmit = (script: Script, nonagle = PUSH, pushOne = false) =>
  writeXmit(script.client, script.ctx, nonagle, pushOne, GFP_ATOMIC)

describe("cwnd", () => {
  it.each([
    { sizes: [MSS], cwnd: 0, sent: [] },
    { sizes: [MSS], cwnd: 1, sent: [MSS] },
    { sizes: [MSS, MSS, MSS, MSS], cwnd: 3, sent: [MSS, MSS, MSS] },
    { sizes: [MSS, MSS, MSS], cwnd: 3, packetsOut: 2, sent: [MSS] },
    { sizes: [MSS, MSS, MSS], cwnd: 3, packetsOut: 4, sent: [] },
    { sizes: [10 * MSS], cwnd: 4, sent: [4 * MSS] },
    { sizes: [0], cwnd: 0, flags: TCPHDR_FIN, sent: [0] },
    { sizes: [MSS], cwnd: 0, flags: TCPHDR_FIN, sent: [MSS] },
    { sizes: [MSS + 1], cwnd: 0, flags: TCPHDR_FIN, sent: [] }
  ])(
    "$cwnd with $packetsOut in flight lets out of $sizes (flags $flags): $sent",
    ({ cwnd, flags, packetsOut = 0, sent, sizes }) => {
      const script = sender(sizes, { cwnd, packetsOut }, flags)
      const probe = xmit(script)
      expect(script.queues()[0]).toEqual(sent)
      expect(probe).toBe(sent.length === 0 && packetsOut === 0)
    }
  )
})

describe("the window", () => {
  it.each([
    { sizes: [100], wnd: 99, sent: [] },
    { sizes: [100], wnd: 100, sent: [100] },
    { sizes: [2 * MSS], wnd: MSS - 1, sent: [] },
    { sizes: [2 * MSS], wnd: MSS, sent: [MSS] },
    { sizes: [2 * MSS], wnd: 2 * MSS - 1, sent: [MSS] },
    { sizes: [2 * MSS], wnd: 2 * MSS, sent: [2 * MSS] },
    { sizes: [MSS], flags: TCPHDR_FIN, wnd: MSS, sent: [] },
    { sizes: [MSS], flags: TCPHDR_FIN, wnd: MSS + 1, sent: [MSS] },
    { sizes: [2 * MSS], flags: TCPHDR_FIN, wnd: MSS, sent: [MSS] },
    { sizes: [100, 100], wnd: 150, sent: [100] },
    { sizes: [100], sndNxt: 500, sndUna: 200, wnd: 399, sent: [] },
    { sizes: [100], sndNxt: 500, sndUna: 200, wnd: 400, sent: [100] }
  ])("of $wnd lets out of $sizes (flags $flags): $sent", ({ flags, sent, sizes, sndNxt = 0, sndUna = 0, wnd }) => {
    const script = sender(sizes, { sndWnd: wnd, sndNxt, sndUna }, flags)
    xmit(script)
    expect(script.queues()[0]).toEqual(sent)
  })

  // a segment that another follows goes whole; the last one is cut to whole segments
  it.each([
    { sizes: [3620, 100], cwnd: 3, wnd: 4344, sent: [3620] },
    { sizes: [3620, 100], cwnd: 3, wnd: 4343, sent: [2896, 724] },
    { sizes: [3620, 100], cwnd: 2, wnd: 4344, sent: [2896] },
    { sizes: [3620], cwnd: 9, wnd: 9999, sent: [2896, 724] },
    { sizes: [4344], cwnd: 2, wnd: 9999, sent: [2896] },
    { sizes: [4344], cwnd: 2, wnd: 2000, sent: [1448] },
    { sizes: [4344], cwnd: 9, wnd: 9999, sent: [4344] }
  ])("of $wnd and cwnd $cwnd cut $sizes: $sent", ({ cwnd, sent, sizes, wnd }) => {
    const script = sender(sizes, { cwnd, sndWnd: wnd })
    xmit(script)
    expect(script.queues()[0]).toEqual(sent)
  })
})

describe("a short segment", () => {
  it.each([
    { sizes: [100], nonagle: 0, sndSml: 0, sent: 1 },
    { sizes: [100], nonagle: 0, sndSml: 1, sent: 0, packetsOut: 1 },
    { sizes: [100], nonagle: 0, sndSml: 1, sent: 1, packetsOut: 0 },
    { sizes: [100], nonagle: 0, sndSml: 1, sent: 1, packetsOut: 1, frtoCounter: 2 },
    { sizes: [MSS], nonagle: 0, sndSml: 1, sent: 1 },
    { sizes: [MSS], nonagle: CORK, sndSml: 1, sent: 1 },
    { sizes: [100], nonagle: OFF, sndSml: 1, sent: 1 },
    { sizes: [100], nonagle: PUSH, sndSml: 1, sent: 1 },
    { sizes: [100], nonagle: CORK, sndSml: 0, sent: 0 },
    { sizes: [100], nonagle: CORK | OFF, sndSml: 0, sent: 0 },
    { sizes: [100], nonagle: CORK | PUSH, sndSml: 0, sent: 1 },
    { sizes: [100], nonagle: CORK, sndSml: 0, flags: TCPHDR_FIN, sent: 1 },
    { sizes: [100, 100], nonagle: CORK, sndSml: 0, sent: 1 },
    { sizes: [100, 100], nonagle: OFF, sndSml: 0, sent: 2 }
  ])(
    "of $sizes, mode $nonagle, an earlier one until $sndSml: $sent go",
    ({ flags, nonagle, sent, sizes, ...state }) => {
      const script = sender(sizes, state, flags)
      xmit(script, nonagle)
      expect(script.queues()[0]).toHaveLength(sent)
    }
  )

  it.each([{ size: MSS - 1, sndSml: MSS - 1 }, { size: MSS, sndSml: -7 }])(
    "$size bytes are noted: $sndSml",
    ({ size, sndSml }) => {
      const script = sender([size], { sndSml: -7 })
      xmit(script)
      expect(script.client.sndSml).toBe(sndSml)
    }
  )
})

describe("a long segment waits for a larger burst", () => {
  const LONG = 90 * MSS
  it.each([
    { what: "more than a third of cwnd is in flight", state: { cwnd: 30, packetsOut: 21 }, sent: 0 },
    { what: "a third of cwnd is free", state: { cwnd: 30, packetsOut: 20 }, sent: 10 },
    { what: "a third of the window is free", state: { sndNxt: 20 * MSS, sndWnd: 30 * MSS }, sent: 10 },
    { what: "less than a third of the window", state: { sndNxt: 20 * MSS, sndWnd: 29 * MSS }, sent: 0 },
    { what: "all that goes at once", state: { cwnd: 150, packetsOut: 104 }, sent: 46 },
    { what: "less than goes at once", state: { cwnd: 150, packetsOut: 105 }, sent: 0 },
    { what: "a recovery", state: { cwnd: 30, packetsOut: 21, caState: RECOVERY }, sent: 9 },
    { what: "the end of the stream", state: { cwnd: 30, packetsOut: 21 }, flags: TCPHDR_FIN, sent: 9 },
    { what: "one push", state: { cwnd: 30, packetsOut: 21 }, pushOne: true, sent: 9 }
  ])("$what: $sent", ({ flags, pushOne = false, sent, state }) => {
    const script = sender([LONG], state, flags)
    xmit(script, PUSH, pushOne)
    expect(script.queues()[0]).toEqual(sent === 0 ? [] : [sent * MSS])
  })

  it.each([{ packetsOut: 21, sent: [9 * MSS] }, { packetsOut: 22, sent: [] }])(
    "unless all of it may go and another follows, $packetsOut in flight: $sent",
    ({ packetsOut, sent }) => {
      const script = sender([9 * MSS, 100], { cwnd: 30, packetsOut })
      xmit(script)
      expect(script.queues()[0]).toEqual(sent)
    }
  )

  it.each([
    { asked: -1, sent: false, then: 2 },
    { asked: 0, sent: true, then: -1 },
    { asked: 1, sent: false, then: 2 },
    { asked: 2, sent: false, then: 2 }
  ])("for two ticks: asked at tick $asked, now is 2: $sent", ({ asked, sent, then }) => {
    const script = new Script()
    script.pass(2.9 * MS)
    const { client } = script
    Object.assign(client, { cwnd: 30, sndWnd: 1 << 20, maxWindow: 1 << 20 })
    script.queue([LONG])
    Object.assign(client, { packetsOut: 21, tsoDeferred: asked })
    xmit(script)
    expect([script.queues()[0].length > 0, client.tsoDeferred]).toEqual([sent, then])
  })
})

describe("a segment that is sent", () => {
  it("counts as in flight and arms the time-out, if it is the first", () => {
    const script = sender([100, MSS, 5 * MSS], { cwnd: 2 })
    const { client } = script
    xmit(script)
    expect(client).toMatchObject({ packetsOut: 2, sndNxt: 100 + MSS, writePending: 1, dataSegmentsSent: 2 })
    const { deadline } = client.writeTimer
    client.cwnd = 100
    client.rto *= 2
    xmit(script)
    expect(client).toMatchObject({ packetsOut: 7, sndNxt: 100 + 6 * MSS, dataSegmentsSent: 7 })
    expect(client.writeTimer.deadline).toBe(deadline)
    expect(script.data()).toHaveLength(7)
    script.checkMemory()
  })

  it("with pushOne is the only one", () => {
    const script = sender([100, 100, 100])
    expect(xmit(script, PUSH, true)).toBe(false)
    expect(script.queues()[0]).toEqual([100])
  })

  it("and dropped by the device stays to be sent", () => {
    const script = sender([100, 100])
    script.drop()
    expect(xmit(script)).toBe(true)
    expect(script.queues()[0]).toEqual([])
    expect(script.client).toMatchObject({ txFailures: 1, packetsOut: 0, sndNxt: 0 })
  })

  it.each([
    { tsq: true, wmemAlloc: 131_071, sent: 1 },
    { tsq: true, wmemAlloc: 131_072, sent: 0 },
    { tsq: false, wmemAlloc: 131_072, sent: 1 }
  ])("with $wmemAlloc bytes below the stack, small queues $tsq: $sent", ({ sent, tsq, wmemAlloc }) => {
    const script = sender([100], { wmemAlloc }, 0, { switches: { ...NO_SWITCHES, tsq } })
    xmit(script)
    expect([script.queues()[0].length, script.client.tsqThrottled]).toEqual([sent, sent === 0])
  })

  it("is cut with plain GFP_ATOMIC when it has linear bytes, else with the mask of the socket", () => {
    const mask = GFP_ATOMIC | __GFP_MEMALLOC
    for (const [linear, used] of [[true, GFP_ATOMIC], [false, mask]] as const) {
      const memory = new Stingy()
      const script = sender([4 * MSS], { cwnd: 2 }, 0, { memory })
      const { skbs } = script.net.a.stack
      const skb = script.client.writeHead
      if (!linear) {
        skbs.headLen[skb] = 0
        for (const bytes of [4096, 4 * MSS - 4096]) skbs.fillPageDesc(skb, skbs.pages.adopt(0), bytes)
      }
      memory.masks.length = 0
      writeXmit(script.client, script.ctx, PUSH, false, mask)
      expect(memory.masks).toEqual([used])
    }
  })

  it("and cannot be cut stays whole", () => {
    const memory = new Stingy()
    const script = sender([4 * MSS], { cwnd: 2 }, 0, { memory })
    memory.leftPairs = 0
    expect(xmit(script)).toBe(true)
    expect(script.queues()).toEqual([[], [4 * MSS]])
    expect(script.client).toMatchObject({ txFailures: 1, packetsOut: 0 })
    script.checkMemory()
  })
})

describe("a push", () => {
  const blocked = (state: object) => sender([100], { sndWnd: 0, rto: 300 * MS, ...state })

  it.each([
    { what: "nothing may go", state: {}, pending: 2 },
    { what: "a timer stands for something else", state: { writePending: 1 }, pending: 1 },
    { what: "something is in flight", state: { packetsOut: 1 }, pending: 0 },
    { what: "the connection is dead", state: { error: 5 }, pending: 0 }
  ])("asks for the window when $what: $pending", ({ pending, state }) => {
    const script = blocked(state)
    pushPendingFrames(script.client, script.ctx, 0)
    expect([script.client.writePending, script.client.writeTimer.armed]).toEqual([pending, pending === 2])
    if (pending === 2) expect(script.client.writeTimer.deadline).toBe(300 * MS)
  })

  it("of a dead connection sends nothing", () => {
    const script = sender([100], { error: 5 })
    pushPendingFrames(script.client, script.ctx, PUSH)
    expect(script.take()).toEqual([])
  })

  it("uses the right of the socket to the reserve", () => {
    const memory = new Stingy()
    const script = sender([4 * MSS], { cwnd: 2 }, 0, { memory, switches: ALL_SWITCHES })
    const { skbs } = script.net.a.stack
    const skb = script.client.writeHead
    skbs.headLen[skb] = 0
    for (const bytes of [4096, 4 * MSS - 4096]) skbs.fillPageDesc(skb, skbs.pages.adopt(0), bytes)
    script.client.setMemalloc()
    memory.masks.length = 0
    pushPendingFrames(script.client, script.ctx, PUSH)
    expect(memory.masks).toEqual([GFP_ATOMIC | __GFP_MEMALLOC])
  })
})

describe("a wake-up of the peer's window", () => {
  it.each([
    { what: "nothing to send", sizes: [], wnd: 100, seq: -1, len: 0 },
    { what: "no window", sizes: [100], wnd: 0, seq: -1, len: 0 },
    { what: "a window of one byte", sizes: [100], wnd: 1, seq: 0, len: 1 },
    { what: "a window for nearly all", sizes: [100], wnd: 99, seq: 0, len: 99 },
    { what: "a window for all", sizes: [100], wnd: 100, seq: 0, len: 100 },
    { what: "a window of several segments", sizes: [9 * MSS], wnd: 5 * MSS, seq: 0, len: MSS }
  ])("$what: $len bytes", ({ len, seq, sizes, wnd }) => {
    const script = sender(sizes, { sndWnd: wnd })
    expect(writeWakeup(script.client, script.ctx)).toBe(0)
    expect(script.take()).toMatchObject([{ seq, len, flags: len > 0 ? TCPHDR_ACK | TCPHDR_PSH : TCPHDR_ACK }])
    expect(script.client).toMatchObject({ packetsOut: len > 0 ? 1 : 0, sndNxt: len })
    script.checkMemory()
  })

  it("marks both halves of a segment that it cuts", () => {
    const script = sender([100], { sndWnd: 50 })
    writeWakeup(script.client, script.ctx)
    const { flags } = script.net.a.stack.skbs
    const { writeHead, writeTail } = script.client
    expect([writeHead, writeTail].map((skb) => flags[skb])).toEqual([TCPHDR_ACK | TCPHDR_PSH, TCPHDR_ACK | TCPHDR_PSH])
  })

  it("without memory to cut fails, and after a drop nothing is in flight", () => {
    const memory = new Stingy()
    const script = sender([100], { sndWnd: 50 }, 0, { memory })
    memory.leftPairs = 0
    expect([writeWakeup(script.client, script.ctx), script.take()]).toEqual([-1, []])
    memory.leftPairs = 9
    script.drop()
    expect([writeWakeup(script.client, script.ctx), script.client.packetsOut, script.client.sndNxt]).toEqual([1, 0, 0])
  })
})

describe("a FIN", () => {
  it("rides on the last segment that was not sent", () => {
    const script = sender([100, 200], { sndWnd: 0 })
    sendFin(script.client, script.ctx)
    expect(script.queues()).toEqual([[], [100, 200]])
    const { flags, endSeq, seq } = script.net.a.stack.skbs
    const tail = script.client.writeTail
    expect([flags[tail] & TCPHDR_FIN, endSeq[tail] - seq[tail], script.client.writeSeq]).toEqual([TCPHDR_FIN, 201, 301])
    expect(script.client.finPending).toBe(false)
  })

  it("gets a segment of its own when all was sent, and goes past a closed cwnd and past Nagle", () => {
    const script = sender([100], { cwnd: 1, nonagle: 0 })
    xmit(script)
    script.take()
    sendFin(script.client, script.ctx)
    expect(script.take()).toMatchObject([{ seq: 100, len: 0, flags: TCPHDR_FIN | TCPHDR_ACK }])
    expect(script.client).toMatchObject({ packetsOut: 2, sndNxt: 101, writeSeq: 101 })
    script.checkMemory()
  })

  it.each([{ pending: 0, then: 2 }, { pending: 1, then: 1 }])(
    "without memory is left to the timer, which stood for $pending: $then",
    ({ pending, then }) => {
      const memory = new Stingy()
      const script = new Script({ memory })
      memory.leftPairs = 0
      Object.assign(script.client, { writePending: pending, rto: 300 * MS })
      sendFin(script.client, script.ctx)
      expect(script.client).toMatchObject({ finPending: true, writePending: then, writeSeq: 0, writeHead: NO_SKB })
      expect(script.client.writeTimer.deadline).toBe(then === 2 ? 300 * MS : Infinity)
    }
  )
})
