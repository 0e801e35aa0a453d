// A zone: its free blocks, per-CPU lists, watermarks and counters (struct zone), and the check that guards them.
//
// Modelled: everything the allocator and reclaim decide by. Not modelled: zone locks (code that runs at once cannot be
// raced). LRU lists belong to reclaim.
// source: include/linux/mmzone.h:struct zone, mm/page_alloc.c:__zone_watermark_ok
import { assert } from "@swaplab/sim"
import { ALLOC_HARDER, ALLOC_HIGH } from "./alloc-flags.ts"
import { MAX_NR_ZONES, MIGRATE_PCPTYPES, MIGRATE_TYPES } from "./gfp.ts"
import type { ZoneSize } from "./memory-map.ts"
import { PageList } from "./page-list.ts"
import { NR_FREE_PAGES, NR_VM_ZONE_STAT_ITEMS } from "./vmstat-items.ts"
import type { VmStat } from "./vmstat.ts"
import { inactiveRatio, MAX_ORDER, normalStatThreshold, type PcpSizes, pcpSizes } from "./watermark.ts"

const ZONE_NAMES: ReadonlyArray<string> = ["DMA", "DMA32", "Normal", "Movable"]

/** Zone frames start at multiples of the largest block, so that buddies never straddle zones. */
export const MAX_ORDER_NR_PAGES = 1024

/** Indices of `Zone.watermark`. */
export const WMARK_MIN = 0
export const WMARK_LOW = 1
export const WMARK_HIGH = 2

/** struct per_cpu_pages: order-0 pages of one CPU, one list per migrate type but one count for all three. */
export class PerCpuPages {
  count = 0
  readonly high: number
  readonly batch: number
  readonly lists: ReadonlyArray<PageList>

  constructor(sizes: PcpSizes) {
    this.high = sizes.high
    this.batch = sizes.batch
    this.lists = Array.from({ length: MIGRATE_PCPTYPES }, () => new PageList())
  }
}

/**
 * A zone (struct zone): the memory of one node that some masks may use, and everything that is decided by.
 *
 * **When to use.** Read it for reports and for decisions of reclaim; {@link PageAllocator} makes the zones and
 * allocates from them.
 *
 * **Details.** All counts are pages. `watermark` is min, low and high, by WMARK_MIN, WMARK_LOW, WMARK_HIGH;
 * `lowmemReserve` is what a request of each class leaves here besides. `nrFree` counts blocks by order, `pageState`
 * gives any item of vmstat.
 *
 * **Gotchas.** `free` leaves out pages of per-CPU lists, which are neither free nor used (`pcpPages`). Frames are
 * dense: a frame number is no physical address (`startPfn` is one). `modState` of NR_FREE_PAGES fails an assertion.
 */
export class Zone {
  /** ZONE_DMA … ZONE_MOVABLE. */
  readonly index: number
  /** Its name, with that of its node where there are several: "DMA32", "node 1 DMA32". */
  readonly label: string
  /** Its memory node, and its number on the machine: node × 4 + index. */
  readonly node: number
  readonly slot: number
  readonly name: string
  /** First frame, a multiple of MAX_ORDER_NR_PAGES. */
  readonly start: number
  /** One past the last frame. */
  readonly end: number
  readonly present: number
  readonly spanned: number
  /** Physical frame number of the first page. */
  readonly startPfn: number

  /** min, low, high in pages. */
  readonly watermark: [min: number, low: number, high: number] = [0, 0, 0]
  /** Pages that allocations of each class must leave here, on top of the watermark. */
  readonly lowmemReserve: Array<number> = [0, 0, 0, 0]
  /** Part of the free memory that dirty pages may not count on. */
  dirtyBalanceReserve = 0
  readonly inactiveRatio: number

  /** NR_FREE_PAGES: pages in buddy lists only; per-CPU lists are not free memory. */
  free = 0
  /** Its least value since boot: how deep the reserve was used. */
  lowestFree = 0
  /** Free blocks by order, all migrate types. */
  readonly nrFree = new Int32Array(MAX_ORDER)
  /** Free lists, index order × MIGRATE_TYPES + type. */
  readonly freeList: ReadonlyArray<PageList>
  /** By CPU. */
  readonly pcp: ReadonlyArray<PerCpuPages>

  /** Set by kswapd when reclaim gets nowhere, cleared by any page freed to the buddy lists. */
  allUnreclaimable = false
  /** Pages scanned by reclaim since the last page was freed to the buddy lists. */
  pagesScanned = 0
  /** ZONE_CONGESTED. */
  congested = false
  /** ZONE_OOM_LOCKED: an allocation is about to call, or is in, the OOM killer. */
  oomLocked = false
  /** ZONE_RECLAIM_LOCKED: a task is in zone_reclaim() of this zone. */
  reclaimLocked = false

  statThreshold: number
  /** 0: counters cannot drift far enough to matter. */
  percpuDriftMark = 0

  readonly #stat = new Float64Array(NR_VM_ZONE_STAT_ITEMS)
  readonly #vmstat: VmStat

  constructor(slot: number, start: number, size: ZoneSize, cpus: number, vmstat: VmStat, nodes = 1) {
    const index = slot % MAX_NR_ZONES
    this.index = index
    this.node = Math.floor(slot / MAX_NR_ZONES)
    this.slot = slot
    this.name = ZONE_NAMES[index]
    this.label = nodes > 1 ? `node ${this.node} ${this.name}` : this.name
    this.start = start
    this.end = start + size.presentPages
    this.present = size.presentPages
    this.spanned = size.spannedPages
    this.startPfn = size.startPfn
    this.inactiveRatio = inactiveRatio(size.presentPages)
    this.statThreshold = normalStatThreshold(size.presentPages, cpus)
    this.freeList = Array.from({ length: MAX_ORDER * MIGRATE_TYPES }, () => new PageList())
    const sizes = pcpSizes(size.presentPages)
    this.pcp = Array.from({ length: cpus }, () => new PerCpuPages(sizes))
    this.#vmstat = vmstat
  }

  /** zone_page_state() of any item kept per zone. */
  pageState(item: number): number {
    return item === NR_FREE_PAGES ? this.free : this.#stat[item]
  }

  /** mod_zone_page_state(): adds to the zone's counter and to the sum of all zones. NR_FREE_PAGES is the allocator's. */
  modState(item: number, n: number): void {
    assert(item !== NR_FREE_PAGES, "free pages are counted by the allocator alone")
    this.#stat[item] += n
    this.#vmstat.items[item] += n
  }

  /** Pages in per-CPU lists: neither free nor used. */
  pcpPages(): number {
    let pages = 0
    for (const pcp of this.pcp) pages += pcp.count
    return pages
  }
}

/**
 * The level that an allocation has to stay above, without the lowmem reserve: `mark`, lowered for callers that may dig
 * deeper. source: mm/page_alloc.c:__zone_watermark_ok
 */
export const watermarkFloor = (mark: number, allocFlags: number): number => {
  let min = mark
  if ((allocFlags & ALLOC_HIGH) !== 0) min -= min >> 1
  if ((allocFlags & ALLOC_HARDER) !== 0) min -= min >> 2
  return min
}

/**
 * Would `zone` still be above `mark` after an allocation of 2^order pages? It does not say that such a block exists.
 * The zone is any object with these fields, so that tests can check tables.
 */
export const zoneWatermarkOk = (
  zone: {
    readonly free: number
    readonly nrFree: { readonly [order: number]: number }
    readonly lowmemReserve: ReadonlyArray<number>
  },
  order: number,
  mark: number,
  classzone: number,
  allocFlags: number
): boolean => {
  let min = watermarkFloor(mark, allocFlags)
  let free = zone.free - (1 << order) + 1
  if (free <= min + zone.lowmemReserve[classzone]) return false
  for (let o = 0; o < order; o++) {
    // blocks of the lower orders cannot satisfy the request
    free -= zone.nrFree[o] << o
    min >>= 1
    if (free <= min) return false
  }
  return true
}
