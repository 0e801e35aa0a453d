// What a SLAB cache has on one memory node, beside its slabs: a shared array, arrays for objects of other nodes, and counts.
//
// An object that is freed on another node than its slab's waits in the alien array of the node that freed it, so that arrays of
// CPUs hold objects of their own node only. A full alien array, or the reaper, gives its objects to the shared array of their
// node, and what does not fit there to their slabs. A NUMA kernel on one node has no alien arrays.
// source: mm/slab.c:struct kmem_list3, alloc_alien_cache, __drain_alien_cache
import { ArrayCache } from "./array-cache.ts"
import { type CpuCacheTunables, freeLimit } from "./geometry.ts"

/** Objects that an alien array holds at most, unless its cache has arrays of one. */
const ALIEN_LIMIT = 12

export class SlabNode {
  readonly shared: ArrayCache | null
  /** By node; null for the node itself. */
  readonly alien: ReadonlyArray<ArrayCache | null>
  /** Free objects in slabs of the node (not those in arrays), and above how many an empty slab is destroyed at once. */
  freeObjects = 0
  readonly freeLimit: number
  /** The free list was looked at since the last reap of the node. */
  freeTouched = 0
  nextReapNs = 0

  constructor(tunables: CpuCacheTunables, node: number, nodes: number, cpusOfNode: number, objsPerSlab: number) {
    const alienLimit = tunables.limit > 1 ? ALIEN_LIMIT : tunables.limit
    this.shared = tunables.sharedFactor > 0 ? new ArrayCache(tunables.sharedLimit, tunables.batchcount) : null
    this.alien = nodes === 1
      ? []
      : Array.from({ length: nodes }, (_, other) => other === node ? null : new ArrayCache(alienLimit, alienLimit))
    this.freeLimit = freeLimit(cpusOfNode, tunables.batchcount, objsPerSlab)
  }
}
