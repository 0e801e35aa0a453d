/**
 * One SLUB cache: geometry, what each CPU holds, and the partial list of each memory node.
 *
 * Where a slab can be: a CPU's current slab (frozen), on a CPU's partial list (frozen), on the partial list of its node, or, when all
 * its objects are taken, on no list at all. A full slab is found again when one of its objects is freed.
 * source: include/linux/slub_def.h:struct kmem_cache, kmem_cache_cpu; mm/slab.h:struct kmem_cache_node
 */
import { type CacheOptions, CHAIN_END, type KmemCache, NO_SLAB, type SlabNumbers, SlabTable } from "@swaplab/kmem"
import type { SlubGeometry } from "./geometry.ts"

/** The one list of the first node; that of node n has the number n. */
export const NODE_PARTIAL = 0

/** kmem_cache of SLUB. Its counters are for reports; nothing decides by them. */
export class SlubCache implements KmemCache {
  readonly name: string
  /** Largest object of those who share the cache after merging. */
  objectSize: number
  readonly size: number
  readonly order: number
  readonly objsPerSlab: number
  readonly index: number
  readonly geometry: SlubGeometry
  readonly reclaimAccount: boolean
  /** May another cache be merged into this one? */
  readonly mergeable: boolean
  /** Caches that share it, itself included; the names of the others. */
  readonly aliases: Array<string> = []

  readonly slabs: SlabTable
  /** Per CPU: row of the current slab, first object of the private freelist, first row of the partial list. */
  readonly cpuSlab: Int32Array
  readonly cpuFreelist: Uint16Array
  readonly cpuPartial: Int32Array
  /** Objects in all slabs, taken or not. */
  totalObjects = 0

  allocFast = 0
  allocSlow = 0
  freeFast = 0
  freeSlow = 0
  /** Slabs created; of these, slabs of the fallback order. */
  grown = 0
  orderFallbacks = 0
  /** Requests for a slab that the page allocator refused at both orders. */
  growFailures = 0
  /** Slabs deactivated because their caller may not use the reserve. */
  reserveDeactivations = 0
  /** Times a CPU took partial slabs of another node. */
  remotePartials = 0
  /** Marked slabs passed over on the node's partial list. */
  reserveSkips = 0

  constructor(
    name: string,
    objectSize: number,
    index: number,
    geometry: SlubGeometry,
    options: CacheOptions,
    cpus: number,
    nodes: number,
    numbers: SlabNumbers
  ) {
    this.name = name
    this.objectSize = objectSize
    this.index = index
    this.geometry = geometry
    this.size = geometry.size
    this.order = geometry.order
    this.objsPerSlab = geometry.objsPerSlab
    this.reclaimAccount = options.reclaimAccount ?? false
    this.mergeable = options.ctor !== true && options.rcu !== true
    this.slabs = new SlabTable(geometry.objsPerSlab, nodes, numbers)
    this.cpuSlab = new Int32Array(cpus).fill(NO_SLAB)
    this.cpuFreelist = new Uint16Array(cpus).fill(CHAIN_END)
    this.cpuPartial = new Int32Array(cpus).fill(NO_SLAB)
  }

  /** Free objects of partial slabs of all nodes: what /proc/slabinfo subtracts. */
  get nodeFreeObjects(): number {
    const { head, next, objects, inuse } = this.slabs
    let free = 0
    for (const first of head) for (let row = first; row !== NO_SLAB; row = next[row]) free += objects[row] - inuse[row]
    return free
  }
}
