// zswap in front of one area, page by page.
import { PageSizes, type PageSizesOptions } from "#src/compressed/page-sizes.ts"
import { Zswap, type ZswapOptions } from "#src/compressed/zswap.ts"
import {
  PG_dirty,
  PG_locked,
  PG_reclaim,
  PG_swapcache,
  PG_uptodate,
  PG_writeback,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { Random, type Sleeps } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { Rig, start, TestMemory, TestTask } from "./rig.ts"

const COSTS = { compressNs: 10_000, decompressNs: 5000 }

/** A pool of at most `limit` pages, of pages that compress to less than a half. */
const front = (limit: number, sizes: Partial<PageSizesOptions> = {}, options: Partial<ZswapOptions> = {}) => {
  const rig = new Rig({ pageCluster: 0 })
  const task = new TestTask(rig.sim, "kswapd0")
  const pages = new TestMemory()
  const entries = new TestMemory()
  const [{ io, map }] = rig.swap.areas
  const zswap = new Zswap(
    rig.swap.state,
    io,
    { pages, entries },
    new PageSizes(new Random(1, "zswap"), { ratio: 2.2, spread: 0, zeroPages: 0, ...sizes }),
    COSTS,
    { ramPages: 100, maxPool: limit / 100, slots: map.max, ...options }
  )
  io.frontswap = zswap
  map.onFree = (ctx, slot) => zswap.invalidate(ctx, slot)
  const check = (): void => {
    rig.check()
    zswap.checkInvariants()
  }
  /** Reclaim's first visit of a new page, sleeping where it must. Its slot. */
  function* out(by: TestTask, token: number): Sleeps<number> {
    const page = rig.anonPage(token)
    expect(rig.isolate(page)).toBe(true)
    expect(rig.swap.addToSwap(by, page)).toBe(true)
    const slot = rig.unmap(page)
    rig.frames.flags[page] |= PG_reclaim
    if (rig.swap.tryPageout(by, page) === WOULD_SLEEP) yield* rig.swap.pageout(by, page)
    rig.swap.state.putPage(by, page)
    // the second visit, of a page that is clean
    if ((rig.frames.flags[page] & PG_writeback) === 0) rig.visit(by, page)
    return slot
  }
  return { check, entries, out, pages, rig, task, zswap }
}

describe("a store", () => {
  it("keeps the page out of the device: clean, unlocked, not under writeback, free at the second visit", () => {
    const { check, pages, rig, task, zswap } = front(20)
    const page = rig.anonPage(7)
    expect(rig.visit(task, page)).toBe("written")
    expect(rig.frames.flags[page] & (PG_dirty | PG_locked | PG_writeback | PG_swapcache)).toBe(PG_swapcache)
    expect([rig.disk.taken.length, rig.swap.counters.writesSubmitted, task.ns]).toEqual([0, 0, 10_000])
    expect(rig.visit(task, page)).toBe("freed")
    expect(zswap.stats).toMatchObject({
      stores: 1,
      storedPages: 1,
      comprSize: 1862,
      storedBytes: 1862,
      mostPoolPages: 1
    })
    expect(pages.inUse).toBe(1)
    check()
  })

  it.each([
    {
      name: "does not compress",
      sizes: { ratio: 1.01 },
      counter: "rejectCompressPoor",
      pages: 99,
      entries: 99,
      ns: 10_000
    },
    { name: "finds no page", sizes: {}, counter: "rejectAllocFail", pages: 0, entries: 99, ns: 10_000 }
  ])("that $name goes to the device", ({ counter, entries: entryLimit, ns, pages: pageLimit, sizes }) => {
    const { check, entries, pages, rig, task, zswap } = front(20, sizes)
    pages.limit = pageLimit
    entries.limit = entryLimit
    const page = rig.anonPage(7)
    expect(rig.visit(task, page)).toBe("written")
    expect(rig.disk.taken).toEqual([[1, 1, 1]])
    expect(zswap.stats).toMatchObject({ [counter]: 1, stores: 0, storedPages: 0 })
    expect([entries.inUse, pages.inUse]).toEqual([0, 0])
    expect(task.ns).toBe(ns + 1000)
    rig.disk.end(rig.queue)
    check()
  })

  it("that finds no entry goes to the device, and is tried once", () => {
    const { check, entries, out, rig, zswap } = front(20)
    entries.limit = 0
    rig.start("kswapd0", (by) => out(by, 7) as Sleeps<never>)
    rig.sim.run(0)
    expect(zswap.stats).toMatchObject({ rejectKmemcacheFail: 1, stores: 0 })
    expect(rig.disk.taken).toEqual([[1, 1, 1]])
    rig.disk.end(rig.queue)
    check()
  })

  it("that is rejected is not tried again when its write has to sleep for the device", () => {
    const { check, out, rig, zswap } = front(20, { ratio: 1.01 })
    rig.bioMemory.limit = rig.bioMemory.inUse
    const bios = [
      rig.queue.bios.tryAlloc(new TestTask(rig.sim, "x"), 0),
      rig.queue.bios.tryAlloc(new TestTask(rig.sim, "x"), 0)
    ]
    rig.start("kswapd0", (by) => out(by, 7) as Sleeps<never>)
    rig.sim.run(0)
    expect([zswap.stats.rejectCompressPoor, rig.disk.taken.length]).toEqual([1, 0])
    for (const bio of bios) rig.queue.bios.free(new TestTask(rig.sim, "x"), bio)
    rig.sim.run(10e9)
    expect([zswap.stats.rejectCompressPoor, rig.disk.taken.length]).toEqual([1, 1])
    rig.disk.end(rig.queue)
    check()
  })
})

it("a load fills the page without the device; the entry stays until the slot is free", () => {
  const { check, entries, pages, rig, task, zswap } = front(20)
  const page = rig.anonPage(7)
  rig.visit(task, page)
  rig.visit(task, page)
  const slot = 1
  let read = -1
  start(rig.sim, "usemem", function*(by) {
    read = yield* rig.swap.swapinReadahead(by, slot)
    expect(by.ns).toBe(5000)
  })
  rig.sim.run(0)
  expect(rig.frames.flags[read] & (PG_uptodate | PG_locked)).toBe(PG_uptodate)
  expect([rig.frames.tokenVersion[read], rig.disk.taken.length]).toEqual([7, 0])
  expect([zswap.stats.loads, zswap.stats.storedPages, rig.swap.counters.readsSubmitted]).toEqual([1, 1, 0])
  check()
  // the fault maps it, and a write takes it out of the cache
  rig.frames.flags[read] |= PG_locked
  expect(rig.swap.reuseSwapPage(task, read)).toBe(true)
  rig.frames.rmap[read] = read
  rig.swap.swapFree(slot, task)
  expect([zswap.stats.storedPages, entries.inUse, pages.inUse]).toEqual([0, 0, 0])
  rig.swap.locks.unlock(read)
  check()
})

it("above its limit it writes the oldest page of the pool back, with both that are in it", () => {
  // two objects of 1862 bytes a page: the limit of 1 is passed with the third
  const { check, out, pages, rig, zswap } = front(1)
  const slots: Array<number> = []
  rig.start("kswapd0", function*(by) {
    for (let token = 11; token <= 15; token++) slots.push(yield* out(by, token))
  })
  rig.sim.run(0)
  expect(slots).toEqual([1, 2, 3, 4, 5])
  expect(zswap.stats).toMatchObject({
    poolLimitHit: 1,
    writtenBackPages: 2,
    storedPages: 3,
    stores: 5,
    rejectReclaimFail: 0
  })
  expect(rig.disk.taken).toEqual([[1, 1, 1], [2, 1, 1]])
  expect(pages.inUse).toBe(2)
  rig.disk.end(rig.queue, 2)
  // the contents came through the pool
  expect([1, 2].map((slot) => rig.disk.content.get(slot))).toEqual([11, 12])
  // reclaim marked the five stores; a page that zswap writes back stays where it came to, as in 3.11
  expect(rig.rotated).toHaveLength(5)
  check()
})

it("a page that is in the swap cache is not written back: the store is rejected when all are", () => {
  const { check, out, rig, task, zswap } = front(1)
  const cached = [1, 2, 3].map((token) => rig.anonPage(token))
  // visited once: stored, and still in the cache
  for (const page of cached) expect(rig.visit(task, page)).toBe("written")
  expect(zswap.full).toBe(true)
  rig.start("kswapd0", (by) => out(by, 4) as Sleeps<never>)
  rig.sim.run(0)
  expect(zswap.stats).toMatchObject({ poolLimitHit: 1, rejectReclaimFail: 1, writtenBackPages: 0, storedPages: 3 })
  expect(rig.disk.taken).toEqual([[4, 1, 1]])
  rig.disk.end(rig.queue)
  check()
})
