// When a receiver acknowledges: each rule of ack.ts at its limits, on a socket in a given state.
import { ackSndCheck, cleanupRbuf, enterQuickackMode, eventDataRecv } from "#src/ack.ts"
import { sendAck, xmitProbeSkb } from "#src/control.ts"
import { HostMemory, TCPHDR_ACK, TCPHDR_RST } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script } from "./script.ts"

const MSS = 1448
const SEC = 1000 * MS

/** A socket at an instant that is a whole tick, in the state of a stream that has begun: no ACK is due. */
const at = (state: object): Script => {
  const script = new Script({ nic: PROMPT })
  script.pass(SEC)
  Object.assign(script.client, {
    rcvNxt: 100_000,
    copiedSeq: 100_000,
    rcvWup: 100_000,
    rcvWnd: 20_000,
    rcvSsthresh: 20_000,
    windowClamp: 40_000,
    rcvbuf: 100_000,
    rcvMss: MSS,
    // windows of whole numbers of 32 bytes, as all of these are
    rcvWscale: 5,
    ato: 40 * MS,
    quick: 0,
    ...state
  })
  return script
}

describe("quick ACKs", () => {
  it.each([
    { rcvWnd: 0, quick: 0, after: 2 },
    { rcvWnd: 2 * MSS - 1, quick: 0, after: 2 },
    { rcvWnd: 2 * MSS, quick: 0, after: 1 },
    { rcvWnd: 6 * MSS, quick: 0, after: 3 },
    { rcvWnd: 6 * MSS, quick: 5, after: 5 },
    { rcvWnd: 32 * MSS, quick: 5, after: 16 },
    { rcvWnd: 1 << 20, quick: 0, after: 16 }
  ])("for a window of $rcvWnd where $quick are left: $after", ({ after, quick, rcvWnd }) => {
    const { client } = at({ rcvWnd, quick, pingpong: true, ato: 90 * MS })
    enterQuickackMode(client)
    expect([client.quick, client.pingpong, client.ato]).toEqual([after, false, 40 * MS])
  })
})

describe("data in order", () => {
  const arrive = (state: object, gap: number, len = MSS) => {
    const script = at({ pingpong: true, ...state })
    const { client } = script
    client.lrcvtime = script.now - gap
    const skb = script.skb(len)
    eventDataRecv(client, skb)
    expect([client.ackScheduled, client.lrcvtime]).toEqual([true, script.now])
    return client
  }

  it.each([
    { ato: 0, gap: 0, rto: 200, after: 40, quick: 6 },
    { ato: 60, gap: 10, rto: 200, after: 50, quick: 0 },
    { ato: 60, gap: 20, rto: 200, after: 50, quick: 0 },
    { ato: 60, gap: 20, rto: 45, after: 50, quick: 0 },
    { ato: 60, gap: 21, rto: 200, after: 51, quick: 0 },
    { ato: 60, gap: 21, rto: 45, after: 45, quick: 0 },
    { ato: 60, gap: 59, rto: 200, after: 89, quick: 0 },
    { ato: 60, gap: 60, rto: 200, after: 60, quick: 0 },
    { ato: 60, gap: 61, rto: 200, after: 60, quick: 0 },
    { ato: 60, gap: 200, rto: 200, after: 60, quick: 0 },
    { ato: 60, gap: 201, rto: 200, after: 60, quick: 6 }
  ])("$gap ms after the last, estimate $ato, time-out $rto: $after ms", ({ after, ato, gap, quick, rto }) => {
    // a window that does not grow
    const client = arrive(
      { ato: ato * MS, rto: rto * MS, rcvSsthresh: 40_000, forwardAlloc: 5000, memory: { allocated: 9, limit: [99] } },
      gap * MS
    )
    expect([client.ato / MS, client.quick]).toEqual([after, quick])
    // after a long pause what is granted and not used goes back
    expect([client.forwardAlloc, client.memory.allocated]).toEqual(gap === 201 ? [904, 8] : [5000, 9])
  })

  it.each([
    { len: MSS, before: [false, false], after: [false, false] },
    { len: MSS - 1, before: [false, false], after: [true, false] },
    { len: MSS - 1, before: [true, false], after: [true, true] },
    { len: MSS, before: [true, false], after: [true, false] },
    { len: MSS + 1, before: [false, false], after: [false, false] }
  ])("$len bytes: the end of a message $before, then $after", ({ after, before, len }) => {
    const client = arrive({ ackPushed: before[0], ackPushed2: before[1] }, 0, len)
    expect([client.ackPushed, client.ackPushed2]).toEqual(after)
  })

  it.each([{ len: 127, grows: 0 }, { len: 128, grows: 2 * MSS }])(
    "$len bytes open the window by $grows",
    ({ grows, len }) => {
      const script = at({})
      const { client } = script
      eventDataRecv(client, script.skb(len, len))
      expect(client.rcvSsthresh).toBe(20_000 + grows)
    }
  )
})

describe("an ACK after a segment", () => {
  const W = { rcvNxt: 100_000 }
  it.each([
    { what: "nothing is due", state: { ackScheduled: false, quick: 9 }, sent: 0, armed: false },
    { what: "one segment", state: { rcvWup: W.rcvNxt - MSS }, sent: 0, armed: true },
    { what: "more than one", state: { rcvWup: W.rcvNxt - MSS - 1 }, sent: 1, armed: false },
    { what: "the same window", state: { rcvWup: W.rcvNxt - 2 * MSS, rcvWnd: 20_000 }, sent: 1, armed: false },
    { what: "a smaller window", state: { rcvWup: W.rcvNxt - 2 * MSS, rcvWnd: 20_001 }, sent: 0, armed: true },
    { what: "quick mode", state: { quick: 1 }, sent: 1, armed: false },
    { what: "quick mode in a conversation", state: { quick: 1, pingpong: true }, sent: 0, armed: true },
    { what: "a conversation", state: { pingpong: true }, sent: 0, armed: true },
    { what: "a hole", state: { oooHead: 0, pingpong: true }, sent: 1, armed: false },
    { what: "one put off whose timer has run out", state: { ackBlocked: true }, sent: 0, armed: true }
  ])("$what: sent $sent, delayed $armed", ({ armed, sent, state }) => {
    const script = at({ ackScheduled: true, ...state })
    ackSndCheck(script.client, script.ctx)
    expect([script.client.acksSent, script.client.delackTimer.armed]).toEqual([sent, armed])
  })

  it.each([
    { ato: 40, state: {}, delay: 40 },
    { ato: 450, state: {}, delay: 450 },
    { ato: 600, state: {}, delay: 500 },
    { ato: 600, state: { pingpong: true }, delay: 200 },
    { ato: 600, state: { ackPushed: true }, delay: 200 },
    { ato: 150, state: { ackPushed: true }, delay: 150 },
    { ato: 600, state: { srtt: 2400 }, delay: 300 },
    { ato: 600, state: { srtt: 5600 }, delay: 500 },
    { ato: 600, state: { srtt: 2400, pingpong: true }, delay: 200 },
    { ato: 600, state: { srtt: 800, pingpong: true }, delay: 100 },
    { ato: 600, state: { srtt: 8 }, delay: 40 },
    { ato: 600, state: { srtt: 312 }, delay: 40 },
    { ato: 600, state: { srtt: 328 }, delay: 41 }
  ])("estimate $ato ms, $state: after $delay ms", ({ ato, delay, state }) => {
    const script = at({ ackScheduled: true, ato: ato * MS, ...state })
    const { client } = script
    ackSndCheck(client, script.ctx)
    expect(client.delackTimer.deadline - script.now).toBe(delay * MS)
  })

  it.each([
    { what: "nearly due", due: 10 * MS, sent: 1, deadline: Infinity },
    { what: "not nearly due", due: 10 * MS + 1, sent: 0, deadline: 10 * MS + 1 },
    { what: "due before the new one", due: 39 * MS, sent: 0, deadline: 39 * MS },
    { what: "due after the new one", due: 41 * MS, sent: 0, deadline: 40 * MS },
    { what: "put off because of the lock", due: 39 * MS, ackBlocked: true, sent: 1, deadline: Infinity }
  ])("with one that is $what", ({ ackBlocked = false, deadline, due, sent }) => {
    const script = at({ ackScheduled: true, ackBlocked })
    const { client } = script
    client.delackTimer.armAt(script.now + due)
    ackSndCheck(client, script.ctx)
    expect([client.acksSent, client.delackTimer.deadline - script.now]).toEqual([sent, deadline])
  })
})

describe("an ACK after reading", () => {
  const due = { ackScheduled: true, rcvWnd: 40_000, rcvSsthresh: 40_000 }
  it.each([
    { what: "a dead socket", state: { ...due, ackBlocked: true, error: 5 }, sent: 0 },
    { what: "an ACK put off", state: { ...due, ackBlocked: true }, copied: 0, sent: 1 },
    { what: "an ACK put off, but sent since", state: { ...due, ackBlocked: true, ackScheduled: false }, sent: 0 },
    { what: "one segment", state: { ...due, rcvWup: 100_000 - MSS }, sent: 0 },
    { what: "more than one", state: { ...due, rcvWup: 100_000 - MSS - 1 }, copied: 0, sent: 1 },
    { what: "the end of a message", state: { ...due, ackPushed: true }, sent: 1 },
    { what: "the end of a message, nothing read", state: { ...due, ackPushed: true }, copied: 0, sent: 0 },
    { what: "the end of a message in a conversation", state: { ...due, ackPushed: true, pingpong: true }, sent: 0 },
    { what: "the second end of a message", state: { ...due, ackPushed2: true, pingpong: true }, sent: 1 },
    { what: "a rest that was not read", state: { ...due, ackPushed2: true, rmemAlloc: 1 }, sent: 0 },
    { what: "no end of a message", state: due, sent: 0 },
    // the window that could be offered is twice what the peer knows
    { what: "a window twice as large", state: { rcvWnd: 10_000 }, sent: 1 },
    { what: "a window not quite twice as large", state: { rcvWnd: 10_001 }, sent: 0 },
    { what: "a larger window, nothing read", state: { rcvWnd: 10_000 }, copied: 0, sent: 0 },
    { what: "a larger window after the end", state: { rcvWnd: 10_000, shutdownReceive: true }, sent: 0 },
    { what: "half the clamp", state: { rcvWnd: 20_000, rcvSsthresh: 50_000 }, sent: 1 },
    { what: "more than half the clamp", state: { rcvWnd: 20_001, rcvSsthresh: 50_000 }, sent: 0 },
    { what: "no window, and none to offer", state: { rcvWnd: 0, rmemAlloc: 100_000 }, sent: 0 },
    { what: "no window, and one to offer", state: { rcvWnd: 0 }, sent: 1 }
  ])("$what: $sent", ({ copied = 1, sent, state }) => {
    const script = at(state)
    cleanupRbuf(script.client, script.ctx, copied)
    expect(script.client.acksSent).toBe(sent)
  })
})

describe("a segment without data", () => {
  class NoHeads extends HostMemory {
    none = false
    override tryHead(ctx: Context, gfp: number, fclone: boolean): number {
      return this.none ? -1 : super.tryHead(ctx, gfp, fclone)
    }
  }

  it("an ACK says what is expected, and takes all notes of ACKs away", () => {
    const script = at({
      ackScheduled: true,
      ackBlocked: true,
      ackPushed: true,
      ackPushed2: true,
      quick: 1,
      ato: 90 * MS,
      tsRecent: 77
    })
    const { client } = script
    client.delackTimer.armAt(script.now + MS)
    sendAck(client, script.ctx)
    const { ackBlocked, ackPushed, ackPushed2, ackScheduled, acksSent, ato, quick } = client
    expect([ackBlocked, ackPushed, ackPushed2, ackScheduled]).toEqual([false, false, false, false])
    expect([acksSent, ato, quick, client.delackTimer.armed]).toEqual([1, 40 * MS, 0, false])
    expect([client.rcvWup, client.rcvWnd]).toEqual([100_000, 20_000])
    expect(script.take()).toMatchObject([{ seq: 0, len: 0, ack: 100_000, wnd: 20_000, flags: TCPHDR_ACK, tsecr: 77 }])
  })

  it.each([{ quick: 0, ato: 90 }, { quick: 2, ato: 90 }, { quick: 1, ato: 40 }])(
    "with $quick quick ACKs left the estimate is $ato ms afterwards",
    ({ ato, quick }) => {
      const script = at({ quick, ato: 90 * MS })
      sendAck(script.client, script.ctx)
      expect([script.client.ato / MS, script.client.quick]).toEqual([ato, Math.max(0, quick - 1)])
    }
  )

  it("an ACK of a dead socket is not sent", () => {
    const script = at({ error: 5 })
    sendAck(script.client, script.ctx)
    expect([script.client.acksSent, script.client.ackFailures, script.take()]).toEqual([0, 0, []])
  })

  it("an ACK without memory is tried after 200 ms", () => {
    const memory = new NoHeads()
    const script = new Script({ memory })
    const { client } = script
    memory.none = true
    client.ato = 90 * MS
    sendAck(client, script.ctx)
    expect([client.ackFailures, client.acksSent, client.ackScheduled, client.ato]).toEqual([1, 0, true, 40 * MS])
    expect(client.delackTimer.deadline).toBe(200 * MS)
  })

  it("a window probe has the number before the first that is not acknowledged", () => {
    const memory = new NoHeads()
    const script = new Script({ memory })
    expect(xmitProbeSkb(script.client, script.ctx)).toBe(0)
    expect(script.take()).toMatchObject([{ seq: -1, len: 0, flags: TCPHDR_ACK }])
    memory.none = true
    expect(xmitProbeSkb(script.client, script.ctx)).toBe(-1)
  })

  it("a reset names the connection", () => {
    const script = at({ sndNxt: 30, writeSeq: 30 })
    const { client, net } = script
    const { packets } = net
    const frames: Array<object> = []
    net.ab.onFrame = (f) => {
      const { ack, bytes, dst, flags, len, port, proto, seq, sport, src, wnd } = packets
      frames.push([src, dst, sport, port, proto, bytes, seq, ack, wnd, len, flags].map((column) => column[f]))
      return false
    }
    client.abort(script.ctx)
    expect(frames).toEqual([
      [0, 1, client.port, net.server.port, 6, 52, 30, 100_000, 0, 0, TCPHDR_RST | TCPHDR_ACK]
    ])
  })
})
