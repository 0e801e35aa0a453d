/**
 * Pages of slabs: masks for the page allocator, marking, giving back.
 *
 * Modelled: PG_slab on every page, PG_active ("SlabPfmemalloc") on the first page of a slab from the reserve, the counters of
 * reclaimable and unreclaimable slab pages. Not modelled: reclaim_state.
 * source: mm/slub.c:allocate_slab, new_slab, __free_slab, pfmemalloc_match
 */
import { GFP_SLAB_PASS_MASK, type PageSource } from "@swaplab/kmem"
import {
  __GFP_COMP,
  __GFP_NOFAIL,
  __GFP_NORETRY,
  __GFP_NOTRACK,
  __GFP_NOWARN,
  __GFP_RECLAIMABLE,
  type Context,
  NR_SLAB_RECLAIMABLE,
  NR_SLAB_UNRECLAIMABLE,
  PG_active,
  PG_slab
} from "@swaplab/page-alloc"
import { assert, type Sim } from "@swaplab/sim"
import type { ReserveRules } from "./revision.ts"
import type { SlubCache } from "./slub-cache.ts"

export class SlubPages {
  readonly #sim: Sim
  readonly #pages: PageSource
  #rules: ReserveRules
  /** Pages held, and how many of them are reclaim-accounted. */
  held = 0
  heldReclaimable = 0

  constructor(sim: Sim, pages: PageSource, rules: ReserveRules) {
    this.#sim = sim
    this.#pages = pages
    this.#rules = rules
  }

  set rules(rules: ReserveRules) {
    this.#rules = rules
  }

  /** Memory nodes, of a kernel with CONFIG_NUMA. */
  get numa(): PageSource["numa"] {
    return this.#pages.numa
  }

  /** page_to_nid() of a slab. */
  nodeOf(cache: SlubCache, row: number): number {
    return this.#pages.numa === null ? 0 : this.#pages.zoneOf(cache.slabs.page[row]).node
  }

  /** get_cycles(), of a time stamp counter of 2 GHz. */
  cycles(ctx: Context): number {
    return Math.floor((this.#sim.now + ctx.ns) * 2)
  }

  /** Mask of the fallback attempt: the caller's, as far as it may pass, and what the cache adds. */
  mask(cache: SlubCache, gfp: number): number {
    return (gfp & GFP_SLAB_PASS_MASK) | __GFP_NOTRACK | (cache.order > 0 ? __GFP_COMP : 0)
      | (cache.reclaimAccount ? __GFP_RECLAIMABLE : 0)
  }

  /** Mask of the first attempt, at the preferred order: give up early and silently. The reserve is not excluded. */
  preferredMask(cache: SlubCache, gfp: number): number {
    return (this.mask(cache, gfp) | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL
  }

  /** May this caller use objects of the slab? */
  allowed(ctx: Context, cache: SlubCache, row: number, gfp: number): boolean {
    return (this.#pages.frames.flags[cache.slabs.page[row]] & PG_active) === 0
      || this.#pages.gfpPfmemallocAllowed(ctx, gfp)
  }

  /** The block becomes a slab of the cache. Returns its row. */
  newSlab(cache: SlubCache, page: number, order: number): number {
    const flags = this.#pages.frames.flags
    const count = 1 << order
    for (let p = page; p < page + count; p++) {
      assert((flags[p] & (PG_slab | PG_active)) === 0, "slub: got a page that is a slab page already")
      flags[p] |= PG_slab
    }
    if (this.#rules.marksSlabs && this.#pages.pagePfmemalloc(page)) flags[page] |= PG_active
    this.#account(cache, page, count)
    const objects = order === cache.order ? cache.objsPerSlab : cache.geometry.minObjects
    const row = cache.slabs.create(page, order, objects)
    this.#pages.frames.private[page] = row
    cache.totalObjects += objects
    cache.grown++
    if (order !== cache.order) cache.orderFallbacks++
    return row
  }

  /** discard_slab: an empty slab goes back to the page allocator. */
  discard(ctx: Context, cache: SlubCache, row: number): void {
    const flags = this.#pages.frames.flags
    const page = cache.slabs.page[row]
    const order = cache.slabs.order[row]
    const count = 1 << order
    for (let p = page; p < page + count; p++) {
      assert((flags[p] & PG_slab) !== 0, "slub: giving back a page that is no slab page")
      flags[p] &= ~(PG_slab | PG_active)
    }
    this.#account(cache, page, -count)
    cache.totalObjects -= cache.slabs.objects[row]
    cache.slabs.destroy(row)
    this.#pages.free(ctx, page, order)
  }

  #account(cache: SlubCache, page: number, count: number): void {
    this.held += count
    if (cache.reclaimAccount) this.heldReclaimable += count
    const item = cache.reclaimAccount ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE
    this.#pages.zoneOf(page).modState(item, count)
  }
}
