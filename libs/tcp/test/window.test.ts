// The receive window: each rule of rcvbuf.ts at its limits, on a socket in a given state.
import { growWindow, offerableWindow, receiveWindow, selectWindow } from "#src/rcvbuf.ts"
import { describe, expect, it } from "vitest"
import { protoMemory } from "./proto-memory.ts"
import { Script } from "./script.ts"

const MSS = 1448

/** A socket with a buffer of 100,000 bytes and a clamp of 40,000. */
const at = (state: object): Script => {
  const script = new Script()
  Object.assign(script.client, {
    rcvbuf: 100_000,
    windowClamp: 40_000,
    rcvSsthresh: 30_000,
    rcvMss: MSS,
    quick: 5,
    ...state
  })
  return script
}

/** What the scale of 7 bits makes of it. */
const scaled = (window: number): number => Math.ceil(window / 128) * 128

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
    { state: { rmemAlloc: 60_000, ...protoMemory(true) }, offer: 20_000, quick: 5 },
    { state: { rmemAlloc: 60_002, ...protoMemory(true) }, offer: 4 * MSS, quick: 0 },
    { state: { rmemAlloc: 60_002, rcvSsthresh: 3 * MSS, ...protoMemory(true) }, offer: 3 * MSS, quick: 0 }
  ])("that could be offered, $state: $offer", ({ offer, quick, state }) => {
    const { client } = at(state)
    expect([offerableWindow(client), client.quick]).toEqual([scaled(offer), quick])
  })

  it.each([
    { rcvWnd: 29_999, sent: 30_080 },
    { rcvWnd: 30_080, sent: 30_080 },
    { rcvWnd: 30_081, sent: 30_208 }
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
    { what: "pressure", state: { ...protoMemory(true), quick: 4 }, by: 0, quick: 4 }
  ])("$what: by $by", ({ by, quick, state }) => {
    const script = at(state)
    const { client } = script
    const before = client.rcvSsthresh
    growWindow(client, script.skb(MSS))
    expect([client.rcvSsthresh - before, client.quick]).toEqual([by, quick])
  })

  // a packet of 1000 bytes. Half of its memory: well filled; else a quarter while the window is at most a quarter of the
  // largest buffer, an eighth up to an eighth, … Then by two segments of the peer, which are 700 bytes, or twice the packet.
  it.each([
    { truesize: 2001, ssthresh: 30_000, by: 2 * 1400 },
    { truesize: 2002, ssthresh: 30_000, by: 2000 },
    { truesize: 4003, ssthresh: 250_000, by: 2000 },
    { truesize: 4003, ssthresh: 250_001, by: 0 },
    { truesize: 4004, ssthresh: 125_000, by: 2000 },
    { truesize: 4004, ssthresh: 125_001, by: 0 },
    { truesize: 8007, ssthresh: 125_000, by: 2000 },
    { truesize: 8008, ssthresh: 125_000, by: 0 },
    { truesize: 8008, ssthresh: 62_500, by: 2000 }
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

describe("a window without scale", () => {
  it.each([
    // whole segments of the peer, as long as the window that was told is not about the same
    { rcvWnd: 0, offer: 20 * MSS },
    { rcvWnd: 30_000 - MSS, offer: 20 * MSS },
    { rcvWnd: 30_000 - MSS + 1, offer: 30_000 - MSS + 1 },
    { rcvWnd: 30_000, offer: 30_000 },
    { rcvWnd: 30_001, offer: 20 * MSS }
  ])("that was $rcvWnd, with 30,000 free: $offer", ({ offer, rcvWnd }) => {
    expect(offerableWindow(at({ rcvWscale: 0, rcvWnd }).client)).toBe(offer)
  })

  it("of less than a segment opens when half of it has become free", () => {
    const state = { rcvWscale: 0, rcvbuf: 2000, windowClamp: 1000 }
    expect(offerableWindow(at({ ...state, rcvWnd: 499 }).client)).toBe(1000)
    expect(offerableWindow(at({ ...state, rcvWnd: 500 }).client)).toBe(500)
  })

  it("is at most 65535 in a header, whatever this end remembers", () => {
    const { client } = at({ rcvWscale: 0, rcvbuf: 400_000, windowClamp: 200_000, rcvSsthresh: 100_000 })
    expect([selectWindow(client), client.rcvWnd]).toEqual([65_535, Math.floor(100_000 / MSS) * MSS])
  })
})
