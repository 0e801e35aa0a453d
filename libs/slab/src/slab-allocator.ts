/**
 * SLAB: objects in slabs, behind per-CPU arrays and one shared array per cache.
 *
 * Modelled: per-CPU arrays, shared array, refill, flush, growth with off-slab management, free_limit, cache_reap, and the
 * handling of reserve slabs in its three revisions (see revision.ts).
 * This is a UMA build (CONFIG_NUMA off): GFP_THISNODE is zero, so growing uses the caller's own mask, and there is no node
 * fallback, hence no leak of reserve objects through ____cache_alloc_node, and no alien caches.
 * Not modelled: the memory of kmem_cache, arrays and node structures themselves (a few dozen KiB at boot); RCU delay of
 * SLAB_DESTROY_BY_RCU; tuning by writing /proc/slabinfo; cpu hot-plug. The first node reap of a cache is staggered by its
 * index, Linux does it by its address.
 * source: mm/slab.c @v3.5 and @v3.6
 */
import {
  CACHED,
  type CacheOptions,
  type Failslab,
  GFP_CONSTRAINT_MASK,
  HELD,
  kmallocIndex,
  kmallocName,
  kmallocSizes,
  type KmemCache,
  NO_OBJECT,
  NO_RESERVE_SWITCHES,
  type ObjectAllocator,
  objectIndex,
  type PageSource,
  type ReserveSwitches,
  type SlabinfoRow,
  slabinfoText,
  SlabNumbers
} from "@swaplab/kmem"
import { __GFP_NOWARN, type Context, NO_PAGE, PAGE_SIZE, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps, type Tracepoint } from "@swaplab/sim"
import type { ArrayCache } from "./array-cache.ts"
import { checkCache } from "./check.ts"
import { slabGeometry, slabMaxOrder } from "./geometry.ts"
import { NodeLists } from "./node-lists.ts"
import type { SlabOptions } from "./options.ts"
import { ReserveObjects } from "./reserve-objects.ts"
import { reserveRules } from "./revision.ts"
import { SlabCache } from "./slab-cache.ts"
import { SlabPages } from "./slab-pages.ts"
import { slabinfoRow } from "./slabinfo.ts"

/** Arrays of a CPU are reaped every 2 s, a node every 4 s. */
const REAPTIMEOUT_CPUC_NS = 2_000_000_000
const REAPTIMEOUT_LIST3_NS = 4_000_000_000

/** Inner answers beside an object and NO_OBJECT: a slab is needed; the same, and the array may not be refilled from lists. */
const MUST_GROW = -3
const MUST_GROW_FORCED = -4

export class SlabAllocator implements ObjectAllocator {
  readonly reapIntervalNs = REAPTIMEOUT_CPUC_NS
  failslab: Failslab | null = null
  onAllocationFailure: (cache: KmemCache, gfp: number) => void = () => {}
  /** Every cache, oldest first; the position is the cache's index. */
  readonly caches: Array<SlabCache> = []
  readonly reserve: ReserveObjects
  readonly #sim: Sim
  readonly #pages: PageSource
  readonly #slabPages: SlabPages
  readonly #node: NodeLists
  readonly #numbers = new SlabNumbers()
  /** Pages of slabs whose task sleeps for the management object. */
  #unfinishedPages = 0
  readonly #cpus: number
  readonly #group: number
  readonly #maxOrder: number
  readonly #general: Array<SlabCache>
  readonly #allocHitNs: number
  readonly #allocRefillNs: number
  readonly #freeNs: number
  readonly #traceAlloc: Tracepoint
  readonly #traceFree: Tracepoint

  constructor(sim: Sim, pages: PageSource, options: SlabOptions) {
    assert(options.cpus >= 1, "slab: a machine has at least one CPU")
    this.#sim = sim
    this.#pages = pages
    this.#slabPages = new SlabPages(pages)
    this.#cpus = options.cpus
    this.#group = options.group ?? 0
    this.#maxOrder = options.slabMaxOrder ?? slabMaxOrder(pages.frames.count)
    this.reserve = new ReserveObjects(
      pages,
      reserveRules({ ...NO_RESERVE_SWITCHES, ...options.switches }),
      options.memallocSocks ?? { count: 0 }
    )
    this.#node = new NodeLists(
      pages.frames,
      this.#slabPages,
      this.reserve,
      (ctx, cache, object) => this.free(ctx, cache, object)
    )
    this.#allocHitNs = options.costs?.allocHitNs ?? 0
    this.#allocRefillNs = options.costs?.allocRefillNs ?? 0
    this.#freeNs = options.costs?.freeNs ?? 0
    this.#traceAlloc = sim.trace.point("kmem_cache_alloc", ["ptr", "bytes_req", "bytes_alloc", "gfp_flags"])
    this.#traceFree = sim.trace.point("kmem_cache_free", ["ptr"])
    this.#general = this.#createGeneralCaches()
  }

  setSwitches(switches: ReserveSwitches): void {
    this.reserve.rules = reserveRules(switches)
  }

  createCache(name: string, objectSize: number, options: CacheOptions = {}): SlabCache {
    const geometry = slabGeometry(objectSize, { ...options, slabMaxOrder: this.#maxOrder })
    const management = geometry.offSlab ? this.#generalFor(geometry.managementBytes) : null
    assert(management === null || !management.geometry.offSlab, "slab: management must come from an on-slab cache")
    const index = this.caches.length
    const cache = new SlabCache(name, objectSize, index, geometry, options, this.#cpus, management, this.#numbers)
    cache.nextReapNs = this.#sim.now + REAPTIMEOUT_LIST3_NS + (index * 618_033_989) % REAPTIMEOUT_LIST3_NS
    this.caches.push(cache)
    return cache
  }

  kmallocCache(bytes: number): SlabCache | null {
    const index = kmallocIndex(bytes, "slab")
    return index < 0 ? null : this.#general[index]
  }

  tryAlloc(ctx: Context, cache: KmemCache, gfp: number): number {
    const c = this.#cacheOf(cache)
    if (this.failslab !== null && this.failslab.shouldFail(ctx, c, gfp)) return NO_OBJECT
    let object = this.#fromArrays(ctx, c, gfp)
    while (object < NO_OBJECT) {
      const grown = this.#tryGrow(ctx, c, gfp)
      if (grown === WOULD_SLEEP) {
        if (this.failslab !== null) this.failslab.attr.passed(ctx)
        return WOULD_SLEEP
      }
      object = this.#afterGrow(ctx, c, gfp, object === MUST_GROW_FORCED, grown !== NO_PAGE)
    }
    return object
  }

  *alloc(task: Task, cache: KmemCache, gfp: number): Sleeps<number> {
    const c = this.#cacheOf(cache)
    if (this.failslab !== null && this.failslab.shouldFail(task, c, gfp)) return NO_OBJECT
    let object = this.#fromArrays(task, c, gfp)
    while (object < NO_OBJECT) {
      const grown = yield* this.#grow(task, c, gfp)
      object = this.#afterGrow(task, c, gfp, object === MUST_GROW_FORCED, grown !== NO_PAGE)
    }
    return object
  }

  free(ctx: Context, cache: KmemCache, object: number): void {
    const c = this.#cacheOf(cache)
    const slabs = c.slabs
    const page = slabs.pageOf(object)
    const row = this.#pages.frames.private[page]
    assert(slabs.page[row] === page, "slab: freeing an object that is not of this cache")
    const cell = row * slabs.stride + objectIndex(object)
    assert(slabs.chain[cell] === HELD, "slab: freeing an object that nobody holds")
    slabs.chain[cell] = CACHED
    ctx.ns += this.#freeNs
    if (this.#traceFree.enabled) this.#traceFree.emit(this.#group, this.objectAddress(c, object))

    const array = c.arrays[ctx.cpu]
    if (array.avail < array.limit) {
      c.freeHits++
    } else {
      c.freeMisses++
      this.#node.flushArray(ctx, c, array)
    }
    array.entry[array.avail++] = this.reserve.entryFor(c, object)
  }

  /** cache_reap of one CPU. */
  reap(ctx: Context): void {
    const now = this.#sim.now
    for (let i = this.caches.length - 1; i >= 0; i--) {
      const c = this.caches[i]
      this.#node.drainArray(ctx, c, c.arrays[ctx.cpu])
      if (c.nextReapNs > now) continue
      c.nextReapNs = now + REAPTIMEOUT_LIST3_NS
      if (c.shared !== null) this.#node.drainArray(ctx, c, c.shared)
      if (c.freeTouched !== 0) c.freeTouched = 0
      else this.#node.drainFreelist(ctx, c, Math.ceil(c.freeLimit / (5 * c.objsPerSlab)))
    }
  }

  objectAddress(cache: KmemCache, object: number): number {
    const c = this.#cacheOf(cache)
    return c.slabs.pageOf(object) * PAGE_SIZE + c.geometry.firstObject + objectIndex(object) * c.size
  }

  slabPages(): number {
    return this.#slabPages.held
  }

  /** Of these, pages of reclaim-accounted caches. */
  reclaimableSlabPages(): number {
    return this.#slabPages.heldReclaimable
  }

  slabinfo(): ReadonlyArray<SlabinfoRow> {
    return this.caches.toReversed().map(slabinfoRow)
  }

  slabinfoText(): string {
    return slabinfoText(this.slabinfo())
  }

  checkInvariants(): void {
    let pages = 0
    for (const c of this.caches) {
      checkCache(c, this.#pages.frames)
      pages += c.slabs.rows << c.order
    }
    pages += this.#unfinishedPages
    assert(pages === this.#slabPages.held, "slab: pages held and slabs disagree")
  }

  /** size-32 (arrays) and size-128 (node structures) come first, as at boot. */
  #createGeneralCaches(): Array<SlabCache> {
    const sizes = kmallocSizes("slab")
    const general: Array<SlabCache> = []
    const create = (bytes: number) =>
      general[kmallocIndex(bytes, "slab")] ??= this.createCache(kmallocName("slab", bytes), bytes, { hwAlign: true })
    create(32)
    create(128)
    for (const bytes of sizes) create(bytes)
    return general
  }

  #generalFor(bytes: number): SlabCache {
    const name = kmallocName("slab", kmallocSizes("slab")[kmallocIndex(bytes, "slab")])
    const cache = this.caches.find((candidate) => candidate.name === name)
    if (cache === undefined) throw new RangeError(`general cache ${name} does not exist yet`)
    return cache
  }

  #cacheOf(cache: KmemCache): SlabCache {
    const own = this.caches[cache.index]
    assert(own === cache, "slab: a cache of another allocator")
    return own
  }

  /** ____cache_alloc up to the point where a new slab is needed. */
  #fromArrays(ctx: Context, c: SlabCache, gfp: number): number {
    const array = c.arrays[ctx.cpu]
    if (array.avail > 0) {
      array.touched = 1
      const object = this.reserve.take(ctx, c, array, gfp, false)
      if (object === NO_OBJECT) return MUST_GROW_FORCED
      c.allocHits++
      ctx.ns += this.#allocHitNs
      return this.#handOut(c, object, gfp)
    }
    this.#node.refill(c, array)
    if (array.avail === 0) return MUST_GROW
    return this.#takeAfterRefill(ctx, c, array, gfp, false)
  }

  /** cache_alloc_refill after cache_grow: an object, NO_OBJECT, or another round. */
  #afterGrow(ctx: Context, c: SlabCache, gfp: number, forced: boolean, grown: boolean): number {
    const array = c.arrays[ctx.cpu]
    if (!grown && (array.avail === 0 || forced)) {
      c.allocMisses++
      return NO_OBJECT
    }
    if (array.avail === 0) {
      this.#node.refill(c, array)
      if (array.avail === 0) return forced ? MUST_GROW_FORCED : MUST_GROW
    }
    return this.#takeAfterRefill(ctx, c, array, gfp, forced)
  }

  #takeAfterRefill(ctx: Context, c: SlabCache, array: ArrayCache, gfp: number, forced: boolean): number {
    array.touched = 1
    c.allocMisses++
    ctx.ns += this.#allocRefillNs
    const object = this.reserve.take(ctx, c, array, gfp, forced)
    return object === NO_OBJECT ? NO_OBJECT : this.#handOut(c, object, gfp)
  }

  #handOut(c: SlabCache, object: number, gfp: number): number {
    const slabs = c.slabs
    const cell = this.#pages.frames.private[slabs.pageOf(object)] * slabs.stride + objectIndex(object)
    assert(slabs.chain[cell] === CACHED, "slab: handing out an object that is not in an array")
    slabs.chain[cell] = HELD
    if (this.#traceAlloc.enabled) {
      this.#traceAlloc.emit(this.#group, this.objectAddress(c, object), c.objectSize, c.size, gfp)
    }
    return object
  }

  /** cache_grow without sleeping. The row of the new slab, NO_PAGE or WOULD_SLEEP. */
  #tryGrow(ctx: Context, c: SlabCache, gfp: number): number {
    const page = this.#pages.tryAlloc(ctx, this.#slabPages.mask(c, gfp), c.order)
    if (page === WOULD_SLEEP) return WOULD_SLEEP
    if (!this.#gotPages(c, page, gfp)) return NO_PAGE
    if (c.management === null) return this.#node.addSlab(c, page, 0)
    const management = this.tryAlloc(ctx, c.management, gfp & ~GFP_CONSTRAINT_MASK)
    if (management < 0) {
      this.#slabPages.release(ctx, c, page)
      return management === WOULD_SLEEP ? WOULD_SLEEP : this.#growFailed(c)
    }
    return this.#node.addSlab(c, page, management)
  }

  /** cache_grow of a task. */
  *#grow(task: Task, c: SlabCache, gfp: number): Sleeps<number> {
    const page = yield* this.#pages.alloc(task, this.#slabPages.mask(c, gfp), c.order)
    if (!this.#gotPages(c, page, gfp)) return NO_PAGE
    if (c.management === null) return this.#node.addSlab(c, page, 0)
    this.#unfinishedPages += 1 << c.order
    const management: number = yield* this.alloc(task, c.management, gfp & ~GFP_CONSTRAINT_MASK)
    this.#unfinishedPages -= 1 << c.order
    if (management === NO_OBJECT) {
      this.#slabPages.release(task, c, page)
      return this.#growFailed(c)
    }
    return this.#node.addSlab(c, page, management)
  }

  #gotPages(c: SlabCache, page: number, gfp: number): boolean {
    if (page === NO_PAGE) {
      this.#growFailed(c)
      if ((gfp & __GFP_NOWARN) === 0) this.onAllocationFailure(c, gfp)
      return false
    }
    this.#slabPages.adopt(c, page, this.reserve.notice(page))
    return true
  }

  #growFailed(c: SlabCache): number {
    c.growFailures++
    return NO_PAGE
  }
}
