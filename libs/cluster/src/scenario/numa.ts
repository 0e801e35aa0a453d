// The memory nodes of a client group: how RAM and CPUs are shared among them, and what processes may use of them.
import {
  assumed,
  choice,
  field,
  formatQuantity,
  maybe,
  plural,
  required,
  SIZE,
  Size,
  Time,
  whole
} from "@swaplab/config"
import type { MachineSpec } from "@swaplab/kernel"
import { MAX_NODES, PAGE_SIZE, RECLAIM_DISTANCE, REMOTE_DISTANCE } from "@swaplab/page-alloc"
import { Schema } from "effect"

/** The SLIT has a byte for each distance, and 255 says that there is no way. */
const MAX_DISTANCE = 254

const node = whole(0, MAX_NODES - 1)
const nodes = Schema.Array(node).pipe(
  Schema.minItems(1),
  Schema.annotations({ title: "a list of memory nodes such as [0, 1]" })
)

const PolicyConfig = Schema.Struct({
  ...required(
    "mode",
    choice("preferred", "bind", "interleave"),
    "preferred: ask that node first. bind: use those nodes only. interleave: page by page in turn."
  ),
  ...required("nodes", nodes, "The nodes that the policy names, counted from 0; one for preferred.")
})

const NumaConfig = Schema.Struct({
  nodes: field(
    whole(1, MAX_NODES),
    2,
    "Memory nodes. CPUs are shared out evenly, in blocks. 1: a NUMA kernel on one node."
  ),
  split: maybe(
    Schema.Array(Size).annotations({ title: "a list of sizes such as [48 MiB, 16 MiB]" }),
    "RAM of each node, in the order of its addresses. Without it: equal parts."
  ),
  distance: field(
    whole(11, MAX_DISTANCE),
    REMOTE_DISTANCE,
    "Time of an access to another node, in tenths of one to the own node (SLIT). 20 is what Linux assumes where the firmware "
      + `says nothing; above ${RECLAIM_DISTANCE} it reclaims before it leaves a node (vm.zone_reclaim_mode 1).`
  ),
  zonelistOrder: field(
    choice("default", "node", "zone"),
    "default",
    "numa_zonelist_order. node: all zones of the own node first. zone: zone Normal of every node before DMA32. default: as Linux "
      + "chooses by the sizes of the zones."
  ),
  card: field(node, 0, "The node whose first CPU takes the interrupts of the network card."),
  policy: maybe(
    PolicyConfig,
    "Memory policy of the processes of the workload (set_mempolicy). Without it: the own node first."
  ),
  mems: maybe(nodes, "Nodes that the cpuset of these processes allows (cpuset.mems). Without it: all."),
  hardwall: field(
    Schema.Boolean,
    false,
    "cpuset.mem_hardwall: kernel memory of the tasks in that cpuset may not come from other nodes either."
  ),
  kernelThreads: field(
    Schema.Boolean,
    false,
    "Kernel threads that are bound to no CPU, such as the sender of the swap device, are in that cpuset, too, as `cset shield "
      + "--kthread=on` leaves them."
  )
})
export interface NumaConfig extends Schema.Schema.Type<typeof NumaConfig> {}

/** The key of a client group. */
export const numaField = {
  numa: maybe(
    NumaConfig,
    "Several memory nodes, as blades with two sockets have: a kernel with CONFIG_NUMA. Without it: one node, CONFIG_NUMA off."
  )
}

/** CPU time that belongs to it, a key of costs. */
export const numaCostFields = {
  pageAccess: field(
    Time,
    500,
    "Memory accesses of filling a page of the own node, part of a fault (numa). A page of another node takes distance / 10 times "
      + "as long. Assumed: 64 cache lines, eight at a time at 60 ns.",
    assumed(250, 2000)
  )
}

/** What these functions look at in a client group. */
export interface NumaGroup {
  readonly ram: number
  readonly cpus: number
  readonly numa?: NumaConfig | undefined
}

/** Bytes of each node: as given, or equal parts in whole pages, of which the last takes the rest. */
export const nodeBytes = ({ numa, ram }: NumaGroup): ReadonlyArray<number> => {
  if (numa === undefined) return [ram]
  if (numa.split !== undefined) return numa.split
  const part = Math.floor(ram / PAGE_SIZE / numa.nodes) * PAGE_SIZE
  return Array.from({ length: numa.nodes }, (_, i) => i === numa.nodes - 1 ? ram - part * i : part)
}

/** Bytes of the nodes that the processes of a group may have pages on: of its cpuset, and of a policy that binds. */
export const allowedBytes = (group: NumaGroup): number => {
  const { mems, policy } = group.numa ?? {}
  const bound = policy?.mode === "bind" ? policy.nodes : undefined
  return nodeBytes(group).reduce(
    (sum, bytes, node) => sum + ((mems?.includes(node) ?? true) && (bound?.includes(node) ?? true) ? bytes : 0),
    0
  )
}

/** One bit a node. */
export const maskOf = (list: ReadonlyArray<number>): number => list.reduce((mask, bit) => mask | 1 << bit, 0)

/** The same in terms of the kernel. */
export const numaOf = (group: NumaGroup): Pick<MachineSpec, "numa"> => {
  const { numa } = group
  if (numa === undefined) return {}
  return {
    numa: {
      nodeBytes: nodeBytes(group),
      distance: numa.distance,
      zonelistOrder: numa.zonelistOrder,
      policy: numa.policy === undefined ? null : { mode: numa.policy.mode, nodes: maskOf(numa.policy.nodes) },
      memsAllowed: numa.mems === undefined ? 2 ** MAX_NODES - 1 : maskOf(numa.mems),
      memHardwall: numa.hardwall,
      kernelThreads: numa.kernelThreads,
      cardNode: numa.card
    }
  }
}

/** What a report says of it, in phrases: `2 memory nodes (32 MiB, 32 MiB)`, `bound to node 1`. */
export const describeNuma = (group: NumaGroup): ReadonlyArray<string> => {
  const { numa } = group
  if (numa === undefined) return []
  const sizes = nodeBytes(group).map((bytes) => formatQuantity(SIZE, bytes)).join(", ")
  const { policy } = numa
  return [
    `${plural(numa.nodes, "memory node")} (${sizes})`,
    ...(policy === undefined ? [] : [`policy ${policy.mode} ${policy.nodes.join(",")}`]),
    ...(numa.mems === undefined
      ? []
      : [
        `cpuset of nodes ${numa.mems.join(",")}${numa.hardwall ? ", mem_hardwall" : ""}${
          numa.kernelThreads ? ", with kernel threads" : ""
        }`
      ])
  ]
}
