// zswap: a pool of compressed pages in front of the swap device. Younger than the kernels here: Linux 3.11.
//
//   store   (instead of the write) the pool is above its limit: the oldest page of it is written back first, up to 8 tries;
//           the page is compressed and put into zbud, or rejected: then it goes to the device as it would without zswap
//   load    (instead of the read) decompressed; the entry stays until swap gives up the slot
//   writeback  the entry becomes a page of the swap cache again, decompressed, and is written to its slot on the device
//
// Modelled: the limit, LRU writeback with the page that it needs, every reason to reject with its counter, the entries' cache,
// the memory of the compressor, CPU time, content tokens. A page written back is not moved to the tail of its list when its
// write has ended (SetPageReclaim came after 3.11).
// Not modelled: a page that is rejected while an older version of it is in the pool leaves the pool (Linux 3.11 relies on the
// backend for that, which kept the old one); the lock of the tree. The pool is not shrunk by reclaim, as in 3.11. What that
// costs: a rejected page never comes back in an older version, as it could in Linux 3.11.
// source: mm/zswap.c:zswap_frontswap_store, zswap_frontswap_load, zswap_writeback_entry, zswap_is_full (3.11)
import type { BlkMemory } from "@swaplab/blk"
import {
  __GFP_NORETRY,
  __GFP_NOWARN,
  type Context,
  GFP_KERNEL,
  NO_PAGE,
  PG_locked,
  PG_uptodate,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { type Frontswap, REJECTED, STORED } from "../frontswap.ts"
import type { PageIo } from "../page-io.ts"
import { NOT_CACHED } from "../swap-cache.ts"
import { IN_CACHE, PREPARED } from "../swap-map.ts"
import type { SwapState } from "../swap-state.ts"
import { type PageSizes, SMALLEST } from "./page-sizes.ts"
import { type Evict, TOO_LARGE, Zbud } from "./zbud.ts"
import type { CompressionCosts } from "./zram.ts"

/** `struct zswap_header` in front of each object. */
const HEADER = 8
/** Tries of one store to make room. */
const RECLAIM_RETRIES = 8

/** Size of `struct zswap_entry`. */
export const ZSWAP_ENTRY = 48

/** Pages of the compressor of a CPU (`LZO1X_MEM_COMPRESS`), and of its buffer. */
const WORK_PAGES = 32
const BUFFER_PAGES = 2

/** Pages that it takes when it is set up on a machine with so many CPUs. */
export const zswapSetupPages = (cpus: number): number => cpus * (WORK_PAGES + BUFFER_PAGES)

const NO_ENTRY = -1

/** The counters of /sys/kernel/debug/zswap, and what was stored. */
export interface ZswapStats {
  poolLimitHit: number
  rejectReclaimFail: number
  rejectKmemcacheFail: number
  rejectCompressPoor: number
  rejectAllocFail: number
  writtenBackPages: number
  duplicateEntry: number
  /** Pages that the pool holds and the bytes of their objects; the most pages that it held, and that it took. */
  storedPages: number
  comprSize: number
  mostStoredPages: number
  mostPoolPages: number
  /** Pages ever stored and loaded, and the bytes of the stored ones after compression. */
  stores: number
  loads: number
  storedBytes: number
  /** CPU time of the compressor, both ways. */
  cpuNs: number
}

export interface ZswapOptions {
  /** Pages of the machine, and the share of them that the pool may take (`max_pool_percent`). */
  readonly ramPages: number
  readonly maxPool: number
  /** Slots of the area that it stands in front of, the first one. */
  readonly slots: number
}

/** zswap of one area. */
export class Zswap implements Frontswap {
  readonly pool: Zbud
  readonly stats: ZswapStats = {
    poolLimitHit: 0,
    rejectReclaimFail: 0,
    rejectKmemcacheFail: 0,
    rejectCompressPoor: 0,
    rejectAllocFail: 0,
    writtenBackPages: 0,
    duplicateEntry: 0,
    storedPages: 0,
    comprSize: 0,
    mostStoredPages: 0,
    mostPoolPages: 0,
    stores: 0,
    loads: 0,
    storedBytes: 0,
    cpuNs: 0
  }
  readonly #state: SwapState
  readonly #io: PageIo
  readonly #entries: BlkMemory
  readonly #sizes: PageSizes
  readonly #costs: CompressionCosts
  readonly #limit: number
  // columns of slots: the object of the entry, its compressed size, the content, and who has the entry in hands
  readonly #entry: Int32Array
  readonly #size: Uint16Array
  readonly #writer: Uint32Array
  readonly #version: Uint32Array
  /** Changes with each store: tells an entry from a later one of its slot. */
  readonly #stamp: Uint32Array
  #stamps = 0
  readonly #evict: Evict = (task, slot) => this.#writeback(task, slot)

  /** Pages come from `pages`, entries from `entries`. */
  constructor(
    state: SwapState,
    io: PageIo,
    memory: { readonly pages: BlkMemory; readonly entries: BlkMemory },
    sizes: PageSizes,
    costs: CompressionCosts,
    { maxPool, ramPages, slots }: ZswapOptions
  ) {
    this.#state = state
    this.#io = io
    this.#entries = memory.entries
    this.#sizes = sizes
    this.#costs = costs
    this.#limit = Math.floor(ramPages * maxPool)
    this.pool = new Zbud(memory.pages, __GFP_NORETRY | __GFP_NOWARN)
    this.#entry = new Int32Array(slots).fill(NO_ENTRY)
    this.#size = new Uint16Array(slots)
    this.#writer = new Uint32Array(slots)
    this.#version = new Uint32Array(slots)
    this.#stamp = new Uint32Array(slots)
  }

  /** `zswap_is_full`. */
  get full(): boolean {
    return this.pool.pages > this.#limit
  }

  /** Who finds the pool above its limit writes pages back, and may sleep for that. */
  tryStore(task: Task, slot: number, pfn: number): number {
    if (this.full) return WOULD_SLEEP
    const entry = this.#entries.tryAlloc(task, GFP_KERNEL)
    return entry === WOULD_SLEEP ? WOULD_SLEEP : this.#store(task, slot, pfn, entry)
  }

  /** `zswap_frontswap_store`. */
  *store(task: Task, slot: number, pfn: number): Sleeps<number> {
    if (this.full) {
      this.stats.poolLimitHit++
      const freed = yield* this.pool.reclaim(task, RECLAIM_RETRIES, this.#evict)
      if (!freed) {
        this.stats.rejectReclaimFail++
        this.invalidate(task, slot)
        return REJECTED
      }
    }
    return this.#store(task, slot, pfn, yield* this.#entries.alloc(task, GFP_KERNEL))
  }

  /** `zswap_frontswap_load`. */
  load(ctx: Context, slot: number, pfn: number): boolean {
    if (this.#entry[slot] === NO_ENTRY) return false
    this.#decompress(ctx, slot, pfn)
    this.stats.loads++
    return true
  }

  /** `zswap_frontswap_invalidate_page`. */
  invalidate(ctx: Context, slot: number): void {
    if (this.#entry[slot] !== NO_ENTRY) this.#drop(ctx, slot)
  }

  checkInvariants(): void {
    this.pool.checkInvariants()
    let entries = 0
    let bytes = 0
    for (let slot = 0; slot < this.#entry.length; slot++) {
      if (this.#entry[slot] === NO_ENTRY) continue
      entries++
      bytes += this.#size[slot]
    }
    assert(entries === this.stats.storedPages, "entries of zswap were miscounted")
    assert(entries === this.pool.objects, "entries of zswap and objects of zbud differ in number")
    assert(bytes === this.stats.comprSize, "bytes of zswap were miscounted")
  }

  #use(ctx: Context, ns: number): void {
    ctx.ns += ns
    this.stats.cpuNs += ns
  }

  #decompress(ctx: Context, slot: number, pfn: number): void {
    const { frames } = this.#state
    this.#use(ctx, this.#costs.decompressNs)
    frames.tokenWriter[pfn] = this.#writer[slot]
    frames.tokenVersion[pfn] = this.#version[slot]
  }

  #store(ctx: Context, slot: number, pfn: number, entry: number): number {
    const { stats } = this
    if (this.#entry[slot] !== NO_ENTRY) {
      stats.duplicateEntry++
      this.#drop(ctx, slot)
    }
    if (entry < 0) {
      stats.rejectKmemcacheFail++
      return REJECTED
    }
    const size = Math.max(SMALLEST, this.#sizes.draw())
    this.#use(ctx, this.#costs.compressNs)
    const result = this.pool.alloc(ctx, slot, size + HEADER)
    if (result < 0) {
      if (result === TOO_LARGE) stats.rejectCompressPoor++
      else stats.rejectAllocFail++
      this.#entries.free(ctx, entry)
      return REJECTED
    }
    const { frames } = this.#state
    this.#entry[slot] = entry
    this.#size[slot] = size
    this.#writer[slot] = frames.tokenWriter[pfn]
    this.#version[slot] = frames.tokenVersion[pfn]
    this.#stamp[slot] = ++this.#stamps
    stats.storedPages++
    stats.comprSize += size
    stats.stores++
    stats.storedBytes += size
    if (stats.storedPages > stats.mostStoredPages) stats.mostStoredPages = stats.storedPages
    if (this.pool.pages > stats.mostPoolPages) stats.mostPoolPages = this.pool.pages
    return STORED
  }

  #drop(ctx: Context, slot: number): void {
    this.pool.free(ctx, slot)
    this.#entries.free(ctx, this.#entry[slot])
    this.#entry[slot] = NO_ENTRY
    this.stats.storedPages--
    this.stats.comprSize -= this.#size[slot]
    this.#size[slot] = 0
  }

  /** `zswap_writeback_entry`: true when the entry is gone. */
  *#writeback(task: Task, slot: number): Sleeps<boolean> {
    const state = this.#state
    const { flags } = state.frames
    if (this.#entry[slot] === NO_ENTRY) return true
    const stamp = this.#stamp[slot]
    const page = yield* this.#newCachePage(task, slot, stamp)
    if (page === NO_PAGE) return this.#gone(slot, stamp)
    this.#decompress(task, slot, page)
    flags[page] |= PG_uptodate
    this.stats.writtenBackPages++
    yield* this.#io.swapWritepage(task, page)
    state.putPage(task, page)
    if (!this.#gone(slot, stamp)) this.#drop(task, slot)
    return true
  }

  /** The entry of that stamp was given up while somebody slept. */
  #gone(slot: number, stamp: number): boolean {
    return this.#entry[slot] === NO_ENTRY || this.#stamp[slot] !== stamp
  }

  /** `zswap_get_swap_cache_page`: a locked page of the slot that was not in the cache, or NO_PAGE. */
  *#newCachePage(task: Task, slot: number, stamp: number): Sleeps<number> {
    const state = this.#state
    let page = NO_PAGE
    while (state.cache.find(slot) === NOT_CACHED) {
      if (page === NO_PAGE) page = yield* state.ops.allocPage(task, GFP_KERNEL)
      if (page === NO_PAGE) return NO_PAGE
      if (!(yield* state.nodes.preloads.preload(task, GFP_KERNEL))) break
      if (this.#gone(slot, stamp)) break
      const prepared = state.map.prepareCache(slot)
      if (prepared === IN_CACHE) continue
      if (prepared !== PREPARED) break
      state.frames.flags[page] |= PG_locked
      state.addToSwapCache(task, page, slot)
      state.ops.lruCacheAddAnon(task, page)
      return page
    }
    if (page !== NO_PAGE) state.putPage(task, page)
    return NO_PAGE
  }
}
