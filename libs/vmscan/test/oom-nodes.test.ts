// Whom a request may kill that a memory policy or a cpuset keeps on some nodes of two.
import { oomConstraint } from "#src/oom.ts"
import { type Context, GFP_USER, mempolicy, PageAllocator } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import type { OomCandidate } from "@swaplab/vmscan"
import { expect, it } from "vitest"
import { context, Toy } from "./toy.ts"

const MIB = 2 ** 20
const SWAP_PAGES = 1000
const NODE_0 = 0b01
const NODE_1 = 0b10

const pages = new PageAllocator(new Sim({ seed: 1 }), { memory: 0, cpus: 2, numa: { nodeBytes: [64 * MIB, 32 * MIB] } })

const process = (name: string, rssPages: number, more: Partial<OomCandidate> = {}): OomCandidate => ({
  pid: rssPages,
  name,
  mm: rssPages,
  rssPages,
  pageTablePages: 0,
  swapEntries: 0,
  oomScoreAdj: 0,
  root: false,
  exiting: false,
  memdie: false,
  children: [],
  ...more
})

const constraintOf = (asking: Partial<Context>) => {
  const { numa } = pages
  if (numa === null) throw new Error("a machine with nodes has a Numa")
  const ctx = { ...context(), ...asking }
  return oomConstraint(pages, ctx, GFP_USER, numa.list(numa.place(ctx, GFP_USER), GFP_USER))
}

/** What is killed, with its score, when a task with this policy or cpuset is out of memory; null: the machine panics. */
const killedBy = (asking: Partial<Context>, candidates: ReadonlyArray<OomCandidate>): string | null => {
  const killed: Array<string> = []
  const toy = new Toy({
    vmscan: {
      oom: {
        candidates: () => candidates,
        pidOf: () => 99,
        totalPages: (ramPages = pages.presentPages) => ramPages + SWAP_PAGES,
        giveMemdie: () => {},
        kill: ({ name }, points) => killed.push(`${name} ${points}`),
        panic: () => {}
      }
    }
  })
  const constraint = constraintOf(asking)
  toy.spawn("asking", (task) => toy.vmscan.oom.outOfMemory(Object.assign(task, asking), constraint))
  toy.sim.run(1_000_000_000)
  return killed[0] ?? null
}

const bound = (nodes: number) => ({ mempolicy: mempolicy("bind", nodes) })
const spanned = (node: number): number =>
  pages.zones.reduce((sum, zone) => zone.node === node ? sum + zone.spanned : sum, 0)
const score = (used: number, total: number): number => Math.floor(used * 1000 / (total + SWAP_PAGES))

it("a bind policy constrains to its nodes, a cpuset to its own, and neither does nothing", () => {
  expect([constraintOf(bound(NODE_1)), constraintOf({ memsAllowed: NODE_0 }), constraintOf({})]).toEqual([
    { policyNodes: NODE_1, pages: spanned(1) },
    { policyNodes: null, pages: spanned(0) },
    null
  ])
  expect(constraintOf({ mempolicy: mempolicy("preferred", NODE_1) })).toBeNull()
})

it("a bound task kills whom its nodes have pages of, though another is larger, by the size of its nodes", () => {
  const other = process("bound to node 0", 5000, bound(NODE_0))
  const own = process("bound to node 1", 800, bound(NODE_1))
  expect(killedBy(bound(NODE_1), [other, own])).toBe(`bound to node 1 ${score(800, spanned(1))}`)
  expect(killedBy({}, [other, own])).toBe(`bound to node 0 ${score(5000, pages.presentPages)}`)
})

it.each([
  ["without a policy", {}],
  ["that prefers the other node", { mempolicy: mempolicy("preferred", NODE_0) }],
  ["that interleaves over both", { mempolicy: mempolicy("interleave", NODE_0 | NODE_1) }]
])("a task %s may have pages on every node, and can die for a bound one", (_words, more) => {
  expect(killedBy(bound(NODE_1), [process("large", 900, more), process("small", 800, bound(NODE_1))]))
    .toBe(`large ${score(900, spanned(1))}`)
})

it("a task in a cpuset kills only whose cpuset shares a node with it", () => {
  const candidates = [process("elsewhere", 5000, { memsAllowed: NODE_1 }), process("here", 10, { memsAllowed: NODE_0 })]
  expect(killedBy({ memsAllowed: NODE_0 }, candidates)).toBe(`here ${score(10, spanned(0))}`)
})

it("panics when nobody's death could help the bound task", () => {
  expect(killedBy(bound(NODE_1), [process("bound to node 0", 5000, bound(NODE_0))])).toBeNull()
})
