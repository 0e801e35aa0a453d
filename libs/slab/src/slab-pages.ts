/**
 * Pages of slabs: taking them from the page allocator, marking them, giving them back.
 *
 * Modelled: PG_slab on every page, PG_active ("SlabPfmemalloc") on every page of a slab that came from the reserve, the counters
 * of reclaimable and unreclaimable slab pages. Not modelled: reclaim_state (no shrinker gives slab pages back here).
 * source: mm/slab.c:kmem_getpages, kmem_freepages, slab_map_pages
 */
import { GFP_SLAB_PASS_MASK, type PageSource } from "@swaplab/kmem"
import {
  __GFP_NOTRACK,
  __GFP_RECLAIMABLE,
  NR_SLAB_RECLAIMABLE,
  NR_SLAB_UNRECLAIMABLE,
  PG_active,
  PG_slab
} from "@swaplab/page-alloc"
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { SlabCache } from "./slab-cache.ts"

export class SlabPages {
  readonly #pages: PageSource
  /** Pages held, and how many of them are reclaim-accounted. */
  held = 0
  heldReclaimable = 0

  constructor(pages: PageSource) {
    this.#pages = pages
  }

  /** What the page allocator is asked with on behalf of a caller's mask. */
  mask(cache: SlabCache, gfp: number): number {
    return (gfp & GFP_SLAB_PASS_MASK) | __GFP_NOTRACK | (cache.reclaimAccount ? __GFP_RECLAIMABLE : 0)
  }

  /** The block at `pfn` becomes slab pages; marked as reserve pages if `marked`. */
  adopt(cache: SlabCache, pfn: number, marked: boolean): void {
    const flags = this.#pages.frames.flags
    const count = 1 << cache.order
    const set = marked ? PG_slab | PG_active : PG_slab
    for (let page = pfn; page < pfn + count; page++) {
      assert((flags[page] & (PG_slab | PG_active)) === 0, "slab: got a page that is a slab page already")
      flags[page] |= set
    }
    this.#account(cache, pfn, count)
  }

  /** Gives the block at `pfn` back. */
  release(ctx: Context, cache: SlabCache, pfn: number): void {
    const flags = this.#pages.frames.flags
    const count = 1 << cache.order
    for (let page = pfn; page < pfn + count; page++) {
      assert((flags[page] & PG_slab) !== 0, "slab: giving back a page that is no slab page")
      flags[page] &= ~(PG_slab | PG_active)
    }
    this.#account(cache, pfn, -count)
    this.#pages.free(ctx, pfn, cache.order)
  }

  #account(cache: SlabCache, pfn: number, count: number): void {
    this.held += count
    if (cache.reclaimAccount) this.heldReclaimable += count
    const item = cache.reclaimAccount ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE
    this.#pages.zoneOf(pfn).modState(item, count)
  }
}
