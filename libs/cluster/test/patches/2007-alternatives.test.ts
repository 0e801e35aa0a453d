// The two proposals of August 2007: what each does, seen on a booted machine.
import { __GFP_NOMEMALLOC, GFP_ATOMIC, GFP_KERNEL, NO_PAGE, PF_MEMALLOC } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { scenario, SMALL, started } from "../clusters.ts"
import { boot, type Booted, freePages, leave, memallocTask, softirq } from "./rig.ts"

/** Clean, inactive page cache of so many pages, read into what `leave` held. */
const cachePages = (rig: Booted, count: number): void => {
  const { machine } = rig
  const ctx = memallocTask()
  machine.pageCache.fill(ctx, machine.vmscan, count)
  machine.vmscan.lru.drainAll(ctx)
}

const emptied = (kernel: string, cached: number) => {
  const rig = boot("slub", kernel)
  cachePages(rig, cached)
  leave(rig, 0)
  const self = rig.machine.task("reclaimer", PF_MEMALLOC)
  return { rig, self, pgdat: rig.machine.vmscan.pgdat }
}

describe("recursive-reclaim", () => {
  it("a PF_MEMALLOC task that finds nothing drops at least 32 clean pages and gets one of them", () => {
    const { pgdat, rig, self } = emptied("v3.5 + recursive-reclaim", 200)
    expect(rig.machine.pages.tryAlloc(self, GFP_KERNEL, 0)).toBeGreaterThanOrEqual(0)
    // of 100 inactive pages 1, 3, 6, 11 and 25 at priorities 6 to 2: the step that passes 32 is finished
    expect([pgdat.emergencies, pgdat.emergencyPages]).toEqual([1, 46])
    expect([rig.machine.pageCache.dropped, rig.machine.pageCache.resident]).toEqual([46, 154])
    rig.machine.vmscan.checkInvariants()
  })

  it("without it the task fails at once", () => {
    const { pgdat, rig, self } = emptied("v3.5", 200)
    expect(rig.machine.pages.tryAlloc(self, GFP_KERNEL, 0)).toBe(NO_PAGE)
    expect([pgdat.emergencies, rig.machine.pageCache.dropped]).toEqual([0, 0])
  })

  it("helps nobody else: no interrupt, no task without the flag, no mask with __GFP_NOMEMALLOC", () => {
    const { pgdat, rig, self } = emptied("v3.5 + recursive-reclaim", 200)
    const { pages } = rig.machine
    expect(pages.tryAlloc(softirq(PF_MEMALLOC), GFP_ATOMIC, 0)).toBe(NO_PAGE)
    expect(pages.tryAlloc(rig.machine.task("other"), GFP_ATOMIC, 0)).toBe(NO_PAGE)
    expect(pages.tryAlloc(self, GFP_ATOMIC | __GFP_NOMEMALLOC, 0)).toBe(NO_PAGE)
    expect([pgdat.emergencies, freePages(rig)]).toEqual([0, 0])
  })

  it("finds nothing where no page is clean, and fewer than 32 pages are no success", () => {
    const { rig, self } = emptied("v3.5 + recursive-reclaim", 0)
    expect(rig.machine.pages.tryAlloc(self, GFP_ATOMIC, 0)).toBe(NO_PAGE)
    const few = emptied("v3.5 + recursive-reclaim", 20)
    // dropped, but reported as failure: the pages are there for the next one who asks
    expect(few.rig.machine.pages.tryAlloc(few.self, GFP_ATOMIC, 0)).toBe(NO_PAGE)
    expect(few.rig.machine.pageCache.dropped).toBeGreaterThan(0)
    expect(few.rig.machine.pages.tryAlloc(few.self, GFP_ATOMIC, 0)).toBeGreaterThanOrEqual(0)
  })
})

/** Writes that reclaim has started within 100 ms of a workload, by whether its task had PF_MEMALLOC. */
const writes = (kernel: string) => {
  const of = scenario([{ ...SMALL, cpus: 1 }], { kernels: { k: { allocator: "slub", base: kernel } } })
  const { cluster: { clients: [{ machine }], sim } } = started(of, "k")
  const count = { memalloc: 0, plain: 0 }
  const { reclaimOps } = machine
  const tryPageout = reclaimOps.tryPageout.bind(reclaimOps)
  reclaimOps.tryPageout = (self, pfn) => {
    if ((self.flags & PF_MEMALLOC) !== 0) count.memalloc++
    else count.plain++
    return tryPageout(self, pfn)
  }
  let most = 0
  while (sim.now < 100e6) {
    sim.run(sim.now + 1e6)
    machine.vmscan.checkInvariants()
    most = Math.max(most, machine.vmscan.pgdat.pageoutWriters.size)
  }
  return { ...count, listed: machine.vmscan.pgdat.pageoutListed, writers: most }
}

describe("pageout-list", () => {
  it("every write of reclaim goes through a list, and is started without PF_MEMALLOC", () => {
    const on = writes("v3.6 + pageout-list")
    expect(on.memalloc).toBe(0)
    expect(on.plain).toBeGreaterThan(500)
    expect(on.listed).toBeGreaterThanOrEqual(on.plain)
    expect(on.writers).toBeGreaterThan(0)
    const off = writes("v3.6")
    expect(off).toMatchObject({ plain: 0, listed: 0, writers: 0 })
    expect(off.memalloc).toBeGreaterThan(500)
  })
})
