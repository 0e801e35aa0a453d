/**
 * Keeping objects of reserve slabs for those who may use the reserve.
 *
 * One global flag says that reserve slabs may exist. While it is set, an object entering an array is tagged if its page is
 * marked; taking a tagged entry needs a caller that the page allocator would serve without watermarks. Others get another
 * entry, or, when a clean slab was just added in exchange, this very object with its slab unmarked, or nothing.
 * Properties that look odd and are kept, because they are what the code does: other entries of an unmarked slab keep their tags;
 * the recheck after unmarking looks at one node of one cache only but clears the flag for all; only the page with the slab's first object
 * is unmarked.
 * source: mm/slab.c:__ac_get_obj, __ac_put_obj, recheck_pfmemalloc_active; in February 2012 ac_get_obj, ac_put_obj,
 * check_ac_pfmemalloc
 */
import { type MemallocSocks, NO_OBJECT, NO_SLAB, objectIndex, type PageSource } from "@swaplab/kmem"
import { type Context, PAGE_SHIFT, PG_active } from "@swaplab/page-alloc"
import type { ArrayCache } from "./array-cache.ts"
import type { ReserveRules } from "./revision.ts"
import { LISTS, type SlabCache, SLABS_FREE, SLABS_FULL } from "./slab-cache.ts"
import type { SlabTopology } from "./topology.ts"

export class ReserveObjects {
  rules: ReserveRules
  readonly #pages: PageSource
  readonly #topology: SlabTopology
  readonly #memallocSocks: MemallocSocks
  /** pfmemalloc_active: reserve slabs may exist, in any cache. */
  active = false

  constructor(pages: PageSource, topology: SlabTopology, rules: ReserveRules, memallocSocks: MemallocSocks) {
    this.#pages = pages
    this.#topology = topology
    this.rules = rules
    this.#memallocSocks = memallocSocks
  }

  /** Is a block that was just allocated to be marked? Sets the global flag if so. */
  notice(pfn: number): boolean {
    if (!this.rules.marksSlabs || !this.#pages.pagePfmemalloc(pfn)) return false
    this.active = true
    return true
  }

  /** The same for an alien array: in one form of the February patch such entries stay untagged. */
  alienEntryFor(cache: SlabCache, object: number): number {
    return this.rules.tagsAliens ? this.entryFor(cache, object) : object
  }

  /** May this caller use this object, whose slab may be from the reserve? Asked by nobody in Linux where it says no. */
  isLeak(ctx: Context, cache: SlabCache, object: number, gfp: number): boolean {
    return (this.#pages.frames.flags[pageOf(cache, object)] & PG_active) !== 0
      && !this.#pages.gfpPfmemallocAllowed(ctx, gfp)
  }

  /** The entry to store for an object that enters an array. */
  entryFor(cache: SlabCache, object: number): number {
    if (!this.active || this.#gateClosed()) return object
    return (this.#pages.frames.flags[pageOf(cache, object)] & PG_active) !== 0 ? ~object : object
  }

  /** Takes an object from a non-empty array, or NO_OBJECT if this caller may have none of them. */
  take(ctx: Context, cache: SlabCache, array: ArrayCache, gfp: number, forced: boolean): number {
    const entry = array.entry[--array.avail]
    return entry >= 0 ? entry : this.#takeTagged(ctx, cache, array, gfp, forced, ~entry)
  }

  #takeTagged(
    ctx: Context,
    cache: SlabCache,
    array: ArrayCache,
    gfp: number,
    forced: boolean,
    object: number
  ): number {
    if (this.#gateClosed()) {
      cache.taggedWithGateClosed++
      return object
    }
    if (this.#pages.gfpPfmemallocAllowed(ctx, gfp)) return object
    const entries = array.entry
    for (let i = this.rules.searchFrom; i < array.avail; i++) {
      const other = entries[i]
      if (other < 0) continue
      entries[i] = entries[array.avail]
      entries[array.avail] = other
      return other
    }
    const node = this.#topology.nodeOf(ctx)
    if (forced && cache.slabs.count[LISTS * node + SLABS_FREE] > 0) {
      this.#pages.frames.flags[cache.slabs.pageOf(object)] &= ~PG_active
      this.#recheck(cache, node)
      cache.reserveExchanges++
      return object
    }
    array.avail++
    cache.reserveRefusals++
    return NO_OBJECT
  }

  /** Clears the global flag if this cache has no marked slab left on the node, whatever others have. */
  #recheck(cache: SlabCache, node: number): void {
    if (!this.active) return
    const { head, next, page } = cache.slabs
    const flags = this.#pages.frames.flags
    const first = LISTS * node
    for (let list = first + SLABS_FULL; list <= first + SLABS_FREE; list++) {
      for (let row = head[list]; row !== NO_SLAB; row = next[row]) {
        if ((flags[page[row]] & PG_active) !== 0) return
      }
    }
    this.active = false
  }

  #gateClosed(): boolean {
    return this.rules.gatedByMemallocSocks && this.#memallocSocks.count === 0
  }
}

/** Page frame that holds the first byte of an object. */
function pageOf(cache: SlabCache, object: number): number {
  const first = cache.slabs.pageOf(object)
  if (cache.order === 0) return first
  return first + ((cache.geometry.firstObject + objectIndex(object) * cache.size) >>> PAGE_SHIFT)
}
