// SLUB on several memory nodes, with the real page allocator.
import { onCpu } from "@swaplab/kmem"
import { __GFP_THISNODE, GFP_ATOMIC, PageAllocator, PF_MEMALLOC } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlubAllocator } from "@swaplab/slub"
import fc from "fast-check"
import { expect, it } from "vitest"

const MIB = 2 ** 20

/** Two CPUs a node. */
const machine = (nodeBytes: ReadonlyArray<number>) => {
  const sim = new Sim({ seed: 1 })
  const cpus = 2 * nodeBytes.length
  const pages = new PageAllocator(sim, { memory: 0, cpus, numa: { nodeBytes } })
  const slub = new SlubAllocator(sim, pages, { cpus })
  return { sim, pages, slub, heads: slub.createCache("heads", 232, { hwAlign: true }) }
}

const nodeOf = ({ heads, pages }: ReturnType<typeof machine>, object: number): number =>
  pages.zoneOf(heads.slabs.pageOf(object)).node

/** Leaves `slabs` partial slabs of node 0 on the list of the node. */
const leavePartial = (m: ReturnType<typeof machine>, slabs: number): void => {
  const { objsPerSlab } = m.heads
  const objects = Array.from(
    { length: (slabs + 1) * objsPerSlab },
    () => m.slub.tryAlloc(onCpu(0), m.heads, GFP_ATOMIC)
  )
  for (let slab = 0; slab <= slabs; slab++) m.slub.free(onCpu(0), m.heads, objects[slab * objsPerSlab])
  m.slub.flushCpu(onCpu(0), m.heads)
}

it("a CPU takes partial slabs of another node that has more than min_partial", () => {
  const few = machine([32 * MIB, 32 * MIB])
  leavePartial(few, few.heads.geometry.minPartial - 1)
  expect(nodeOf(few, few.slub.tryAlloc(onCpu(2), few.heads, GFP_ATOMIC))).toBe(1)
  const many = machine([32 * MIB, 32 * MIB])
  leavePartial(many, many.heads.geometry.minPartial + 1)
  expect(many.heads.slabs.count[0]).toBeGreaterThan(many.heads.geometry.minPartial)
  expect(nodeOf(many, many.slub.tryAlloc(onCpu(2), many.heads, GFP_ATOMIC))).toBe(0)
  expect([many.heads.remotePartials, few.heads.remotePartials]).toEqual([1, 0])
  many.slub.checkInvariants()
})

it("23 of 1024 searches stay on their node, by the time stamp counter", () => {
  const m = machine([32 * MIB, 32 * MIB])
  leavePartial(m, m.heads.geometry.minPartial + 1)
  // 2 GHz: 1001 cycles
  m.sim.queue.now = 501
  expect(nodeOf(m, m.slub.tryAlloc(onCpu(2), m.heads, GFP_ATOMIC))).toBe(1)
})

const commands = fc.array(
  fc.tuple(fc.constantFrom("alloc", "free", "flush", "page", "unpage"), fc.nat(7), fc.nat(120), fc.boolean()),
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
            const object = m.slub.tryAlloc(ctx, m.heads, GFP_ATOMIC)
            if (object < 0) break
            expect(held).not.toContain(object)
            held.push(object)
          }
        }
        if (command === "free") {
          for (let i = 0; i < n && held.length > 0; i++) m.slub.free(ctx, m.heads, held.splice(i % held.length, 1)[0])
        }
        if (command === "flush") m.slub.flushCpu(ctx, m.heads)
        if (command === "page") {
          for (let i = 0; i < n * 20; i++) {
            const page = m.pages.tryAlloc(ctx, GFP_ATOMIC | (privileged ? __GFP_THISNODE : 0), 0, which % nodes)
            if (page < 0) break
            blocks.push(page)
          }
        }
        if (command === "unpage") { for (const page of blocks.splice(0, n * 10)) m.pages.free(ctx, page, 0) }
      }
      m.slub.checkInvariants()
      m.pages.checkInvariants()
      for (let node = 0; node < nodes; node++) {
        const zones = m.pages.populatedZones.filter((zone) => zone.node === node)
        const mine = blocks.filter((page) => m.pages.zoneOf(page).node === node).length
        let slabs = 0
        for (const c of m.slub.caches) {
          for (let row = 0; row < c.slabs.capacity; row++) {
            if (c.slabs.exists(row) && m.pages.zoneOf(c.slabs.page[row]).node === node) slabs += 1 << c.slabs.order[row]
          }
        }
        const free = zones.reduce((sum, zone) => sum + zone.free + zone.pcpPages(), 0)
        expect(free + mine + slabs).toBe(zones.reduce((sum, zone) => sum + zone.present, 0))
      }
    }),
    { seed: 20, numRuns: 12 }
  )
})
