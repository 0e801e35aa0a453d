import {
  __GFP_DMA,
  GFP_NOWAIT,
  MIGRATE_MOVABLE,
  MIGRATE_RECLAIMABLE,
  MIGRATE_RESERVE,
  MIGRATE_UNMOVABLE
} from "#src/gfp.ts"
import { MAX_ORDER } from "#src/watermark.ts"
import {
  __GFP_NOWARN,
  __GFP_RECLAIMABLE,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  NO_PAGE,
  PageAllocator,
  PF_MEMALLOC,
  type Zone
} from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bringTo, context, machine } from "./support.ts"

/** May take the last page, is never asked to sleep. */
const greedy = context({ flags: PF_MEMALLOC })

/** Free blocks by order if every pair of free buddies is merged: fully determined by which pages are free. */
const mergedBlocks = (zone: Zone, isFree: (pfn: number) => boolean): Array<number> => {
  const blocks = Array.from({ length: MAX_ORDER }, () => 0)
  let pfn = zone.start
  while (pfn < zone.end) {
    if (!isFree(pfn)) {
      pfn++
      continue
    }
    let order = 0
    while (order < MAX_ORDER - 1 && (pfn & ((2 << order) - 1)) === 0 && pfn + (2 << order) <= zone.end) {
      let all = true
      for (let page = pfn + (1 << order); all && page < pfn + (2 << order); page++) all = isFree(page)
      if (!all) break
      order++
    }
    blocks[order]++
    pfn += 1 << order
  }
  return blocks
}

const TYPES = [GFP_KERNEL, GFP_KERNEL | __GFP_RECLAIMABLE, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_DMA] as const

const commands = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ order: fc.integer({ min: 0, max: 10 }), gfp: fc.constantFrom(...TYPES) }) },
    { weight: 3, arbitrary: fc.record({ order: fc.integer({ min: 0, max: 3 }), gfp: fc.constantFrom(...TYPES) }) },
    { weight: 4, arbitrary: fc.record({ free: fc.nat() }) }
  ),
  { minLength: 50, maxLength: 400 }
)

describe("buddy lists against a set of free pages", () => {
  it("hand out a block whenever there is one, never one twice, and merge whatever can be merged", () => {
    fc.assert(
      fc.property(commands, (script) => {
        const sim = new Sim({ seed: 1 })
        const pages = new PageAllocator(sim, { memory: { dma: 1500, dma32: 2777, normal: 0 }, cpus: 1 })
        const owned = new Map<number, number>()
        const taken = new Set<number>()
        const free = (zone: Zone) => mergedBlocks(zone, (pfn) => !taken.has(pfn))
        for (const command of script) {
          if ("free" in command) {
            if (owned.size === 0) continue
            const [pfn, order] = [...owned][command.free % owned.size]
            pages.free(greedy, pfn, order)
            owned.delete(pfn)
            for (let page = pfn; page < pfn + (1 << order); page++) taken.delete(page)
          } else {
            const { gfp, order } = command
            const possible = pages.zonelist(gfp).some((zone) =>
              free(zone).some((blocks, o) => o >= order && blocks > 0)
            )
            const pfn = pages.tryAlloc(greedy, gfp | __GFP_NOWARN, order)
            expect(pfn !== NO_PAGE).toBe(possible)
            if (pfn === NO_PAGE) continue
            expect(pages.zonelist(gfp)).toContain(pages.zoneOf(pfn))
            expect(pfn & ((1 << order) - 1)).toBe(0)
            for (let page = pfn; page < pfn + (1 << order); page++) {
              expect(taken.has(page)).toBe(false)
              taken.add(page)
            }
            owned.set(pfn, order)
          }
          pages.drainAllPages()
          for (const zone of pages.populatedZones) expect([...zone.nrFree]).toEqual(free(zone))
        }
        pages.checkInvariants()
      }),
      { seed: 42, numRuns: 40 }
    )
  })

  it("conserve pages with per-CPU lists on several CPUs", () => {
    fc.assert(
      fc.property(commands, (script) => {
        const { pages } = machine({ memory: { dma: 1500, dma32: 40_000, normal: 0 }, cpus: 3 })
        const cpus = [0, 1, 2].map((cpu) => context({ flags: PF_MEMALLOC, cpu }))
        const owned: Array<[number, number]> = []
        let held = 0
        let step = 0
        for (const command of script) {
          const ctx = cpus[step++ % 3]
          if ("free" in command) {
            const [block] = owned.splice(command.free % (owned.length + 1), 1)
            if (block === undefined) continue
            pages.free(ctx, block[0], block[1], command.free % 2 === 0)
            held -= 1 << block[1]
          } else {
            const pfn = pages.tryAlloc(ctx, command.gfp | __GFP_NOWARN, command.order)
            if (pfn === NO_PAGE) continue
            owned.push([pfn, command.order])
            held += 1 << command.order
          }
          const [dma, dma32] = pages.zones
          expect(dma.free + dma32.free + dma.pcpPages() + dma32.pcpPages() + held).toBe(pages.presentPages)
        }
        pages.checkInvariants()
        for (const [pfn, order] of owned) pages.free(greedy, pfn, order)
        pages.drainAllPages()
        expect(pages.vmstat.get("nr_free_pages")).toBe(pages.presentPages)
        expect(pages.vmstat.get("pgfree")).toBe(pages.vmstat.get("pgalloc_dma") + pages.vmstat.get("pgalloc_dma32"))
        pages.checkInvariants()
      }),
      { seed: 7, numRuns: 60 }
    )
  })
})

describe("blocks", () => {
  it("are split so that the lower half is handed out", () => {
    const { pages } = machine()
    const zone = pages.zones[1]
    const block = zone.freeList[10 * 5 + MIGRATE_MOVABLE].head
    const page = pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE, 3)
    expect(page).toBe(block)
    for (let order = 3; order < 10; order++) {
      expect(zone.freeList[order * 5 + MIGRATE_MOVABLE].head).toBe(block + (1 << order))
    }
  })

  it("that are likely to merge soon go to the tail of their list", () => {
    const { pages } = machine()
    const list = pages.zones[1].freeList[1 * 5 + MIGRATE_MOVABLE]
    // two order-2 blocks in a row and one elsewhere, all taken apart into halves
    const block = pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE, 4)
    pages.free(greedy, block, 4)
    const [a, b, c, d] = [1, 1, 1, 1].map((order) => pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE, order))
    expect([b - a, c - b, d - c]).toEqual([2, 2, 2])
    const far = pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE, 1)
    pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE, 1)
    pages.free(greedy, far, 1)
    // c + d is free and merged, so a may soon merge with b and then with c + d
    pages.free(greedy, c, 1)
    pages.free(greedy, d, 1)
    pages.free(greedy, a, 1)
    expect(list.tail).toBe(a)
    expect(list.head).not.toBe(a)
  })
})

describe("fallback between migrate types", () => {
  it("steals the largest block and with it the pageblocks it covers", () => {
    const { pages } = machine()
    const movable = pages.zones[1].freeList[10 * 5 + MIGRATE_MOVABLE].head
    const page = pages.tryAlloc(greedy, GFP_KERNEL, 3)
    expect(page).toBe(movable)
    expect(pages.buddy.typeOf(movable)).toBe(MIGRATE_UNMOVABLE)
    expect(pages.buddy.typeOf(movable + 512)).toBe(MIGRATE_UNMOVABLE)
    // the rest of the block is now unmovable: the next such request stays there
    expect(pages.tryAlloc(greedy, GFP_KERNEL, 3)).toBe(movable + 8)
    pages.checkInvariants()
  })

  it("a small block is taken without its pageblock, except by reclaimable requests", () => {
    const { pages } = machine({ memory: { dma: 3072, dma32: 0, normal: 0 } })
    const zone = pages.zones[0]
    // everything taken, then single order-3 blocks of one pageblock freed, too far apart to merge
    const held: Array<number> = []
    for (;;) {
      const page = pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 3)
      if (page === NO_PAGE) break
      held.push(page)
    }
    expect(zone.free).toBe(0)
    const inLastBlock = held.filter((pfn) => pfn >= 2560).sort((a, b) => a - b)
    for (let i = 0; i < 8; i += 2) pages.free(greedy, inLastBlock[i], 3)
    expect(zone.nrFree[3]).toBe(4)
    pages.tryAlloc(greedy, GFP_KERNEL | __GFP_NOWARN, 3)
    expect(pages.buddy.typeOf(2560)).toBe(MIGRATE_MOVABLE)
    expect(zone.freeList[3 * 5 + MIGRATE_MOVABLE].count).toBe(3)
    pages.tryAlloc(greedy, GFP_KERNEL | __GFP_RECLAIMABLE | __GFP_NOWARN, 3)
    // all free pages of the pageblock moved, but less than half of it was free: it keeps its tag
    expect(pages.buddy.typeOf(2560)).toBe(MIGRATE_MOVABLE)
    expect(zone.freeList[3 * 5 + MIGRATE_RECLAIMABLE].count).toBe(2)
    pages.checkInvariants()
  })

  it("a block of order 4 or more is taken with all free pages of its pageblock", () => {
    const { pages } = machine({ memory: { dma: 3072, dma32: 0, normal: 0 } })
    const zone = pages.zones[0]
    const held: Array<number> = []
    for (;;) {
      const page = pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 4)
      if (page === NO_PAGE) break
      held.push(page)
    }
    const inLastBlock = held.filter((pfn) => pfn >= 2560).sort((a, b) => a - b)
    for (let i = 0; i < 8; i += 2) pages.free(greedy, inLastBlock[i], 4)
    pages.tryAlloc(greedy, GFP_KERNEL | __GFP_NOWARN, 1)
    expect(zone.freeList[4 * 5 + MIGRATE_MOVABLE].count).toBe(0)
    expect(zone.freeList[4 * 5 + MIGRATE_UNMOVABLE].count).toBe(3)
    expect(pages.buddy.typeOf(2560)).toBe(MIGRATE_MOVABLE)
  })

  it.each([
    { blocks: 15, type: MIGRATE_MOVABLE },
    { blocks: 16, type: MIGRATE_UNMOVABLE }
  ])("a pageblock with $blocks of 32 blocks free changes its type to $type", ({ blocks, type }) => {
    const { pages } = machine({ memory: { dma: 3072, dma32: 0, normal: 0 } })
    const held: Array<number> = []
    for (;;) {
      const page = pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 4)
      if (page === NO_PAGE) break
      held.push(page)
    }
    const inLastBlock = held.filter((pfn) => pfn >= 2560).sort((a, b) => a - b)
    for (const page of inLastBlock.slice(0, blocks)) pages.free(greedy, page, 4)
    pages.tryAlloc(greedy, GFP_KERNEL | __GFP_NOWARN, 1)
    expect(pages.buddy.typeOf(2560)).toBe(type)
  })

  it("leaves the reserve pageblocks for the very end", () => {
    const { pages } = machine()
    const zone = pages.zones[1]
    expect([pages.buddy.typeOf(zone.start), pages.buddy.typeOf(zone.start + 512)]).toEqual([3, 3])
    expect(pages.buddy.typeOf(zone.start + 1024)).toBe(MIGRATE_MOVABLE)
    bringTo(pages, zone, 1024)
    expect(zone.freeList[10 * 5 + MIGRATE_RESERVE].count).toBe(1)
    bringTo(pages, zone, 0)
    pages.checkInvariants()
  })

  it.each<[minFree: number, blocks: number]>([[0, 0], [2000, 1], [5746, 2], [65_536, 2]])(
    "min_free_kbytes %i reserves %i pageblocks",
    (minFree, blocks) => {
      const { pages } = machine()
      const zone = pages.zones[1]
      pages.setMinFreeKbytes(minFree)
      let reserved = 0
      for (let pfn = zone.start; pfn < zone.end; pfn += 512) if (pages.buddy.typeOf(pfn) === MIGRATE_RESERVE) reserved++
      expect(reserved).toBe(blocks)
      pages.checkInvariants()
    }
  )

  it("is off on machines with less than one pageblock for each type", () => {
    const { pages } = machine({ memory: { dma: 2559, dma32: 0, normal: 0 } })
    expect(pages.buddy.grouping).toBe(false)
    const page = pages.tryAlloc(greedy, GFP_HIGHUSER_MOVABLE, 0)
    expect(pages.buddy.typeOf(page)).toBe(MIGRATE_UNMOVABLE)
    pages.checkInvariants()
    expect(machine({ memory: { dma: 2560, dma32: 0, normal: 0 } }).pages.buddy.grouping).toBe(true)
  })
})

describe("checkInvariants", () => {
  it.each<[string, (pages: PageAllocator) => void]>([
    ["a wrong free count", (pages) => pages.zones[1].free--],
    ["a wrong block count", (pages) => pages.zones[1].nrFree[10]--],
    ["a lost flag", (pages) => pages.frames.flags[pages.zones[1].freeList[52].head] = 0],
    ["a wrong order", (pages) => pages.frames.order[pages.zones[1].freeList[52].head] = 9],
    ["a reference to a free page", (pages) => pages.frames.refCount[pages.zones[1].freeList[52].head + 5] = 1],
    ["a lost page", (pages) => pages.zones[1].freeList[52].popHead(pages.frames)],
    ["a wrong per-CPU count", (pages) => {
      pages.free(greedy, pages.tryAlloc(greedy, GFP_NOWAIT, 0), 0)
      const [pcp] = pages.zones[1].pcp
      pcp.count--
    }]
  ])("finds %s", (_name, damage) => {
    const { pages } = machine()
    pages.checkInvariants()
    damage(pages)
    expect(() => pages.checkInvariants()).toThrow()
  })
})
