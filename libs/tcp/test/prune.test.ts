// Room in the receive buffer: what makes it when there is none, and what is refused (prune.ts).
import { tryRmemSchedule } from "#src/prune.ts"
import { CARDS, NO_SKB, NO_SWITCHES } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { protoMemory } from "./proto-memory.ts"
import { Script } from "./script.ts"

const MSS = 1448

describe("room for a packet", () => {
  /** A script with `ooo` packets behind a hole, and a packet that asks for room. */
  const full = (state: object, { memalloc = false, ooo = 0, switches = NO_SWITCHES } = {}) => {
    const script = new Script({ nic: CARDS.kmalloc, switches })
    // full, and too far apart to be joined
    script.client.rcvWnd = 100_000
    for (let i = 0; i < ooo; i++) script.segment({ seq: 2000 + i * 3000, len: 1400 })
    const { client } = script
    Object.assign(client, state)
    const skb = script.skb(100, 1000)
    script.net.a.stack.skbs.pfmemalloc[skb] = memalloc ? 1 : 0
    const granted = tryRmemSchedule(client, script.ctx, skb)
    return { granted, client }
  }
  const counts = ({ client, granted }: ReturnType<typeof full>) => [
    granted,
    client.mib.RcvPruned,
    client.mib.OfoPruned,
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
    { state: protoMemory(true), after: { rcvbuf: 5000, rcvSsthresh: 2 * MSS } },
    { state: protoMemory(false, 99), after: GROWN },
    { state: protoMemory(false, 100), after: { rcvbuf: 5000, rcvSsthresh: 2 * MSS } }
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
      expect(full({ ...state, ...protoMemory(pressure, 99) }).client).toMatchObject(after)
    }
  )
})
