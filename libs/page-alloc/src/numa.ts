// What a kernel with CONFIG_NUMA decides before and while it walks over a zonelist: where an allocation starts, which nodes it
// may use, and what is counted.
//
// A placement is one number: the node whose zonelist is walked, the nodes allowed by a policy (policy_nodemask), and whether
// the node came from interleaving. A zonelist with a mask is the list without the zones of other nodes.
// Not modelled: remote per-CPU lists that are given back after three seconds without use (refresh_cpu_vm_stats): a CPU keeps
// up to 186 pages of each zone of another node.
// source: mm/mempolicy.c:alloc_pages_current, alloc_page_interleave; kernel/cpuset.c:__cpuset_node_allowed_softwall;
// mm/vmstat.c:zone_statistics
import { assert } from "@swaplab/sim"
import { ALLOC_CPUSET } from "./alloc-flags.ts"
import { __GFP_HARDWALL, __GFP_MOVABLE, __GFP_OTHER_NODE, __GFP_THISNODE, gfpZone } from "./gfp.ts"
import { ALL_NODES, firstNode, interleavedNode, nextNode } from "./mempolicy.ts"
import { type Context, PF_EXITING } from "./sched.ts"
import {
  buildZonelist,
  defaultZonelistOrder,
  LOCAL_DISTANCE,
  nodeOrders,
  nodesOfCpus,
  type NumaOptions,
  RECLAIM_DISTANCE,
  REMOTE_DISTANCE,
  type ZonelistsOfBits,
  zonelistsOfBits
} from "./topology.ts"
import { NUMA_FOREIGN, NUMA_HIT, NUMA_INTERLEAVE, NUMA_LOCAL, NUMA_MISS, NUMA_OTHER } from "./vmstat-items.ts"
import { ZonelistCache } from "./zone-cache.ts"
import type { Zone } from "./zone.ts"

/** Bits of a placement. */
const NODE_BITS = 7
const INTERLEAVED = 8
/** The node was the next of the task's own round. */
const NEXT = 16
const MASK_SHIFT = 8

/** The placement of an allocation that the policy of its task decides (alloc_pages). */
export const ANY_NODE = -1

export class Numa {
  readonly nodes: number
  readonly nodeOfCpu: Uint8Array
  /** node_distance() of different nodes. */
  readonly distance: number
  /** Populated zones of each node, lowest first. */
  readonly zonesOfNode: ReadonlyArray<ReadonlyArray<Zone>>
  readonly zonelistOrder: "node" | "zone"
  /** vm.zone_reclaim_mode: 1 reclaims in a zone before the next one is tried, 2 writes for that, 4 unmaps and swaps. */
  zoneReclaimMode: number
  /** vm.min_unmapped_ratio and vm.min_slab_ratio, in percent of a zone: what zone_reclaim() leaves of both. */
  minUnmappedRatio = 1
  minSlabRatio = 5
  /** By node: the full list and the one for __GFP_THISNODE. */
  readonly #full: ReadonlyArray<ZonelistsOfBits>
  readonly #own: ReadonlyArray<ZonelistsOfBits>
  /** Highest populated zone of all nodes. */
  readonly #policyZone: number
  readonly #masked = new Map<number, ReadonlyArray<Zone>>()
  /** Where each list comes from: the list without its mask, and the cache of its node; null for __GFP_THISNODE. */
  readonly #origin = new Map<
    ReadonlyArray<Zone>,
    { readonly full: ReadonlyArray<Zone>; readonly cache: ZonelistCache | null }
  >()

  constructor(populated: ReadonlyArray<Zone>, cpus: number, options: NumaOptions) {
    const nodes = options.nodeBytes.length
    this.nodes = nodes
    this.nodeOfCpu = nodesOfCpus(cpus, nodes)
    this.distance = options.distance ?? REMOTE_DISTANCE
    this.zoneReclaimMode = nodes > 1 && this.distance > RECLAIM_DISTANCE ? 1 : 0
    assert(this.distance > LOCAL_DISTANCE, "another node is further away than the own one")
    this.zonesOfNode = Array.from({ length: nodes }, (_, node) => populated.filter((zone) => zone.node === node))
    assert(this.zonesOfNode.every((zones) => zones.length > 0), "a memory node without memory")
    this.#policyZone = Math.max(...populated.map((zone) => zone.index))
    const order = options.zonelistOrder ?? "default"
    this.zonelistOrder = order === "default" ? defaultZonelistOrder(this.zonesOfNode) : order
    this.#full = nodeOrders(nodes, this.distance).map((list) =>
      zonelistsOfBits(buildZonelist(this.zonesOfNode, list, this.zonelistOrder))
    )
    this.#own = this.zonesOfNode.map((zones) => zonelistsOfBits(zones.toReversed()))
    for (const lists of this.#full) {
      const cache = new ZonelistCache()
      for (const full of lists) this.#origin.set(full, { full, cache })
    }
    for (const lists of this.#own) for (const full of lists) this.#origin.set(full, { full, cache: null })
  }

  /** numa_node_id() */
  nodeOf(ctx: Context): number {
    return this.nodeOfCpu[ctx.cpu]
  }

  /** What accesses that take `ns` at memory of the own node take more at memory of `zone`. */
  remoteNs(ctx: Context, zone: Zone, ns: number): number {
    return this.nodeOfCpu[ctx.cpu] === zone.node ? 0 : ns * (this.distance - LOCAL_DISTANCE) / LOCAL_DISTANCE
  }

  /**
   * alloc_pages_current(), and alloc_pages_vma() for the pages of a fault: the placement that the policy of the running task
   * asks for. Interrupts and __GFP_THISNODE have no policy. Changes nothing: see `placed`.
   */
  place(ctx: Context, gfp: number): number {
    const local = this.nodeOfCpu[ctx.cpu]
    const policy = ctx.mempolicy
    if (policy === undefined || policy === null || ctx.inInterrupt || (gfp & __GFP_THISNODE) !== 0) return local
    if (policy.mode === "interleave") {
      return policy.faultPage >= 0 && (gfp & __GFP_MOVABLE) !== 0
        ? interleavedNode(policy.nodes, policy.faultPage) | INTERLEAVED
        : policy.next | INTERLEAVED | NEXT
    }
    if (policy.mode === "preferred") return firstNode(policy.nodes)
    // Linux applies the mask only to requests that may use the highest zone of the machine (policy_zone)
    return gfpZone(gfp) >= this.#policyZone ? local | policy.nodes << MASK_SHIFT : local
  }

  /** slab_node(): the node a slab of the running task is to come from; moves an interleave on. */
  slabNode(ctx: Context): number {
    const local = this.nodeOfCpu[ctx.cpu]
    const policy = ctx.mempolicy
    if (policy === undefined || policy === null || ctx.inInterrupt) return local
    if (policy.mode === "preferred") return firstNode(policy.nodes)
    if (policy.mode === "bind") return this.list(local | policy.nodes << MASK_SHIFT, 0)[0].node
    const node = policy.next
    policy.next = nextNode(policy.nodes, node)
    return node
  }

  /** An allocation at a placement that `place` made has begun: the next interleaved one goes to another node. */
  placed(ctx: Context, place: number): void {
    const policy = ctx.mempolicy
    if ((place & NEXT) === 0 || policy === undefined || policy === null) return
    policy.next = nextNode(policy.nodes, policy.next)
  }

  /** NUMA_INTERLEAVE: the page came from the highest zone of the node chosen, whatever zone the mask asked for. */
  countInterleave(place: number, zone: Zone): void {
    const { length } = this.zonesOfNode[place & NODE_BITS]
    if ((place & INTERLEAVED) === 0) return
    if (this.zonesOfNode[place & NODE_BITS][length - 1] === zone) zone.modState(NUMA_INTERLEAVE, 1)
  }

  /** node_zonelist() of a placement, without the zones that its mask or the zone bits of `gfp` exclude. */
  list(place: number, gfp: number): ReadonlyArray<Zone> {
    const node = place & NODE_BITS
    const thisNode = gfp & __GFP_THISNODE
    const full = (thisNode === 0 ? this.#full : this.#own)[node][gfp & 15]
    const mask = place >> MASK_SHIFT
    if (mask === 0) return full
    const key = mask << 9 | node << 5 | (thisNode === 0 ? 0 : 16) | (gfp & 15)
    let list = this.#masked.get(key)
    if (list === undefined) {
      list = full.filter((zone) => (mask >> zone.node & 1) !== 0)
      assert(list.length > 0, "a memory policy without a zone")
      if (list.length === full.length) list = full
      this.#masked.set(key, list)
      if (list !== full) this.#origin.set(list, { full, cache: this.#origin.get(full)?.cache ?? null })
    }
    return list
  }

  /** zlc_mark_zone_full() */
  markFull(list: ReadonlyArray<Zone>, zone: Zone): void {
    if (this.nodes > 1) this.cacheOf(list)?.markFull(zone.slot)
  }

  /** The lists of a node, by zone bits. */
  zonelistsOf(node: number): ZonelistsOfBits {
    return this.#full[node]
  }

  /** The list without the mask of a policy. */
  unmasked(list: ReadonlyArray<Zone>): ReadonlyArray<Zone> {
    return this.#origin.get(list)?.full ?? list
  }

  /** The nodes that the mask of a policy leaves on a list; null: no mask. */
  maskOf(list: ReadonlyArray<Zone>): number | null {
    if (this.unmasked(list) === list) return null
    let mask = 0
    for (const zone of list) mask |= 1 << zone.node
    return mask
  }

  /** The cache of full zones that belongs to a list; null: none. */
  cacheOf(list: ReadonlyArray<Zone>): ZonelistCache | null {
    return this.#origin.get(list)?.cache ?? null
  }

  /**
   * Where a request that may ignore the watermarks looks: at the local node's list if memory policies are ignored (merged
   * patch 6), under the mask of the policy unless that is dropped as well.
   */
  reservePlace(ctx: Context, place: number, ignorePolicy: boolean, dropMask: boolean): number {
    const node = ignorePolicy ? this.nodeOfCpu[ctx.cpu] : place & NODE_BITS
    return dropMask ? node : node | place & ALL_NODES << MASK_SHIFT
  }

  /** The nodes that cpusets allow: cpuset_zone_allowed_softwall() of every zone. */
  allowedNodes(ctx: Context, gfp: number, allocFlags: number): number {
    const allowed = ctx.memsAllowed
    if (allowed === undefined || allowed === ALL_NODES || (allocFlags & ALLOC_CPUSET) === 0) return ALL_NODES
    if (ctx.inInterrupt || (gfp & __GFP_THISNODE) !== 0 || ctx.memdie) return ALL_NODES
    if ((gfp & __GFP_HARDWALL) !== 0) return allowed
    // without __GFP_HARDWALL the nearest cpuset above with mem_hardwall counts, else the one with all nodes
    return (ctx.flags & PF_EXITING) !== 0 ? ALL_NODES : allowed | (ctx.memsHardwall ?? ALL_NODES)
  }

  /** The zones of a list that the cpuset of a request leaves it. */
  openTo(ctx: Context, gfp: number, allocFlags: number, list: ReadonlyArray<Zone>): ReadonlyArray<Zone> {
    const allowed = this.allowedNodes(ctx, gfp, allocFlags)
    return allowed === ALL_NODES ? list : list.filter((zone) => (allowed >> zone.node & 1) !== 0)
  }

  /** cpuset_zone_allowed_hardwall(GFP_KERNEL), as reclaim asks for a task. */
  cpusetAllows(ctx: Context, zone: Zone): boolean {
    const allowed = ctx.memsAllowed
    return allowed === undefined || (allowed >> zone.node & 1) !== 0 || ctx.inInterrupt || ctx.memdie
  }

  /** first_zones_zonelist() with the mask of the policy, or else that of the cpuset; null: the cpuset has no such zone. */
  preferredZone(ctx: Context, list: ReadonlyArray<Zone>): Zone | null {
    const allowed = ctx.memsAllowed
    if (allowed === undefined || allowed === ALL_NODES || this.unmasked(list) !== list) return list[0]
    return list.find((zone) => (allowed >> zone.node & 1) !== 0) ?? null
  }

  /** zone_statistics() */
  count(ctx: Context, preferred: Zone, zone: Zone, gfp: number): void {
    if (zone.node === preferred.node) {
      zone.modState(NUMA_HIT, 1)
    } else {
      zone.modState(NUMA_MISS, 1)
      preferred.modState(NUMA_FOREIGN, 1)
    }
    const wanted = (gfp & __GFP_OTHER_NODE) !== 0 ? preferred.node : this.nodeOfCpu[ctx.cpu]
    zone.modState(zone.node === wanted ? NUMA_LOCAL : NUMA_OTHER, 1)
  }
}
