// The wait-for graph of one client as plain data: who needs what, and who or what gives it.
//
// An edge reads "from can go on only when to does its part". A node with several edges goes on when one of them does (an
// allocation is served by any completed write), so a cycle alone proves nothing: `closed` says that from the cycle no way
// leads to anything that can still happen.

/** What a node is; drawn by it. */
export type WaitNodeKind =
  /** A task, or several that wait alike. */
  | "task"
  /** Free pages, request slots, a mempool: something that runs out. */
  | "resource"
  /** A lock with an owner. */
  | "lock"
  /** Requests on their way. */
  | "requests"
  /** The receive path, replies and ACKs that are due. */
  | "network"
  /** A fault of the scenario that is on to the end of the run. */
  | "fault"
  /** Something that makes progress by itself: the server, a frame on the wire, a fault that will end. */
  | "alive"

/** One node. */
export interface WaitNode {
  readonly id: string
  readonly kind: WaitNodeKind
  /** A few words. */
  readonly title: string
  /** Figures, a line each. */
  readonly lines: ReadonlyArray<string>
}

export interface WaitEdge {
  readonly from: string
  readonly to: string
  /** What is needed, in a few words. */
  readonly label: string
}

/** The graph. */
export interface WaitGraph {
  readonly nodes: ReadonlyArray<WaitNode>
  readonly edges: ReadonlyArray<WaitEdge>
  /** Ids of the nodes of a cycle in order, the first one not repeated; empty when there is none. */
  readonly cycle: ReadonlyArray<string>
  /** Every way out of the cycle leads back to it or ends at something that never moves. */
  readonly closed: boolean
}

/** Nodes that can be reached from `start`, itself included. */
const reachable = (edges: ReadonlyArray<WaitEdge>, start: string): ReadonlySet<string> => {
  const seen = new Set([start])
  for (const id of seen) for (const { from, to } of edges) if (from === id) seen.add(to)
  return seen
}

/** The shortest way from `start` back to it; empty when there is none. */
const shortestCycle = (edges: ReadonlyArray<WaitEdge>, start: string): ReadonlyArray<string> => {
  const before = new Map<string, string>()
  const queue = [start]
  for (const id of queue) {
    for (const { from, to } of edges) {
      if (from !== id) continue
      if (to === start) {
        const path = [id]
        for (let at = id; at !== start;) {
          at = before.get(at) ?? start
          path.unshift(at)
        }
        return path
      }
      if (before.has(to)) continue
      before.set(to, id)
      queue.push(to)
    }
  }
  return []
}

/** Finds the cycle, through the first of `starts` that lies on one, and tells it from `first` on where that is part of it. */
export const withCycle = (
  nodes: ReadonlyArray<WaitNode>,
  edges: ReadonlyArray<WaitEdge>,
  starts: ReadonlyArray<string>,
  first = ""
): WaitGraph => {
  const kinds = new Map(nodes.map(({ id, kind }) => [id, kind]))
  for (const start of starts) {
    const found = shortestCycle(edges, start)
    if (found.length === 0) continue
    const from = Math.max(0, found.indexOf(first))
    const cycle = [...found.slice(from), ...found.slice(0, from)]
    const closed = [...reachable(edges, start)].every((id) => kinds.get(id) !== "alive")
    return { nodes, edges, cycle, closed }
  }
  return { nodes, edges, cycle: [], closed: false }
}

/** Nodes from which the cycle can be reached and which can be reached from it: all ways round. */
export const knotOf = ({ edges, cycle }: WaitGraph): ReadonlySet<string> => {
  if (cycle.length === 0) return new Set()
  const forward = reachable(edges, cycle[0])
  const back = reachable(edges.map(({ from, to, label }) => ({ from: to, to: from, label })), cycle[0])
  return new Set([...forward].filter((id) => back.has(id)))
}

/** The graph in words. */
export interface GraphText {
  /** The cycle, a line a node, and the node it comes back to; empty when there is none. */
  readonly cycle: ReadonlyArray<string>
  /** Everything else that waits. */
  readonly others: ReadonlyArray<string>
}

export const graphText = ({ nodes, edges, cycle, closed }: WaitGraph): GraphText => {
  const title = (id: string): string => nodes.find((node) => node.id === id)?.title ?? id
  const describe = (id: string): string => {
    const lines = nodes.find((node) => node.id === id)?.lines ?? []
    return lines.length === 0 ? title(id) : `${title(id)} (${lines.join("; ")})`
  }
  const next = (id: string): string => cycle[(cycle.indexOf(id) + 1) % cycle.length]
  const inCycle = (edge: WaitEdge): boolean => cycle.includes(edge.from) && next(edge.from) === edge.to
  const lines = cycle.map((id) => {
    const edge = edges.find((item) => item.from === id && item.to === next(id))
    return `${describe(id)} → ${edge?.label ?? ""}`
  })
  return {
    cycle: cycle.length === 0
      ? []
      : [...lines, `→ ${title(cycle[0])}; ${closed ? "no way leads out" : "a way leads out"}`],
    others: edges.filter((edge) => !inCycle(edge)).map(({ from, to, label }) =>
      `${cycle.includes(from) ? title(from) : describe(from)} → ${title(to)}: ${label}`
    )
  }
}
