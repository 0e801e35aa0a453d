/**
 * SLUB: objects straight from a slab that belongs to the CPU.
 *
 * Modelled: per-CPU slab with its private freelist, CPU partial lists, the node's partial list, freezing and unfreezing, high
 * orders first and the fallback order second, merging of caches, and the handling of reserve slabs in its three revisions (see
 * revision.ts). Slabs go back to the page allocator as soon as the node holds min_partial others: there is no reaper.
 * With CONFIG_NUMA each memory node has a partial list, and a CPU whose node has nothing takes slabs of another one that has more
 * than it needs. No caller here asks for a node, so the slab of a CPU always matches (node_match).
 * Not modelled: the boot caches kmem_cache and kmem_cache_node and the memory of per-CPU structures; debugging;
 * RCU delay of SLAB_DESTROY_BY_RCU; races between CPUs inside one operation (cmpxchg retries), since every call is atomic.
 * source: mm/slub.c @v3.5 and @v3.6
 */
import {
  type CacheOptions,
  CHAIN_END,
  type Failslab,
  HELD,
  kmallocIndex,
  kmallocName,
  kmallocSizes,
  type KmemCache,
  NO_OBJECT,
  NO_RESERVE_SWITCHES,
  NO_SLAB,
  type ObjectAllocator,
  type ObjectCosts,
  objectIndex,
  ObjectTrace,
  type PageSource,
  type ReserveSwitches,
  type SizeHeading,
  type SlabinfoRow,
  slabinfoText,
  SlabNumbers
} from "@swaplab/kmem"
import { __GFP_NOWARN, type Context, NO_PAGE, PAGE_SIZE, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps } from "@swaplab/sim"
import { checkCache } from "./check.ts"
import { slubGeometry } from "./geometry.ts"
import { findMergeable } from "./merge.ts"
import { reserveRules } from "./revision.ts"
import { SlabLists } from "./slab-lists.ts"
import { SlubCache } from "./slub-cache.ts"
import { SlubPages } from "./slub-pages.ts"

/** Inner answer beside an object and NO_OBJECT: a new slab is needed. */
const NEW_SLAB = -3

export interface SlubOptions {
  /** Possible CPUs: decides orders. */
  readonly cpus: number
  /** All off unless given. */
  readonly switches?: Partial<ReserveSwitches>
  /**
   * v3.6: spilling a CPU's partial list keeps min_partial empty slabs on the node (a clean-up that is not of the series).
   * Up to v3.5 the empty slabs at the front of that list go back to the page allocator in any case. Off unless given.
   */
  readonly unfreezeKeepsMinPartial?: boolean
  /** Heading of /proc/slabinfo's size column; "objsize" unless given. */
  readonly sizeHeading?: SizeHeading
  readonly costs?: Partial<ObjectCosts>
  /** Group of the machine, for tracepoints. */
  readonly group?: number
}

/**
 * SLUB of one machine: caches of equal objects, each CPU with a slab of its own.
 *
 * **When to use.** For a kernel built with CONFIG_SLUB; the calls are those of ObjectAllocator in @swaplab/kmem.
 *
 * **Details.** An object is a handle, a number from 0; NO_OBJECT is a failure, WOULD_SLEEP asks for `yield* alloc(…)`.
 * A slab is asked for at the preferred order first, then at the least that holds an object. CPU time in nanoseconds is
 * added to the context's `ns`.
 *
 * **Gotchas.** `createCache` may return an older cache that it merges with, under that one's name. `slabinfo` counts
 * the free objects of slabs that CPUs hold as active, as Linux does. Freeing an object of another cache, or one that
 * nobody holds, fails an assertion.
 */
export class SlubAllocator implements ObjectAllocator {
  readonly reapIntervalNs = 0
  failslab: Failslab | null = null
  onAllocationFailure: (cache: KmemCache, gfp: number) => void = () => {}
  /** Every cache, oldest first; the position is the cache's index. */
  readonly caches: Array<SlubCache> = []
  readonly #pages: PageSource
  readonly #slubPages: SlubPages
  readonly #lists: SlabLists
  readonly #numbers = new SlabNumbers()
  #fastPathTest: boolean
  #newSlabTest: boolean
  readonly #cpus: number
  readonly #nodes: number
  readonly #heading: SizeHeading
  readonly #general: Array<SlubCache>
  readonly #allocHitNs: number
  readonly #allocRefillNs: number
  readonly #freeNs: number
  readonly #trace: ObjectTrace

  constructor(sim: Sim, pages: PageSource, options: SlubOptions) {
    assert(options.cpus >= 1, "slub: a machine has at least one CPU")
    const rules = reserveRules({ ...NO_RESERVE_SWITCHES, ...options.switches })
    this.#pages = pages
    this.#slubPages = new SlubPages(sim, pages, rules)
    this.#lists = new SlabLists(this.#slubPages, rules, options.unfreezeKeepsMinPartial ?? false)
    this.#fastPathTest = rules.fastPathTest
    this.#newSlabTest = rules.newSlabTest
    this.#cpus = options.cpus
    this.#nodes = pages.numa?.nodes ?? 1
    this.#heading = options.sizeHeading ?? "objsize"
    this.#allocHitNs = options.costs?.allocHitNs ?? 0
    this.#allocRefillNs = options.costs?.allocRefillNs ?? 0
    this.#freeNs = options.costs?.freeNs ?? 0
    this.#trace = new ObjectTrace(sim, options.group ?? 0)
    this.#general = this.#createGeneralCaches()
  }

  setSwitches(switches: ReserveSwitches): void {
    const rules = reserveRules(switches)
    this.#slubPages.rules = rules
    this.#lists.rules = rules
    this.#fastPathTest = rules.fastPathTest
    this.#newSlabTest = rules.newSlabTest
  }

  createCache(name: string, objectSize: number, options: CacheOptions = {}): SlubCache {
    const existing = findMergeable(this.caches, objectSize, options)
    if (existing !== null) {
      existing.aliases.push(name)
      existing.objectSize = Math.max(existing.objectSize, objectSize)
      return existing
    }
    return this.#openCache(name, objectSize, options)
  }

  kmallocCache(bytes: number): SlubCache | null {
    const index = kmallocIndex(bytes, "slub")
    return index < 0 ? null : this.#general[index]
  }

  tryAlloc(ctx: Context, cache: KmemCache, gfp: number): number {
    const c = this.#cacheOf(cache)
    if (this.failslab !== null && this.failslab.shouldFail(ctx, c, gfp)) return NO_OBJECT
    const object = this.#fromSlabs(ctx, c, gfp)
    if (object !== NEW_SLAB) return object
    const pages = this.#slubPages
    let order = c.order
    let page = this.#pages.tryAlloc(ctx, pages.preferredMask(c, gfp), order)
    if (page === NO_PAGE) {
      order = c.geometry.minOrder
      page = this.#pages.tryAlloc(ctx, pages.mask(c, gfp), order)
    }
    if (page !== WOULD_SLEEP) return this.#useNewSlab(ctx, c, gfp, page, order)
    if (this.failslab !== null) this.failslab.attr.passed(ctx)
    return WOULD_SLEEP
  }

  *alloc(task: Task, cache: KmemCache, gfp: number): Sleeps<number> {
    const c = this.#cacheOf(cache)
    if (this.failslab !== null && this.failslab.shouldFail(task, c, gfp)) return NO_OBJECT
    const object = this.#fromSlabs(task, c, gfp)
    if (object !== NEW_SLAB) return object
    const pages = this.#slubPages
    let order = c.order
    // the whole slow path once at this order: wakes kswapd for it, reclaims once, then gives up (NORETRY)
    let page = yield* this.#pages.alloc(task, pages.preferredMask(c, gfp), order)
    if (page === NO_PAGE) {
      order = c.geometry.minOrder
      page = yield* this.#pages.alloc(task, pages.mask(c, gfp), order)
    }
    return this.#useNewSlab(task, c, gfp, page, order)
  }

  free(ctx: Context, cache: KmemCache, object: number): void {
    const c = this.#cacheOf(cache)
    const slabs = c.slabs
    const page = slabs.pageOf(object)
    const index = objectIndex(object)
    const row = this.#pages.frames.private[page]
    assert(slabs.page[row] === page, "slub: freeing an object that is not of this cache")
    const cell = row * slabs.stride + index
    assert(slabs.chain[cell] === HELD, "slub: freeing an object that nobody holds")
    ctx.ns += this.#freeNs
    if (this.#trace.free.enabled) this.#trace.freed(c, this.objectAddress(c, object))
    const cpu = ctx.cpu
    if (row === c.cpuSlab[cpu]) {
      c.freeFast++
      slabs.chain[cell] = c.cpuFreelist[cpu]
      c.cpuFreelist[cpu] = index
    } else {
      c.freeSlow++
      this.#lists.freeToSlab(ctx, c, row, index)
    }
  }

  /** Nothing to do: empty slabs go back at once. */
  reap(_ctx: Context): void {}

  /** flush_slab and unfreeze_partials of the context's CPU (kmem_cache_shrink, flush_all): its slabs go to the node. */
  flushCpu(ctx: Context, cache: KmemCache): void {
    const c = this.#cacheOf(cache)
    if (c.cpuSlab[ctx.cpu] !== NO_SLAB) this.#lists.deactivateCpuSlab(ctx, c, ctx.cpu)
    this.#lists.unfreezePartials(ctx, c, ctx.cpu)
  }

  objectAddress(cache: KmemCache, object: number): number {
    return this.#cacheOf(cache).slabs.pageOf(object) * PAGE_SIZE + objectIndex(object) * cache.size
  }

  reserveLeaks(): null {
    return null
  }

  slabPages(): number {
    return this.#slubPages.held
  }

  /** Of these, pages of reclaim-accounted caches. */
  reclaimableSlabPages(): number {
    return this.#slubPages.heldReclaimable
  }

  slabinfo(): ReadonlyArray<SlabinfoRow> {
    return this.caches.toReversed().map((c) => ({
      name: c.name,
      activeObjects: c.totalObjects - c.nodeFreeObjects,
      totalObjects: c.totalObjects,
      objectSize: c.size,
      objectsPerSlab: c.objsPerSlab,
      pagesPerSlab: 1 << c.order,
      limit: 0,
      batchcount: 0,
      sharedFactor: 0,
      activeSlabs: c.slabs.rows,
      totalSlabs: c.slabs.rows,
      sharedAvailable: 0
    }))
  }

  slabinfoText(): string {
    return slabinfoText(this.slabinfo(), this.#heading)
  }

  checkInvariants(): void {
    let pages = 0
    for (const c of this.caches) pages += checkCache(c, this.#pages)
    assert(pages === this.#slubPages.held, "slub: pages held and slabs disagree")
  }

  #openCache(name: string, objectSize: number, options: CacheOptions): SlubCache {
    const geometry = slubGeometry(objectSize, {
      ...options,
      cpus: this.#cpus,
      freePointerOutside: options.ctor === true || options.rcu === true
    })
    const cache = new SlubCache(
      name,
      objectSize,
      this.caches.length,
      geometry,
      options,
      this.#cpus,
      this.#nodes,
      this.#numbers
    )
    this.caches.push(cache)
    return cache
  }

  /** The two odd sizes come first, as at boot; it decides the order of /proc/slabinfo. */
  #createGeneralCaches(): Array<SlubCache> {
    const general: Array<SlubCache> = []
    const create = (bytes: number) =>
      general[kmallocIndex(bytes, "slub")] ??= this.#openCache(kmallocName("slub", bytes), bytes, {})
    create(96)
    create(192)
    for (const bytes of kmallocSizes("slub")) create(bytes)
    return general
  }

  #cacheOf(cache: KmemCache): SlubCache {
    const own = this.caches[cache.index]
    assert(own === cache, "slub: a cache of another allocator")
    return own
  }

  /** slab_alloc and __slab_alloc up to the point where a new slab is needed. */
  #fromSlabs(ctx: Context, c: SlubCache, gfp: number): number {
    const cpu = ctx.cpu
    const first = c.cpuFreelist[cpu]
    if (first !== CHAIN_END && (!this.#fastPathTest || this.#slubPages.allowed(ctx, c, c.cpuSlab[cpu], gfp))) {
      c.allocFast++
      ctx.ns += this.#allocHitNs
      return this.#pop(c, cpu, gfp)
    }
    const found = this.#lists.loadCpuSlab(ctx, c, gfp)
    return found ? this.#finishSlow(ctx, c, gfp) : NEW_SLAB
  }

  /** The page allocator has answered: makes its block the CPU's slab. */
  #useNewSlab(ctx: Context, c: SlubCache, gfp: number, page: number, order: number): number {
    if (page === NO_PAGE) {
      c.growFailures++
      c.allocSlow++
      if ((gfp & __GFP_NOWARN) === 0) this.onAllocationFailure(c, gfp)
      return NO_OBJECT
    }
    // while the task slept, others may have found a slab for this CPU
    if (c.cpuSlab[ctx.cpu] !== NO_SLAB) this.#lists.deactivateCpuSlab(ctx, c, ctx.cpu)
    this.#lists.install(c, ctx.cpu, this.#slubPages.newSlab(c, page, order))
    return this.#finishSlow(ctx, c, gfp)
  }

  #finishSlow(ctx: Context, c: SlubCache, gfp: number): number {
    const cpu = ctx.cpu
    c.allocSlow++
    ctx.ns += this.#allocRefillNs
    const mayKeep = !this.#newSlabTest || this.#slubPages.allowed(ctx, c, c.cpuSlab[cpu], gfp)
    const object = this.#pop(c, cpu, gfp)
    if (!mayKeep) this.#lists.deactivateCpuSlab(ctx, c, cpu)
    return object
  }

  #pop(c: SlubCache, cpu: number, gfp: number): number {
    const slabs = c.slabs
    const row = c.cpuSlab[cpu]
    const index = c.cpuFreelist[cpu]
    const cell = row * slabs.stride + index
    c.cpuFreelist[cpu] = slabs.chain[cell]
    slabs.chain[cell] = HELD
    const object = slabs.objectOf(row, index)
    if (this.#trace.alloc.enabled) this.#trace.allocated(c, this.objectAddress(c, object), gfp)
    return object
  }
}
