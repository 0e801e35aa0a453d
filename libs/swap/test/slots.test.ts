// When a slot is given up.
import { bootContext, NONE, PG_dirty, PG_locked, PG_swapcache, PG_writeback } from "@swaplab/page-alloc"
import { expect, it } from "vitest"
import { Rig, start, TestTask } from "./rig.ts"

/** A machine whose page was swapped out and read back, unlocked, with a reference of its fault; not mapped yet. */
const swappedIn = (slots = 1024) => {
  const rig = new Rig({ slots, pageCluster: 0 })
  const task = new TestTask(rig.sim, "usemem")
  const out = rig.anonPage(7)
  rig.visit(task, out)
  rig.disk.end(rig.queue)
  rig.visit(task, out)
  const slot = 1
  let page = -1
  start(rig.sim, "reader", function*(reader) {
    page = yield* rig.swap.swapinReadahead(reader, slot)
  })
  rig.sim.run(0)
  rig.disk.end(rig.queue)
  rig.frames.flags[page] |= PG_locked
  return { rig, task, page, slot }
}

/** The rest of a fault: the page table entry refers to the page again. */
const map = (rig: Rig, page: number, slot: number): void => {
  rig.frames.rmap[page] = page
  rig.swap.swapFree(slot, bootContext())
}

it("a write fault of the only user takes the page out of the cache and frees its slot", () => {
  const { rig, task, page, slot } = swappedIn()
  expect(rig.swap.reuseSwapPage(task, page)).toBe(true)
  expect(rig.frames.flags[page] & (PG_swapcache | PG_dirty)).toBe(PG_dirty)
  expect(rig.swap.areas[0].map.map.at(slot)).toBe(1)
  map(rig, page, slot)
  expect(rig.swap.areas[0].map.map.at(slot)).toBe(0)
  expect(rig.frames.refCount[page]).toBe(1)
  rig.check()
})

it("a read fault leaves it in the cache; the slot stays with the cache", () => {
  const { rig, task, page, slot } = swappedIn()
  map(rig, page, slot)
  expect(rig.swap.areas[0].map.map.at(slot)).toBe(0x40)
  expect(rig.frames.refCount[page]).toBe(2)
  // a later write to it: one user, so it may leave the cache then
  expect(rig.swap.reuseSwapPage(task, page)).toBe(true)
  expect(rig.swap.areas[0].map.map.at(slot)).toBe(0)
  rig.check()
})

it("a page under writeback stays in the cache although its only user may write to it", () => {
  const { rig, task, page, slot } = swappedIn()
  map(rig, page, slot)
  rig.frames.flags[page] |= PG_dirty
  rig.unmap(page)
  expect(rig.swap.tryPageout(task, page)).toBe(0)
  expect(rig.frames.flags[page] & PG_writeback).toBe(PG_writeback)
  rig.swap.locks.tryLock(page)
  expect(rig.swap.reuseSwapPage(task, page)).toBe(true)
  expect(rig.frames.flags[page] & PG_swapcache).toBe(PG_swapcache)
  rig.check()
})

it("a page that a second entry shares is not reused", () => {
  const { rig, task, page, slot } = swappedIn()
  rig.swap.swapDuplicate(slot)
  expect(rig.swap.reuseSwapPage(task, page)).toBe(false)
  expect(rig.frames.flags[page] & PG_swapcache).toBe(PG_swapcache)
})

it("a page outside the cache is always reused", () => {
  const rig = new Rig()
  const page = rig.anonPage(1)
  rig.swap.locks.tryLock(page)
  expect(rig.swap.reuseSwapPage(new TestTask(rig.sim, "usemem"), page)).toBe(true)
})

it.each([
  { name: "no entry refers to the slot", refer: false, freed: true },
  { name: "an entry still does", refer: true, freed: false }
])("try_to_free_swap when $name: $freed", ({ refer, freed }) => {
  const { rig, task, page, slot } = swappedIn()
  if (!refer) map(rig, page, slot)
  expect(rig.swap.tryToFreeSwap(task, page)).toBe(freed)
  expect(rig.swap.areas[0].map.map.at(slot)).toBe(freed ? 0 : 0x41)
  rig.check()
})

it("exit frees a slot at once when nobody holds its page", () => {
  const rig = new Rig()
  const task = new TestTask(rig.sim, "usemem")
  const page = rig.anonPage(7)
  rig.visit(task, page)
  rig.disk.end(rig.queue)
  const free = rig.freePages
  rig.swap.freeSwapAndCache(task, 1)
  // reclaim had put the page back with the cache as its only owner: it is free now
  expect(rig.freePages).toBe(free + 1)
  expect(rig.swap.nrSwapPages()).toBe(1023)
  rig.check()
})

it("exit leaves a page under writeback to reclaim", () => {
  const rig = new Rig()
  const task = new TestTask(rig.sim, "usemem")
  const page = rig.anonPage(7)
  rig.visit(task, page)
  rig.swap.freeSwapAndCache(task, 1)
  expect(rig.swap.areas[0].map.map.at(1)).toBe(0x40)
  rig.disk.end(rig.queue)
  const free = rig.freePages
  expect(rig.visit(task, page)).toBe("freed")
  expect(rig.freePages).toBe(free + 1)
  expect(rig.swap.nrSwapPages()).toBe(1023)
  rig.check()
})

it("exit leaves a page that somebody has locked", () => {
  const { rig, task, page, slot } = swappedIn()
  rig.swap.freeSwapAndCache(task, slot)
  expect(rig.frames.flags[page] & PG_swapcache).toBe(PG_swapcache)
  rig.swap.locks.unlock(page)
  rig.swap.freeSwapCache(task, page)
  expect(rig.frames.flags[page] & PG_swapcache).toBe(0)
  expect(rig.swap.nrSwapPages()).toBe(1023)
  rig.check()
})

it.each([
  { slots: 1024, gone: false },
  { slots: 2, gone: true }
])(
  "another entry's exit takes a mapped page out of the cache only when swap is more than half full ($slots)",
  (row) => {
    const { rig, task, page, slot } = swappedIn(row.slots)
    rig.swap.swapDuplicate(slot)
    map(rig, page, slot)
    rig.swap.locks.unlock(page)
    rig.swap.freeSwapAndCache(task, slot)
    expect((rig.frames.flags[page] & PG_swapcache) === 0).toBe(row.gone)
    expect(rig.frames.refCount[page]).toBe(row.gone ? 1 : 2)
    rig.check()
  }
)

it("the search reuses the slot of a mapped page when swap is more than half full", () => {
  const { rig, task, page, slot } = swappedIn(2)
  map(rig, page, slot)
  rig.swap.locks.unlock(page)
  expect(rig.swap.vmSwapFull()).toBe(true)
  const next = rig.anonPage(8)
  rig.isolate(next)
  // the only slot is not free until the search has asked: Linux does not even look when nothing is free
  expect(rig.swap.addToSwap(task, next)).toBe(false)
  rig.check()
})

it("the search reuses cache-only slots before it takes free ones behind them", () => {
  const rig = new Rig({ slots: 6, pageCluster: 0 })
  const task = new TestTask(rig.sim, "usemem")
  const pages = [1, 2, 3].map((token) => rig.anonPage(token))
  for (const page of pages) rig.visit(task, page)
  rig.disk.end(rig.queue, 3)
  // pages 2 and 3 are mapped again by read faults: their slots belong to the cache only
  for (const page of pages.slice(1)) {
    rig.frames.refCount[page]++
    map(rig, page, rig.frames.private[page])
  }
  rig.swap.areas[0].map.clusterNext = 1
  const next = rig.anonPage(4)
  rig.isolate(next)
  expect(rig.swap.addToSwap(task, next)).toBe(true)
  expect(rig.frames.private[next]).toBe(2)
  expect(rig.frames.flags[pages[1]] & PG_swapcache).toBe(0)
  expect(rig.frames.rmap[pages[1]]).not.toBe(NONE)
  rig.check()
})
