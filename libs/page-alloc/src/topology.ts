// The memory nodes of a machine: which zones and CPUs belong to each, how far they are from each other, and the order in which
// an allocation tries them.
//
// Every node has a full zonelist, its own zones first, and one for __GFP_THISNODE with its own zones only. Node order lists all
// zones of a node before the next node; zone order lists the highest zone of every node before the next lower one, which
// spares DMA and DMA32. Linux chooses by the sizes of the zones; machines with a node without zone Normal get node order.
// CPUs are dealt out in blocks: node n of N has the CPUs from ceil(n × cpus / N) on.
// Not modelled: nodes without memory or without CPUs, two distances on one machine, hot-plug.
// source: mm/page_alloc.c:find_next_best_node, build_zonelists, default_zonelist_order
import { assert } from "@swaplab/sim"
import { gfpZone, MAX_NR_ZONES, ZONE_NORMAL } from "./gfp.ts"
import type { Zone } from "./zone.ts"

/** Most memory nodes of a machine here; x86_64_defconfig allows 64. */
export const MAX_NODES = 8

/** node_distance() of a node to itself. */
export const LOCAL_DISTANCE = 10
/** node_distance() between different nodes where the firmware has no SLIT. */
export const REMOTE_DISTANCE = 20
/** Above this distance Linux sets zone_reclaim_mode at boot. */
export const RECLAIM_DISTANCE = 30

/** numa_zonelist_order: "default" lets the sizes of the zones decide. */
export type ZonelistOrder = "default" | "node" | "zone"

/** CONFIG_NUMA: the memory nodes of a machine. */
export interface NumaOptions {
  /** Bytes of RAM of each node in the order of their addresses, 1 to 8 nodes. */
  readonly nodeBytes: ReadonlyArray<number>
  /** node_distance() between any two different nodes, 20 by default. */
  readonly distance?: number
  readonly zonelistOrder?: ZonelistOrder
}

/** The node of each CPU. */
export const nodesOfCpus = (cpus: number, nodes: number): Uint8Array => {
  assert(nodes >= 1 && nodes <= MAX_NODES && nodes <= cpus, "every memory node needs a CPU")
  return Uint8Array.from({ length: cpus }, (_, cpu) => Math.floor((cpu * nodes) / cpus))
}

const lowPages = (zones: ReadonlyArray<Zone>): number =>
  zones.reduce((sum, zone) => zone.index < ZONE_NORMAL ? sum + zone.present : sum, 0)

const allPages = (zones: ReadonlyArray<Zone>): number => zones.reduce((sum, zone) => sum + zone.present, 0)

/** default_zonelist_order(); `nodes` are the populated zones of each node. */
export const defaultZonelistOrder = (nodes: ReadonlyArray<ReadonlyArray<Zone>>): "node" | "zone" => {
  const zones = nodes.flat()
  // a node with low memory only: its kernel allocations are to stay on it
  if (nodes.some((own) => own.every((zone) => zone.index !== ZONE_NORMAL))) return "node"
  const low = lowPages(zones)
  const total = allPages(zones)
  if (low === 0 || low > Math.floor(total / 2)) return "node"
  const average = Math.floor(total / (nodes.length + 1))
  for (const own of nodes) {
    const pages = allPages(own)
    if (lowPages(own) > 0 && pages > average && lowPages(own) > Math.floor(pages * 70 / 100)) return "node"
  }
  return "zone"
}

/**
 * find_next_best_node(), for each node as build_zonelists asks it: the nodes in the order in which allocations of that node try
 * them. At equal distances the next higher number is preferred, and a node that others try first already less.
 */
export const nodeOrders = (nodes: number, distance: number): ReadonlyArray<ReadonlyArray<number>> => {
  const load = new Int32Array(nodes)
  const between = (a: number, b: number): number => a === b ? LOCAL_DISTANCE : distance
  return Array.from({ length: nodes }, (_, local) => {
    const order = [local]
    let previous = local
    let weight = nodes - 1
    while (order.length < nodes) {
      let best = -1
      let least = Infinity
      for (let node = 0; node < nodes; node++) {
        if (order.includes(node)) continue
        const value = (between(local, node) + (node < local ? 1 : 0)) * nodes * 64 + load[node]
        if (value < least) {
          best = node
          least = value
        }
      }
      if (between(local, best) !== between(local, previous)) load[best] = weight
      weight--
      previous = best
      order.push(best)
    }
    return order
  })
}

/** Zones that a mask may use at a node, best first, by its four zone bits. */
export type ZonelistsOfBits = ReadonlyArray<ReadonlyArray<Zone>>

/** The zones of a list that each of the sixteen combinations of zone bits may use. */
export const zonelistsOfBits = (zones: ReadonlyArray<Zone>): ZonelistsOfBits =>
  Array.from({ length: 16 }, (_, bits) => zones.filter((zone) => zone.index <= gfpZone(bits)))

/** build_zonelists(): the zones of all nodes in the order in which `order` of nodes tries them. */
export const buildZonelist = (
  nodes: ReadonlyArray<ReadonlyArray<Zone>>,
  order: ReadonlyArray<number>,
  by: "node" | "zone"
): ReadonlyArray<Zone> => {
  if (by === "node") return order.flatMap((node) => nodes[node].toReversed())
  const zones: Array<Zone> = []
  for (let index = MAX_NR_ZONES - 1; index >= 0; index--) {
    for (const node of order) zones.push(...nodes[node].filter((zone) => zone.index === index))
  }
  return zones
}
