// Rules about the memory nodes of a client group, and settings of them that have no effect.
import { forEach, formatQuantity, mismatch, plural, type Rule, rulesOf, SIZE } from "@swaplab/config"
import { minNodeBytes, PAGE_SIZE } from "@swaplab/page-alloc"
import type { ClientGroup } from "../machines.ts"
import { maskOf, nodeBytes, type NumaConfig } from "../numa.ts"
import type { Scenario } from "../scenario.ts"
import type { IdleRow } from "./advice.ts"
import { groupsOf } from "./group-rules.ts"

const size = (bytes: number): string => formatQuantity(SIZE, bytes)
const list = (values: ReadonlyArray<number>): string => `[${values.join(", ")}]`

/** A group that has memory nodes; rules of others hold. */
interface NumaGroup extends ClientGroup {
  readonly numa: NumaConfig
}

const withNuma = (scenario: Scenario): ReadonlyArray<readonly [ReadonlyArray<string | number>, NumaGroup]> =>
  groupsOf(scenario).flatMap(([at, group]) => group.numa === undefined ? [] : [[at, { ...group, numa: group.numa }]])

const tooSmall = (group: NumaGroup): number => nodeBytes(group).findIndex((bytes, node) => bytes < minNodeBytes(node))

const known = (numa: NumaConfig, nodes: ReadonlyArray<number>): boolean => nodes.every((node) => node < numa.nodes)
const once = (nodes: ReadonlyArray<number>): boolean => new Set(nodes).size === nodes.length

const existing = (numa: NumaConfig): string =>
  numa.nodes === 1 ? "node 0, the only one" : `nodes from 0 to ${numa.nodes - 1}, each once`

export const NUMA_RULES: ReadonlyArray<Rule<Scenario>> = forEach(
  withNuma,
  rulesOf<NumaGroup>([
    {
      name: "every memory node has a CPU",
      path: ["numa", "nodes"],
      holds: ({ cpus, numa }) => numa.nodes <= cpus,
      words: ({ cpus, numa }) =>
        mismatch(String(numa.nodes), `at most ${plural(cpus, "node")}, one for each CPU of the group`)
    },
    {
      name: "zones are those of one node",
      path: ["zones"],
      holds: ({ zones }) => zones === undefined,
      words: () => "expected no zones beside numa: its nodes say where the zones lie"
    },
    {
      name: "split gives every node its RAM",
      path: ["numa", "split"],
      holds: ({ numa: { nodes, split } }) => split === undefined || split.length === nodes,
      words: ({ numa: { nodes, split } }) => mismatch(plural(split?.length ?? 0, "size"), `${nodes}, one for each node`)
    },
    {
      name: "nodes have whole pages",
      path: ["numa", "split"],
      holds: ({ numa: { split } }) => split === undefined || split.every((bytes) => bytes % PAGE_SIZE === 0),
      words: ({ numa: { split } }) => mismatch((split ?? []).map(size).join(", "), "whole pages of 4 KiB")
    },
    {
      name: "the parts of split are the RAM",
      path: ["numa", "split"],
      holds: ({ numa: { nodes, split }, ram }) =>
        split === undefined || split.length !== nodes || split.reduce((sum, bytes) => sum + bytes, 0) === ram,
      words: ({ numa: { split }, ram }) =>
        mismatch(
          `${size((split ?? []).reduce((sum, bytes) => sum + bytes, 0))} together`,
          `${size(ram)}, the RAM of the group`
        )
    },
    {
      name: "a node is as large as Linux takes it",
      path: ["numa"],
      holds: (group) => tooSmall(group) < 0,
      words: (group) => {
        const node = tooSmall(group)
        return mismatch(
          `${size(nodeBytes(group)[node])} for node ${node}`,
          `at least ${size(minNodeBytes(node))}: ${
            node === 0 ? "the first node must reach beyond the DMA zone" : "x86 leaves out smaller nodes"
          }`
        )
      }
    },
    {
      name: "the policy names nodes that exist",
      path: ["numa", "policy", "nodes"],
      holds: ({ numa }) => numa.policy === undefined || (known(numa, numa.policy.nodes) && once(numa.policy.nodes)),
      words: ({ numa }) => mismatch(list(numa.policy?.nodes ?? []), existing(numa))
    },
    {
      name: "one node is preferred",
      path: ["numa", "policy", "nodes"],
      holds: ({ numa: { policy } }) => policy === undefined || policy.mode !== "preferred" || policy.nodes.length === 1,
      words: ({ numa: { policy } }) => mismatch(list(policy?.nodes ?? []), "one node: preferred names only one")
    },
    {
      name: "the cpuset has nodes that exist",
      path: ["numa", "mems"],
      holds: ({ numa }) => numa.mems === undefined || (known(numa, numa.mems) && once(numa.mems)),
      words: ({ numa }) => mismatch(list(numa.mems ?? []), existing(numa))
    },
    {
      name: "the policy stays in the cpuset",
      path: ["numa", "policy", "nodes"],
      holds: ({ numa: { mems, policy } }) =>
        policy === undefined || mems === undefined || (maskOf(policy.nodes) & ~maskOf(mems)) === 0,
      words: ({ numa: { mems, policy } }) =>
        mismatch(list(policy?.nodes ?? []), `nodes of the cpuset, ${list(mems ?? [])}`)
    },
    {
      name: "the card is at a node that exists",
      path: ["numa", "card"],
      holds: ({ numa }) => numa.card < numa.nodes,
      words: ({ numa }) => mismatch(String(numa.card), `a node from 0 to ${numa.nodes - 1}`)
    }
  ])
)

const oneNode = ({ numa }: ClientGroup): boolean => numa?.nodes === 1
const ONE_NODE = "there is one memory node"

/** Settings that the others leave without effect. */
export const IDLE_NUMA: ReadonlyArray<IdleRow<ClientGroup>> = [
  ...["split", "distance", "zonelistOrder", "policy", "mems"].map((key) => ({
    path: ["numa", key],
    idle: oneNode,
    reason: ONE_NODE
  })),
  {
    path: ["numa", "mems"],
    idle: ({ numa }) => numa !== undefined && numa.nodes > 1 && numa.mems?.length === numa.nodes,
    reason: "the cpuset has all nodes"
  },
  ...["hardwall", "kernelThreads"].map((key) => ({
    path: ["numa", key],
    idle: ({ numa }: ClientGroup) => numa !== undefined && (numa.mems === undefined || numa.mems.length === numa.nodes),
    reason: "no cpuset keeps anything from a node (mems)"
  })),
  {
    path: ["numa", "policy"],
    idle: ({ numa }) =>
      numa !== undefined && numa.nodes > 1 && numa.policy?.mode === "bind" && numa.policy.nodes.length === numa.nodes,
    reason: "the processes are bound to all nodes"
  }
]

/** CPU costs of what no client does. */
export const IDLE_NUMA_COSTS: ReadonlyArray<IdleRow<Scenario>> = [{
  path: ["costs", "pageAccess"],
  idle: ({ clients }) => clients.every(({ numa }) => numa === undefined || numa.nodes === 1),
  reason: "no client has several memory nodes (numa)"
}]
