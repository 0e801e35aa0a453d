// /proc/slabinfo of SLAB: objects in arrays count as active.
// source: mm/slab.c:s_show
import type { SlabinfoRow } from "@swaplab/kmem"
import { LISTS, type SlabCache, SLABS_FULL, SLABS_PARTIAL } from "./slab-cache.ts"

/** One line of /proc/slabinfo. */
export const slabinfoRow = (c: SlabCache): SlabinfoRow => {
  const totalObjects = c.slabs.rows * c.objsPerSlab
  return {
    name: c.name,
    activeObjects: totalObjects - c.freeObjects,
    totalObjects,
    objectSize: c.size,
    objectsPerSlab: c.objsPerSlab,
    pagesPerSlab: 1 << c.order,
    limit: c.limit,
    batchcount: c.batchcount,
    sharedFactor: c.sharedFactor,
    activeSlabs: c.nodes.reduce(
      (sum, _node, n) => sum + c.slabs.count[LISTS * n + SLABS_FULL] + c.slabs.count[LISTS * n + SLABS_PARTIAL],
      0
    ),
    totalSlabs: c.slabs.rows,
    sharedAvailable: c.nodes.reduce((sum, { shared }) => sum + (shared?.avail ?? 0), 0)
  }
}
