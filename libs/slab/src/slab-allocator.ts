/**
 * SLAB: objects in slabs, behind per-CPU arrays and one shared array per cache.
 *
 * Modelled: per-CPU arrays, shared array, refill, flush, growth with off-slab management, free_limit, cache_reap, and the
 * handling of reserve slabs in its three revisions (see revision.ts).
 * Without CONFIG_NUMA, GFP_THISNODE is zero: growing uses the caller's own mask, and there is no node fallback, hence no leak of
 * reserve objects through ____cache_alloc_node. With it see node-alloc.ts and slab-node.ts.
 * Not modelled: the memory of kmem_cache, arrays and node structures themselves (a few dozen KiB at boot); RCU delay of
 * SLAB_DESTROY_BY_RCU; tuning by writing /proc/slabinfo; cpu hot-plug. The first node reap of a cache is staggered by its
 * index, Linux does it by its address.
 * source: mm/slab.c @v3.5 and @v3.6
 */
import {
  CACHED,
  type CacheOptions,
  type Failslab,
  HELD,
  kmallocIndex,
  kmallocName,
  kmallocSizes,
  type KmemCache,
  NO_OBJECT,
  NO_RESERVE_SWITCHES,
  type ObjectAllocator,
  objectIndex,
  ObjectTrace,
  type PageSource,
  type ReserveSwitches,
  type SlabinfoRow,
  slabinfoText,
  SlabNumbers
} from "@swaplab/kmem"
import { type Context, NO_PAGE, PAGE_SIZE, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps } from "@swaplab/sim"
import type { ArrayCache } from "./array-cache.ts"
import { checkCache } from "./check.ts"
import { slabGeometry, slabMaxOrder } from "./geometry.ts"
import { NodeAlloc } from "./node-alloc.ts"
import { NodeLists } from "./node-lists.ts"
import type { SlabOptions } from "./options.ts"
import { firstReapNs, reapCaches, REAPTIMEOUT_CPUC_NS } from "./reap.ts"
import { ReserveObjects } from "./reserve-objects.ts"
import { reserveRules } from "./revision.ts"
import { SlabCache } from "./slab-cache.ts"
import { SlabGrowth } from "./slab-growth.ts"
import { SlabPages } from "./slab-pages.ts"
import { slabinfoRow } from "./slabinfo.ts"
import { SlabTopology } from "./topology.ts"

/** Inner answers beside an object and NO_OBJECT: a slab is needed; the same, and the array may not be refilled from lists. */
const MUST_GROW = -3
const MUST_GROW_FORCED = -4

/**
 * SLAB of one machine: caches of equal objects, behind an array for each CPU.
 *
 * **When to use.** For a kernel built with CONFIG_SLAB.
 *
 * **Details.** The calls, units and errors are those of ObjectAllocator in @swaplab/kmem.
 *
 * **Gotchas.** Empty slabs may stay until `reap`, which the owner calls on each CPU every `reapIntervalNs` (2 s).
 */
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
  readonly #topology: SlabTopology
  readonly #node: NodeLists
  readonly #growth: SlabGrowth
  /** The ways of a kernel with CONFIG_NUMA; null: it is off. */
  readonly #nodes: NodeAlloc | null
  /** slab_reap_node of each CPU: whose alien array it drains next. */
  readonly #reapNode: Uint8Array
  readonly #numbers = new SlabNumbers()
  readonly #cpus: number
  readonly #maxOrder: number
  readonly #general: Array<SlabCache>
  readonly #allocHitNs: number
  readonly #allocRefillNs: number
  readonly #freeNs: number
  readonly #trace: ObjectTrace

  constructor(sim: Sim, pages: PageSource, options: SlabOptions) {
    assert(options.cpus >= 1, "slab: a machine has at least one CPU")
    this.#sim = sim
    this.#pages = pages
    this.#slabPages = new SlabPages(pages)
    this.#topology = new SlabTopology(pages, options.cpus)
    this.#cpus = options.cpus
    this.#maxOrder = options.slabMaxOrder ?? slabMaxOrder(pages.frames.count)
    this.reserve = new ReserveObjects(
      pages,
      this.#topology,
      reserveRules({ ...NO_RESERVE_SWITCHES, ...options.switches }),
      options.memallocSocks ?? { count: 0 }
    )
    this.#node = new NodeLists(
      pages.frames,
      this.#slabPages,
      this.#topology,
      this.reserve,
      (ctx, cache, object) => this.free(ctx, cache, object)
    )
    this.#growth = new SlabGrowth(pages, this.#slabPages, this.#node, this.reserve, this)
    this.#growth.onFailure = (cache, gfp) => this.onAllocationFailure(cache, gfp)
    this.#nodes = pages.numa === null ? null : new NodeAlloc(pages.numa, this.#node, this.#growth, this.reserve)
    const { nodes } = this.#topology
    this.#reapNode = Uint8Array.from(
      { length: options.cpus },
      (_, cpu) => ((pages.numa?.nodeOfCpu[cpu] ?? 0) + 1) % nodes
    )
    this.#allocHitNs = options.costs?.allocHitNs ?? 0
    this.#allocRefillNs = options.costs?.allocRefillNs ?? 0
    this.#freeNs = options.costs?.freeNs ?? 0
    this.#trace = new ObjectTrace(sim, options.group ?? 0)
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
    const cache = new SlabCache(
      name,
      objectSize,
      index,
      geometry,
      options,
      this.#cpus,
      this.#topology,
      management,
      this.#numbers
    )
    for (const node of cache.nodes) node.nextReapNs = firstReapNs(this.#sim.now, index)
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
    const object = this.#nodes === null ? this.#tryArrays(ctx, c, gfp, null) : this.#tryNodes(ctx, c, gfp, this.#nodes)
    if (object === WOULD_SLEEP && this.failslab !== null) this.failslab.attr.passed(ctx)
    return object
  }

  /** ____cache_alloc without sleeping; `nodes`: a new slab is asked of the local node only. */
  #tryArrays(ctx: Context, c: SlabCache, gfp: number, nodes: NodeAlloc | null): number {
    let object = this.#fromArrays(ctx, c, gfp)
    while (object < NO_OBJECT) {
      const grown = nodes === null ? this.#growth.tryGrow(ctx, c, gfp) : nodes.tryGrowLocal(ctx, c, gfp)
      if (grown === WOULD_SLEEP) return WOULD_SLEEP
      object = this.#afterGrow(ctx, c, gfp, object === MUST_GROW_FORCED, grown !== NO_PAGE)
    }
    return object
  }

  /** __do_cache_alloc with CONFIG_NUMA. */
  #tryNodes(ctx: Context, c: SlabCache, gfp: number, nodes: NodeAlloc): number {
    let object = nodes.tryAlternate(ctx, c, gfp)
    if (object === NO_OBJECT) {
      object = this.#tryArrays(ctx, c, gfp, nodes)
      if (object !== NO_OBJECT) return object
      object = nodes.tryAlloc(ctx, c, gfp)
    }
    return object < 0 ? object : this.#handOut(c, object, gfp)
  }

  *alloc(task: Task, cache: KmemCache, gfp: number): Sleeps<number> {
    const c = this.#cacheOf(cache)
    if (this.failslab !== null && this.failslab.shouldFail(task, c, gfp)) return NO_OBJECT
    const nodes = this.#nodes
    const policy = nodes === null ? NO_OBJECT : yield* nodes.alternate(task, c, gfp)
    if (policy !== NO_OBJECT) return this.#handOut(c, policy, gfp)
    let object = this.#fromArrays(task, c, gfp)
    while (object < NO_OBJECT) {
      const grown = nodes === null ? yield* this.#growth.grow(task, c, gfp) : yield* nodes.growLocal(task, c, gfp)
      object = this.#afterGrow(task, c, gfp, object === MUST_GROW_FORCED, grown !== NO_PAGE)
    }
    if (object !== NO_OBJECT || nodes === null) return object
    object = yield* nodes.alloc(task, c, gfp)
    return object === NO_OBJECT ? NO_OBJECT : this.#handOut(c, object, gfp)
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
    if (this.#trace.free.enabled) this.#trace.freed(c, this.objectAddress(c, object))

    const here = this.#topology.nodeOf(ctx)
    if (this.#topology.nodes > 1) {
      const node = this.#topology.nodeOfPage(page)
      if (node !== here) {
        this.#node.freeAlien(ctx, c, this.reserve.alienEntryFor(c, object), node, here)
        return
      }
    }
    const array = c.arrays[ctx.cpu]
    if (array.avail < array.limit) {
      c.freeHits++
    } else {
      c.freeMisses++
      this.#node.flushArray(ctx, c, array, here)
    }
    array.entry[array.avail++] = this.reserve.entryFor(c, object)
  }

  /** cache_reap of one CPU. */
  reap(ctx: Context): void {
    const here = this.#topology.nodeOf(ctx)
    const reapNode = this.#reapNode[ctx.cpu]
    reapCaches(this.caches, this.#node, ctx, this.#sim.now, here, reapNode)
    this.#reapNode[ctx.cpu] = (reapNode + 1) % this.#topology.nodes
  }

  objectAddress(cache: KmemCache, object: number): number {
    const c = this.#cacheOf(cache)
    return c.slabs.pageOf(object) * PAGE_SIZE + c.geometry.firstObject + objectIndex(object) * c.size
  }

  reserveLeaks(): number {
    return this.caches.reduce((sum, { reserveLeaks }) => sum + reserveLeaks, 0)
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
      checkCache(c, this.#pages)
      pages += c.slabs.rows << c.order
    }
    pages += this.#growth.unfinishedPages
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
    this.#node.refill(c, array, this.#topology.nodeOf(ctx))
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
      this.#node.refill(c, array, this.#topology.nodeOf(ctx))
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
    if (this.#trace.alloc.enabled) this.#trace.allocated(c, this.objectAddress(c, object), gfp)
    return object
  }
}
