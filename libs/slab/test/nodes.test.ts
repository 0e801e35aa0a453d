// SLAB on several memory nodes, with the real page allocator.
import { NO_OBJECT, onCpu } from "@swaplab/kmem"
import {
  __GFP_THISNODE,
  GFP_ATOMIC,
  GFP_KERNEL,
  mempolicy,
  PageAllocator,
  type PageAllocSwitches,
  PF_MEMALLOC,
  WMARK_MIN
} from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MODES } from "./modes.ts"

const MIB = 2 ** 20
const MERGED: Partial<PageAllocSwitches> = { pfmemallocMark: "no-watermarks", gfpMemalloc: true, softirqMemalloc: true }

/** Two CPUs a node. */
const machine = (nodeBytes: ReadonlyArray<number> | null, rawAliens = false) => {
  const sim = new Sim({ seed: 1 })
  const cpus = 2 * (nodeBytes?.length ?? 1)
  const pages = new PageAllocator(sim, {
    memory: 32 * MIB,
    cpus,
    switches: MERGED,
    ...(nodeBytes !== null && { numa: { nodeBytes } })
  })
  const slab = new SlabAllocator(sim, pages, {
    cpus,
    switches: { ...MODES["v3.6"], rawAliens },
    memallocSocks: { count: 1 }
  })
  const heads = slab.createCache("skbuff_head_cache", 224, { hwAlign: true })
  return { sim, pages, slab, heads }
}

const nodeOf = ({ heads, pages }: ReturnType<typeof machine>, object: number): number =>
  pages.zoneOf(heads.slabs.pageOf(object)).node

/** Kernel threads of a node take its pages until every zone is below the floor of atomic requests. */
const drain = ({ pages }: ReturnType<typeof machine>, node: number): void => {
  for (const zone of pages.populatedZones.filter((own) => own.node === node)) {
    const hungry = onCpu(node * 2, PF_MEMALLOC)
    const level = Math.floor(zone.watermark[WMARK_MIN] * 3 / 8)
    const bits = [1, 4, 0][zone.index]
    while (zone.free > level) {
      if (pages.tryAlloc(hungry, GFP_ATOMIC | __GFP_THISNODE | bits, 0, node) < 0) throw new Error("could not drain")
      pages.drainAllPages()
    }
  }
}

describe("alien arrays", () => {
  it("hold twelve objects of another node; one more, and all go to the shared array of their node", () => {
    const m = machine([32 * MIB, 32 * MIB])
    const objects = Array.from({ length: 13 }, () => m.slab.tryAlloc(onCpu(0), m.heads, GFP_KERNEL))
    const [node0, node1] = m.heads.nodes
    for (const object of objects.slice(0, 12)) m.slab.free(onCpu(2), m.heads, object)
    expect([node1.alien[0]?.avail, node0.shared?.avail, m.heads.nodeFrees]).toEqual([12, 0, 12])
    m.slab.free(onCpu(2), m.heads, objects[12])
    expect([node1.alien[0]?.avail, node0.shared?.avail, m.heads.alienOverflows]).toEqual([1, 12, 1])
    m.slab.checkInvariants()
    m.slab.reap(onCpu(2))
    expect([node1.alien[0]?.avail, node0.shared?.avail]).toEqual([0, 13])
    m.slab.checkInvariants()
  })

  it("keep the mark of a reserve slab; in the ablated form they lose it", () => {
    const tags = [false, true].map((rawAliens) => {
      const m = machine([32 * MIB, 32 * MIB], rawAliens)
      for (const node of [0, 1]) drain(m, node)
      const object = m.slab.tryAlloc(onCpu(0, PF_MEMALLOC), m.heads, GFP_ATOMIC)
      m.slab.free(onCpu(2), m.heads, object)
      return (m.heads.nodes[1].alien[0]?.entry[0] ?? 0) < 0
    })
    expect(tags).toEqual([true, false])
  })

  it("are left out on one node", () => {
    expect(machine([32 * MIB]).heads.nodes[0].alien).toEqual([])
  })
})

describe("fallback_alloc", () => {
  it("takes objects of another node's slabs before it asks for a page", () => {
    const m = machine([32 * MIB, 32 * MIB])
    // 59 objects a slab: the first refill takes 16, so that others are left in the slab
    const small = m.slab.createCache("small", 64)
    const local = m.slab.tryAlloc(onCpu(0), small, GFP_ATOMIC)
    drain(m, 1)
    const remote = m.slab.tryAlloc(onCpu(2), small, GFP_ATOMIC)
    expect([local, remote].map((object) => m.pages.zoneOf(small.slabs.pageOf(object)).node)).toEqual([0, 0])
    expect([small.nodeAllocs, small.grown]).toEqual([1, 1])
    m.slab.checkInvariants()
  })

  it("the policy of a task decides whose objects it gets", () => {
    const m = machine([32 * MIB, 32 * MIB])
    const task = { ...onCpu(0), mempolicy: mempolicy("preferred", 0b10) }
    expect(nodeOf(m, m.slab.tryAlloc(task, m.heads, GFP_ATOMIC))).toBe(1)
    const turns = { ...onCpu(0), mempolicy: mempolicy("interleave", 0b11) }
    expect([1, 2, 3, 4].map(() => nodeOf(m, m.slab.tryAlloc(turns, m.heads, GFP_ATOMIC)))).toEqual([0, 1, 0, 1])
  })
})

describe("the reserve leaks past the arrays", () => {
  it.each([
    ["without CONFIG_NUMA it does not", null, [true, 0]],
    ["one node with CONFIG_NUMA", [32 * MIB], [false, 1]],
    ["two nodes", [32 * MIB, 32 * MIB], [false, 1]]
  ])("%s", (_words, nodeBytes, expected) => {
    const m = machine(nodeBytes)
    for (let node = 0; node < (nodeBytes?.length ?? 1); node++) drain(m, node)
    // 59 objects a slab: the first refill takes 16, so that others are left in the slab
    const small = m.slab.createCache("small", 64)
    expect(m.slab.tryAlloc(onCpu(0, PF_MEMALLOC), small, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    const got = m.slab.tryAlloc(onCpu(1), small, GFP_ATOMIC)
    expect([got === NO_OBJECT, small.reserveLeaks]).toEqual(expected)
    m.slab.checkInvariants()
  })
})

const commands = fc.array(
  fc.tuple(fc.constantFrom("alloc", "free", "reap", "page", "unpage"), fc.nat(7), fc.nat(120), fc.boolean()),
  { maxLength: 60 }
)

// The naive model: the objects that are held, and the pages of each node.
it.each([1, 2, 3, 4])("random commands on %i nodes: no object twice, pages of each node conserved", (nodes) => {
  fc.assert(
    fc.property(commands, (steps) => {
      const m = machine([32 * MIB, ...Array.from({ length: nodes - 1 }, () => 4 * MIB)])
      const held: Array<number> = []
      const blocks: Array<number> = []
      for (const [command, which, n, privileged] of steps) {
        const ctx = onCpu(which % (2 * nodes), privileged ? PF_MEMALLOC : 0)
        if (command === "alloc") {
          for (let i = 0; i < n; i++) {
            const object = m.slab.tryAlloc(ctx, m.heads, GFP_ATOMIC)
            if (object < 0) break
            expect(held).not.toContain(object)
            held.push(object)
          }
        }
        if (command === "free") {
          for (let i = 0; i < n && held.length > 0; i++) m.slab.free(ctx, m.heads, held.splice(i % held.length, 1)[0])
        }
        if (command === "reap") m.slab.reap(ctx)
        if (command === "page") {
          for (let i = 0; i < n * 20; i++) {
            const page = m.pages.tryAlloc(ctx, GFP_ATOMIC, 0, which % nodes)
            if (page < 0) break
            blocks.push(page)
          }
        }
        if (command === "unpage") { for (const page of blocks.splice(0, n * 10)) m.pages.free(ctx, page, 0) }
      }
      m.slab.checkInvariants()
      m.pages.checkInvariants()
      for (let node = 0; node < nodes; node++) {
        const zones = m.pages.populatedZones.filter((zone) => zone.node === node)
        const mine = blocks.filter((page) => m.pages.zoneOf(page).node === node).length
        let slabs = 0
        for (const c of m.slab.caches) {
          for (let row = 0; row < c.slabs.capacity; row++) {
            if (c.slabs.exists(row) && m.pages.zoneOf(c.slabs.page[row]).node === node) slabs += 1 << c.order
          }
        }
        const free = zones.reduce((sum, zone) => sum + zone.free + zone.pcpPages(), 0)
        expect(free + mine + slabs).toBe(zones.reduce((sum, zone) => sum + zone.present, 0))
      }
    }),
    { seed: 20, numRuns: 12 }
  )
})
