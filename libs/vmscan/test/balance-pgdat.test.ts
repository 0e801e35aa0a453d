// balance_pgdat by itself: what one call achieves, which zones it looks at, and what it costs.
import { type Balanced, balancePgdat } from "#src/balance-pgdat.ts"
import { DEF_PRIORITY } from "#src/constants.ts"
import {
  __GFP_DMA32,
  __GFP_NOWARN,
  PAGEOUTRUN,
  PF_KSWAPD,
  PF_MEMALLOC,
  WMARK_HIGH,
  WMARK_LOW,
  WMARK_MIN
} from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { context, Toy } from "./toy.ts"

const greedy = { ...context(), flags: PF_MEMALLOC }

/** Every page that the zones of the mask have, in the order in which they were taken. */
const takeAll = (toy: Toy, gfp: number): ReadonlyArray<number> => {
  const pages: Array<number> = []
  for (;;) {
    const pfn = toy.pages.tryAlloc(greedy, gfp | __GFP_NOWARN, 0)
    if (pfn < 0) return pages
    pages.push(pfn)
  }
}

/** One call of balance_pgdat; null while it has not returned. */
const balance = (toy: Toy, order = 0, until = 0) => {
  const seen: { result: Balanced | null; ns: number } = { result: null, ns: -1 }
  toy.spawn("kswapd0", function*(task) {
    seen.result = yield* balancePgdat(toy.vmscan.pgdat, task, order, toy.vmscan.pgdat.highestZone)
    seen.ns = task.ns
  }, PF_MEMALLOC | PF_KSWAPD)
  toy.sim.run(until)
  return seen
}

/** Without __GFP_WAIT: all zones, no sleep. */
const GFP_NOWAIT = 0

describe("balance_pgdat", () => {
  it("costs one pass where all is well", () => {
    const toy = new Toy({ vmscan: { costs: { passNs: 7 } } })
    expect(balance(toy)).toEqual({ result: { order: 0, classzone: 0 }, ns: 7 })
  })

  it.each([
    { name: "the end zone is then the one below", memory: { dma: 0, dma32: 900, normal: 0 } },
    { name: "the lowest zone has none below", memory: { dma: 900, dma32: 0, normal: 0 } }
  ])("gives up a zone without pages to reclaim in one pass: $name", ({ memory }) => {
    const toy = new Toy({ memory })
    takeAll(toy, GFP_NOWAIT)
    expect(balance(toy).result).toEqual({ order: 0, classzone: 0 })
    expect(toy.zone.allUnreclaimable).toBe(true)
    expect(toy.pages.vmstat.items[PAGEOUTRUN]).toBe(1)
  })

  it("tells shrinkers the pages of the zones up to the highest that is short", () => {
    const toy = new Toy({ memory: { dma: 0, dma32: 900, normal: 900 } })
    for (let i = 0; i < 100; i++) toy.cacheFile(greedy, toy.take())
    for (const pfn of takeAll(toy, __GFP_DMA32)) toy.cacheFile(greedy, pfn)
    toy.vmscan.lru.drain(greedy)
    const [dma32, normal] = toy.vmscan.lru.lruvecs
    expect([dma32.lists[2].count, normal.lists[2].count]).toEqual([900, 100])
    expect(normal.zone.free).toBeGreaterThan(normal.zone.watermark[WMARK_HIGH])
    const lruPages: Array<number> = []
    toy.mm.shrinkSlab = (_task?: unknown, _gfp?: unknown, _scanned = 0, pages = 0) => {
      lruPages.push(pages)
      return 0
    }
    balance(toy)
    expect(lruPages[0]).toBe(900)
  })

  it("for a higher order is content when a zone with a quarter of the pages is: the highest counts as well", () => {
    const toy = new Toy({ memory: { dma: 0, dma32: 900, normal: 900 } })
    // slab objects keep the lower zone from being given up
    toy.mm.slabObjects = 1
    for (const pfn of takeAll(toy, GFP_NOWAIT)) {
      if (toy.pages.zoneOf(pfn) === toy.zone) toy.cacheFile(greedy, pfn)
      else if (pfn % 2 === 1) toy.pages.free(greedy, pfn, 0)
    }
    toy.vmscan.lru.drain(greedy)
    const [dma32] = toy.pages.populatedZones
    expect([dma32.free, dma32.nrFree[0], toy.zone.free]).toEqual([450, 450, 0])
    expect(balance(toy, 3, 1_000_000_000).result).toEqual({ order: 3, classzone: 2 })
  })

  it("wakes throttled tasks as soon as half of the reserve is there", () => {
    const toy = new Toy({ vmscan: { switches: { throttle: true } } })
    for (const pfn of takeAll(toy, GFP_NOWAIT)) toy.cacheFile(greedy, pfn)
    toy.vmscan.lru.drain(greedy)
    const throttled = toy.spawn("T", (task) => toy.vmscan.pgdat.pfmemallocWait.sleep(task.process, "killable"))
    toy.sim.run(0)
    expect(toy.vmscan.pgdat.pfmemallocWait.waiters).toBe(1)
    expect(balance(toy, 0, 1_000_000_000).result).not.toBe(null)
    expect(toy.zone.free).toBeGreaterThan(toy.zone.watermark[WMARK_MIN])
    expect(throttled.process.finished).toBe(true)
  })

  it("naps for the first time after the fourth priority", () => {
    const toy = new Toy({ memory: { dma: 0, dma32: 16_384, normal: 0 }, requests: 20_000, writeNs: Infinity })
    const [min, low] = [WMARK_MIN, WMARK_LOW].map((mark) => toy.zone.watermark[mark])
    toy.fillAnon(Math.floor((min + low) / 2))
    const seen: Array<number | "nap"> = []
    toy.sim.trace.enableOnly(["mm_vmscan_lru_shrink_inactive", "writeback_congestion_wait"])
    toy.sim.trace.sink = (point, _time, _group, values) => {
      const step = point.name === "writeback_congestion_wait" ? "nap" : values[4]
      if (seen.at(-1) !== step) seen.push(step)
    }
    balance(toy, 0, 100_000_000)
    expect(seen.slice(0, 5)).toEqual([DEF_PRIORITY, 11, 10, 9, "nap"])
  })
})
