// The memory of one machine: its zones with their reserves, and page allocation without any policy of when to sleep.
//
// Modelled: boot (zones of one or several nodes, watermarks, reserve pageblocks, THP's larger reserve), the walk over a
// zonelist, page preparation, freeing, draining. Not modelled: compound pages (a block is its head), dirty limits per zone
// for __GFP_WRITE.
// source: mm/page_alloc.c:get_page_from_freelist, buffered_rmqueue, prep_new_page, free_hot_cold_page,
// __free_pages_ok, drain_all_pages
import { assert } from "@swaplab/sim"
import { ALLOC_NO_WATERMARKS, ALLOC_WMARK_MASK, type PfmemallocMark } from "./alloc-flags.ts"
import type { AllocTrace } from "./alloc-trace.ts"
import { Buddy } from "./buddy.ts"
import { Frames, NONE } from "./frames.ts"
import {
  __GFP_COLD,
  __GFP_ZERO,
  gfpMigrateType,
  MAX_NR_ZONES,
  MIGRATE_TYPES,
  MIGRATE_UNMOVABLE,
  ZONE_NORMAL
} from "./gfp.ts"
import type { ZoneSize } from "./memory-map.ts"
import { Numa } from "./numa.ts"
import { PAGE_FLAGS_CHECK_AT_FREE, PG_buddy, PG_pfmemalloc } from "./page-flags.ts"
import { PerCpuLists } from "./per-cpu-lists.ts"
import { setLowmemReserves, setPercpuThresholds, setWatermarks } from "./reserves.ts"
import type { Context } from "./sched.ts"
import { type NumaOptions, type ZonelistsOfBits, zonelistsOfBits } from "./topology.ts"
import { NR_FREE_PAGES, PGALLOC_DMA, PGFREE } from "./vmstat-items.ts"
import type { VmStat } from "./vmstat.ts"
import { MAX_ORDER, minFreeKbytes, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES, thpMinFreeKbytes } from "./watermark.ts"
import { MAX_ORDER_NR_PAGES, WMARK_HIGH, Zone, zoneWatermarkOk } from "./zone.ts"

/** No page: the allocation failed. */
export const NO_PAGE = -1

const roundUpToBlock = (pfn: number): number => Math.ceil(pfn / MAX_ORDER_NR_PAGES) * MAX_ORDER_NR_PAGES

const EMPTY_ZONE: ZoneSize = { startPfn: 0, spannedPages: 0, presentPages: 0 }

export interface MemoryOptions {
  /** Zones DMA, DMA32, Normal of each memory node. */
  readonly zoneSizes: ReadonlyArray<ReadonlyArray<ZoneSize>>
  /** CONFIG_NUMA; null: off. */
  readonly numa: NumaOptions | null
  readonly cpus: number
  readonly transparentHugepages: boolean
  /** A write to vm.min_free_kbytes at boot. */
  readonly minFreeKbytes: number | null
  readonly pfmemallocMark: PfmemallocMark
  readonly freeNs: number
}

export class Memory {
  readonly frames: Frames
  /** Four of each node, by slot; unpopulated ones have `present` 0. */
  readonly zones: ReadonlyArray<Zone>
  readonly populatedZones: ReadonlyArray<Zone>
  readonly vmstat: VmStat
  readonly buddy: Buddy
  /** What belongs to CONFIG_NUMA; null where that is off. */
  readonly numa: Numa | null
  readonly cpus: number
  /** Σ present pages. */
  readonly presentPages: number
  /** vm.min_free_kbytes as it is now. */
  minFreeKbytes = 0
  /** Σ over zones of the pages that user memory can never use. */
  totalReservePages = 0

  protected readonly trace: AllocTrace
  /** Zones a mask may use, best first, by its four zone bits; of CPUs of the first node. */
  protected readonly zonelists: ZonelistsOfBits
  readonly #perCpu: PerCpuLists
  readonly #zoneOfBlock: Uint8Array
  #markReserve: boolean
  readonly #freeNs: number
  readonly #items: Float64Array

  constructor(options: MemoryOptions, vmstat: VmStat, trace: AllocTrace) {
    const { cpus, zoneSizes } = options
    assert(cpus >= 1 && cpus <= 255, "between 1 and 255 CPUs")
    this.cpus = cpus
    this.vmstat = vmstat
    this.trace = trace
    this.#items = vmstat.items
    this.#markReserve = options.pfmemallocMark === "no-watermarks"
    this.#freeNs = options.freeNs

    let start = 0
    const zones: Array<Zone> = []
    for (const sizes of zoneSizes) {
      for (let index = 0; index < MAX_NR_ZONES; index++) {
        const zone = new Zone(zones.length, start, sizes[index] ?? EMPTY_ZONE, cpus, vmstat, zoneSizes.length)
        zones.push(zone)
        start = roundUpToBlock(zone.end)
      }
    }
    this.zones = zones
    this.populatedZones = zones.filter((zone) => zone.present > 0)
    assert(this.populatedZones.length > 0, "a machine without memory")
    this.presentPages = zones.reduce((sum, zone) => sum + zone.present, 0)
    this.frames = new Frames(start)
    this.#zoneOfBlock = new Uint8Array(start >> PAGEBLOCK_ORDER)
    for (const zone of this.populatedZones) {
      this.#zoneOfBlock.fill(zone.slot, zone.start >> PAGEBLOCK_ORDER, roundUpToBlock(zone.end) >> PAGEBLOCK_ORDER)
    }
    this.numa = options.numa === null ? null : new Numa(this.populatedZones, cpus, options.numa)
    this.zonelists = this.numa?.zonelistsOf(0) ?? zonelistsOfBits(this.populatedZones.toReversed())

    this.buddy = new Buddy(this.frames, this.presentPages >= PAGEBLOCK_PAGES * MIGRATE_TYPES, trace)
    this.#perCpu = new PerCpuLists(this.buddy, vmstat, trace)
    for (const zone of this.populatedZones) {
      this.buddy.populate(zone)
      zone.free = zone.present
      zone.lowestFree = zone.present
      this.#items[NR_FREE_PAGES] += zone.present
    }
    this.#initWatermarks(options)
  }

  /** The zone a frame belongs to. */
  zoneOf(pfn: number): Zone {
    return this.zones[this.#zoneOfBlock[pfn >> PAGEBLOCK_ORDER]]
  }

  /**
   * Zones this mask may use on a CPU of the first node, best first; the first is the preferred zone, its index the class of the
   * request.
   */
  zonelist(gfp: number): ReadonlyArray<Zone> {
    return this.zonelists[gfp & 15]
  }

  /** The zonelist of a request at `place` (see {@link Numa}). */
  protected zonelistAt(place: number, gfp: number): ReadonlyArray<Zone> {
    return this.numa === null ? this.zonelists[gfp & 15] : this.numa.list(place, gfp)
  }

  /** zone_watermark_ok(); `mark` in pages. */
  zoneWatermarkOk(zone: Zone, order: number, mark: number, classzone: number, allocFlags: number): boolean {
    return zoneWatermarkOk(zone, order, mark, classzone, allocFlags)
  }

  /** nr_free_buffer_pages(): pages above the high watermark in zones that GFP_USER may use. */
  nrFreeBufferPages(): number {
    let pages = 0
    for (const zone of this.zonelists[0]) pages += Math.max(0, zone.present - zone.watermark[WMARK_HIGH])
    return pages
  }

  /** Writes vm.min_free_kbytes: watermarks and reserve pageblocks follow. */
  setMinFreeKbytes(kbytes: number): void {
    assert(Number.isInteger(kbytes) && kbytes >= 0, "min_free_kbytes is a whole number of kB")
    this.minFreeKbytes = kbytes
    this.totalReservePages = setWatermarks(this.populatedZones, this.buddy, this.cpus, kbytes)
  }

  /** set_pgdat_percpu_threshold(): the kswapd of a node lowers the thresholds of its zones while it is awake. */
  setPercpuThresholds(zones: ReadonlyArray<Zone>, pressure: boolean): void {
    setPercpuThresholds(zones, this.cpus, pressure)
  }

  /** page->pfmemalloc; only meaningful right after the allocation. */
  pagePfmemalloc(pfn: number): boolean {
    return (this.frames.flags[pfn] & PG_pfmemalloc) !== 0
  }

  /** One more reference to an allocated block. */
  getPage(pfn: number): void {
    const refs = this.frames.refCount[pfn]
    assert(refs > 0 && refs < 255, "a reference to a page that is free, or too many")
    this.frames.refCount[pfn] = refs + 1
  }

  /** put_page(): drops a reference, the last one frees the block. */
  putPage(ctx: Context, pfn: number, cold = false): void {
    const refs = this.frames.refCount[pfn]
    if (refs > 1) this.frames.refCount[pfn] = refs - 1
    else this.free(ctx, pfn, this.frames.order[pfn], cold)
  }

  /**
   * Frees a block by dropping its last reference. The order is the one it was allocated with. Order-0 pages go to the
   * per-CPU list of the context, larger blocks to the buddy lists at once.
   */
  free(ctx: Context, pfn: number, order: number, cold = false): void {
    const frames = this.frames
    assert(frames.refCount[pfn] === 1, "freeing a page that is free, or not with its last reference")
    assert(frames.order[pfn] === order, "freeing with another order than allocated")
    assert((frames.flags[pfn] & PAGE_FLAGS_CHECK_AT_FREE) === 0, "freeing a page that is still in use (bad page state)")
    assert(frames.rmap[pfn] === NONE, "freeing a page that is still mapped (bad page state)")
    frames.refCount[pfn] = 0
    frames.flags[pfn] = 0
    ctx.ns += this.#freeNs
    if (this.trace.free.enabled) this.trace.free.emit(this.trace.group, pfn, order)
    const zone = this.zones[this.#zoneOfBlock[pfn >> PAGEBLOCK_ORDER]]
    const items = this.#items
    items[PGFREE] += 1 << order
    if (order === 0) {
      this.#perCpu.put(zone, ctx.cpu, pfn, cold)
      return
    }
    zone.allUnreclaimable = false
    zone.pagesScanned = 0
    this.buddy.freeOne(zone, pfn, order, this.buddy.typeOf(pfn))
    zone.free += 1 << order
    items[NR_FREE_PAGES] += 1 << order
  }

  /** drain_all_pages(): gives the pages in the lists of all CPUs back to the buddy. */
  drainAllPages(): void {
    for (const zone of this.populatedZones) {
      for (const pcp of zone.pcp) this.#perCpu.drain(zone, pcp, pcp.count)
    }
  }

  /**
   * get_page_from_freelist(): the first zone of the list that stays above its mark and has a block gives it. `preferred` is
   * the best zone that policy and cpuset of the request allow.
   */
  protected getPageFromFreelist(
    ctx: Context,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    allocFlags: number,
    preferred: Zone
  ): number {
    const classzone = preferred.index
    for (let i = 0; i < zonelist.length; i++) {
      const zone = zonelist[i]
      if ((allocFlags & ALLOC_NO_WATERMARKS) === 0) {
        const mark = zone.watermark[allocFlags & ALLOC_WMARK_MASK]
        if (!zoneWatermarkOk(zone, order, mark, classzone, allocFlags)) continue
      }
      const page = this.takeFrom(zone, ctx.cpu, gfp, order, (allocFlags & ALLOC_NO_WATERMARKS) !== 0)
      if (page !== NO_PAGE) return page
    }
    return NO_PAGE
  }

  /** A block of this zone, ready for its owner; NO_PAGE if the zone has none. */
  protected takeFrom(zone: Zone, cpu: number, gfp: number, order: number, usedReserve: boolean): number {
    const page = this.#bufferedRmqueue(zone, cpu, gfp, order)
    if (page === NONE) return NO_PAGE
    this.#prepNewPage(page, order, gfp, usedReserve)
    return page
  }

  /** Conservation of pages, and every list and count of every zone. */
  checkInvariants(): void {
    let free = 0
    for (const zone of this.populatedZones) {
      const inBuddy = this.buddy.checkInvariants(zone)
      assert(inBuddy === zone.free, "NR_FREE_PAGES differs from the buddy lists")
      this.#perCpu.checkInvariants(zone)
      free += zone.free
      assert(
        inBuddy + zone.pcpPages() + this.#allocatedPages(zone) === zone.present,
        "free, per-CPU and allocated pages do not add up to the zone"
      )
    }
    assert(free === this.#items[NR_FREE_PAGES], "NR_FREE_PAGES differs from its zones")
  }

  /** Pages of allocated blocks, found by walking over the frames. */
  #allocatedPages(zone: Zone): number {
    const { flags, order, refCount } = this.frames
    let pages = 0
    for (let pfn = zone.start; pfn < zone.end;) {
      const isHead = (flags[pfn] & PG_buddy) !== 0 || refCount[pfn] > 0
      if (refCount[pfn] > 0) pages += 1 << order[pfn]
      pfn += isHead ? 1 << order[pfn] : 1
    }
    return pages
  }

  #initWatermarks(options: MemoryOptions): void {
    setLowmemReserves(this.zones)
    this.setMinFreeKbytes(minFreeKbytes(this.nrFreeBufferPages() * 4))
    if (options.transparentHugepages) {
      const raised = thpMinFreeKbytes(this.populatedZones.length, this.nrFreeBufferPages(), this.minFreeKbytes)
      if (raised > this.minFreeKbytes) this.setMinFreeKbytes(raised)
    }
    if (options.minFreeKbytes !== null) this.setMinFreeKbytes(options.minFreeKbytes)
  }

  #bufferedRmqueue(zone: Zone, cpu: number, gfp: number, order: number): number {
    const type = this.buddy.grouping ? gfpMigrateType(gfp) : MIGRATE_UNMOVABLE
    const items = this.#items
    if (order === 0) {
      const page = this.#perCpu.take(zone, cpu, type, (gfp & __GFP_COLD) !== 0)
      if (page !== NONE) items[PGALLOC_DMA + zone.index]++
      return page
    }
    assert(order < MAX_ORDER, "the order is too high")
    const page = this.buddy.take(zone, order, type)
    if (page === NONE) return NONE
    zone.free -= 1 << order
    if (zone.free < zone.lowestFree) zone.lowestFree = zone.free
    items[NR_FREE_PAGES] -= 1 << order
    items[PGALLOC_DMA + zone.index] += 1 << order
    return page
  }

  /** When pages are marked from now on; marks that are there stay. */
  protected set pfmemallocMark(mark: PfmemallocMark) {
    this.#markReserve = mark === "no-watermarks"
  }

  #prepNewPage(pfn: number, order: number, gfp: number, usedReserve: boolean): void {
    const frames = this.frames
    assert(frames.refCount[pfn] === 0 && frames.flags[pfn] === 0, "handing out a page in use")
    frames.refCount[pfn] = 1
    frames.order[pfn] = order
    frames.private[pfn] = 0
    if (usedReserve && this.#markReserve) frames.flags[pfn] = PG_pfmemalloc
    if ((gfp & __GFP_ZERO) === 0) return
    frames.tokenWriter.fill(0, pfn, pfn + (1 << order))
    frames.tokenVersion.fill(0, pfn, pfn + (1 << order))
  }
}

/** Highest zone index whose allocations may call the OOM killer: below it, killing would not help. */
export const OOM_MIN_ZONE = ZONE_NORMAL
