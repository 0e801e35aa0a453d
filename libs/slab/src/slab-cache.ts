/**
 * One SLAB cache: geometry, the arrays in front of it, and its memory nodes, each with three lists of slabs.
 *
 * A slab is on the full, partial or free list by its count of taken objects; objects in arrays count as taken.
 * source: mm/slab.c:struct kmem_cache, struct kmem_list3
 */
import { type CacheOptions, type KmemCache, type SlabNumbers, SlabTable } from "@swaplab/kmem"
import { ArrayCache } from "./array-cache.ts"
import { cpuCacheTunables, type SlabGeometry } from "./geometry.ts"
import { SlabNode } from "./slab-node.ts"
import type { SlabTopology } from "./topology.ts"

/** Lists of the first node; those of node n are LISTS × n further on. */
export const SLABS_FULL = 0
export const SLABS_PARTIAL = 1
export const SLABS_FREE = 2
export const LISTS = 3

/** kmem_cache of SLAB. Its counters are for reports; nothing decides by them. */
export class SlabCache implements KmemCache {
  readonly name: string
  readonly aliases: ReadonlyArray<string> = []
  readonly objectSize: number
  readonly size: number
  readonly order: number
  readonly objsPerSlab: number
  readonly index: number
  readonly geometry: SlabGeometry
  readonly reclaimAccount: boolean
  readonly limit: number
  readonly batchcount: number
  readonly sharedFactor: number
  /** General cache that holds the management of its slabs, or null when they hold it themselves. */
  readonly management: SlabCache | null

  readonly slabs: SlabTable
  readonly arrays: ReadonlyArray<ArrayCache>
  readonly nodes: ReadonlyArray<SlabNode>

  allocHits = 0
  allocMisses = 0
  freeHits = 0
  freeMisses = 0
  /** Slabs created, slabs given back by the reaper, and requests for a slab that the page allocator refused. */
  grown = 0
  reaped = 0
  growFailures = 0
  /** Times an object was withheld from a caller because all that was left belonged to the reserve. */
  reserveRefusals = 0
  /** Times a reserve slab was unmarked because a clean one had been added in exchange. */
  reserveExchanges = 0
  /** Objects that callers got past the arrays, from slabs of their own and of other nodes (____cache_alloc_node). */
  nodeAllocs = 0
  /** Of these, objects of slabs from the reserve whose callers may not use it: the arrays' rule does not reach there. */
  reserveLeaks = 0
  /** Objects freed on another node than theirs, and times their alien array was full. */
  nodeFrees = 0
  alienOverflows = 0
  /** Tagged entries handed out with the gate closed, where Linux would return a pointer with bit 0 set. */
  taggedWithGateClosed = 0

  constructor(
    name: string,
    objectSize: number,
    index: number,
    geometry: SlabGeometry,
    options: CacheOptions,
    cpus: number,
    topology: SlabTopology,
    management: SlabCache | null,
    numbers: SlabNumbers
  ) {
    const tunables = cpuCacheTunables(geometry.size, cpus)
    this.name = name
    this.objectSize = objectSize
    this.index = index
    this.geometry = geometry
    this.size = geometry.size
    this.order = geometry.order
    this.objsPerSlab = geometry.objsPerSlab
    this.reclaimAccount = options.reclaimAccount ?? false
    this.management = management
    this.limit = tunables.limit
    this.batchcount = tunables.batchcount
    this.sharedFactor = tunables.sharedFactor
    this.slabs = new SlabTable(geometry.objsPerSlab, LISTS * topology.nodes, numbers)
    this.arrays = Array.from({ length: cpus }, () => new ArrayCache(tunables.limit, tunables.batchcount))
    this.nodes = Array.from(
      { length: topology.nodes },
      (_, node) => new SlabNode(tunables, node, topology.nodes, topology.cpusOf(node), geometry.objsPerSlab)
    )
  }

  /** Of the first node. */
  get shared(): ArrayCache | null {
    return this.nodes[0].shared
  }

  /** Free objects in slabs of all nodes. */
  get freeObjects(): number {
    return this.nodes.reduce((sum, node) => sum + node.freeObjects, 0)
  }

  /** Objects sitting in all arrays. */
  get inArrays(): number {
    let objects = 0
    for (const array of this.arrays) objects += array.avail
    for (const { alien, shared } of this.nodes) {
      objects += shared?.avail ?? 0
      for (const array of alien) objects += array?.avail ?? 0
    }
    return objects
  }
}
