// Memory policies: which node an allocation of a task asks first, and which nodes it may use at all.
//
// Modelled: the policy of a task (default, preferred, bind, interleave), its cpuset as one mask. Not modelled: policies of
// single mappings and files, MPOL_F_STATIC_NODES and its relatives, migration of pages when a policy changes, memory spread
// of cpusets; cpusets have no parents but the one with all nodes, so a kernel allocation may leave the cpuset of its task unless
// that is mem_hardwall.
// source: mm/mempolicy.c:policy_zonelist, policy_nodemask, interleave_nodes, offset_il_node, slab_node
import { assert } from "@swaplab/sim"

export type MempolicyMode = "preferred" | "bind" | "interleave"

/** The policy of a task; a task with the default policy has none. */
export interface Mempolicy {
  readonly mode: MempolicyMode
  /** One bit a node; exactly one for "preferred". */
  readonly nodes: number
  /** Node of the next interleaved allocation that no address decides (task_struct.il_next). */
  next: number
  /** Page of the address space whose fault is served, which decides where interleaving puts it; −1: no fault. */
  faultPage: number
}

/** Mask of all nodes; also what tasks of no cpuset have. */
export const ALL_NODES = 0xff

/** The lowest node of a mask. */
export const firstNode = (mask: number): number => 31 - Math.clz32(mask & -mask)

/** set_mempolicy() */
export const mempolicy = (mode: MempolicyMode, nodes: number): Mempolicy => {
  assert(nodes > 0 && nodes <= ALL_NODES, "a memory policy names at least one node")
  assert(mode !== "preferred" || (nodes & (nodes - 1)) === 0, "only one node can be preferred")
  return { mode, nodes, next: firstNode(nodes), faultPage: -1 }
}

/** The node of `mask` that comes after `node`, cyclically. */
export const nextNode = (mask: number, node: number): number => {
  const higher = mask & ~((2 << node) - 1)
  return firstNode(higher !== 0 ? higher : mask)
}

/** offset_il_node(): the node of page `offset` of an interleaved mapping. */
export const interleavedNode = (mask: number, offset: number): number => {
  let weight = 0
  for (let bits = mask; bits !== 0; bits &= bits - 1) weight++
  let rest = mask
  for (let skip = offset % weight; skip > 0; skip--) rest &= rest - 1
  return firstNode(rest)
}
