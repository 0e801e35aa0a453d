// The receive buffer follows its reader: the round trip as the receiver sees it, and how much is read in one (rcv-space.ts).
import { rcvRttMeasure, rcvRttMeasureTs, rcvSpaceAdjust } from "#src/rcv-space.ts"
import { MAX_TCP_HEADER } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { Script } from "./script.ts"

const MSS = 1448

describe("the reader's round trip", () => {
  const NOW = 100_000_000
  const TICK = 1_000_000
  it.each([
    // eighths of ticks of 1 ms; less than a tick counts as one
    { len: MSS, ago: 5, before: 0, after: 40 },
    { len: MSS, ago: 5, before: 40, after: 40 },
    { len: MSS, ago: 13, before: 40, after: 48 },
    { len: MSS, ago: 0, before: 0, after: 8 },
    { len: MSS, ago: 0, before: 40, after: 36 },
    { len: MSS - 1, ago: 5, before: 0, after: 0 },
    { len: MSS, ago: 100, before: 0, after: 0 }
  ])("$len bytes, echo of $ago ticks ago, was $before: $after", ({ after, ago, before, len }) => {
    const script = new Script()
    script.pass(NOW)
    Object.assign(script.client, { rcvRtt: before, rcvMss: MSS })
    const skb = script.skb(len, 2000, NOW - ago * TICK)
    script.net.a.stack.skbs.endSeq[skb] = script.net.a.stack.skbs.seq[skb] + len
    rcvRttMeasureTs(script.client, skb)
    expect(script.client.rcvRtt).toBe(after)
  })

  it("is at most the time that a window takes", () => {
    const script = new Script()
    script.pass(NOW)
    const { client } = script
    Object.assign(client, { rcvRtt: 800, rcvWnd: 5000 })
    rcvRttMeasure(client)
    expect([client.rcvRtt, client.rcvRttSeq]).toEqual([800, 5000])
    script.pass(3 * TICK)
    client.rcvNxt = 4999
    rcvRttMeasure(client)
    expect(client.rcvRtt).toBe(800)
    client.rcvNxt = 5000
    rcvRttMeasure(client)
    expect([client.rcvRtt, client.rcvRttSeq]).toEqual([24, 10_000])
    // a longer one says nothing
    script.pass(9 * TICK)
    client.rcvNxt = 10_000
    rcvRttMeasure(client)
    expect(client.rcvRtt).toBe(24)
  })

  // 10 ticks after the last look; 2,000 bytes per segment are 128 · n more than half a segment needs
  const look = (state: object, tcp = {}) => {
    const script = new Script({ tcp })
    script.pass(10 * TICK)
    Object.assign(script.client, { spaceTime: 0, spaceSeq: 5000, rcvRtt: 72, copiedSeq: 55_000, ...state })
    rcvSpaceAdjust(script.client)
    return script.client
  }
  /** The memory that Linux reckons for a full segment. */
  const perSegment = (() => {
    let bytes = MSS + MAX_TCP_HEADER + 576
    while (Math.floor(bytes / 2) < MSS) bytes += 128
    return bytes
  })()
  /** What a connection begins with: ten segments, and all of half of the buffer but one segment. */
  const SPACE = 10 * MSS
  const CLAMP = (87_380 >> 1) - MSS

  it.each([
    { what: "the first look", state: { spaceTime: -1 }, looked: true, space: SPACE, grown: false },
    { what: "no round trip yet", state: { rcvRtt: 0 }, looked: false, space: SPACE, grown: false },
    { what: "too early", state: { rcvRtt: 88 }, looked: false, space: SPACE, grown: false },
    { what: "just in time", state: { rcvRtt: 87 }, looked: true, space: 100_000 },
    { what: "at the start of time", state: {}, looked: true, space: 100_000 },
    { what: "as much as before", state: { spaceBytes: 100_000 }, looked: true, space: 100_000, grown: false },
    { what: "more than before", state: { spaceBytes: 99_999 }, looked: true, space: 100_000 },
    { what: "less than before", state: { spaceBytes: 100_001 }, looked: true, space: 100_001, grown: false }
  ])("$what", ({ grown = true, looked, space, state }) => {
    const client = look(state)
    expect([client.spaceTime, client.spaceSeq]).toEqual(looked ? [10, 55_000] : [expect.any(Number), 5000])
    expect(client.spaceBytes).toBe(space)
    expect(client.rcvbuf).toBe(grown ? Math.floor(space / MSS) * perSegment : 87380)
    expect(client.windowClamp).toBe(grown ? space : CLAMP)
  })

  it.each([
    { what: "a fixed buffer", tcp: { rcvbuf: 50_000 }, state: {}, rcvbuf: 50_000, clamp: 25_000 - MSS },
    {
      what: "less than a segment",
      tcp: {},
      state: { copiedSeq: 5100, rcvbuf: 100, spaceBytes: 0 },
      rcvbuf: perSegment,
      clamp: 200
    },
    {
      what: "the same buffer",
      tcp: {},
      state: { copiedSeq: 5724, rcvbuf: perSegment, spaceBytes: 0 },
      rcvbuf: perSegment,
      clamp: CLAMP
    },
    { what: "the largest buffer", tcp: {}, state: { rmemMax: 100_000 }, rcvbuf: 100_000, clamp: 100_000 }
  ])("$what: $rcvbuf", ({ clamp, rcvbuf, state, tcp }) => {
    const client = look(state, tcp)
    expect([client.rcvbuf, client.windowClamp]).toEqual([rcvbuf, clamp])
  })
})
