// Reading a slot, and its neighbours with it.
//
// Modelled: the aligned block around the slot, holes included (a page is allocated for each slot that is not cached before the
// swap map says whether it is in use), the plug around the block, and the second look at the slot that was wanted.
// Not modelled: readahead by virtual address (later kernels); shared-memory readahead.
// source: mm/swap_state.c:swapin_readahead, read_swap_cache_async
import { type BlockQueue, SUBMITTED } from "@swaplab/blk"
import { GFP_HIGHUSER_MOVABLE, GFP_KERNEL, NO_PAGE, PG_locked, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { SwapIo } from "./page-io.ts"
import { NOT_CACHED } from "./swap-cache.ts"
import { IN_CACHE, PREPARED } from "./swap-map.ts"
import type { SwapState } from "./swap-state.ts"

/** Swap-in. */
export class Readahead {
  readonly #state: SwapState
  readonly #io: SwapIo
  readonly #queue: BlockQueue
  /** /proc/sys/vm/page-cluster. */
  pageCluster: number
  /** The block is submitted under one plug. */
  plug: boolean

  constructor(state: SwapState, io: SwapIo, queue: BlockQueue, pageCluster: number, plug: boolean) {
    this.#state = state
    this.#io = io
    this.#queue = queue
    this.pageCluster = pageCluster
    this.plug = plug
  }

  /**
   * `swapin_readahead`: reads the block of 2^page_cluster slots around `slot`. The page of `slot` itself, with a reference
   * for the caller and usually still locked for the read; NO_PAGE when there is no memory or the slot is gone.
   */
  *swapinReadahead(task: Task, slot: number): Sleeps<number> {
    const mask = 2 ** this.pageCluster - 1
    const last = slot | mask
    const plug = this.plug
    this.#state.counters.readaheads++
    if (plug) this.#queue.plug(task)
    const first = slot & ~mask
    for (let offset = this.#state.map.isHeader(first) ? first + 1 : first; offset <= last; offset++) {
      const page = yield* this.readSwapCacheAsync(task, offset)
      if (page !== NO_PAGE) this.#state.putPage(task, page)
    }
    if (plug) this.#queue.unplug(task)
    this.#state.ops.lruAddDrain(task)
    return yield* this.readSwapCacheAsync(task, slot)
  }

  /** `read_swap_cache_async`: the cached page of the slot, or a new one whose read has been started; with a reference. */
  *readSwapCacheAsync(task: Task, slot: number): Sleeps<number> {
    const page = this.tryReadSwapCacheAsync(task, slot)
    return page !== WOULD_SLEEP ? page : yield* this.#readSlow(task, slot)
  }

  /** The same without sleeping: a page, NO_PAGE, or WOULD_SLEEP with nothing done. */
  tryReadSwapCacheAsync(task: Task, slot: number): number {
    const state = this.#state
    const cached = state.cache.find(slot)
    if (cached !== NOT_CACHED) {
      state.frames.refCount[cached]++
      return cached
    }
    const page = state.ops.tryAllocPage(task, GFP_HIGHUSER_MOVABLE)
    if (page === WOULD_SLEEP) return WOULD_SLEEP
    if (page === NO_PAGE) {
      state.counters.readaheadNoPage++
      return NO_PAGE
    }
    if (!state.nodes.preloads.tryPreload(task, GFP_KERNEL)) return this.#giveBack(task, page, WOULD_SLEEP)
    if (state.map.prepareCache(slot) !== PREPARED) {
      state.counters.readaheadHoles++
      return this.#giveBack(task, page, NO_PAGE)
    }
    const flags = state.frames.flags
    flags[page] |= PG_locked
    if (this.#io.tryRead(task, page, slot) !== SUBMITTED) {
      flags[page] &= ~PG_locked
      state.map.freeCache(slot, task)
      return this.#giveBack(task, page, WOULD_SLEEP)
    }
    state.addToSwapCache(task, page, slot)
    state.ops.lruCacheAddAnon(task, page)
    return page
  }

  *#readSlow(task: Task, slot: number): Sleeps<number> {
    const state = this.#state
    let page = NO_PAGE
    for (;;) {
      const cached = state.cache.find(slot)
      if (cached !== NOT_CACHED) {
        if (page !== NO_PAGE) state.putPage(task, page)
        state.frames.refCount[cached]++
        return cached
      }
      if (page === NO_PAGE) {
        page = yield* state.ops.allocPage(task, GFP_HIGHUSER_MOVABLE)
        if (page === NO_PAGE) {
          state.counters.readaheadNoPage++
          return NO_PAGE
        }
      }
      if (!(yield* state.nodes.preloads.preload(task, GFP_KERNEL))) return this.#giveBack(task, page, NO_PAGE)
      const prepared = state.map.prepareCache(slot)
      // somebody read it while we slept
      if (prepared === IN_CACHE) continue
      if (prepared !== PREPARED) {
        state.counters.readaheadHoles++
        return this.#giveBack(task, page, NO_PAGE)
      }
      state.frames.flags[page] |= PG_locked
      state.addToSwapCache(task, page, slot)
      state.ops.lruCacheAddAnon(task, page)
      yield* this.#io.read(task, page)
      return page
    }
  }

  #giveBack(task: Task, page: number, result: number): number {
    this.#state.putPage(task, page)
    return result
  }
}
