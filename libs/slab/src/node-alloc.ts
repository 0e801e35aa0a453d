/**
 * Allocation of a NUMA kernel where the arrays do not help: from the slabs of a node, from those of another one, and from new
 * pages of any node.
 *
 * The first attempt to grow asks the local node alone and gives up at once (GFP_THISNODE). Then the slabs of the local node, and
 * of every node on the zonelist, are asked past the arrays, and with them past the rule that keeps objects of reserve slabs for
 * those who may use the reserve: that is how the reserve leaks on NUMA kernels. Only then the page allocator is asked for a page
 * of any node, with the caller's own mask, and may reclaim.
 * Not modelled: cpusets that spread slabs (PF_SPREAD_SLAB). The node of an interleaved slab moves on twice where Linux moves it
 * on once, when the page allocator must sleep.
 * source: mm/slab.c:__do_cache_alloc, alternate_node_alloc, ____cache_alloc_node, fallback_alloc
 */
import { NO_OBJECT } from "@swaplab/kmem"
import {
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_THISNODE,
  type Context,
  NO_PAGE,
  type Numa,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { NodeLists } from "./node-lists.ts"
import type { ReserveObjects } from "./reserve-objects.ts"
import type { SlabCache } from "./slab-cache.ts"
import type { SlabGrowth } from "./slab-growth.ts"

/** With all three bits the page allocator never enters its slow path. */
const GFP_THISNODE = __GFP_THISNODE | __GFP_NOWARN | __GFP_NORETRY

export class NodeAlloc {
  readonly #numa: Numa
  readonly #lists: NodeLists
  readonly #growth: SlabGrowth
  readonly #reserve: ReserveObjects

  constructor(numa: Numa, lists: NodeLists, growth: SlabGrowth, reserve: ReserveObjects) {
    this.#numa = numa
    this.#lists = lists
    this.#growth = growth
    this.#reserve = reserve
  }

  /** alternate_node_alloc: the policy of the task wants another node's object; NO_OBJECT: it does not, or there is none. */
  tryAlternate(ctx: Context, c: SlabCache, gfp: number): number {
    const { mempolicy } = ctx
    if (mempolicy === undefined || mempolicy === null || ctx.inInterrupt) return NO_OBJECT
    const node = this.#numa.slabNode(ctx)
    return node === this.#numa.nodeOf(ctx) ? NO_OBJECT : this.#tryNode(ctx, c, gfp, node)
  }

  *alternate(task: Task, c: SlabCache, gfp: number): Sleeps<number> {
    const { mempolicy } = task
    if (mempolicy === undefined || mempolicy === null) return NO_OBJECT
    const node = this.#numa.slabNode(task)
    return node === this.#numa.nodeOf(task) ? NO_OBJECT : yield* this.#node(task, c, gfp, node)
  }

  /** cache_grow(flags | GFP_THISNODE) of the local node: NO_PAGE, WOULD_SLEEP (for the management object), or a row. */
  tryGrowLocal(ctx: Context, c: SlabCache, gfp: number): number {
    return this.#growth.tryGrow(ctx, c, gfp | GFP_THISNODE, this.#numa.nodeOf(ctx))
  }

  growLocal(task: Task, c: SlabCache, gfp: number): Sleeps<number> {
    return this.#growth.grow(task, c, gfp | GFP_THISNODE, this.#numa.nodeOf(task))
  }

  /** What follows when the arrays gave nothing: an object, NO_OBJECT or WOULD_SLEEP. */
  tryAlloc(ctx: Context, c: SlabCache, gfp: number): number {
    return this.#tryNode(ctx, c, gfp, this.#numa.nodeOf(ctx))
  }

  alloc(task: Task, c: SlabCache, gfp: number): Sleeps<number> {
    return this.#node(task, c, gfp, this.#numa.nodeOf(task))
  }

  /** ____cache_alloc_node */
  #tryNode(ctx: Context, c: SlabCache, gfp: number, node: number): number {
    for (;;) {
      const object = this.#take(ctx, c, gfp, node)
      if (object !== NO_OBJECT) return object
      const row = this.#growth.tryGrow(ctx, c, gfp | GFP_THISNODE, node)
      if (row === WOULD_SLEEP) return WOULD_SLEEP
      if (row !== NO_PAGE) continue
      const found = this.#ofOtherNodes(ctx, c, gfp)
      if (found !== NO_OBJECT) return found
      const grown = this.#growth.tryGrow(ctx, c, gfp, this.#numa.nodeOf(ctx))
      return grown < 0 ? grown : this.#take(ctx, c, gfp, this.#nodeOfRow(c, grown))
    }
  }

  *#node(task: Task, c: SlabCache, gfp: number, node: number): Sleeps<number> {
    for (;;) {
      const object = this.#take(task, c, gfp, node)
      if (object !== NO_OBJECT) return object
      const row = yield* this.#growth.grow(task, c, gfp | GFP_THISNODE, node)
      if (row !== NO_PAGE) continue
      for (;;) {
        const found = this.#ofOtherNodes(task, c, gfp)
        if (found !== NO_OBJECT) return found
        const grown = yield* this.#growth.grow(task, c, gfp, this.#numa.nodeOf(task))
        if (grown === NO_PAGE) return NO_OBJECT
        const fresh = this.#take(task, c, gfp, this.#nodeOfRow(c, grown))
        // others may have emptied the slab while the management object was waited for
        if (fresh !== NO_OBJECT) return fresh
      }
    }
  }

  /** fallback_alloc up to its own page: objects that slabs of any allowed node still have. */
  #ofOtherNodes(ctx: Context, c: SlabCache, gfp: number): number {
    const zones = this.#numa.list(this.#numa.slabNode(ctx), gfp)
    for (let i = 0; i < zones.length; i++) {
      const { node } = zones[i]
      if (c.nodes[node].freeObjects === 0 || !this.#numa.cpusetAllows(ctx, zones[i])) continue
      const object = this.#take(ctx, c, gfp, node)
      if (object !== NO_OBJECT) return object
    }
    return NO_OBJECT
  }

  #take(ctx: Context, c: SlabCache, gfp: number, node: number): number {
    const object = this.#lists.takeFromNode(c, node)
    if (object !== NO_OBJECT && this.#reserve.isLeak(ctx, c, object, gfp)) c.reserveLeaks++
    return object
  }

  #nodeOfRow(c: SlabCache, row: number): number {
    return this.#lists.nodeOfSlab(c, row)
  }
}
