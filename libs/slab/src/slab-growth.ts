/**
 * New slabs: pages from the page allocator, and for large objects a management object beside them.
 * source: mm/slab.c:cache_grow, alloc_slabmgmt
 */
import { GFP_CONSTRAINT_MASK, type KmemCache, NO_OBJECT, type PageSource } from "@swaplab/kmem"
import { __GFP_NOWARN, ANY_NODE, type Context, NO_PAGE, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { NodeLists } from "./node-lists.ts"
import type { ReserveObjects } from "./reserve-objects.ts"
import type { SlabCache } from "./slab-cache.ts"
import type { SlabPages } from "./slab-pages.ts"

/** Where the management objects come from: the allocator itself. */
export interface Management {
  tryAlloc(ctx: Context, cache: SlabCache, gfp: number): number
  alloc(task: Task, cache: SlabCache, gfp: number): Sleeps<number>
}

export class SlabGrowth {
  onFailure: (cache: KmemCache, gfp: number) => void = () => {}
  readonly #pages: PageSource
  readonly #slabPages: SlabPages
  readonly #lists: NodeLists
  readonly #reserve: ReserveObjects
  readonly #management: Management
  /** Pages of slabs whose task sleeps for the management object. */
  unfinishedPages = 0

  constructor(
    pages: PageSource,
    slabPages: SlabPages,
    lists: NodeLists,
    reserve: ReserveObjects,
    management: Management
  ) {
    this.#pages = pages
    this.#slabPages = slabPages
    this.#lists = lists
    this.#reserve = reserve
    this.#management = management
  }

  /** cache_grow without sleeping. The row of the new slab, NO_PAGE or WOULD_SLEEP. `place`: the node to ask first. */
  tryGrow(ctx: Context, c: SlabCache, gfp: number, place = ANY_NODE): number {
    const page = this.#pages.tryAlloc(ctx, this.#slabPages.mask(c, gfp), c.order, place)
    if (page === WOULD_SLEEP) return WOULD_SLEEP
    if (!this.#gotPages(c, page, gfp)) return NO_PAGE
    if (c.management === null) return this.#lists.addSlab(c, page, 0)
    const management = this.#management.tryAlloc(ctx, c.management, gfp & ~GFP_CONSTRAINT_MASK)
    if (management < 0) {
      this.#slabPages.release(ctx, c, page)
      return management === WOULD_SLEEP ? WOULD_SLEEP : this.#growFailed(c)
    }
    return this.#lists.addSlab(c, page, management)
  }

  /** cache_grow of a task. */
  *grow(task: Task, c: SlabCache, gfp: number, place = ANY_NODE): Sleeps<number> {
    const page = yield* this.#pages.alloc(task, this.#slabPages.mask(c, gfp), c.order, place)
    if (!this.#gotPages(c, page, gfp)) return NO_PAGE
    if (c.management === null) return this.#lists.addSlab(c, page, 0)
    this.unfinishedPages += 1 << c.order
    const management: number = yield* this.#management.alloc(task, c.management, gfp & ~GFP_CONSTRAINT_MASK)
    this.unfinishedPages -= 1 << c.order
    if (management === NO_OBJECT) {
      this.#slabPages.release(task, c, page)
      return this.#growFailed(c)
    }
    return this.#lists.addSlab(c, page, management)
  }

  #gotPages(c: SlabCache, page: number, gfp: number): boolean {
    if (page === NO_PAGE) {
      this.#growFailed(c)
      if ((gfp & __GFP_NOWARN) === 0) this.onFailure(c, gfp)
      return false
    }
    this.#slabPages.adopt(c, page, this.#reserve.notice(page))
    return true
  }

  #growFailed(c: SlabCache): number {
    c.growFailures++
    return NO_PAGE
  }
}
