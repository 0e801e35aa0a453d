// The two proposals of August 2007 inside reclaim, page by page.
import { ALL_UNRECLAIMABLE } from "#src/emergency.ts"
import { GFP_KERNEL, GFP_NOIO, PF_MEMALLOC, PG_dirty, PG_swapcache, PG_writeback, type Task } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { context, Toy, ToyTask } from "./toy.ts"

/** So many inactive pages: clean file pages, mapped anonymous ones, clean swap cache, dirty swap cache. */
const filled = (counts: { file?: number; mapped?: number; cleanSwap?: number; dirtySwap?: number }) => {
  const toy = new Toy()
  const ctx = context()
  const { flags, rmap } = toy.pages.frames
  const take = (n = 0) => Array.from({ length: n }, () => toy.take())
  for (const pfn of take(counts.file)) toy.cacheFile(ctx, pfn)
  for (const pfn of take(counts.mapped)) toy.mapAnon(ctx, pfn, false)
  for (const [n, dirty] of [[counts.cleanSwap, 0], [counts.dirtySwap, PG_dirty]] as const) {
    const pages = take(n)
    for (const pfn of pages) toy.mapAnon(ctx, pfn, false)
    toy.vmscan.lru.drain(ctx)
    // as after the write that unmapped it: the cache has the only reference
    for (const pfn of pages) {
      rmap[pfn] = -1
      flags[pfn] |= PG_swapcache | dirty
    }
  }
  toy.vmscan.lru.drain(ctx)
  return toy
}

const emergency = (toy: Toy): number =>
  toy.vmscan.emergencyFreePages(new ToyTask(toy.sim, "nbd0", PF_MEMALLOC), GFP_NOIO, 0, toy.pages.zonelist(GFP_KERNEL))

describe("emergency_free_pages", () => {
  it("drops clean file pages and clean swap cache, and touches nothing else", () => {
    const toy = filled({ file: 40, mapped: 40, cleanSwap: 40, dirtySwap: 40 })
    const log = toy.mm.log = []
    const dropped = emergency(toy)
    expect(dropped).toBeGreaterThanOrEqual(32)
    expect(log).toHaveLength(dropped)
    expect(log.every((call: string) => call.startsWith("remove"))).toBe(true)
    expect([toy.mm.writes, toy.vmscan.isolatedPages()]).toEqual([0, 0])
    toy.check()
  })

  it("says 0 with fewer than 32 clean pages, although it has dropped them", () => {
    const toy = filled({ file: 20, mapped: 40 })
    expect([emergency(toy), toy.vmscan.pgdat.emergencyPages]).toEqual([0, 20])
    toy.check()
  })

  it("says all unreclaimable when kswapd has given up every zone: the posted patch retries then", () => {
    const toy = filled({ mapped: 40 })
    toy.zone.allUnreclaimable = true
    expect(emergency(toy)).toBe(ALL_UNRECLAIMABLE)
    toy.zone.allUnreclaimable = false
    expect(emergency(toy)).toBe(0)
  })

  it("scans a zone that kswapd has given up at priority 12 only: one page of 4096", () => {
    const toy = new Toy({ memory: { dma: 0, dma32: 16_384, normal: 0 } })
    for (let i = 0; i < 8192; i++) toy.cacheFile(context(), toy.take())
    toy.vmscan.lru.drain(context())
    toy.zone.allUnreclaimable = true
    expect([emergency(toy), toy.vmscan.pgdat.emergencyPages]).toEqual([ALL_UNRECLAIMABLE, 2])
  })

  it("deactivates file pages where too few are inactive", () => {
    const toy = new Toy()
    const ctx = context()
    for (let i = 0; i < 80; i++) toy.cacheFile(ctx, toy.take(), true)
    toy.vmscan.lru.drain(ctx)
    expect([toy.lruvec.lists[2].count, toy.lruvec.lists[3].count]).toEqual([0, 80])
    expect(emergency(toy)).toBeGreaterThanOrEqual(32)
    toy.check()
  })
})

/** A task that reclaims once from 200 inactive anonymous pages. */
const session = (pageoutList: boolean, options: { requests?: number; onWrite?: (task: Task) => void } = {}) => {
  const toy = new Toy({
    vmscan: { switches: { pageoutList } },
    writeNs: Number.POSITIVE_INFINITY,
    requests: options.requests ?? 128
  })
  const ctx = context()
  for (let i = 0; i < 200; i++) toy.mapAnon(ctx, toy.take(), false)
  toy.vmscan.lru.drain(ctx)
  const flags: Array<number> = []
  const tryPageout = toy.mm.tryPageout.bind(toy.mm)
  toy.mm.tryPageout = (task, pfn) => {
    flags.push(task.flags & PF_MEMALLOC)
    options.onWrite?.(task)
    return tryPageout(task, pfn)
  }
  const task = toy.spawn(
    "T",
    (self) => toy.vmscan.tryToFreePages(self, GFP_KERNEL, 0, toy.pages.zonelist(GFP_KERNEL)),
    PF_MEMALLOC
  )
  toy.sim.run(1e9)
  return { toy, task, flags }
}

describe("the pageout list", () => {
  it("puts 32 pages aside, ends the session, and writes them without PF_MEMALLOC", () => {
    const { flags, task, toy } = session(true)
    expect([task.process.finished, task.flags & PF_MEMALLOC]).toEqual([true, PF_MEMALLOC])
    expect(flags).toEqual(Array.from({ length: 32 }, () => 0))
    expect([toy.mm.writes, toy.vmscan.pgdat.pageoutListed, toy.vmscan.isolatedPages()]).toEqual([32, 32, 0])
    toy.check()
  })

  it("without it reclaim writes what it meets, with PF_MEMALLOC, until the list is at its end", () => {
    const { flags, toy } = session(false)
    expect(flags.length).toBeGreaterThan(32)
    expect(flags.every((flag) => flag === PF_MEMALLOC)).toBe(true)
    expect(toy.vmscan.pgdat.pageoutListed).toBe(0)
  })

  it("holds its pages isolated while it sleeps for a request, and gives them back", () => {
    const { task, toy } = session(true, { requests: 10 })
    expect([task.process.finished, toy.mm.writes, toy.vmscan.isolatedPages()]).toEqual([false, 10, 32])
    toy.check()
    toy.mm.requests = 128
    toy.mm.slotFreed.wakeOne()
    toy.sim.run(2e9)
    expect([task.process.finished, toy.mm.writes, toy.vmscan.isolatedPages()]).toEqual([true, 32, 0])
    toy.check()
  })

  it("reclaim that such a write enters starts no write itself", () => {
    const toy = new Toy({ vmscan: { switches: { pageoutList: true } } })
    const ctx = context()
    for (let i = 0; i < 200; i++) toy.mapAnon(ctx, toy.take(), false)
    toy.vmscan.lru.drain(ctx)
    let nested = -1
    const pageout = toy.mm.pageout.bind(toy.mm)
    toy.mm.tryPageout = () => -2
    toy.mm.pageout = function*(task, pfn) {
      toy.mm.tryPageout = Object.getPrototypeOf(toy.mm).tryPageout
      if (nested < 0) {
        nested = 0
        task.flags |= PF_MEMALLOC
        yield* toy.vmscan.tryToFreePages(task, GFP_NOIO, 0, toy.pages.zonelist(GFP_KERNEL))
        task.flags &= ~PF_MEMALLOC
        nested = toy.mm.writes
      }
      return yield* pageout(task, pfn)
    }
    const task = toy.spawn(
      "T",
      (self) => toy.vmscan.tryToFreePages(self, GFP_KERNEL, 0, toy.pages.zonelist(GFP_KERNEL)),
      PF_MEMALLOC
    )
    toy.sim.run(10e9)
    expect([task.process.finished, nested, toy.mm.writes]).toEqual([true, 0, 32])
    expect(toy.vmscan.pgdat.pageoutWriters.size).toBe(0)
    const { flags } = toy.pages.frames
    expect(flags.some((f) => (f & PG_writeback) !== 0)).toBe(false)
    toy.check()
  })
})
