/**
 * The contract between the object allocators and everything that allocates kernel objects (include/linux/slab.h).
 *
 * A call that may not sleep uses `tryAlloc`; process context uses `alloc`, entered with `yield*`. A cache is created once at
 * boot and never destroyed. There is no per-object state outside the typed arrays of the allocator.
 */
import type { Context, Frames, Numa, Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { Failslab } from "./failslab.ts"
import type { SlabinfoRow } from "./slabinfo.ts"

/** A cache of equal objects. Made by `createCache`, passed back to every call. */
export interface KmemCache {
  /** Name in /proc/slabinfo; a SLUB cache that was merged bears the name of the older one. */
  readonly name: string
  /** Names of the caches that SLUB has merged with it. */
  readonly aliases: ReadonlyArray<string>
  /** Bytes the user asked for (the largest user, after merging). */
  readonly objectSize: number
  /** Slot size in bytes: object, free pointer, alignment. */
  readonly size: number
  /** Preferred order of its slabs. */
  readonly order: number
  /** Objects of a slab of that order. */
  readonly objsPerSlab: number
  /** Position in the allocator's table of caches. */
  readonly index: number
}

/** How a cache is made; the SLAB_* flags that have an effect on memory. */
export interface CacheOptions {
  /** SLAB_HWCACHE_ALIGN. */
  readonly hwAlign?: boolean
  /** Has a constructor: SLUB places its free pointer behind the object, and the cache never merges. */
  readonly ctor?: boolean
  /** SLAB_DESTROY_BY_RCU: same effects on geometry and merging. Slabs are given back at once, not after a grace period. */
  readonly rcu?: boolean
  /** SLAB_RECLAIM_ACCOUNT: counted as reclaimable, and SLAB then prefers the lowest order. */
  readonly reclaimAccount?: boolean
  /** Alignment the caller asks for, bytes. */
  readonly align?: number
}

/** The static key memalloc_socks. Owned by the socket layer, read by SLAB: the gate of its pfmemalloc checks. */
export interface MemallocSocks {
  count: number
}

/** How an allocator treats slabs whose pages came from the emergency reserve: what patches change of it. */
export interface ReserveSwitches {
  /** Slabs from the reserve are marked, and their objects kept for those who may use the reserve (merged patch 1). */
  readonly reserveSlabs: boolean
  /** SLUB: the slow path and the node's list test the mark, the fast path does not (merged patch 2). */
  readonly slowPathTest: boolean
  /** SLAB: objects are tagged, and tags respected, only while a memalloc socket exists (part of merged patch 8). */
  readonly memallocGate: boolean
  /** SLAB: the search for an untagged object leaves out the first entry of the array (as posted in February 2012). */
  readonly skipsFirst: boolean
  /** SLAB on several memory nodes: objects enter alien arrays without a tag, as before the patch (an ablation of it). */
  readonly rawAliens: boolean
}

/** All switches off: nothing is known of the reserve. */
export const NO_RESERVE_SWITCHES: ReserveSwitches = {
  reserveSlabs: false,
  slowPathTest: false,
  memallocGate: false,
  skipsFirst: false,
  rawAliens: false
}

/** CPU time of the paths, nanoseconds added to `Context.ns`. All 0 unless given. */
export interface ObjectCosts {
  readonly allocHitNs: number
  readonly allocRefillNs: number
  readonly freeNs: number
}

/** The part of the page allocator that object allocators use: a PageAllocator, or a stand-in in tests. */
export interface PageSource {
  readonly frames: Pick<Frames, "count" | "flags" | "private">
  /** The zone of a frame, for its counters of slab pages and its memory node. */
  zoneOf(pfn: number): { readonly node: number; modState(item: number, n: number): void }
  /** Memory nodes, of a kernel with CONFIG_NUMA. */
  readonly numa: Numa | null
  /** `place`: the node that is asked first; by the policy of the task without it. */
  tryAlloc(ctx: Context, gfp: number, order: number, place?: number): number
  alloc(task: Task, gfp: number, order: number, place?: number): Sleeps<number>
  free(ctx: Context, pfn: number, order: number): void
  gfpPfmemallocAllowed(ctx: Context, gfp: number): boolean
  pagePfmemalloc(pfn: number): boolean
}

/**
 * The calls of an object allocator, implemented by SLAB and SLUB.
 *
 * **When to use.** Write what allocates kernel objects against this; which allocator a machine has is then a matter of
 * its kernel.
 *
 * **Details.** Sizes are bytes, objects are handles from 0 up. `tryAlloc` is for every context, `alloc` for process
 * context, entered with `yield*`. A failure is NO_OBJECT, and `onAllocationFailure` hears of one for want of pages
 * unless the mask has __GFP_NOWARN.
 *
 * **Gotchas.** Caches are never destroyed: make them at boot. An object has no content. `reap` must be called by the
 * owner where `reapIntervalNs` is not 0. Wrong frees are bugs and fail an assertion.
 */
export interface ObjectAllocator {
  /** Makes allocations fail; null: none. */
  failslab: Failslab | null
  /** Creates a cache; SLUB may return an existing one that it merges with. */
  createCache(name: string, objectSize: number, options?: CacheOptions): KmemCache
  /** General cache for a kmalloc of `bytes`, or null when it is larger than the largest: then ask the page allocator. */
  kmallocCache(bytes: number): KmemCache | null
  /**
   * Atomic face: an object, NO_OBJECT, or WOULD_SLEEP when the page allocator would have to sleep. Nothing is lost by
   * WOULD_SLEEP: all structures are as another caller may find them. Masks without __GFP_WAIT never see it.
   */
  tryAlloc(ctx: Context, cache: KmemCache, gfp: number): number
  /** Process context: an object or NO_OBJECT, sleeping as the page allocator does. */
  alloc(task: Task, cache: KmemCache, gfp: number): Sleeps<number>
  /** Gives an object back. Freeing one that is not in a caller's hands is our bug and dies. */
  free(ctx: Context, cache: KmemCache, object: number): void
  /** Periodic work of one CPU (SLAB cache_reap; nothing in SLUB). The kernel calls it every `reapIntervalNs` on every CPU. */
  reap(ctx: Context): void
  /** 0: never. */
  readonly reapIntervalNs: number
  /** Called when the page allocator refused a slab and the mask has no __GFP_NOWARN. Linux then prints at most 10 in 5 s. */
  onAllocationFailure: (cache: KmemCache, gfp: number) => void
  /** Another handling of reserve slabs from now on; slabs that exist keep the mark they have or have not. */
  setSwitches(switches: ReserveSwitches): void
  /** Byte address of an object in simulated physical memory (for tracepoints and checks). */
  objectAddress(cache: KmemCache, object: number): number
  /** Pages held from the page allocator, all caches. For conservation of pages. */
  slabPages(): number
  /**
   * Objects of marked slabs that a NUMA kernel's SLAB has handed, past the arrays that guard them, to callers without a right to the
   * reserve; null: not counted (SLUB, which has no such arrays).
   */
  reserveLeaks(): number | null
  /** Newest cache first, as /proc/slabinfo walks them. */
  slabinfo(): ReadonlyArray<SlabinfoRow>
  slabinfoText(): string
  checkInvariants(): void
}
