import { PAGE_CLEAN, REFERENCED_EXEC, SWAP_AGAIN, SWAP_FAIL, SWAP_MLOCK } from "#src/ops.ts"
import {
  GFP_KERNEL,
  GFP_NOFS,
  GFP_NOIO,
  PF_KSWAPD,
  PF_MEMALLOC,
  PG_active,
  PG_dirty,
  PG_locked,
  PG_lru,
  PG_reclaim,
  PG_referenced,
  PG_swapbacked,
  PG_swapcache,
  PG_unevictable,
  PG_writeback,
  PGROTATED,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { context, Toy, type ToyTask } from "./toy.ts"

/** One direct reclaim by a task of its own, run to its end; its result. */
const reclaim = (toy: Toy, gfp = GFP_KERNEL): number => {
  let reclaimed = -1
  toy.spawn("T", function*(task: ToyTask) {
    reclaimed = yield* toy.vmscan.tryToFreePages(task, gfp, 0, toy.pages.zonelist(GFP_KERNEL))
  })
  toy.sim.run(toy.sim.now)
  return reclaimed
}

describe("swap-out", () => {
  it("takes two visits: write and rotate, then free", () => {
    const toy = new Toy()
    const ctx = context()
    const pfn = toy.take()
    toy.mapAnon(ctx, pfn, false)
    toy.vmscan.lru.drain(ctx)
    const log = toy.mm.log = []

    expect(reclaim(toy)).toBe(1)
    expect(log).toEqual([`addToSwap ${pfn}`, `unmap ${pfn}`, `write ${pfn}`])
    expect(toy.pages.frames.flags[pfn] & (PG_writeback | PG_reclaim | PG_lru | PG_dirty)).toBe(
      PG_writeback | PG_reclaim | PG_lru
    )
    expect(toy.pages.vmstat.get("nr_vmscan_write")).toBe(1)
    toy.check()

    toy.sim.run(1_000_000)
    expect(toy.pages.frames.flags[pfn] & (PG_writeback | PG_reclaim)).toBe(0)
    const free = toy.pages.vmstat.get("pgfree")
    expect(reclaim(toy)).toBe(1)
    expect(log.at(-1)).toBe(`remove ${pfn}`)
    expect(toy.pages.vmstat.get("pgfree")).toBe(free + 1)
    expect(toy.vmscan.lruPages()).toBe(0)
    toy.check()
  })

  it("rotates a written page to the tail, 14 at a time or at the next drain", () => {
    const toy = new Toy()
    const ctx = context()
    const pages = Array.from({ length: 30 }, () => toy.take())
    for (const pfn of pages) toy.mapAnon(ctx, pfn, false)
    toy.vmscan.lru.drain(ctx)
    const { frames } = toy.pages
    const list = toy.lruvec.lists[0]
    const newest = list.head
    for (let i = 0; i < 13; i++) toy.vmscan.lru.rotateReclaimable(ctx, i === 0 ? newest : pages[i])
    expect(toy.pages.vmstat.items[PGROTATED]).toBe(0)
    expect(list.head).toBe(newest)
    expect(frames.refCount[newest]).toBe(2)
    toy.vmscan.lru.drain(ctx)
    expect(toy.pages.vmstat.items[PGROTATED]).toBe(13)
    expect(list.head).not.toBe(newest)
    expect(frames.refCount[newest]).toBe(1)
    toy.check()
  })

  it("does not rotate a page that is dirty, active, or held by reclaim", () => {
    const toy = new Toy()
    const ctx = context()
    const pfn = toy.take()
    toy.mapAnon(ctx, pfn, false)
    const { frames } = toy.pages
    toy.vmscan.lru.rotateReclaimable(ctx, pfn) // still in the pagevec: on no list
    toy.vmscan.lru.drain(ctx)
    frames.flags[pfn] |= PG_dirty
    toy.vmscan.lru.rotateReclaimable(ctx, pfn)
    expect(frames.refCount[pfn]).toBe(1)
  })
})

describe("shrink_page_list decisions", () => {
  /** One inactive page with the given flags is visited once; returns the calls made and where it ended. */
  const visit = (
    flags: number,
    prepare: (toy: Toy, pfn: number) => void = () => {},
    gfp = GFP_KERNEL,
    options: { marks?: boolean; flags?: number; priority?: number } = {}
  ) => {
    const toy = new Toy({ vmscan: { switches: { writebackMarksReclaim: options.marks ?? false } } })
    const ctx = context()
    const pfn = toy.take()
    const { frames } = toy.pages
    const anon = (flags & PG_swapbacked) !== 0
    if (anon) toy.mapAnon(ctx, pfn, false)
    else toy.cacheFile(ctx, pfn)
    frames.flags[pfn] |= flags
    toy.vmscan.lru.drain(ctx)
    prepare(toy, pfn)
    const log = toy.mm.log = []
    const freed = toy.pages.vmstat.get("pgfree")
    const task = toy.spawn(
      "T",
      (t) => toy.vmscan.shrinkInactive(t, toy.lruvec, anon ? 0 : 1, gfp, 32, options.priority),
      options.flags
    )
    toy.sim.run(0)
    expect(task.process.finished).toBe(true)
    toy.check()
    return {
      calls: log.map((entry: string) => entry.split(" ")[0]),
      flags: frames.flags[pfn],
      freed: toy.pages.vmstat.get("pgfree") - freed === 1,
      list: toy.lruvec.lists.findIndex((list) => list.count === 1),
      toy
    }
  }

  it("frees a clean file page, also without I/O", () => {
    expect(visit(0)).toMatchObject({ calls: ["remove"], freed: true })
    expect(visit(0, undefined, GFP_NOIO)).toMatchObject({ calls: ["remove"], freed: true })
  })

  it("leaves an anonymous page alone without I/O", () => {
    expect(visit(PG_swapbacked, undefined, GFP_NOIO)).toMatchObject({ calls: [], freed: false, list: 0 })
  })

  it("activates a referenced anonymous page", () => {
    const seen = visit(PG_swapbacked, (toy, pfn) => toy.mm.young[pfn] = 1)
    expect(seen).toMatchObject({ calls: [], list: 1 })
    expect(seen.toy.pages.vmstat.get("pgactivate")).toBe(1)
    expect(seen.toy.lruvec.recentRotated[0]).toBe(1)
  })

  it("activates an anonymous page that gets no swap slot", () => {
    expect(visit(PG_swapbacked, (toy) => toy.mm.refuseAddToSwap = true)).toMatchObject({
      calls: ["addToSwap"],
      list: 1
    })
  })

  it.each([
    { name: "SWAP_FAIL", result: SWAP_FAIL, list: 1 },
    { name: "SWAP_MLOCK", result: SWAP_MLOCK, list: 4 }
  ])("$name of try_to_unmap: list $list", ({ result, list }) => {
    const seen = visit(PG_swapbacked, (toy) => toy.mm.tryToUnmap = () => result)
    expect(seen).toMatchObject({ calls: ["addToSwap"], list, freed: false })
    expect(seen.toy.pages.vmstat.get("unevictable_pgs_culled")).toBe(list === 4 ? 1 : 0)
    expect((seen.flags & PG_unevictable) !== 0).toBe(list === 4)
  })

  it("keeps a page whose page table is busy", () => {
    expect(visit(PG_swapbacked, (toy) => toy.mm.tryToUnmap = () => SWAP_AGAIN)).toMatchObject({ list: 0, freed: false })
  })

  it("keeps a page under writeback; marks it only under the switch", () => {
    const written = PG_swapbacked | PG_swapcache | PG_writeback
    expect(visit(written, undefined, GFP_KERNEL, { marks: true })).toMatchObject({ calls: [], list: 0 })
    expect(visit(written, undefined, GFP_KERNEL, { marks: true }).flags & PG_reclaim).toBe(PG_reclaim)
    expect(visit(written).flags & PG_reclaim).toBe(0)
  })

  it("file pages: referenced once is kept, more often or by executables is activated", () => {
    const young = (toy: Toy, pfn: number): void => {
      toy.mm.young[pfn] = 1
    }
    expect(visit(0, young)).toMatchObject({ calls: [], list: 2 })
    expect(visit(0, young).flags & PG_referenced).toBe(PG_referenced)
    // no young bit, but PG_referenced: freed because it is clean
    expect(visit(PG_referenced)).toMatchObject({ freed: true })
    expect(visit(PG_referenced, young)).toMatchObject({ list: 3 })
    expect(visit(0, (toy, pfn) => {
      toy.mm.referencedResult = 1 | REFERENCED_EXEC
      young(toy, pfn)
    })).toMatchObject({ list: 3 })
    expect(visit(0, (toy, pfn) => {
      toy.mm.referencedResult = 2
      young(toy, pfn)
    })).toMatchObject({ list: 3 })
  })

  it("leaves dirty file pages to the flushers; kswapd in trouble writes them", () => {
    const seen = visit(PG_dirty)
    expect(seen).toMatchObject({ calls: [], freed: false, list: 2 })
    expect(seen.flags & PG_reclaim).toBe(PG_reclaim)
    expect(seen.toy.pages.vmstat.get("nr_vmscan_immediate_reclaim")).toBe(1)
    expect(visit(PG_dirty, undefined, GFP_KERNEL, { priority: 9 }).calls).toEqual([])
    expect(visit(PG_dirty, undefined, GFP_KERNEL, { priority: 10, flags: PF_KSWAPD }).calls).toEqual([])
    expect(visit(PG_dirty, undefined, GFP_KERNEL, { priority: 9, flags: PF_KSWAPD }).calls).toEqual(["write"])
  })

  it("writes swap-cache pages with I/O but without FS", () => {
    const dirty = PG_swapbacked | PG_swapcache | PG_dirty
    const cached = (toy: Toy, pfn: number): void => {
      toy.pages.frames.refCount[pfn]++
    }
    expect(visit(PG_swapbacked, undefined, GFP_NOFS).calls).toEqual(["addToSwap", "unmap", "write"])
    expect(visit(dirty, cached, GFP_NOFS).calls).toEqual(["unmap", "write"])
    expect(visit(dirty, cached, GFP_NOIO)).toMatchObject({ calls: ["unmap"], list: 0 })
  })

  it("keeps a page that somebody else holds, and calls the zone congested if all dirty pages were so", () => {
    const seen = visit(PG_swapbacked, (toy, pfn) => toy.pages.frames.refCount[pfn]++)
    expect(seen).toMatchObject({ calls: ["addToSwap", "unmap"], list: 0 })
    expect(seen.toy.zone.congested).toBe(true)
    expect(visit(PG_swapbacked).toy.zone.congested).toBe(false)
  })

  it("puts back a locked page untouched", () => {
    const seen = visit(PG_swapbacked, (toy, pfn) => toy.pages.frames.flags[pfn] |= PG_locked)
    expect(seen).toMatchObject({ calls: [], list: 0 })
    expect(seen.flags & PG_locked).toBe(PG_locked)
  })

  it("gives up the slot of an activated page when swap is more than half full", () => {
    const activated = (toy: Toy, pfn: number): void => {
      toy.pages.frames.refCount[pfn]++
      toy.mm.young[pfn] = 1
    }
    const cached = PG_swapbacked | PG_swapcache
    expect(visit(cached, activated).flags & PG_swapcache).toBe(PG_swapcache)
    expect(
      visit(cached, (toy, pfn) => {
        activated(toy, pfn)
        toy.mm.freeSlots = 49_999
      }).flags & PG_swapcache
    ).toBe(0)
  })

  it("frees what its owner let go meanwhile instead of swapping it", () => {
    const toy = new Toy({ requests: 0 })
    const ctx = context()
    const pages = [toy.take(), toy.take()]
    for (const pfn of pages) toy.mapAnon(ctx, pfn, false)
    toy.vmscan.lru.drain(ctx)
    toy.spawn("T", (task) => toy.vmscan.shrinkInactive(task, toy.lruvec, 0, GFP_KERNEL))
    toy.sim.run(0)
    // T sleeps with both pages isolated; the owner of the second unmaps it
    expect(toy.vmscan.isolatedPages()).toBe(2)
    const second = pages.find((pfn) => toy.pages.frames.rmap[pfn] >= 0) as number
    toy.pages.frames.rmap[second] = -1
    toy.vmscan.lru.putPage(ctx, second)
    toy.mm.requests = 10
    toy.mm.slotFreed.wakeOne()
    toy.sim.run(0)
    expect(toy.vmscan.isolatedPages()).toBe(0)
    expect(toy.pages.frames.refCount[second]).toBe(0)
    toy.check()
  })
})

describe("shrink_lruvec", () => {
  it("stops after 32 pages below priority 12, though its quota is larger", () => {
    const toy = new Toy({ swapSlots: 0 })
    const ctx = { ...context(), flags: PF_MEMALLOC }
    for (let i = 0; i < 4000; i++) toy.cacheFile(ctx, toy.pages.tryAlloc(ctx, 0, 0))
    toy.vmscan.lru.drain(ctx)
    // priorities 12 to 6 visit 0 + 1 + 3 + 7 + 15 + 31 + 62 pages, in vain; the quota of priority 5 is 125
    const remove = toy.mm.removeMapping.bind(toy.mm)
    let visits = 0
    toy.mm.removeMapping = (c, pfn) => ++visits > 119 && remove(c, pfn)
    expect(reclaim(toy)).toBe(32)
    expect(visits).toBe(151)
  })
})

describe("tracepoints of direct reclaim", () => {
  it.each([
    { on: true, hits: [["mm_vmscan_direct_reclaim_begin", 0, 1, GFP_KERNEL], ["mm_vmscan_direct_reclaim_end", 1]] },
    { on: false, hits: [] }
  ])("on: $on", ({ hits, on }) => {
    const toy = new Toy()
    toy.cacheFile(context(), toy.take())
    const seen: Array<ReadonlyArray<number | string>> = []
    toy.sim.trace.enableOnly(on ? ["mm_vmscan_direct_reclaim_begin", "mm_vmscan_direct_reclaim_end"] : [])
    toy.sim.trace.sink = (point, _time, _group, values) => seen.push([point.name, ...values])
    expect(reclaim(toy)).toBe(1)
    expect(seen).toEqual(hits)
  })
})

describe("a page that reclaim slept with", () => {
  it("stays if a fault has mapped it again meanwhile", () => {
    const toy = new Toy()
    const ctx = context()
    const pfn = toy.take()
    toy.mapAnon(ctx, pfn, false)
    toy.vmscan.lru.drain(ctx)
    const { frames } = toy.pages
    toy.mm.tryPageout = () => WOULD_SLEEP
    toy.mm.pageout = function*(task) {
      yield* task.process.hold(1000)
      frames.rmap[pfn] = 0
      frames.flags[pfn] &= ~PG_dirty
      return PAGE_CLEAN
    }
    let removed = 0
    toy.mm.removeMapping = () => ++removed < 0
    toy.spawn("T", (task) => toy.vmscan.shrinkInactive(task, toy.lruvec, 0, GFP_KERNEL))
    toy.sim.run()
    expect([removed, toy.lruvec.lists[0].count, toy.vmscan.isolatedPages()]).toEqual([0, 1, 0])
  })
})

describe("shrink_active_list", () => {
  it("deactivates 32 pages, referenced or not, and counts the referenced as rotated", () => {
    const toy = new Toy()
    const ctx = context()
    const pages = Array.from({ length: 40 }, () => toy.take())
    for (const pfn of pages) {
      toy.mapAnon(ctx, pfn)
      toy.mm.young[pfn] = 1
    }
    toy.vmscan.lru.drain(ctx)
    const task = toy.spawn("T", (t) => toy.vmscan.tryToFreePages(t, GFP_NOIO, 0, toy.pages.zonelist(GFP_KERNEL)))
    toy.sim.run(0)
    expect(task.process.finished).toBe(true)
    expect(toy.pages.vmstat.get("pgdeactivate")).toBeGreaterThanOrEqual(32)
    expect(toy.mm.young[pages[0]]).toBe(0)
    expect(toy.pages.frames.flags[pages[0]] & PG_active).toBe(0)
    toy.check()
  })
})

describe("too_many_isolated", () => {
  /** Only `pages` inactive pages exist; a reclaimer holds up to 32 of them and sleeps for a request. */
  const holdUp = (pages: number): Toy => {
    const toy = new Toy({ requests: 0 })
    const ctx = context()
    for (let i = 0; i < pages; i++) toy.mapAnon(ctx, toy.take(), false)
    toy.vmscan.lru.drain(ctx)
    toy.spawn("T", (task) => toy.vmscan.shrinkInactive(task, toy.lruvec, 0, GFP_KERNEL))
    toy.sim.run(0)
    return toy
  }

  it("blocks a GFP_NOIO task in steps of 100 ms while reclaimers hold more than is left", () => {
    const toy = holdUp(60)
    expect([toy.vmscan.isolatedPages(), toy.lruvec.lists[0].count]).toEqual([32, 28])
    const nbd = toy.spawn("nbd0", (task) => toy.vmscan.shrinkInactive(task, toy.lruvec, 0, GFP_NOIO))
    toy.sim.run(950_000_000)
    expect(nbd.process.waitingOn?.name).toBe("congestion_wqh[async]")
    expect(nbd.process.state).toBe("uninterruptible")
    expect(nbd.process.since).toBe(900_000_000)
    expect(nbd.process.why).toContain("too_many_isolated")
    toy.check()

    toy.mm.requests = 100
    toy.mm.slotFreed.wakeOne()
    toy.sim.run(1_000_000_000)
    expect(nbd.process.finished).toBe(true)
    toy.check()
  })

  it("does not block kswapd", () => {
    const toy = holdUp(60)
    const kswapd = toy.spawn("kswapd0", (task) => toy.vmscan.shrinkInactive(task, toy.lruvec, 0, GFP_NOIO), PF_KSWAPD)
    toy.sim.run(0)
    expect(kswapd.process.finished).toBe(true)
  })

  it("does not block at equality", () => {
    const toy = holdUp(64)
    expect([toy.vmscan.isolatedPages(), toy.lruvec.lists[0].count]).toEqual([32, 32])
    const nbd = toy.spawn("nbd0", (task) => toy.vmscan.shrinkInactive(task, toy.lruvec, 0, GFP_NOIO))
    toy.sim.run(0)
    expect(nbd.process.finished).toBe(true)
  })

  it("lets a killed task go", () => {
    const toy = holdUp(60)
    const victim = toy.spawn("T2", (task) => toy.vmscan.shrinkInactive(task, toy.lruvec, 0, GFP_KERNEL))
    toy.sim.run(10_000_000)
    victim.process.kill()
    toy.sim.run(99_000_000)
    expect(victim.process.finished).toBe(false) // the sleep itself is uninterruptible
    toy.sim.run(101_000_000)
    expect(victim.process.finished).toBe(true)
  })
})
