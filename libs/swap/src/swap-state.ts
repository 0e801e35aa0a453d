// Entering and leaving the swap cache, and when a slot is given up.
//
// A page in the swap cache has PG_swapcache, its slot in `private`, the cache bit in the slot's byte, and one reference that
// belongs to the cache. It enters in add_to_swap (reclaim) or when its slot is read; it leaves when reclaim frees it, when
// its one user writes to it, or when nobody uses the slot and it is looked at.
//
// Modelled: the rules above for pages with at most one page table entry (`Frames.rmap`), which is how an emulated process
// owns its memory. Not modelled: pages shared by fork, KSM, shmem; suspended storage.
// source: mm/swap_state.c:add_to_swap, delete_from_swap_cache; mm/swapfile.c:reuse_swap_page, try_to_free_swap,
// free_swap_and_cache
import {
  __GFP_HIGH,
  __GFP_NOMEMALLOC,
  __GFP_NOWARN,
  type Context,
  type Frames,
  NONE,
  NR_FILE_PAGES,
  PG_dirty,
  PG_locked,
  PG_swapbacked,
  PG_swapcache,
  PG_uptodate,
  PG_writeback
} from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { SwapCounters, SwapOps } from "./ops.ts"
import type { PageLocks } from "./page-lock.ts"
import type { RadixNodes } from "./radix-nodes.ts"
import { NOT_CACHED, type SwapCache } from "./swap-cache.ts"
import { NO_SLOT, type SlotMap, SWAP_HAS_CACHE } from "./swap-map.ts"

/** Mask of the radix tree nodes for a page that is swapped out: half of the min reserve, never more. */
const GFP_ADD_TO_SWAP = __GFP_HIGH | __GFP_NOMEMALLOC | __GFP_NOWARN

/** Swap map, swap cache and their memory as one. */
export class SwapState {
  readonly frames: Frames
  readonly map: SlotMap
  readonly cache: SwapCache
  readonly nodes: RadixNodes
  readonly locks: PageLocks
  readonly ops: SwapOps
  readonly counters: SwapCounters
  /** Who runs the search for a slot: a slot that it frees gives its radix tree node back in this context. */
  #searcher: Context | null = null

  constructor(
    frames: Frames,
    map: SlotMap,
    cache: SwapCache,
    nodes: RadixNodes,
    locks: PageLocks,
    ops: SwapOps,
    counters: SwapCounters
  ) {
    this.frames = frames
    this.map = map
    this.cache = cache
    this.nodes = nodes
    this.locks = locks
    this.ops = ops
    this.counters = counters
    map.reclaimCacheOnly = (slot) => this.#tryToReclaimSwap(slot)
  }

  /** `add_to_swap`: gives a locked anonymous page a slot and marks it dirty. False: no slot, or no memory for the tree. */
  addToSwap(ctx: Context, pfn: number): boolean {
    const flags = this.frames.flags
    assert((flags[pfn] & PG_locked) !== 0, "a page that is added to swap must be locked")
    assert((flags[pfn] & PG_uptodate) !== 0, "a page that is added to swap must be up to date")
    this.#searcher = ctx
    const slot = this.map.getSwapPage()
    this.#searcher = null
    if (slot === NO_SLOT) {
      this.counters.noSlot++
      return false
    }
    if (!this.nodes.preloads.tryPreload(ctx, GFP_ADD_TO_SWAP)) {
      this.map.freeCache(slot, ctx)
      this.counters.noNodes++
      return false
    }
    this.addToSwapCache(ctx, pfn, slot)
    flags[pfn] |= PG_dirty
    return true
  }

  /** `__add_to_swap_cache`: the cache bit of the slot is set and the radix tree preloaded. */
  addToSwapCache(ctx: Context, pfn: number, slot: number): void {
    const frames = this.frames
    assert((frames.flags[pfn] & PG_swapcache) === 0, "a page is in the swap cache already")
    assert((this.map.byteOf(slot) & SWAP_HAS_CACHE) !== 0, "a slot enters the cache without its bit")
    frames.refCount[pfn]++
    frames.flags[pfn] |= PG_swapcache | PG_swapbacked
    frames.private[pfn] = slot
    this.cache.insert(slot, pfn)
    this.nodes.insert(ctx, slot)
    this.ops.modZoneState(pfn, NR_FILE_PAGES, 1)
  }

  /** `delete_from_swap_cache` of a locked page: the slot is freed unless page table entries still refer to it. */
  deleteFromSwapCache(ctx: Context, pfn: number): void {
    const frames = this.frames
    const slot = frames.private[pfn]
    assert((frames.flags[pfn] & PG_swapcache) !== 0, "a page to leave the swap cache is not in it")
    assert((frames.flags[pfn] & PG_writeback) === 0, "a page under writeback leaves the swap cache")
    this.cache.remove(slot)
    this.nodes.remove(ctx, slot)
    frames.flags[pfn] &= ~PG_swapcache
    frames.private[pfn] = 0
    this.ops.modZoneState(pfn, NR_FILE_PAGES, -1)
    this.map.freeCache(slot, ctx)
    this.putPage(ctx, pfn)
  }

  /**
   * `__remove_mapping`: takes a clean page that only its cache and reclaim's isolation refer to out of the cache. False,
   * and nothing changed, when somebody else holds it or it is dirty. Reclaim frees the page.
   */
  removeMapping(ctx: Context, pfn: number): boolean {
    const flags = this.frames.flags[pfn]
    assert((flags & PG_locked) !== 0, "a page to be reclaimed must be locked")
    if (this.frames.refCount[pfn] !== 2 || (flags & (PG_dirty | PG_writeback)) !== 0) return false
    if ((flags & PG_swapcache) === 0) return false
    this.deleteFromSwapCache(ctx, pfn)
    return true
  }

  /**
   * `reuse_swap_page` of a locked page on a write fault: may its one user write to it in place? If the page is in the
   * cache only for that user, and not under writeback, it leaves the cache and is dirty from now on.
   */
  reuseSwapPage(ctx: Context, pfn: number): boolean {
    const frames = this.frames
    assert((frames.flags[pfn] & PG_locked) !== 0, "a page to be reused must be locked")
    let users = frames.rmap[pfn] === NONE ? 0 : 1
    if ((frames.flags[pfn] & PG_swapcache) === 0) return true
    users += this.map.swapCount(frames.private[pfn])
    if (users === 1 && (frames.flags[pfn] & PG_writeback) === 0) {
      this.deleteFromSwapCache(ctx, pfn)
      frames.flags[pfn] |= PG_dirty
    }
    return users <= 1
  }

  /** `try_to_free_swap` of a locked page: gives up a slot that no page table entry refers to. */
  tryToFreeSwap(ctx: Context, pfn: number): boolean {
    const frames = this.frames
    if ((frames.flags[pfn] & (PG_swapcache | PG_writeback)) !== PG_swapcache) return false
    if (this.map.swapCount(frames.private[pfn]) !== 0) return false
    this.deleteFromSwapCache(ctx, pfn)
    frames.flags[pfn] |= PG_dirty
    return true
  }

  /** `free_swap_and_cache`: a page table entry that holds the slot goes away (exit, munmap). */
  freeSwapAndCache(ctx: Context, slot: number): void {
    if (this.map.free(slot, ctx) !== SWAP_HAS_CACHE) return
    const pfn = this.cache.find(slot)
    if (pfn === NOT_CACHED || !this.locks.tryLock(pfn)) return
    const frames = this.frames
    frames.refCount[pfn]++
    const mapped = frames.rmap[pfn] !== NONE
    if ((frames.flags[pfn] & PG_writeback) === 0 && (!mapped || this.map.vmSwapFull())) {
      this.deleteFromSwapCache(ctx, pfn)
      frames.flags[pfn] |= PG_dirty
    }
    this.locks.unlock(pfn)
    this.putPage(ctx, pfn)
  }

  /** `free_swap_cache`: the last mapping of a cached page went away; frees its slot if it can be had without waiting. */
  freeSwapCache(ctx: Context, pfn: number): void {
    const frames = this.frames
    if ((frames.flags[pfn] & PG_swapcache) === 0 || frames.rmap[pfn] !== NONE) return
    if (!this.locks.tryLock(pfn)) return
    this.tryToFreeSwap(ctx, pfn)
    this.locks.unlock(pfn)
  }

  /** `put_page`: drops a reference; the last one frees the page. */
  putPage(ctx: Context, pfn: number): void {
    const refCount = this.frames.refCount
    assert(refCount[pfn] > 0, "a page lost more references than it had")
    if (--refCount[pfn] === 0) this.ops.freePage(ctx, pfn)
  }

  checkInvariants(): void {
    this.map.checkInvariants()
    this.cache.checkInvariants()
    this.nodes.checkInvariants(this.cache.pages)
    const frames = this.frames
    for (const pfn of this.cache) {
      assert((frames.flags[pfn] & PG_swapcache) !== 0, "a cached page does not say so")
      assert(
        (this.map.byteOf(frames.private[pfn]) & SWAP_HAS_CACHE) !== 0,
        "a cached page has a slot without the cache bit"
      )
      assert(frames.refCount[pfn] >= 1, "a cached page has no reference")
    }
    assert(
      this.map.cachedSlots() === this.cache.pages,
      "cache bits of the swap map and pages in the cache differ in number"
    )
  }

  /** `__try_to_reclaim_swap`: the search for a slot met one that only the cache holds. */
  #tryToReclaimSwap(slot: number): boolean {
    const ctx = this.#searcher
    const pfn = this.cache.find(slot)
    if (ctx === null || pfn === NOT_CACHED || !this.locks.tryLock(pfn)) return false
    this.frames.refCount[pfn]++
    const freed = this.tryToFreeSwap(ctx, pfn)
    this.locks.unlock(pfn)
    this.putPage(ctx, pfn)
    return freed
  }
}
