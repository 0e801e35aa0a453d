// The receive window and the receive buffer: each rule of rcvbuf.ts at its limits, on a socket in a given state.
import {
  growWindow,
  offerableWindow,
  rcvRttMeasure,
  rcvSpaceAdjust,
  receiveWindow,
  selectWindow,
  tryRmemSchedule
} from "#src/rcvbuf.ts"
import { CARDS, MAX_TCP_HEADER, NO_SKB, NO_SWITCHES } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { Script } from "./script.ts"

const MSS = 1448

/** A socket with a buffer of 100,000 bytes and a clamp of 40,000. */
const at = (state: object): Script => {
  const script = new Script()
  Object.assign(script.client, { rcvbuf: 100_000, windowClamp: 40_000, rcvSsthresh: 30_000, quick: 5, ...state })
  return script
}

/** Memory of the protocol in a given state. */
const memory = (pressure: boolean, allocated = 0) => ({
  memory: { allocated, pressure, sockets: 1, minimum: 4096, limit: [100, 200, 300], enterPressure: () => {} }
})

describe("the window", () => {
  it.each([
    { rcvWup: 1000, rcvWnd: 500, rcvNxt: 1000, left: 500 },
    { rcvWup: 1000, rcvWnd: 500, rcvNxt: 1499, left: 1 },
    { rcvWup: 1000, rcvWnd: 500, rcvNxt: 1500, left: 0 },
    { rcvWup: 1000, rcvWnd: 500, rcvNxt: 1501, left: 0 }
  ])("of $rcvWnd from $rcvWup leaves $left at $rcvNxt", ({ left, ...state }) => {
    expect(receiveWindow(at(state).client)).toBe(left)
  })

  it.each([
    // half of what is free, at most what has proved useful
    { state: {}, offer: 30_000, quick: 5 },
    { state: { rmemAlloc: 39_998 }, offer: 30_000, quick: 5 },
    { state: { rmemAlloc: 40_002 }, offer: 29_999, quick: 5 },
    // less than half of what there could be: quick ACKs end
    { state: { rmemAlloc: 60_000 }, offer: 20_000, quick: 5 },
    { state: { rmemAlloc: 60_002 }, offer: 19_999, quick: 0 },
    { state: { rmemAlloc: 100_000 - 2 * MSS }, offer: MSS, quick: 0 },
    { state: { rmemAlloc: 100_000 - 2 * MSS + 2 }, offer: 0, quick: 0 },
    { state: { rmemAlloc: 100_000 }, offer: 0, quick: 0 },
    // the clamp or half of the buffer, whichever is less
    { state: { rcvbuf: 60_000, rmemAlloc: 30_000 }, offer: 15_000, quick: 5 },
    { state: { rcvbuf: 60_000, rmemAlloc: 30_002 }, offer: 14_999, quick: 0 },
    // a buffer of less than two segments
    { state: { rcvbuf: 2000 }, offer: 1000, quick: 5 },
    { state: { rcvbuf: 2000, rmemAlloc: 2 }, offer: 999, quick: 5 },
    { state: { rcvbuf: 2000, rmemAlloc: 1002 }, offer: 0, quick: 0 },
    // under pressure at most four segments, when half is used
    { state: { rmemAlloc: 60_000, ...memory(true) }, offer: 20_000, quick: 5 },
    { state: { rmemAlloc: 60_002, ...memory(true) }, offer: 4 * MSS, quick: 0 },
    { state: { rmemAlloc: 60_002, rcvSsthresh: 3 * MSS, ...memory(true) }, offer: 3 * MSS, quick: 0 }
  ])("that could be offered, $state: $offer", ({ offer, quick, state }) => {
    const { client } = at(state)
    expect([offerableWindow(client), client.quick]).toEqual([offer, quick])
  })

  it.each([
    { rcvWnd: 29_999, sent: 30_000 },
    { rcvWnd: 30_001, sent: 30_001 }
  ])("that was $rcvWnd is $sent in the next segment: it never shrinks", ({ rcvWnd, sent }) => {
    const { client } = at({ rcvWup: 500, rcvNxt: 700, rcvWnd: rcvWnd + 200 })
    expect([selectWindow(client), client.rcvWnd, client.rcvWup]).toEqual([sent, sent, 700])
  })
})

describe("a window that grows", () => {
  it.each([
    { what: "a full packet", state: {}, by: 2 * MSS, quick: 5 },
    { what: "an even number of quick ACKs", state: { quick: 0 }, by: 2 * MSS, quick: 1 },
    { what: "the clamp is near", state: { rcvSsthresh: 39_000 }, by: 1000, quick: 5 },
    { what: "the clamp is reached", state: { rcvSsthresh: 40_000, quick: 4 }, by: 0, quick: 4 },
    { what: "more than the free room", state: { rmemAlloc: 40_000, quick: 4 }, by: 0, quick: 4 },
    { what: "just less than the free room", state: { rmemAlloc: 39_998, quick: 4 }, by: 2 * MSS, quick: 5 },
    { what: "pressure", state: { ...memory(true), quick: 4 }, by: 0, quick: 4 }
  ])("$what: by $by", ({ by, quick, state }) => {
    const script = at(state)
    const { client } = script
    const before = client.rcvSsthresh
    growWindow(client, script.skb(MSS))
    expect([client.rcvSsthresh - before, client.quick]).toEqual([by, quick])
  })

  // a packet of 1000 bytes. Half of its memory: well filled; else a quarter while the window is at most a quarter of the
  // largest buffer, an eighth up to an eighth, …
  it.each([
    { truesize: 2001, ssthresh: 30_000, by: 2 * 1400 },
    { truesize: 2002, ssthresh: 30_000, by: 2 * 700 },
    { truesize: 4003, ssthresh: 250_000, by: 2 * 700 },
    { truesize: 4003, ssthresh: 250_001, by: 0 },
    { truesize: 4004, ssthresh: 125_000, by: 2 * 700 },
    { truesize: 4004, ssthresh: 125_001, by: 0 },
    { truesize: 8007, ssthresh: 125_000, by: 2 * 700 },
    { truesize: 8008, ssthresh: 125_000, by: 0 },
    { truesize: 8008, ssthresh: 62_500, by: 2 * 700 }
  ])("1000 bytes in $truesize at a window of $ssthresh: by $by", ({ by, ssthresh, truesize }) => {
    const script = new Script({ tcp: { mss: 1400 } })
    const { client } = script
    Object.assign(client, {
      rcvbuf: 4 << 20,
      windowClamp: 1 << 20,
      rcvSsthresh: ssthresh,
      rcvMss: 700,
      rmemMax: 1_000_000
    })
    growWindow(client, script.skb(1000, truesize))
    expect(client.rcvSsthresh - ssthresh).toBe(by)
  })
})

describe("the reader's round trip", () => {
  const NOW = 1_000_000
  it.each([
    { len: MSS, echo: NOW - 800, before: 0, after: 800 },
    { len: MSS, echo: NOW - 800, before: 400, after: 450 },
    { len: MSS, echo: NOW - 400, before: 800, after: 750 },
    { len: MSS, echo: NOW - 405, before: 400, after: 400 },
    { len: MSS, echo: NOW - 408, before: 400, after: 401 },
    { len: MSS, echo: NOW, before: 0, after: 1 },
    { len: MSS - 1, echo: NOW - 800, before: 0, after: 0 },
    { len: MSS, echo: 0, before: 0, after: 0 }
  ])("$len bytes, echo $echo, was $before: $after", ({ after, before, echo, len }) => {
    const script = new Script()
    script.pass(NOW)
    script.client.rcvRtt = before
    rcvRttMeasure(script.client, script.skb(len, 2000, echo))
    expect(script.client.rcvRtt).toBe(after)
  })

  // 1000 ns after the last look; 2,000 bytes per segment are 128 · n more than half a segment needs
  const look = (state: object, tcp = {}) => {
    const script = new Script({ tcp })
    script.pass(1000)
    Object.assign(script.client, { spaceTime: 0, spaceSeq: 5000, rcvRtt: 900, copiedSeq: 55_000, ...state })
    rcvSpaceAdjust(script.client)
    return script.client
  }
  /** The memory that Linux reckons for a full segment. */
  const perSegment = (() => {
    let bytes = MSS + MAX_TCP_HEADER + 576
    while (Math.floor(bytes / 2) < MSS) bytes += 128
    return bytes
  })()

  it.each([
    { what: "the first look", state: { spaceTime: -1 }, looked: true, space: 0 },
    { what: "no round trip yet", state: { rcvRtt: 0 }, looked: false, space: 0 },
    { what: "too early", state: { rcvRtt: 1001 }, looked: false, space: 0 },
    { what: "just in time", state: { rcvRtt: 1000 }, looked: true, space: 100_000 },
    { what: "at the start of time", state: {}, looked: true, space: 100_000 },
    { what: "as much as before", state: { spaceBytes: 100_000 }, looked: true, space: 100_000, grown: false },
    { what: "more than before", state: { spaceBytes: 99_999 }, looked: true, space: 100_000 },
    { what: "less than before", state: { spaceBytes: 100_001 }, looked: true, space: 100_001, grown: false }
  ])("$what", ({ grown, looked, space, state }) => {
    const client = look(state)
    expect([client.spaceTime, client.spaceSeq]).toEqual(looked ? [1000, 55_000] : [expect.any(Number), 5000])
    expect(client.spaceBytes).toBe(space)
    const grows = grown ?? space > 0
    expect(client.rcvbuf).toBe(grows ? Math.floor(space / MSS) * perSegment : 87380)
    expect(client.windowClamp).toBe(grows ? space : 87380 >> 1)
  })

  it.each([
    { what: "a fixed buffer", tcp: { rcvbuf: 50_000 }, state: {}, rcvbuf: 50_000, clamp: 25_000 },
    { what: "less than a segment", tcp: {}, state: { copiedSeq: 5100, rcvbuf: 100 }, rcvbuf: perSegment, clamp: 200 },
    {
      what: "the same buffer",
      tcp: {},
      state: { copiedSeq: 5724, rcvbuf: perSegment },
      rcvbuf: perSegment,
      clamp: 43_690
    },
    { what: "the largest buffer", tcp: {}, state: { rmemMax: 100_000 }, rcvbuf: 100_000, clamp: 100_000 }
  ])("$what: $rcvbuf", ({ clamp, rcvbuf, state, tcp }) => {
    const client = look(state, tcp)
    expect([client.rcvbuf, client.windowClamp]).toEqual([rcvbuf, clamp])
  })
})

describe("room for a packet", () => {
  /** A script with `ooo` packets behind a hole, and a packet that asks for room. */
  const full = (state: object, { memalloc = false, ooo = 0, switches = NO_SWITCHES } = {}) => {
    const script = new Script({ nic: CARDS.kmalloc, switches })
    for (let i = 0; i < ooo; i++) script.segment({ seq: 100 + i * 100, len: 50 })
    const { client } = script
    Object.assign(client, state)
    const skb = script.skb(100, 1000)
    script.net.a.stack.skbs.pfmemalloc[skb] = memalloc ? 1 : 0
    const granted = tryRmemSchedule(client, script.ctx, skb)
    return { granted, client }
  }
  const counts = ({ client, granted }: ReturnType<typeof full>) => [
    granted,
    client.rcvPruned,
    client.ofoPruned,
    client.rcvbufDrops,
    client.oooHead === NO_SKB
  ]

  it("is there up to the buffer, and beyond it for none", () => {
    expect(counts(full({ rmemAlloc: 5000, rcvbuf: 5000, forwardAlloc: 1000 }))).toEqual([true, 0, 0, 0, true])
    expect(counts(full({ rmemAlloc: 5001, rcvbuf: 5000, fixedRcvbuf: true }))).toEqual([false, 1, 0, 0, true])
    // a full buffer alone is no reason to be careful
    expect(full({ rmemAlloc: 5000, rcvbuf: 5000, quick: 3, fixedRcvbuf: true }).client.quick).toBe(3)
  })

  it("is made of what is behind a hole", () => {
    const { client, ...rest } = full({}, { ooo: 3 })
    const [each] = [client.rmemAlloc / 3]
    expect([rest.granted, each > 500]).toEqual([true, true])
    expect(counts(full({ rcvbuf: 3 * each - 1, fixedRcvbuf: true }, { ooo: 3 }))).toEqual([true, 0, 1, 3, true])
    expect(counts(full({ rcvbuf: 3 * each, fixedRcvbuf: true }, { ooo: 3 }))).toEqual([true, 0, 0, 0, false])
    // what is in order is not thrown away
    expect(counts(full({ rcvbuf: -1, fixedRcvbuf: true }, { ooo: 3 }))).toEqual([false, 1, 1, 3, true])
  })

  it("is refused when the protocol grants none, after all behind a hole is gone", () => {
    let asked = 0
    const refuse = { rmemSchedule: () => ++asked > 99 }
    expect([...counts(full(refuse, { ooo: 2 })), asked]).toEqual([false, 0, 1, 2, true, 3])
    asked = 0
    expect([...counts(full(refuse)), asked]).toEqual([false, 0, 0, 0, true, 2])
    let third = 0
    expect(counts(full({ rmemSchedule: () => ++third === 3 }, { ooo: 2 }))).toEqual([true, 0, 1, 2, true])
    let second = 0
    expect(counts(full({ rmemSchedule: () => ++second === 2 }, { ooo: 2 }))).toEqual([true, 0, 0, 0, false])
  })

  it("is asked for with the size of the packet and its right to the reserve", () => {
    for (const memalloc of [false, true]) {
      const asked: Array<unknown> = []
      full({ rmemSchedule: (...args: Array<unknown>) => asked.push(args) > 2 }, { memalloc, ooo: 1 })
      expect(asked).toEqual([[1000, memalloc], [1000, memalloc], [1000, memalloc]])
    }
  })

  const GROWN = { rcvbuf: 6000, rcvSsthresh: 9999 }
  it.each([
    // at the limit of the buffer it grows to what it holds, unless memory is short
    { state: {}, after: GROWN },
    { state: { rmemMax: 5500 }, after: { rcvbuf: 5500, rcvSsthresh: 2 * MSS } },
    { state: { rmemMax: 5000 }, after: { rcvbuf: 5000, rcvSsthresh: 2 * MSS } },
    { state: { windowClamp: 1000, fixedRcvbuf: true }, after: { rcvbuf: 5000, rcvSsthresh: 1000 } },
    { state: { fixedRcvbuf: true }, after: { rcvbuf: 5000, rcvSsthresh: 2 * MSS } },
    { state: memory(true), after: { rcvbuf: 5000, rcvSsthresh: 2 * MSS } },
    { state: memory(false, 99), after: GROWN },
    { state: memory(false, 100), after: { rcvbuf: 5000, rcvSsthresh: 2 * MSS } }
  ])("a buffer of 5000 with 6000 in it, $state: $after", ({ after, state }) => {
    const { client } = full({ rmemAlloc: 6000, rcvbuf: 5000, quick: 3, rcvSsthresh: 9999, ...state })
    expect(client).toMatchObject({ ...after, quick: 0 })
  })

  it.each([
    { rmemAlloc: 4999, pressure: false, after: { quick: 3, rcvSsthresh: 9999 } },
    { rmemAlloc: 4999, pressure: true, after: { quick: 3, rcvSsthresh: 4 * MSS } },
    { rmemAlloc: 5000, pressure: true, after: { quick: 0, rcvSsthresh: 9999 } },
    { rmemAlloc: 4999, pressure: true, rcvSsthresh: 77, after: { quick: 3, rcvSsthresh: 77 } }
  ])(
    "$rmemAlloc of 5000 without a grant, pressure $pressure: $after",
    ({ after, pressure, rcvSsthresh = 9999, rmemAlloc }) => {
      const state = { rmemAlloc, rcvbuf: 5000, quick: 3, rcvSsthresh, rmemSchedule: () => false, fixedRcvbuf: true }
      expect(full({ ...state, ...memory(pressure, 99) }).client).toMatchObject(after)
    }
  )
})
