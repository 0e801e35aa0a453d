import { __GFP_DMA, MIGRATE_MOVABLE, MIGRATE_RESERVE } from "#src/gfp.ts"
import {
  __GFP_COLD,
  __GFP_ZERO,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  NONE,
  PF_MEMALLOC,
  PG_locked,
  PG_lru
} from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { bringTo, context, machine } from "./support.ts"

const ctx = context()
const greedy = context({ flags: PF_MEMALLOC })

describe("per-CPU lists", () => {
  it("are filled by batches of 31; only buddy pages count as free", () => {
    const { pages } = machine()
    const zone = pages.zones[1]
    pages.tryAlloc(ctx, GFP_KERNEL, 0)
    expect(zone.free).toBe(512_000 - 31)
    expect(zone.pcp[0].count).toBe(30)
    expect(pages.vmstat.get("nr_free_pages")).toBe(515_920 - 31)
    expect(pages.vmstat.get("pgalloc_dma32")).toBe(1)
  })

  it("hand pages out in the order in which they left the buddy lists, hot or cold", () => {
    for (const cold of [0, __GFP_COLD]) {
      const { pages } = machine()
      const first = pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE | cold, 0)
      for (let i = 1; i < 31; i++) expect(pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE | cold, 0)).toBe(first + i)
    }
  })

  it("give back the page freed last to a hot request, the one freed cold to a cold request", () => {
    const { pages } = machine()
    const [a, b, c] = [0, 1, 2].map(() => pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE, 0))
    pages.free(ctx, a, 0)
    pages.free(ctx, b, 0, true)
    pages.free(ctx, c, 0)
    expect(pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE, 0)).toBe(c)
    expect(pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE | __GFP_COLD, 0)).toBe(b)
    expect(pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE, 0)).toBe(a)
  })

  it("return a batch when they reach 186 pages, the coldest first", () => {
    const { pages } = machine()
    const zone = pages.zones[1]
    const held = Array.from({ length: 186 }, () => pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE, 0))
    pages.drainAllPages()
    const before = zone.free
    for (const page of held.slice(0, 185)) pages.free(ctx, page, 0)
    expect([zone.pcp[0].count, zone.free]).toEqual([185, before])
    pages.free(ctx, held[185], 0)
    expect([zone.pcp[0].count, zone.free]).toEqual([155, before + 31])
    // the first 31 freed are the coldest
    expect(zone.pcp[0].lists[MIGRATE_MOVABLE].tail).toBe(held[31])
  })

  it("share one count between three lists; the drain goes round", () => {
    const { pages } = machine()
    const [pcp] = pages.zones[1].pcp
    const movable = Array.from({ length: 31 }, () => pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE, 0))
    const unmovable = Array.from({ length: 186 }, () => pages.tryAlloc(ctx, GFP_KERNEL, 0))
    pages.drainAllPages()
    for (const page of movable) pages.free(ctx, page, 0)
    for (const page of unmovable.slice(0, 155)) pages.free(ctx, page, 0)
    // 186 reached: Reclaimable is passed, so 2 are taken from Movable, then 1 from Unmovable, and so on
    expect(pcp.count).toBe(155)
    const left = pcp.lists.map((list) => list.count)
    expect(left[1]).toBe(0)
    expect(left[2]).toBe(31 - 21)
    expect(left[0]).toBe(155 - 10)
    pages.checkInvariants()
  })

  it("keep nothing in the DMA zone: batch 1, high 0", () => {
    const { pages } = machine()
    const page = pages.tryAlloc(greedy, GFP_KERNEL | __GFP_DMA, 0)
    expect(pages.zones[0].free).toBe(3919)
    pages.free(greedy, page, 0)
    expect(pages.zones[0].free).toBe(3920)
    expect(pages.zones[0].pcp[0].count).toBe(0)
  })

  it("carry pages of reserve pageblocks in the movable list and return them to the reserve", () => {
    const { pages } = machine()
    const zone = pages.zones[1]
    bringTo(pages, pages.zones[0], 0)
    bringTo(pages, zone, 1024)
    const page = pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE, 0)
    expect(pages.buddy.typeOf(page)).toBe(MIGRATE_RESERVE)
    pages.free(ctx, page, 0)
    expect(zone.pcp[0].lists[MIGRATE_MOVABLE].head).toBe(page)
    expect(pages.frames.private[page]).toBe(MIGRATE_RESERVE)
    // its 30 neighbours were refilled for a movable request and stay movable: they keep the page from merging whole
    const held = Array.from({ length: 31 }, () => pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE, 0))
    pages.free(ctx, held[0], 0)
    const reserved = () =>
      zone.freeList.filter((_, i) => i % 5 === MIGRATE_RESERVE).reduce((n, list) => n + list.count, 0)
    const before = reserved()
    pages.drainAllPages()
    expect(reserved()).toBe(before + 1)
    pages.checkInvariants()
  })

  it("are separate for each CPU, and all drained together", () => {
    const { pages } = machine({ cpus: 2 })
    const other = context({ cpu: 1 })
    const page = pages.tryAlloc(ctx, GFP_KERNEL, 0)
    pages.free(other, page, 0)
    expect(pages.zones[1].pcp.map((pcp) => pcp.count)).toEqual([30, 1])
    pages.drainAllPages()
    expect(pages.zones[1].pcp.map((pcp) => pcp.count)).toEqual([0, 0])
    expect(pages.zones[1].free).toBe(512_000)
  })
})

describe("the least free memory of a zone", () => {
  it("is remembered for batches and for blocks of a higher order", () => {
    const { pages } = machine()
    const zone = pages.zones[1]
    expect(zone.lowestFree).toBe(512_000)
    pages.tryAlloc(ctx, GFP_KERNEL, 0)
    expect(zone.lowestFree).toBe(512_000 - 31)
    const block = pages.tryAlloc(ctx, GFP_KERNEL, 5)
    expect(zone.lowestFree).toBe(512_000 - 31 - 32)
    pages.free(ctx, block, 5)
    pages.tryAlloc(ctx, GFP_KERNEL, 3)
    expect(zone.free).toBe(512_000 - 31 - 8)
    expect(zone.lowestFree).toBe(512_000 - 31 - 32)
  })
})

describe("freeing to the buddy lists", () => {
  it("clears allUnreclaimable and pagesScanned; a free into a per-CPU list does not", () => {
    const { pages } = machine()
    const zone = pages.zones[1]
    const page = pages.tryAlloc(ctx, GFP_KERNEL, 0)
    const block = pages.tryAlloc(ctx, GFP_KERNEL, 2)
    zone.allUnreclaimable = true
    zone.pagesScanned = 5
    pages.free(ctx, page, 0)
    expect([zone.allUnreclaimable, zone.pagesScanned]).toEqual([true, 5])
    pages.free(ctx, block, 2)
    expect([zone.allUnreclaimable, zone.pagesScanned]).toEqual([false, 0])
    zone.allUnreclaimable = true
    pages.drainAllPages()
    expect(zone.allUnreclaimable).toBe(false)
  })

  it("dies of a double free, a wrong order, a page in use, a mapped page", () => {
    const { pages } = machine()
    const page = pages.tryAlloc(ctx, GFP_KERNEL, 1)
    expect(() => pages.free(ctx, page, 0)).toThrow("another order")
    for (const flag of [PG_lru, PG_locked]) {
      pages.frames.flags[page] = flag
      expect(() => pages.free(ctx, page, 1)).toThrow("still in use")
    }
    pages.frames.flags[page] = 0
    pages.frames.rmap[page] = 7
    expect(() => pages.free(ctx, page, 1)).toThrow("still mapped")
    pages.frames.rmap[page] = NONE
    pages.getPage(page)
    expect(() => pages.free(ctx, page, 1)).toThrow("last reference")
    pages.putPage(ctx, page)
    pages.free(ctx, page, 1)
    expect(() => pages.free(ctx, page, 1)).toThrow("page that is free")
  })

  it("references: the last put frees, whatever the order", () => {
    const { pages } = machine()
    const page = pages.tryAlloc(ctx, GFP_KERNEL, 3)
    pages.getPage(page)
    pages.putPage(ctx, page)
    expect(pages.vmstat.get("pgfree")).toBe(0)
    pages.putPage(ctx, page)
    expect(pages.vmstat.get("pgfree")).toBe(8)
    expect(() => pages.getPage(page)).toThrow("page that is free")
  })
})

describe("a new page", () => {
  it("has one reference, no private, and stale content unless zeroed", () => {
    const { pages } = machine()
    const { frames } = pages
    const page = pages.tryAlloc(ctx, GFP_KERNEL, 0)
    frames.tokenWriter[page] = 9
    frames.tokenVersion[page] = 3
    frames.private[page] = 1234
    pages.free(ctx, page, 0)
    expect(pages.tryAlloc(ctx, GFP_KERNEL, 0)).toBe(page)
    expect([frames.refCount[page], frames.private[page], frames.flags[page]]).toEqual([1, 0, 0])
    expect([frames.tokenWriter[page], frames.tokenVersion[page]]).toEqual([9, 3])
    pages.free(ctx, page, 0)
    expect(pages.tryAlloc(ctx, GFP_KERNEL | __GFP_ZERO, 0)).toBe(page)
    expect([frames.tokenWriter[page], frames.tokenVersion[page]]).toEqual([0, 0])
  })

  it("costs its caller CPU time", () => {
    const { pages } = machine({ costs: { allocFastNs: 7, freeNs: 3 } })
    const payer = context()
    pages.free(payer, pages.tryAlloc(payer, GFP_KERNEL, 0), 0)
    expect(payer.ns).toBe(10)
  })
})
