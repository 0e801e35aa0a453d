// Clean page cache: file pages of a read-only root that were read at boot.
// Modelled: clean, unmapped pages on the file LRU, which reclaim drops without any I/O.
// Not modelled: reading them again after they were dropped, and file pages that are written or mapped. So the share of
//   clean cache of a scenario is what the machine starts with, and it only shrinks: an upper bound of the help that clean
//   pages give once, a lower bound of the traffic that a real root file system causes.
// source: mm/filemap.c:add_to_page_cache_lru, mm/vmscan.c:__remove_mapping
import {
  type Context,
  GFP_HIGHUSER_MOVABLE,
  NR_FILE_PAGES,
  type PageAllocator,
  PG_dirty,
  PG_uptodate,
  PG_writeback
} from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { Vmscan } from "@swaplab/vmscan"

/** The clean file pages of one machine. */
export class PageCache {
  /** Pages in the cache now. */
  resident = 0
  /** Pages dropped by reclaim so far. */
  dropped = 0
  readonly #pages: PageAllocator

  constructor(pages: PageAllocator) {
    this.#pages = pages
  }

  /** Reads `count` pages at boot. Half of them go to the active list, as after a second access. */
  fill(ctx: Context, vmscan: Vmscan, count: number): void {
    const frames = this.#pages.frames
    for (let i = 0; i < count; i++) {
      const pfn = this.#pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE, 0)
      assert(pfn >= 0, "the page cache of a scenario must fit the free memory at boot")
      frames.flags[pfn] |= PG_uptodate
      vmscan.lru.add(ctx, pfn, i % 2 === 1)
      this.resident++
      this.#pages.zoneOf(pfn).modState(NR_FILE_PAGES, 1)
    }
  }

  /** __remove_mapping for a file page: drops the cache's reference if nobody else holds the page. */
  removeMapping(pfn: number): boolean {
    const frames = this.#pages.frames
    if (frames.refCount[pfn] !== 2 || (frames.flags[pfn] & (PG_dirty | PG_writeback)) !== 0) return false
    frames.refCount[pfn]--
    this.resident--
    this.dropped++
    this.#pages.zoneOf(pfn).modState(NR_FILE_PAGES, -1)
    return true
  }
}
