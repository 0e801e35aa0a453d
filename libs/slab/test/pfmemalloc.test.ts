import { type SlabCache, SLABS_FREE } from "#src/slab-cache.ts"
import { FakePages, NO_OBJECT, NO_RESERVE_SWITCHES, objectIndex, onCpu, runNow, taskOn } from "@swaplab/kmem"
import { __GFP_NOMEMALLOC, GFP_ATOMIC, GFP_KERNEL, PF_MEMALLOC, PG_active } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import { describe, expect, it } from "vitest"
import { type Mode, MODES } from "./modes.ts"

const MIN = 32

/** A machine with free memory at ⅜ of min, one memalloc socket, no objects yet. */
function machine(pfmemalloc: Mode, sockets = 1) {
  const sim = new Sim({ seed: 1 })
  const pages = new FakePages(256, MIN)
  const memallocSocks = { count: sockets }
  const slab = new SlabAllocator(sim, pages, { cpus: 1, switches: MODES[pfmemalloc], memallocSocks, slabMaxOrder: 1 })
  const heads = slab.createCache("skbuff_head_cache", 224, { hwAlign: true })
  pages.free_ = MIN * 3 / 8
  return { sim, pages, slab, heads, memallocSocks }
}

const reserveUser = onCpu(0, PF_MEMALLOC)
const other = onCpu(0)

const marked = (pages: FakePages, cache: SlabCache, object: number) =>
  (pages.frames.flags[cache.slabs.pageOf(object)] & PG_active) !== 0
const tagged = (cache: SlabCache) =>
  Array.from(cache.arrays[0].entry.subarray(0, cache.arrays[0].avail)).filter((e) => e < 0).length

describe("a slab from the reserve (what patch 1 changes)", () => {
  it("without the patch: the next caller gets object 2 of that slab", () => {
    const { slab, heads } = machine("none")
    const first = slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    const second = slab.tryAlloc(other, heads, GFP_ATOMIC)
    expect([first >= 0, second >= 0, heads.slabs.pageOf(first) === heads.slabs.pageOf(second)]).toEqual([
      true,
      true,
      true
    ])
  })

  it.each(["feb-2012", "v3.6"] as const)("%s: the page allocator is asked instead, and fails", (pfmemalloc) => {
    const { slab, pages, heads } = machine(pfmemalloc)
    const first = slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    expect([first >= 0, marked(pages, heads, first), tagged(heads)]).toEqual([true, true, 14])
    const asked = pages.log.length
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    expect(pages.log.length).toBe(asked + 1)
    expect(heads.reserveRefusals).toBe(1)
    // those who may use the reserve still get the rest
    for (let i = 0; i < 14; i++) expect(slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    slab.checkInvariants()
  })

  it("v3.6 without a memalloc socket behaves as without the patch, and marks pages all the same", () => {
    const { slab, pages, heads } = machine("v3.6", 0)
    const first = slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    expect([marked(pages, heads, first), tagged(heads)]).toEqual([true, 0])
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
  })

  it("feb-2012 needs no socket", () => {
    const { slab, heads } = machine("feb-2012", 0)
    slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
  })

  it("who is allowed is decided by the page allocator, for this mask and context", () => {
    const { slab, heads } = machine("v3.6")
    slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    expect(slab.tryAlloc(reserveUser, heads, GFP_ATOMIC | __GFP_NOMEMALLOC)).toBe(NO_OBJECT)
  })

  it("pages lose their mark when they go back", () => {
    const { sim, slab, pages, heads } = machine("v3.6")
    const objects = Array.from({ length: 15 * 12 }, () => slab.tryAlloc(reserveUser, heads, GFP_ATOMIC))
    expect(objects.every((object) => marked(pages, heads, object))).toBe(true)
    for (const object of objects) slab.free(reserveUser, heads, object)
    for (let i = 0; i < 40; i++) {
      sim.queue.now += 2_000_000_000
      slab.reap(other)
    }
    expect(slab.slabPages()).toBe(0)
    expect(objects.some((object) => marked(pages, heads, object))).toBe(false)
  })
})

/** An empty array in front of one marked slab with 14 free objects and one held. */
function emptyArrayMarkedSlab(pfmemalloc: Mode) {
  const m = machine(pfmemalloc)
  m.slab.tryAlloc(reserveUser, m.heads, GFP_ATOMIC)
  for (let i = 0; i < 20 && m.heads.arrays[0].avail > 0; i++) {
    m.heads.arrays[0].touched = 0
    m.slab.reap(other)
  }
  expect([m.heads.arrays[0].avail, m.heads.freeObjects]).toEqual([0, 14])
  return m
}

describe.each(["feb-2012", "v3.6"] as const)("properties of %s", (pfmemalloc) => {
  it("1: empty array and only marked slabs: the first refused call does not grow, the second does", () => {
    const { slab, pages, heads } = emptyArrayMarkedSlab(pfmemalloc)
    const asked = pages.log.length
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    expect([pages.log.length, tagged(heads)]).toEqual([asked, 14])
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    expect(pages.log.length).toBe(asked + 1)
  })

  it("exchange: a clean slab that was grown pays for the reserve slab, which is unmarked and used", () => {
    const { slab, pages, heads } = machine(pfmemalloc)
    const first = slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    pages.free_ = 200
    const second = slab.tryAlloc(other, heads, GFP_ATOMIC)
    expect(heads.slabs.pageOf(second)).toBe(heads.slabs.pageOf(first))
    expect([marked(pages, heads, second), heads.slabs.count[SLABS_FREE], heads.reserveExchanges]).toEqual([false, 1, 1])
    slab.checkInvariants()
  })

  it("2: after the exchange the other entries of that slab keep their tags", () => {
    const { slab, pages, heads } = machine(pfmemalloc)
    slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    pages.free_ = 200
    slab.tryAlloc(other, heads, GFP_ATOMIC)
    expect(tagged(heads)).toBe(13)
    // hence the next caller is refused by the array as well, grows, and pays again
    const asked = pages.log.length
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    expect([pages.log.length, tagged(heads)]).toEqual([asked + 1, 12])
  })

  it("3: the recheck looks at one cache and clears the flag for all", () => {
    const { slab, pages, heads } = machine(pfmemalloc)
    const vma = slab.createCache("vm_area_struct", 176)
    slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    const held = slab.tryAlloc(reserveUser, vma, GFP_ATOMIC)
    const before = tagged(vma)
    pages.free_ = 200
    slab.tryAlloc(other, heads, GFP_ATOMIC)
    expect(slab.reserve.active).toBe(false)
    expect(marked(pages, heads, held)).toBe(true)
    slab.free(other, vma, held)
    expect(tagged(vma)).toBe(before)
    // the untagged reserve object goes to anybody
    expect(slab.tryAlloc(other, vma, GFP_ATOMIC)).toBe(held)
  })

  it("the recheck keeps the flag while this cache has another marked slab", () => {
    const { slab, pages, heads } = machine(pfmemalloc)
    for (let i = 0; i < 16; i++) slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    pages.free_ = 200
    slab.tryAlloc(other, heads, GFP_ATOMIC)
    expect(slab.reserve.active).toBe(true)
  })

  it("5: callers who are not allowed fail although free objects exist", () => {
    const { slab, heads } = emptyArrayMarkedSlab(pfmemalloc)
    expect(heads.freeObjects).toBe(14)
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    const row = slab.slabinfo().find((r) => r.name === heads.name)
    expect([row?.activeObjects, row?.totalObjects]).toEqual([15, 15])
  })

  it("a forced refill that cannot grow fails even if free slabs exist", () => {
    const { slab, pages, heads } = machine(pfmemalloc)
    // one clean slab on the free list, one marked slab in the array
    pages.free_ = 200
    const clean = Array.from({ length: 15 }, () => slab.tryAlloc(other, heads, GFP_ATOMIC))
    pages.free_ = MIN * 3 / 8
    slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    const entries = heads.arrays[0].avail
    expect(entries).toBe(14)
    const tags = Array.from(heads.arrays[0].entry.subarray(0, entries))
    // clean objects reach their slab without passing the array of this CPU
    heads.arrays[0].avail = 0
    for (const object of clean) slab.free(other, heads, object)
    heads.arrays[0].touched = 0
    while (heads.arrays[0].avail > 0) {
      heads.arrays[0].touched = 0
      slab.reap(other)
    }
    heads.arrays[0].entry.set(tags)
    heads.arrays[0].avail = entries
    expect(heads.slabs.count[SLABS_FREE]).toBe(1)
    slab.checkInvariants()
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    // with memory it grows, and a slab on the free list is enough for the exchange; the new slab is the last of the list
    pages.free_ = 200
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    expect(heads.slabs.count[SLABS_FREE]).toBe(2)
    expect(heads.slabs.page[heads.slabs.head[SLABS_FREE]]).toBe(heads.slabs.pageOf(clean[0]))
  })

  it("tags travel through sleeping allocations too", () => {
    const { sim, slab, pages, heads } = machine(pfmemalloc)
    slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    pages.onSleep = () => {
      pages.free_ = 200
    }
    const object = runNow(slab.alloc(taskOn(sim, 0), heads, GFP_KERNEL))
    expect([object >= 0, heads.reserveExchanges]).toEqual([true, 1])
    slab.checkInvariants()
  })
})

describe("where the search for an untagged entry starts", () => {
  /** Array: entry 0 untagged, the others tagged, the last one on top. */
  function untaggedAtBottom(pfmemalloc: Mode) {
    const m = machine(pfmemalloc)
    m.pages.free_ = 200
    const clean = Array.from({ length: 15 }, () => m.slab.tryAlloc(other, m.heads, GFP_ATOMIC))
    m.pages.free_ = MIN * 3 / 8
    const reserve = Array.from({ length: 15 }, () => m.slab.tryAlloc(reserveUser, m.heads, GFP_ATOMIC))
    expect(m.heads.arrays[0].avail).toBe(0)
    m.slab.free(other, m.heads, clean[0])
    for (const object of reserve.slice(0, 3)) m.slab.free(reserveUser, m.heads, object)
    expect(tagged(m.heads)).toBe(3)
    return { ...m, clean: clean[0] }
  }

  it("v3.6 finds it at index 0", () => {
    const { slab, heads, clean } = untaggedAtBottom("v3.6")
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBe(clean)
    expect([heads.arrays[0].avail, tagged(heads)]).toEqual([3, 3])
    slab.checkInvariants()
  })

  it("feb-2012 starts at index 1 and misses it", () => {
    const { slab, heads } = untaggedAtBottom("feb-2012")
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    expect(heads.arrays[0].avail).toBe(4)
  })
})

it("multi-page slabs: every page is marked, only the first is unmarked", () => {
  const { slab, pages } = machine("v3.6")
  const sockets = slab.createCache("TCP", 1720, { hwAlign: true })
  const object = slab.tryAlloc(reserveUser, sockets, GFP_ATOMIC)
  const page = sockets.slabs.pageOf(object)
  expect([sockets.order, marked(pages, sockets, object), (pages.frames.flags[page + 1] & PG_active) !== 0]).toEqual([
    1,
    true,
    true
  ])
  pages.free_ = 200
  expect(slab.tryAlloc(other, sockets, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
  expect([marked(pages, sockets, object), (pages.frames.flags[page + 1] & PG_active) !== 0]).toEqual([false, true])
})

it("multi-page slabs: an object is tagged by the page that it begins in", () => {
  const { slab, pages } = machine("v3.6")
  const sockets = slab.createCache("TCP", 1720, { hwAlign: true })
  const objects = Array.from({ length: 5 }, () => slab.tryAlloc(reserveUser, sockets, GFP_ATOMIC))
  pages.free_ = 200
  // the first page of the second slab is unmarked in exchange; the first slab keeps the flag set
  const exchanged = slab.tryAlloc(other, sockets, GFP_ATOMIC)
  expect(sockets.slabs.pageOf(exchanged)).toBe(sockets.slabs.pageOf(objects[4]))
  const base = exchanged - objectIndex(exchanged)
  // four objects of 1,728 bytes behind 64 of management, in two pages: the last one begins in the second
  expect([0, 1, 2, 3].map((i) => slab.reserve.entryFor(sockets, base + i) < 0)).toEqual([false, false, false, true])
})

it("with the gate closed again, a tagged entry is handed out and counted", () => {
  const { slab, heads, memallocSocks } = machine("v3.6")
  slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
  memallocSocks.count = 0
  expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
  expect(heads.taggedWithGateClosed).toBe(1)
})

it.each(["feb-2012", "v3.6"] as const)(
  "switched from none to %s: objects that exist stay untagged, new ones are not",
  (to) => {
    const { slab, pages, heads } = machine("none")
    const before = slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    slab.setSwitches({ ...NO_RESERVE_SWITCHES, ...MODES[to] })
    for (let i = 0; i < 14; i++) expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    expect([marked(pages, heads, before), tagged(heads)]).toEqual([false, 0])
    const after = slab.tryAlloc(reserveUser, heads, GFP_ATOMIC)
    expect([marked(pages, heads, after), tagged(heads)]).toEqual([true, 14])
    expect(slab.tryAlloc(other, heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    slab.checkInvariants()
  }
)
