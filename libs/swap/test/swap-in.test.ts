// The way in: readahead, page locks, errors, memory that is short.
import {
  EIO,
  NO_PAGE,
  PG_error,
  PG_locked,
  PG_swapbacked,
  PG_swapcache,
  PG_uptodate,
  PSWPIN
} from "@swaplab/page-alloc"
import { pageClusterFor } from "@swaplab/swap"
import { describe, expect, it } from "vitest"
import { Rig, type RigOptions, start, TestTask } from "./rig.ts"

/** A machine with that many pages swapped out and freed, in slots 1, 2, …; slot s holds the content 100 + s. */
const swappedOut = (pages: number, options: RigOptions = {}): Rig => {
  const rig = new Rig(options)
  const task = new TestTask(rig.sim, "kswapd")
  const list = Array.from({ length: pages }, (_, i) => rig.anonPage(101 + i))
  for (const page of list) expect(rig.visit(task, page)).toBe("written")
  rig.disk.end(rig.queue, pages)
  for (const page of list) expect(rig.visit(task, page)).toBe("freed")
  rig.disk.taken.length = 0
  return rig
}

/** Swaps the slot in and waits for it. */
const swapIn = (rig: Rig, slot: number): { page: number; run: () => number } => {
  const result = { page: -2, run: () => result.page }
  start(rig.sim, "usemem", function*(task) {
    result.page = yield* rig.swap.swapinReadahead(task, slot)
    if (result.page !== NO_PAGE) yield* rig.swap.locks.waitUnlocked(task, result.page)
  })
  rig.sim.run(0)
  return result
}

describe("readahead", () => {
  it("reads the aligned block of eight, one request each without a plug", () => {
    const rig = swappedOut(24)
    const { page } = swapIn(rig, 11)
    expect(rig.disk.taken).toEqual([8, 9, 10, 11, 12, 13, 14, 15].map((slot) => [slot, 1, 0]))
    expect(rig.vmstat.items[PSWPIN]).toBe(8)
    expect(rig.vmstat.get("pgpgin")).toBe(32)
    expect(rig.frames.flags[page] & (PG_locked | PG_swapcache | PG_swapbacked | PG_uptodate)).toBe(
      PG_locked | PG_swapcache | PG_swapbacked
    )
    // the cache and the caller
    expect(rig.frames.refCount[page]).toBe(2)
    expect(rig.drains).toBe(1)
    expect(rig.onLru.size).toBe(8)
    rig.disk.end(rig.queue, 8)
    expect(rig.frames.flags[page] & (PG_locked | PG_uptodate)).toBe(PG_uptodate)
    expect(rig.frames.tokenVersion[page]).toBe(111)
    rig.check()
  })

  it("reads it as one request with a plug", () => {
    const rig = swappedOut(24, { readaheadPlug: true })
    swapIn(rig, 11)
    expect(rig.disk.taken).toEqual([[8, 8, 0]])
  })

  it("skips the header", () => {
    const rig = swappedOut(24, { readaheadPlug: true })
    swapIn(rig, 3)
    expect(rig.disk.taken).toEqual([[1, 7, 0]])
  })

  it.each([
    { pageCluster: 0, block: [11, 1, 0] },
    { pageCluster: 2, block: [8, 4, 0] },
    { pageCluster: 4, block: [1, 15, 0] }
  ])("reads 2^$pageCluster slots", ({ pageCluster, block }) => {
    const rig = swappedOut(24, { readaheadPlug: true, pageCluster })
    swapIn(rig, 11)
    expect(rig.disk.taken).toEqual([block])
  })

  it("takes a page for every slot that is not cached, and gives it back where the slot is unused", () => {
    const rig = swappedOut(11, { readaheadPlug: true })
    const free = rig.freePages
    swapIn(rig, 9)
    expect(rig.disk.taken).toEqual([[8, 4, 0]])
    expect(rig.swap.counters.readaheadHoles).toBe(4)
    expect(rig.freePages).toBe(free - 4)
  })

  it("does not read what is cached", () => {
    const rig = swappedOut(24, { readaheadPlug: true })
    swapIn(rig, 11)
    rig.disk.taken.length = 0
    const again = swapIn(rig, 12)
    expect(rig.disk.taken).toEqual([])
    expect(rig.frames.private[again.page]).toBe(12)
  })

  it("says NO_PAGE for a slot that is gone", () => {
    const rig = swappedOut(8)
    expect(swapIn(rig, 500).page).toBe(NO_PAGE)
    rig.check()
  })

  it.each([
    { ramMiB: 8, cluster: 2 },
    { ramMiB: 15, cluster: 2 },
    { ramMiB: 16, cluster: 3 },
    { ramMiB: 2048, cluster: 3 }
  ])("blocks are 2^$cluster slots with $ramMiB MiB", ({ ramMiB, cluster }) => {
    expect(pageClusterFor(ramMiB * 256)).toBe(cluster)
  })
})

describe("waiting", () => {
  it("sleeps on the page lock until the read ends", () => {
    const rig = swappedOut(8)
    const fault = start(rig.sim, "usemem", function*(task) {
      const page = yield* rig.swap.swapinReadahead(task, 5)
      yield* rig.swap.locks.lock(task, page)
      yield* task.process.hold(1)
      rig.swap.locks.unlock(page)
    })
    const other = start(rig.sim, "thread", function*(task) {
      yield* rig.swap.locks.lock(task, rig.swap.lookupSwapCache(5))
    })
    rig.sim.run(0)
    expect([fault.process.waitingOn?.name, fault.process.state]).toEqual(["page lock", "uninterruptible"])
    expect(other.process.waitingOn?.name).toBe("page lock")
    rig.disk.end(rig.queue, 8)
    rig.sim.run(0)
    // one has it, the other waits for that one
    expect([fault.process.waitingOn, other.process.waitingOn].filter((queue) => queue !== null).length).toBe(1)
    rig.sim.run(1)
    expect([fault.process.finished, other.process.finished]).toEqual([true, true])
  })

  it("may be killed where the fault allows it", () => {
    const rig = swappedOut(8)
    let answer: boolean | null = null
    const fault = start(rig.sim, "usemem", function*(task) {
      const page = yield* rig.swap.swapinReadahead(task, 5)
      answer = yield* rig.swap.locks.waitUnlockedKillable(task, page)
    })
    rig.sim.run(0)
    expect(fault.process.state).toBe("killable")
    fault.process.kill()
    rig.sim.run(0)
    expect(answer).toBe(false)
  })

  it("flushes its own plug before it waits for a page in it", () => {
    const rig = swappedOut(8)
    start(rig.sim, "usemem", function*(task) {
      rig.swap.startPlug(task)
      const page = yield* rig.swap.swapinReadahead(task, 5)
      yield* rig.swap.locks.waitUnlocked(task, page)
      yield* rig.swap.finishPlug(task)
    })
    rig.sim.run(0)
    expect(rig.disk.taken).toEqual([[1, 7, 0]])
  })

  it("waits for memory, for nodes and for a bio, and finds what another task has read meanwhile", () => {
    const rig = swappedOut(16, { frames: 16 })
    const hog = Array.from({ length: 16 }, () => rig.tryPage())
    const tasks = [0, 1].map((n) =>
      start(rig.sim, `usemem-${n}`, function*(task) {
        const page = yield* rig.swap.readahead.readSwapCacheAsync(task, 9)
        yield* rig.swap.locks.waitUnlocked(task, page)
        expect(rig.frames.tokenVersion[page]).toBe(109)
        rig.swap.state.putPage(task, page)
      })
    )
    rig.sim.run(0)
    expect(tasks.map((task) => task.process.waitingOn?.name)).toEqual(["memory", "memory"])
    rig.freePage(hog[0])
    rig.freePage(hog[1])
    rig.sim.run(0)
    expect(tasks.map((task) => task.process.waitingOn?.name)).toEqual(["page lock", "page lock"])
    rig.check()
    expect(rig.disk.held.length).toBe(1)
    // the second gave its page back
    expect(rig.freePages).toBe(1)
    rig.disk.end(rig.queue)
    rig.sim.run(0)
    expect(tasks.every((task) => task.process.finished)).toBe(true)
    rig.check()
  })

  it("waits for a bio with the page locked in the cache", () => {
    const rig = swappedOut(8, { pageCluster: 0 })
    const holder = new TestTask(rig.sim, "holder")
    rig.bioMemory.limit = 2
    const held = [rig.queue.bios.tryAlloc(holder, 0), rig.queue.bios.tryAlloc(holder, 0)]
    const fault = start(rig.sim, "usemem", function*(task) {
      yield* rig.swap.swapinReadahead(task, 5)
    })
    rig.sim.run(0)
    expect(fault.process.waitingOn?.name).toBe("mempool bio-0")
    const page = rig.swap.lookupSwapCache(5)
    expect(rig.frames.flags[page] & PG_locked).toBe(PG_locked)
    expect(rig.swap.areas[0].map.map.at(5)).toBe(0x41)
    rig.queue.bios.free(holder, held[0])
    rig.sim.run(0)
    expect(fault.process.finished).toBe(true)
    expect(rig.disk.taken).toEqual([[5, 1, 0]])
    rig.check()
  })
})

it("leaves a page that could not be read out of date, and unlocks it", () => {
  const rig = swappedOut(8, { pageCluster: 0 })
  const { page } = swapIn(rig, 5)
  rig.disk.end(rig.queue, 1, EIO)
  expect(rig.frames.flags[page] & (PG_error | PG_uptodate | PG_locked)).toBe(PG_error)
  expect(rig.log).toEqual(["Read-error on swap-device (43:0:40)"])
})
