// GRO: what a merged skb is made of, and what becomes of the mark of the reserve.
import { MAX_SKB_FRAGS } from "#src/sizes.ts"
import { MSS, type NetSwitches, NO_SWITCHES } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { Bench, type Buffers } from "./gro-toy.ts"

describe("what a merged skb is made of", () => {
  const head = 256

  it("fragment: the data areas are taken over, the heads freed: 17 at most", () => {
    const bench = new Bench()
    bench.burst(MAX_SKB_FRAGS + 2)
    expect(bench.sink.got).toMatchObject([{ segs: MAX_SKB_FRAGS + 1, frags: MAX_SKB_FRAGS, list: false }])
    const [{ truesize }] = bench.sink.got
    const single = bench.flush()[1].truesize
    expect(truesize).toBe(single + MAX_SKB_FRAGS * (single - head))
    bench.idle()
  })

  it("page: the fragments move, head and header buffer are freed: 17 at most", () => {
    const bench = new Bench()
    bench.burst(MAX_SKB_FRAGS + 1, "page")
    expect(bench.sink.got).toMatchObject([{ segs: MAX_SKB_FRAGS, frags: MAX_SKB_FRAGS, list: false }])
    const single = bench.flush()[1].truesize
    expect(bench.sink.got[0].truesize).toBe(single + (MAX_SKB_FRAGS - 1) * PAGE_SIZE / 2)
    bench.idle()
  })

  it("kmalloc: a small skb in front of whole ones, up to 64 KiB with the headers", () => {
    const bench = new Bench()
    bench.burst(46, "kmalloc")
    const [first] = bench.sink.got
    expect(first).toMatchObject({ segs: 45, len: 45 * MSS, size: MSS, frags: 0, list: true })
    const single = bench.flush()[1].truesize
    // 130 bytes: kmalloc-512 with its shared info, and a head
    expect(first.truesize).toBe(45 * single + 512 + 256)
    bench.idle()
  })

  it("kmalloc: without memory for the skb in front nothing is merged and nothing is lost", () => {
    const bench = new Bench()
    const skbs = [0, 1, 2].map((i) => bench.skb({ seq: i * MSS }, "kmalloc"))
    bench.toy.exhaust()
    for (const skb of skbs) bench.gro.receive(bench.toy.ctx, skb)
    expect(bench.flush().map(({ segs }) => segs)).toEqual([1, 1, 1])
    expect(bench.gro.noMemory).toBe(2)
    bench.toy.relent()
    bench.idle()
  })

  it("fragments follow a list as whole skbs, and a list never grows behind fragments", () => {
    const bench = new Bench()
    bench.burst(2, "kmalloc")
    bench.burst(1, "fragment", 2 * MSS)
    bench.receive({ seq: 9 * MSS, sport: 8 })
    bench.receive({ seq: 10 * MSS, sport: 8 })
    bench.receive({ seq: 11 * MSS, sport: 8 }, "kmalloc")
    // two segments by fragments: a kmalloc one does not fit
    expect(bench.sink.got).toMatchObject([{ seq: 9 * MSS, segs: 2, frags: 1 }])
    expect(bench.flush().slice(1)).toMatchObject([{ seq: 11 * MSS, segs: 1 }, { seq: 0, segs: 3, list: true }])
    bench.idle()
  })
})

describe("the mark of the reserve", () => {
  const series: Partial<NetSwitches> = { ...NO_SWITCHES, skbReserve: true, memallocSockets: true, pageToSkb: true }

  it.each<{ readonly buffers: Buffers }>([{ buffers: "fragment" }, { buffers: "kmalloc" }, { buffers: "page" }])(
    "$buffers: a merged skb has that of its first segment, whatever the others have",
    ({ buffers }) => {
      for (const first of [false, true]) {
        const bench = new Bench(series)
        bench.sink.setMemalloc()
        const skbs = [0, 1].map((i) => bench.skb({ seq: i * MSS }, buffers))
        bench.toy.stack.skbs.pfmemalloc[skbs[0]] = first ? 1 : 0
        bench.toy.stack.skbs.pfmemalloc[skbs[1]] = first ? 0 : 1
        for (const skb of skbs) bench.gro.receive(bench.toy.ctx, skb)
        expect(bench.flush()).toMatchObject([{ segs: 2, marked: first }])
        bench.idle()
      }
    }
  )

  it("an ordinary socket loses all segments of a marked skb, and counts them", () => {
    const bench = new Bench(series)
    const skbs = [0, 1, 2].map((i) => bench.skb({ seq: i * MSS }))
    bench.toy.stack.skbs.pfmemalloc[skbs[0]] = 1
    for (const skb of skbs) bench.gro.receive(bench.toy.ctx, skb)
    expect(bench.flush()).toEqual([])
    expect(bench.sink.pfmemallocDrops).toBe(3)
    bench.idle()
  })

  it("marked segments behind an unmarked one reach an ordinary socket", () => {
    const bench = new Bench(series)
    const skbs = [0, 1, 2].map((i) => bench.skb({ seq: i * MSS }))
    for (const skb of skbs.slice(1)) bench.toy.stack.skbs.pfmemalloc[skb] = 1
    for (const skb of skbs) bench.gro.receive(bench.toy.ctx, skb)
    expect(bench.flush()).toMatchObject([{ segs: 3 }])
    expect(bench.sink.pfmemallocDrops).toBe(0)
    bench.idle()
  })
})
