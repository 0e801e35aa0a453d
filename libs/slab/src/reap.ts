// What is given back from time to time: objects that arrays did not need, and slabs that are empty.
// source: mm/slab.c:cache_reap, reap_alien
import type { Context } from "@swaplab/page-alloc"
import type { Nanoseconds } from "@swaplab/sim"
import type { NodeLists } from "./node-lists.ts"
import type { SlabCache } from "./slab-cache.ts"

/** Arrays of a CPU are reaped every 2 s, a node every 4 s. */
export const REAPTIMEOUT_CPUC_NS = 2_000_000_000
const REAPTIMEOUT_LIST3_NS = 4_000_000_000

/** When the nodes of a cache are reaped first. */
export const firstReapNs = (now: Nanoseconds, index: number): Nanoseconds =>
  now + REAPTIMEOUT_LIST3_NS + (index * 618_033_989) % REAPTIMEOUT_LIST3_NS

/** cache_reap of a CPU of node `here`; `reapNode`: the node whose objects wait in the alien array that is drained. */
export const reapCaches = (
  caches: ReadonlyArray<SlabCache>,
  lists: NodeLists,
  ctx: Context,
  now: Nanoseconds,
  here: number,
  reapNode: number
): void => {
  for (let i = caches.length - 1; i >= 0; i--) {
    const c = caches[i]
    const node = c.nodes[here]
    const alien = node.alien[reapNode] ?? null
    if (alien !== null) lists.drainAlien(ctx, c, alien, reapNode)
    lists.drainArray(ctx, c, c.arrays[ctx.cpu], here)
    if (node.nextReapNs > now) continue
    node.nextReapNs = now + REAPTIMEOUT_LIST3_NS
    if (node.shared !== null) lists.drainArray(ctx, c, node.shared, here)
    if (node.freeTouched !== 0) node.freeTouched = 0
    else lists.drainFreelist(ctx, c, Math.ceil(node.freeLimit / (5 * c.objsPerSlab)), here)
  }
}
