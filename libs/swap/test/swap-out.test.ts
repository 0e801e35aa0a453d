// The way out: two visits, writes, errors, sleeping.
import { PAGE_CLEAN, PAGE_SUCCESS } from "#src/ops.ts"
import {
  bootContext,
  EIO,
  GFP_NOIO,
  NR_FILE_PAGES,
  NR_WRITEBACK,
  NR_WRITTEN,
  PG_dirty,
  PG_error,
  PG_locked,
  PG_reclaim,
  PG_swapcache,
  PG_writeback,
  PSWPOUT,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { Rig, start, TestTask } from "./rig.ts"

describe("two visits", () => {
  it("write and keep the page, then free it", () => {
    const rig = new Rig()
    const task = new TestTask(rig.sim, "kswapd")
    const page = rig.anonPage(42)
    const free = rig.freePages
    expect(rig.visit(task, page)).toBe("written")
    const slot = rig.frames.private[page]
    expect(rig.frames.flags[page] & (PG_writeback | PG_swapcache | PG_locked | PG_dirty)).toBe(
      PG_writeback | PG_swapcache
    )
    expect(rig.swap.areas[0].map.map.at(slot)).toBe(0x41)
    expect(rig.freePages).toBe(free)
    expect(rig.vmstat.items[NR_WRITEBACK]).toBe(1)
    expect(rig.vmstat.items[PSWPOUT]).toBe(1)
    expect(rig.vmstat.get("pgpgout")).toBe(4)
    expect(rig.visit(task, page)).toBe("put back")
    rig.check()
    rig.disk.end(rig.queue)
    expect(rig.rotated).toEqual([page])
    expect(rig.frames.flags[page] & (PG_writeback | PG_reclaim)).toBe(0)
    expect([rig.vmstat.items[NR_WRITEBACK], rig.vmstat.items[NR_WRITTEN]]).toEqual([0, 1])
    expect(rig.visit(task, page)).toBe("freed")
    expect(rig.freePages).toBe(free + 1)
    expect(rig.swap.areas[0].map.map.at(slot)).toBe(1)
    expect(rig.vmstat.items[NR_FILE_PAGES]).toBe(0)
    expect(rig.disk.content.get(slot)).toBe(42)
    rig.check()
  })

  it("count the page as a file page while it is in the cache", () => {
    const rig = new Rig()
    const page = rig.anonPage(1)
    rig.visit(new TestTask(rig.sim, "kswapd"), page)
    expect(rig.vmstat.items[NR_FILE_PAGES]).toBe(1)
  })

  it("do not free a page that somebody else holds, or that is dirty again", () => {
    const rig = new Rig()
    const task = new TestTask(rig.sim, "kswapd")
    const page = rig.anonPage(1)
    rig.visit(task, page)
    rig.disk.end(rig.queue)
    rig.frames.refCount[page]++
    expect(rig.visit(task, page)).toBe("put back")
    rig.frames.refCount[page]--
    rig.isolate(page)
    rig.frames.flags[page] |= PG_dirty
    expect(rig.swap.removeMapping(task, page)).toBe(false)
    rig.frames.flags[page] &= ~PG_dirty
    expect(rig.swap.removeMapping(task, page)).toBe(true)
  })
})

describe("add_to_swap", () => {
  it("fails without a free slot", () => {
    const rig = new Rig({ slots: 3 })
    const task = new TestTask(rig.sim, "kswapd")
    const results = [1, 2, 3].map((token) => rig.visit(task, rig.anonPage(token)))
    expect(results).toEqual(["written", "written", "activated"])
    expect(rig.swap.counters.noSlot).toBe(1)
    rig.check()
  })

  it("gives the slot back when there is no memory for the radix tree, asking with HIGH, NOMEMALLOC, NOWARN", () => {
    const rig = new Rig()
    const task = new TestTask(rig.sim, "kswapd")
    rig.nodes.limit = 5
    expect(rig.visit(task, rig.anonPage(1))).toBe("activated")
    expect(rig.swap.nrSwapPages()).toBe(1023)
    expect(rig.swap.counters.noNodes).toBe(1)
    expect(rig.nodes.asked[0]).toBe(0x20 | 0x10000 | 0x200)
    rig.check()
  })
})

describe("pageout", () => {
  it("drops a page whose slot nobody uses any more instead of writing it", () => {
    const rig = new Rig()
    const task = new TestTask(rig.sim, "kswapd")
    const page = rig.anonPage(1)
    rig.isolate(page)
    rig.swap.addToSwap(task, page)
    const slot = rig.unmap(page)
    rig.swap.areas[0].map.free(slot, bootContext())
    expect(rig.swap.tryPageout(task, page)).toBe(PAGE_SUCCESS)
    expect(rig.disk.taken).toEqual([])
    expect(rig.frames.flags[page] & (PG_swapcache | PG_writeback | PG_locked)).toBe(0)
    expect(rig.frames.flags[page] & PG_dirty).toBe(PG_dirty)
    expect(rig.swap.counters.writesDropped).toBe(1)
    rig.check()
  })

  it("has nothing to do for a clean page", () => {
    const rig = new Rig()
    const task = new TestTask(rig.sim, "kswapd")
    const page = rig.anonPage(1)
    rig.visit(task, page)
    rig.disk.end(rig.queue)
    rig.isolate(page)
    expect(rig.swap.tryPageout(task, page)).toBe(PAGE_CLEAN)
  })

  it("dirties the page again after a write error, says so, and does not rotate it", () => {
    const rig = new Rig()
    const task = new TestTask(rig.sim, "kswapd")
    const page = rig.anonPage(1)
    rig.visit(task, page)
    const slot = rig.frames.private[page]
    rig.disk.end(rig.queue, 1, EIO)
    expect(rig.log).toEqual([`Write-error on swap-device (43:0:${slot * 8})`])
    expect(rig.rotated).toEqual([])
    expect(rig.frames.flags[page] & (PG_error | PG_dirty | PG_reclaim | PG_writeback)).toBe(PG_error | PG_dirty)
    expect(rig.visit(task, page)).toBe("written")
    rig.check()
  })

  it("changes nothing when it would sleep for a request, then sleeps unlocked and under writeback", () => {
    const rig = new Rig({ nrRequests: 4 })
    const filler = new TestTask(rig.sim, "filler")
    for (let i = 0; i < 6; i++) rig.queue.trySubmitPage(filler, true, 100_000 + i * 16, 255, false)
    rig.queue.onBioEnd = ((own) => (ctx, pfn, write, error) => {
      if (pfn !== 255) own(ctx, pfn, write, error)
    })(rig.queue.onBioEnd)
    const page = rig.anonPage(1)
    let result = -1
    const kswapd = start(rig.sim, "kswapd", function*(task) {
      rig.isolate(page)
      rig.swap.addToSwap(task, page)
      rig.unmap(page)
      const before = [rig.frames.flags[page], rig.queue.bios.inUse, rig.vmstat.items[PSWPOUT]]
      expect(rig.swap.tryPageout(task, page)).toBe(WOULD_SLEEP)
      expect([rig.frames.flags[page], rig.queue.bios.inUse, rig.vmstat.items[PSWPOUT]]).toEqual(before)
      expect(rig.vmstat.items[NR_WRITEBACK]).toBe(0)
      result = yield* rig.swap.pageout(task, page)
    })
    rig.sim.run(0)
    expect(kswapd.process.waitingOn?.name).toBe("nbd0 request slot (async)")
    expect(rig.frames.flags[page] & (PG_writeback | PG_locked | PG_dirty)).toBe(PG_writeback)
    rig.check()
    rig.disk.end(rig.queue, 3)
    rig.sim.run(0)
    expect(result).toBe(PAGE_SUCCESS)
    rig.disk.end(rig.queue, 9)
    expect(rig.frames.flags[page] & PG_writeback).toBe(0)
    rig.check()
  })

  it("changes nothing when it would sleep for a request object", () => {
    const rig = new Rig()
    const task = new TestTask(rig.sim, "kswapd")
    rig.requestMemory.limit = 4
    const pages = Array.from({ length: 5 }, (_, i) => rig.anonPage(i))
    for (const page of pages.slice(0, 4)) expect(rig.visit(task, page)).toBe("written")
    const last = pages[4]
    rig.isolate(last)
    rig.swap.addToSwap(task, last)
    rig.unmap(last)
    const state =
      () => [rig.frames.flags[last], rig.queue.bios.inUse, rig.vmstat.items[NR_WRITEBACK], rig.queue.inFlight()]
    const before = state()
    expect(rig.swap.tryPageout(task, last)).toBe(WOULD_SLEEP)
    expect(state()).toEqual(before)
    rig.check()
  })

  it("sleeps for a bio with the page locked and not under writeback; who wants the page waits for its lock", () => {
    const rig = new Rig()
    rig.bioMemory.limit = 2
    const ctx = new TestTask(rig.sim, "holder")
    const held = [rig.queue.bios.tryAlloc(ctx, GFP_NOIO), rig.queue.bios.tryAlloc(ctx, GFP_NOIO)]
    const page = rig.anonPage(1)
    const kswapd = start(rig.sim, "kswapd", function*(task) {
      rig.isolate(page)
      rig.swap.addToSwap(task, page)
      rig.unmap(page)
      yield* rig.swap.pageout(task, page)
    })
    const fault = start(rig.sim, "usemem", (task) => rig.swap.locks.lock(task, page))
    rig.sim.run(0)
    expect(kswapd.process.waitingOn?.name).toBe("mempool bio-0")
    expect(fault.process.waitingOn?.name).toBe("page lock")
    expect(rig.frames.flags[page] & (PG_writeback | PG_locked)).toBe(PG_locked)
    rig.queue.bios.free(ctx, held[0])
    rig.sim.run(0)
    expect(kswapd.process.finished).toBe(true)
    expect(fault.process.finished).toBe(true)
    expect(rig.frames.flags[page] & (PG_writeback | PG_locked)).toBe(PG_writeback | PG_locked)
  })
})

describe("concurrent reclaimers", () => {
  /** Requests made when `reclaimers` take turns, each reclaiming its share of 64 pages within one plug. */
  const requests = (reclaimers: number): number => {
    const rig = new Rig()
    const tasks = Array.from({ length: reclaimers }, (_, n) => new TestTask(rig.sim, `reclaimer-${n}`))
    for (const task of tasks) rig.swap.startPlug(task)
    for (let i = 0; i < 64; i++) {
      expect(rig.visit(tasks[i % reclaimers], rig.anonPage(i))).toBe("written")
    }
    for (const task of tasks) rig.queue.unplug(task)
    rig.check()
    return rig.disk.taken.length
  }

  it("share one cursor: their slots interleave and their pages no longer merge", () => {
    expect(requests(1)).toBe(3)
    expect(requests(2)).toBe(64)
    expect(requests(4)).toBe(64)
  })
})
