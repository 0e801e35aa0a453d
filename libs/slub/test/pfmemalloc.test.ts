import { NODE_PARTIAL } from "#src/slub-cache.ts"
import { FakePages, NO_OBJECT, NO_RESERVE_SWITCHES, onCpu } from "@swaplab/kmem"
import { __GFP_NOMEMALLOC, GFP_ATOMIC, PF_MEMALLOC, PG_active } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlubAllocator, type SlubCache } from "@swaplab/slub"
import { describe, expect, it } from "vitest"
import { type Mode, MODES } from "./modes.ts"

const MIN = 32

/** Two CPUs, free memory at ⅜ of min, order-0 slabs of 16 skb heads. */
function machine(pfmemalloc: Mode) {
  const pages = new FakePages(256, MIN)
  const slub = new SlubAllocator(new Sim({ seed: 1 }), pages, { cpus: 2, switches: MODES[pfmemalloc] })
  const heads = slub.createCache("skbuff_head_cache", 224, { hwAlign: true })
  pages.free_ = MIN * 3 / 8
  return { pages, slub, heads }
}

const reserveUser = onCpu(0, PF_MEMALLOC)
const sameCpu = onCpu(0)
const otherCpu = onCpu(1)
const marked = (pages: FakePages, cache: SlubCache, object: number) =>
  (pages.frames.flags[cache.slabs.pageOf(object)] & PG_active) !== 0

describe("what the reserve user left on the CPU", () => {
  it.each([["none", false], ["v3.6", true]] as const)(
    "%s: goes to whoever comes next on this CPU",
    (mode, isMarked) => {
      const { slub, pages, heads } = machine(mode)
      const first = slub.tryAlloc(reserveUser, heads, GFP_ATOMIC)
      expect(marked(pages, heads, first)).toBe(isMarked)
      const asked = pages.log.length
      for (let i = 0; i < 15; i++) {
        expect(heads.slabs.pageOf(slub.tryAlloc(sameCpu, heads, GFP_ATOMIC))).toBe(heads.slabs.pageOf(first))
      }
      expect(pages.log.length).toBe(asked)
      expect(slub.tryAlloc(sameCpu, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
      slub.checkInvariants()
    }
  )

  it("feb-2012: the fast path tests the mark, and the slab is deactivated", () => {
    const { slub, pages, heads } = machine("feb-2012")
    const first = slub.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    expect(marked(pages, heads, first)).toBe(true)
    slub.tryAlloc(sameCpu, heads, GFP_ATOMIC)
    expect(heads.reserveDeactivations).toBe(1)
    expect([heads.allocFast, heads.allocSlow]).toEqual([0, 2])
    slub.checkInvariants()
  })

  it("feb-2012: but the node's list hands the same slab back, one object per call, untested", () => {
    const { slub, pages, heads } = machine("feb-2012")
    const first = slub.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    const asked = pages.log.length
    const second = slub.tryAlloc(sameCpu, heads, GFP_ATOMIC)
    const third = slub.tryAlloc(sameCpu, heads, GFP_ATOMIC)
    expect([heads.slabs.pageOf(second), heads.slabs.pageOf(third), pages.log.length]).toEqual([
      heads.slabs.pageOf(first),
      heads.slabs.pageOf(first),
      asked
    ])
    expect(heads.reserveDeactivations).toBe(2)
    slub.checkInvariants()
  })

  it("feb-2012: an unmarked slab elsewhere on the node is used instead if it comes first", () => {
    const { slub, pages, heads } = machine("feb-2012")
    pages.free_ = 200
    const clean = Array.from({ length: 17 }, () => slub.tryAlloc(otherCpu, heads, GFP_ATOMIC))
    pages.free_ = MIN * 3 / 8
    const first = slub.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    // freed from CPU 0: the full slab of CPU 1 is frozen onto CPU 0's partial list, which is looked at before the node
    slub.free(sameCpu, heads, clean[0])
    expect(slub.tryAlloc(sameCpu, heads, GFP_ATOMIC)).toBe(clean[0])
    expect(marked(pages, heads, first)).toBe(true)
    slub.checkInvariants()
  })

  it("those who may use the reserve keep the fast path", () => {
    const { slub, heads } = machine("feb-2012")
    for (let i = 0; i < 16; i++) slub.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    expect([heads.allocFast, heads.allocSlow]).toEqual([15, 1])
  })
})

/** A marked slab with free objects on the node's partial list, nothing on the CPUs. */
function markedPartial(mode: Mode) {
  const m = machine(mode)
  const held = m.slub.tryAlloc(reserveUser, m.heads, GFP_ATOMIC)
  // fill the slab, so that the CPU drops it, then free from CPU 1 until its partial list spills to the node
  const objects = [held]
  for (let i = 0; i < 16 * 8 - 1; i++) objects.push(m.slub.tryAlloc(reserveUser, m.heads, GFP_ATOMIC))
  for (let slab = 0; slab < 7; slab++) {
    for (const object of objects.slice(slab * 16, slab * 16 + 3)) m.slub.free(otherCpu, m.heads, object)
  }
  for (const object of objects.slice(7 * 16)) m.slub.free(reserveUser, m.heads, object)
  return { ...m, objects }
}

describe("the node's partial list (what patch 2 changes)", () => {
  it("v3.6: another CPU skips marked slabs, and fails", () => {
    const { slub, pages, heads, objects } = markedPartial("v3.6")
    const cpu = onCpu(1)
    // what lies on CPU 1's own partial list is deactivated one by one, then the node is walked
    const before = pages.log.length
    expect(marked(pages, heads, objects[0])).toBe(true)
    expect(slub.tryAlloc(cpu, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    expect(pages.log.length).toBe(before + 2)
    expect(heads.reserveSkips).toBeGreaterThan(0)
    expect(heads.slabs.count[NODE_PARTIAL]).toBeGreaterThan(0)
    slub.checkInvariants()
  })

  it("v3.6: those who may use the reserve get them, but do not look for them first", () => {
    const { slub, pages, heads } = markedPartial("v3.6")
    const before = pages.log.length
    expect(slub.tryAlloc(onCpu(1, PF_MEMALLOC), heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    expect(pages.log.length).toBe(before)
  })

  it("feb-2012: another CPU is given the first object of a marked slab", () => {
    const { slub, pages, heads } = markedPartial("feb-2012")
    const before = pages.log.length
    const object = slub.tryAlloc(onCpu(1), heads, GFP_ATOMIC)
    expect([object >= 0, marked(pages, heads, object), pages.log.length]).toEqual([true, true, before])
    slub.checkInvariants()
  })

  it("none: marks do not exist", () => {
    const { slub, pages, heads, objects } = markedPartial("none")
    expect(marked(pages, heads, objects[0])).toBe(false)
    expect(slub.tryAlloc(onCpu(1), heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
  })
})

it("v3.6: the slow path deactivates a marked CPU slab of a caller who is not allowed", () => {
  const { slub, heads } = machine("v3.6")
  const objects = Array.from({ length: 16 }, () => slub.tryAlloc(reserveUser, heads, GFP_ATOMIC))
  // the private freelist is empty; a remote free waits in the marked slab
  slub.free(otherCpu, heads, objects[0])
  expect(slub.tryAlloc(sameCpu, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
  expect(heads.reserveDeactivations).toBe(1)
  expect(heads.slabs.count[NODE_PARTIAL]).toBe(1)
  expect(slub.tryAlloc(reserveUser, heads, GFP_ATOMIC)).toBe(objects[0])
  slub.checkInvariants()
})

it("a reserve user takes a block of the preferred order from the reserve at once", () => {
  const { slub, pages } = machine("v3.6")
  pages.free_ = 9
  const cache = slub.kmallocCache(2048)
  if (cache === null) throw new Error("no cache")
  expect(slub.tryAlloc(reserveUser, cache, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
  expect([pages.free_, slub.slabPages()]).toEqual([1, 8])
  expect(slub.tryAlloc(reserveUser, slub.createCache("x", 344), GFP_ATOMIC | __GFP_NOMEMALLOC)).toBe(NO_OBJECT)
})

it("v3.6: a caller that lost its right while the slab was made gets one object, and the slab leaves the CPU", () => {
  const { slub, pages, heads } = machine("v3.6")
  pages.free_ = 200
  pages.pagePfmemalloc = () => true
  expect(slub.tryAlloc(sameCpu, heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
  expect([heads.cpuSlab[0], heads.slabs.count[NODE_PARTIAL]]).toEqual([-1, 1])
  slub.checkInvariants()
})

it("pages lose their mark when they go back", () => {
  const { slub, pages, heads } = machine("v3.6")
  pages.min = 1000
  pages.free_ = 200
  const objects = Array.from({ length: 16 * 60 }, () => slub.tryAlloc(reserveUser, heads, GFP_ATOMIC))
  expect(objects.every((object) => marked(pages, heads, object))).toBe(true)
  for (const object of objects) slub.free(reserveUser, heads, object)
  const freed = objects.filter((object) => pages.used[heads.slabs.pageOf(object)] === 0)
  expect(freed.length).toBeGreaterThan(0)
  expect(freed.some((object) => marked(pages, heads, object))).toBe(false)
})

it.each(["feb-2012", "v3.6"] as const)(
  "switched from none to %s: slabs that exist stay unmarked, new ones are not",
  (to) => {
    const { slub, pages, heads } = machine("none")
    const before = slub.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    slub.setSwitches({ ...NO_RESERVE_SWITCHES, ...MODES[to] })
    while (heads.slabs.pageOf(slub.tryAlloc(sameCpu, heads, GFP_ATOMIC)) === heads.slabs.pageOf(before));
    const after = slub.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    expect([marked(pages, heads, before), marked(pages, heads, after)]).toEqual([false, true])
    // only February's fast path looks at the mark
    slub.tryAlloc(sameCpu, heads, GFP_ATOMIC)
    expect(heads.reserveDeactivations).toBe(to === "feb-2012" ? 1 : 0)
    slub.checkInvariants()
  }
)
