// The buddy system: free blocks of 2^order pages by order and migrate type.
//
// Modelled: splitting and merging with the kernel's choice of list end, fallback to other migrate types with its taking
// over of pageblocks, reserve pageblocks. Not modelled: CMA, memory isolation, compaction (x86_64_defconfig has it off);
// reserved frames (the first pageblocks of a zone become the reserve, even where a PC has firmware in them).
// The buddy lists do not count NR_FREE_PAGES; their callers do, as in Linux, in one step for a batch.
// source: mm/page_alloc.c:__free_one_page, expand, __rmqueue_smallest, __rmqueue_fallback, __rmqueue,
// move_freepages_block, setup_zone_migrate_reserve
import { assert } from "@swaplab/sim"
import type { AllocTrace } from "./alloc-trace.ts"
import { type Frames, NONE, OFF_LIST } from "./frames.ts"
import { MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_RESERVE, MIGRATE_TYPES, MIGRATE_UNMOVABLE } from "./gfp.ts"
import { PG_buddy } from "./page-flags.ts"
import { MAX_ORDER, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from "./watermark.ts"
import { MAX_ORDER_NR_PAGES, WMARK_MIN, type Zone } from "./zone.ts"

/** Where to steal from when a type has no block left. Reserve comes after all of these. */
const FALLBACKS: ReadonlyArray<ReadonlyArray<number>> = [
  [MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE],
  [MIGRATE_UNMOVABLE, MIGRATE_MOVABLE],
  [MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE],
  []
]

/** At most so many pageblocks of a zone are set aside. */
const MAX_RESERVE_BLOCKS = 2

export class Buddy {
  readonly frames: Frames
  /** Migrate type of each pageblock (512 frames). */
  readonly pageblockType: Uint8Array
  /** Mobility grouping; Linux turns it off on machines too small for one pageblock of each type. */
  readonly grouping: boolean
  readonly #trace: AllocTrace

  constructor(frames: Frames, grouping: boolean, trace: AllocTrace) {
    assert(frames.count % MAX_ORDER_NR_PAGES === 0, "frames come in whole blocks of the highest order")
    this.frames = frames
    this.grouping = grouping
    this.#trace = trace
    this.pageblockType = new Uint8Array(frames.count >> PAGEBLOCK_ORDER)
    this.pageblockType.fill(grouping ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE)
  }

  /** get_pageblock_migratetype() */
  typeOf(pfn: number): number {
    return this.pageblockType[pfn >> PAGEBLOCK_ORDER]
  }

  /** Frees a zone that was just made, in the largest blocks that fit. */
  populate(zone: Zone): void {
    let pfn = zone.start
    while (pfn < zone.end) {
      let order = MAX_ORDER - 1
      while ((pfn & ((1 << order) - 1)) !== 0 || pfn + (1 << order) > zone.end) order--
      this.freeOne(zone, pfn, order, this.typeOf(pfn))
      pfn += 1 << order
    }
  }

  /** __rmqueue(): takes a block of exactly this order out of the lists; NONE if the zone has none. */
  take(zone: Zone, order: number, type: number): number {
    let page = this.#takeSmallest(zone, order, type)
    if (page === NONE && type !== MIGRATE_RESERVE) {
      page = this.#takeFallback(zone, order, type)
      if (page === NONE) page = this.#takeSmallest(zone, order, MIGRATE_RESERVE)
    }
    if (page !== NONE && this.#trace.zoneLocked.enabled) {
      this.#trace.zoneLocked.emit(this.#trace.group, page, order, type, order === 0 ? 1 : 0)
    }
    return page
  }

  /** __free_one_page(): merges the block with its buddies as far as they are free. */
  freeOne(zone: Zone, pfn: number, order: number, type: number): void {
    const flags = this.frames.flags
    const orders = this.frames.order
    assert((pfn & ((1 << order) - 1)) === 0, "a block starts at a multiple of its size")
    assert((flags[pfn] & PG_buddy) === 0, "freeing a page that is free")
    let buddy = pfn ^ (1 << order)
    while (order < MAX_ORDER - 1) {
      buddy = pfn ^ (1 << order)
      if ((flags[buddy] & PG_buddy) === 0 || orders[buddy] !== order) break
      this.#listOf(zone, buddy, order).remove(this.frames, buddy)
      zone.nrFree[order]--
      flags[buddy] = 0
      pfn &= buddy
      order++
    }
    flags[pfn] = PG_buddy
    orders[pfn] = order
    zone.nrFree[order]++
    const list = zone.freeList[order * MIGRATE_TYPES + type]
    this.frames.private[pfn] = type
    // a block whose next-higher buddy is free as well is likely to merge soon: hand it out last
    if (order < MAX_ORDER - 2) {
      const higherBuddy = (pfn & buddy) ^ (2 << order)
      if ((flags[higherBuddy] & PG_buddy) !== 0 && orders[higherBuddy] === order + 1) {
        list.addTail(this.frames, pfn)
        return
      }
    }
    list.addHead(this.frames, pfn)
  }

  /**
   * Sets aside min(2, ceil(min watermark / 512)) pageblocks for allocations of last resort, and takes back others.
   */
  setupMigrateReserve(zone: Zone): void {
    if (!this.grouping) return
    let reserve = Math.min(MAX_RESERVE_BLOCKS, Math.ceil(zone.watermark[WMARK_MIN] / PAGEBLOCK_PAGES))
    for (let pfn = zone.start; pfn < zone.end; pfn += PAGEBLOCK_PAGES) {
      const type = this.typeOf(pfn)
      if (reserve > 0 && type === MIGRATE_RESERVE) {
        reserve--
      } else if (reserve > 0 && type === MIGRATE_MOVABLE) {
        this.#retag(zone, pfn, MIGRATE_RESERVE)
        reserve--
      } else if (type === MIGRATE_RESERVE) {
        this.#retag(zone, pfn, MIGRATE_MOVABLE)
      }
    }
  }

  /** Free blocks of a zone: on the right list, merged, and counted. Returns the pages in them. */
  checkInvariants(zone: Zone): number {
    const { flags, order: orders, private: types, refCount } = this.frames
    let pages = 0
    for (let order = 0; order < MAX_ORDER; order++) {
      let blocks = 0
      for (let type = 0; type < MIGRATE_TYPES; type++) {
        const list = zone.freeList[order * MIGRATE_TYPES + type]
        list.checkInvariants(this.frames)
        blocks += list.count
        for (let pfn = list.head; pfn !== NONE; pfn = this.frames.next[pfn]) {
          assert(flags[pfn] === PG_buddy, "a free block carries PG_buddy and nothing else")
          assert(orders[pfn] === order && types[pfn] === type, "a free block is on the list of its order and type")
          assert((pfn & ((1 << order) - 1)) === 0, "a free block is aligned to its size")
          assert(pfn >= zone.start && pfn + (1 << order) <= zone.end, "a free block lies in its zone")
          const buddy = pfn ^ (1 << order)
          assert(
            order === MAX_ORDER - 1 || (flags[buddy] & PG_buddy) === 0 || orders[buddy] !== order,
            "two free buddies were not merged"
          )
          for (let page = pfn; page < pfn + (1 << order); page++) {
            assert(refCount[page] === 0, "a free page has references")
            assert(page === pfn || (flags[page] === 0 && this.frames.next[page] === OFF_LIST), "free blocks overlap")
          }
        }
      }
      assert(blocks === zone.nrFree[order], "nrFree differs from the lists")
      pages += blocks << order
    }
    return pages
  }

  /** The list a free block is on. Its type is kept in `private`: it can differ from the type of its pageblock. */
  #listOf(zone: Zone, pfn: number, order: number) {
    return zone.freeList[order * MIGRATE_TYPES + this.frames.private[pfn]]
  }

  #takeSmallest(zone: Zone, order: number, type: number): number {
    for (let current = order; current < MAX_ORDER; current++) {
      const page = zone.freeList[current * MIGRATE_TYPES + type].popHead(this.frames)
      if (page === NONE) continue
      zone.nrFree[current]--
      this.frames.flags[page] = 0
      this.#expand(zone, page, order, current, type)
      return page
    }
    return NONE
  }

  /** expand(): gives the upper halves back until the block has the wanted order. */
  #expand(zone: Zone, pfn: number, low: number, high: number, type: number): void {
    const frames = this.frames
    for (let order = high - 1; order >= low; order--) {
      const upper = pfn + (1 << order)
      frames.flags[upper] = PG_buddy
      frames.order[upper] = order
      frames.private[upper] = type
      zone.freeList[order * MIGRATE_TYPES + type].addHead(frames, upper)
      zone.nrFree[order]++
    }
  }

  /** __rmqueue_fallback(): steals from another type, the largest block first, and with it maybe the whole pageblock. */
  #takeFallback(zone: Zone, order: number, type: number): number {
    const frames = this.frames
    for (let current = MAX_ORDER - 1; current >= order; current--) {
      for (const other of FALLBACKS[type]) {
        const page = zone.freeList[current * MIGRATE_TYPES + other].head
        if (page === NONE) continue
        let changed = 0
        if (current >= PAGEBLOCK_ORDER >> 1 || type === MIGRATE_RECLAIMABLE || !this.grouping) {
          const moved = this.#moveFreePagesBlock(zone, page, type)
          if (moved >= PAGEBLOCK_PAGES / 2 || !this.grouping) this.#setPageblockType(page, type)
          changed = 1
        }
        this.#listOf(zone, page, current).remove(frames, page)
        zone.nrFree[current]--
        frames.flags[page] = 0
        if (current >= PAGEBLOCK_ORDER) {
          for (let block = page; block < page + (1 << current); block += PAGEBLOCK_PAGES) {
            this.#setPageblockType(block, type)
          }
        }
        this.#expand(zone, page, order, current, type)
        if (this.#trace.extfrag.enabled) {
          this.#trace.extfrag.emit(this.#trace.group, page, order, current, type, other, changed)
        }
        return page
      }
    }
    return NONE
  }

  #retag(zone: Zone, pfn: number, type: number): void {
    this.#setPageblockType(pfn, type)
    this.#moveFreePagesBlock(zone, pfn, type)
  }

  #setPageblockType(pfn: number, type: number): void {
    this.pageblockType[pfn >> PAGEBLOCK_ORDER] = this.grouping ? type : MIGRATE_UNMOVABLE
  }

  /** move_freepages_block(): moves the free blocks that start in the pageblock of `pfn`; none if it crosses the zone end. */
  #moveFreePagesBlock(zone: Zone, pfn: number, type: number): number {
    const { flags, order: orders, private: types } = this.frames
    const start = pfn & ~(PAGEBLOCK_PAGES - 1)
    const end = start + PAGEBLOCK_PAGES
    if (end > zone.end) return 0
    let moved = 0
    let page = start
    while (page < end) {
      if ((flags[page] & PG_buddy) === 0) {
        page++
        continue
      }
      const order = orders[page]
      this.#listOf(zone, page, order).remove(this.frames, page)
      types[page] = type
      zone.freeList[order * MIGRATE_TYPES + type].addHead(this.frames, page)
      page += 1 << order
      moved += 1 << order
    }
    return moved
  }
}
