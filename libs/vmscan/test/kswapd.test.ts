import { ALLOCSTALL, GFP_KERNEL, PAGEOUTRUN, PF_MEMALLOC, WMARK_HIGH, WMARK_LOW } from "@swaplab/page-alloc"
import type { Tracepoint } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { context, Toy, type ToyOptions } from "./toy.ts"

const full = (toy: Toy, active: boolean, free = toy.zone.watermark[WMARK_LOW] - 10): Toy => {
  toy.fillAnon(free, active)
  return toy
}

/** Records the hits of a tracepoint from now on. */
const record = (toy: Toy, name: string): Array<ReadonlyArray<number>> => {
  const hits: Array<ReadonlyArray<number>> = []
  toy.sim.trace.enableOnly([name])
  toy.sim.trace.sink = (_point: Tracepoint, _time, _group, values) => hits.push(values)
  return hits
}

/** Wakes kswapd as an allocation of that order would. */
const wake = (toy: Toy, order = 0): void => toy.vmscan.wakeKswapd(context(), toy.zone, order, toy.zone.index)

describe("kswapd", () => {
  it("sleeps first for 100 ms, then until woken", () => {
    const toy = new Toy()
    const kswapd = toy.spawnKswapd()
    toy.sim.run(99_000_000)
    expect(kswapd.process.wakeAt).toBe(100_000_000)
    toy.sim.run(1_000_000_000)
    expect(kswapd.process.waitingOn?.name).toBe("kswapd_wait")
    expect(kswapd.process.wakeAt).toBe(-1)
    expect(toy.sim.run()).toEqual({ reason: "finished" })
  })

  it("does not go to sleep for good if its nap was cut short", () => {
    const toy = new Toy()
    const kswapd = toy.spawnKswapd()
    toy.at(50_000_000, () => toy.vmscan.pgdat.kswapdWait.wakeUp())
    toy.sim.run(60_000_000)
    expect(toy.pages.vmstat.get("kswapd_low_wmark_hit_quickly")).toBe(1)
    // nothing to balance: the next nap
    expect(kswapd.process.wakeAt).toBeGreaterThan(100_000_000)
    full(toy, false, 5)
    toy.sim.run(61_000_000)
    expect(toy.pages.vmstat.get("kswapd_high_wmark_hit_quickly")).toBe(0)
  })

  it.each([{ active: false }, { active: true }])(
    "brings a zone from below LOW to above HIGH (pages active: $active)",
    ({ active }) => {
      const toy = new Toy()
      const kswapd = toy.spawnKswapd()
      toy.sim.run(200_000_000)
      full(toy, active)
      const [, low, high] = toy.zone.watermark
      expect(toy.zone.free).toBeLessThan(low)
      wake(toy)
      toy.sim.run(toy.sim.now + 5_000_000_000)
      expect(toy.zone.free + toy.zone.pcpPages()).toBeGreaterThan(high)
      expect(toy.zone.free).toBeGreaterThan(high)
      // it stops soon after: two rounds of 32 at the most, and what was in flight
      expect(toy.zone.free).toBeLessThan(high + 500)
      expect(kswapd.process.waitingOn?.name).toBe("kswapd_wait")
      expect(toy.pages.vmstat.get("pgsteal_kswapd_dma32")).toBeGreaterThan(0)
      expect(toy.pages.vmstat.items[ALLOCSTALL]).toBe(0)
      toy.check()
    }
  )

  it("is not woken while the zone is above LOW", () => {
    const toy = new Toy()
    const kswapd = toy.spawnKswapd()
    toy.sim.run(200_000_000)
    full(toy, false, toy.zone.watermark[WMARK_LOW] + 1)
    wake(toy)
    expect(kswapd.process.waitingOn?.name).toBe("kswapd_wait")
    full(toy, false, toy.zone.watermark[WMARK_LOW])
    wake(toy)
    expect(kswapd.process.waitingOn).toBe(null)
  })

  it("remembers the highest order asked for, and with it the class", () => {
    const toy = new Toy()
    wake(toy, 3)
    wake(toy, 1)
    expect(toy.vmscan.pgdat.kswapdMaxOrder).toBe(3)
    toy.vmscan.wakeKswapd(context(), toy.zone, 4, 0)
    expect([toy.vmscan.pgdat.kswapdMaxOrder, toy.vmscan.pgdat.classzoneIdx]).toEqual([4, 0])
  })

  it("starts over at priority 12 after 32 reclaimed pages", () => {
    const toy = new Toy()
    const ctx = { ...context(), flags: PF_MEMALLOC }
    while (toy.zone.free > 5) toy.cacheFile(ctx, toy.pages.tryAlloc(ctx, 0, 0))
    toy.vmscan.lru.drain(ctx)
    const hits = record(toy, "mm_vmscan_lru_shrink_inactive")
    toy.spawnKswapd()
    toy.sim.run(1_000_000_000)
    const priorities = hits.map((hit) => hit[4])
    // 4000 clean pages: at priority 7 the pass has 32
    expect(Math.min(...priorities)).toBeGreaterThanOrEqual(7)
    expect(toy.pages.vmstat.items[PAGEOUTRUN]).toBeGreaterThan(2)
    const steals = toy.pages.vmstat.get("pgsteal_kswapd_dma32")
    expect(steals).toBeGreaterThanOrEqual(toy.zone.watermark[WMARK_HIGH] - 5)
    expect(steals).toBe(toy.pages.vmstat.get("pgscan_kswapd_dma32"))
  })

  it("climbs to priority 0 when it frees nothing", () => {
    const toy = full(new Toy({ requests: 10_000, writeNs: Number.POSITIVE_INFINITY }), false, 5)
    const hits = record(toy, "mm_vmscan_lru_shrink_inactive")
    toy.spawnKswapd()
    toy.sim.run(500_000_000)
    expect(Math.min(...hits.map((hit) => hit[4]))).toBe(0)
    expect(toy.pages.vmstat.get("kswapd_skip_congestion_wait")).toBeGreaterThan(0)
  })

  it("naps between priorities only while no zone is below MIN", () => {
    const options: ToyOptions = { requests: 10_000, writeNs: Number.POSITIVE_INFINITY }
    const toy = new Toy(options)
    const [min, low] = toy.zone.watermark
    full(toy, false, Math.floor((min + low) / 2))
    const hits = record(toy, "writeback_congestion_wait")
    toy.spawnKswapd()
    toy.sim.run(2_000_000_000)
    expect(toy.pages.vmstat.get("kswapd_skip_congestion_wait")).toBe(0)
    expect(hits.length).toBeGreaterThan(5)
    expect(hits[0]).toEqual([100_000, expect.any(Number)])
  })

  it("may block in the block layer like anybody else", () => {
    const toy = full(new Toy({ requests: 0 }), false, 5)
    const kswapd = toy.spawnKswapd()
    toy.sim.run(1_000_000_000)
    expect(kswapd.process.waitingOn?.name).toBe("toy request slot")
    toy.check()
  })
})

describe("all_unreclaimable", () => {
  it("is set by kswapd after six scans of everything, and cleared by one freed page", () => {
    const toy = full(new Toy({ requests: 10_000, writeNs: Number.POSITIVE_INFINITY }), false, 5)
    const kswapd = toy.spawnKswapd()
    toy.sim.run(10_000_000_000)
    expect(toy.zone.allUnreclaimable).toBe(true)
    expect(toy.zone.pagesScanned).toBeGreaterThanOrEqual(6 * toy.lruvec.reclaimablePages(true))
    expect(kswapd.process.waitingOn?.name).toBe("kswapd_wait")

    const ctx = context()
    const order1 = toy.pages.tryAlloc({ ...ctx, flags: PF_MEMALLOC }, 0, 1)
    toy.pages.free(ctx, order1, 1)
    expect([toy.zone.allUnreclaimable, toy.zone.pagesScanned]).toEqual([false, 0])
  })

  it("is not set while shrinkers give something", () => {
    const toy = full(new Toy({ requests: 10_000, writeNs: Number.POSITIVE_INFINITY }), false, 5)
    toy.mm.slabObjects = 1
    toy.spawnKswapd()
    toy.sim.run(100_000_000, 200_000)
    expect(toy.zone.allUnreclaimable).toBe(false)
    expect(toy.zone.pagesScanned).toBeGreaterThan(6 * toy.lruvec.reclaimablePages(true))
  })

  it("makes direct reclaim report no progress; without it there is always hope", () => {
    const toy = full(new Toy({ requests: 10_000, writeNs: Number.POSITIVE_INFINITY }), false, 5)
    const results: Array<number> = []
    const reclaim = (): void => {
      toy.spawn("T", function*(task) {
        results.push(yield* toy.vmscan.tryToFreePages(task, GFP_KERNEL, 0, toy.pages.zonelist(GFP_KERNEL)))
      })
      toy.sim.run(toy.sim.now + 1_000_000_000)
    }
    reclaim()
    toy.zone.allUnreclaimable = true
    reclaim()
    expect(results).toEqual([1, 0])
  })
})

describe("the loop of allocations", () => {
  it("keeps tasks running that together need twice the memory", () => {
    const toy = new Toy({ swapSlots: 20_000 })
    toy.spawnKswapd()
    let faults = 0
    for (let i = 0; i < 4; i++) {
      toy.spawn(`T${i}`, function*(task) {
        for (let n = 0; n < 2000; n++) {
          const pfn = yield* toy.fault(task)
          if (pfn >= 0) faults++
          yield* task.condResched()
        }
      })
    }
    toy.sim.run(60_000_000_000)
    expect(faults).toBe(8000)
    toy.check()
    const { vmstat } = toy.pages
    expect(toy.mm.writes).toBe(vmstat.get("nr_vmscan_write"))
    expect(vmstat.get("pgscan_direct_dma32") + vmstat.get("pgscan_kswapd_dma32")).toBeGreaterThan(toy.mm.writes)
    // the benchmark's regime: next to no file pages, so only anonymous lists are scanned
    expect(vmstat.get("nr_isolated_file")).toBe(0)
  })
})

describe("kswapd for higher orders", () => {
  /** All memory in single pages, every other one pinned: reclaim can never make a pair. */
  const fragmented = (): Toy => {
    const toy = new Toy()
    const ctx = { ...context(), flags: PF_MEMALLOC }
    const pages: Array<number> = []
    for (let pfn = toy.pages.tryAlloc(ctx, 0, 0); pfn >= 0; pfn = toy.pages.tryAlloc(ctx, 0, 0)) pages.push(pfn)
    for (const pfn of pages) if (pfn % 2 === 0) toy.cacheFile(ctx, pfn)
    toy.vmscan.lru.drain(ctx)
    return toy
  }

  it("gives up the order when that leads nowhere, and sleeps", () => {
    const toy = fragmented()
    const kswapd = toy.spawnKswapd()
    wake(toy, 3)
    toy.sim.run(5_000_000_000)
    expect(kswapd.process.waitingOn?.name).toBe("kswapd_wait")
    expect(toy.zone.free).toBeGreaterThan(toy.zone.watermark[WMARK_HIGH])
    expect(toy.zone.nrFree[1]).toBe(0)
    toy.check()
  })

  it("gives up the order also where it may not give up the zone", () => {
    const toy = fragmented()
    toy.mm.slabObjects = 1
    const kswapd = toy.spawnKswapd()
    wake(toy, 3)
    toy.sim.run(5_000_000_000, 100_000)
    expect(toy.zone.allUnreclaimable).toBe(false)
    expect(kswapd.process.waitingOn?.name).toBe("kswapd_wait")
  })

  it("does not sleep on an order-0 balance when a higher order is pending", () => {
    const toy = new Toy()
    const kswapd = toy.spawnKswapd()
    toy.sim.run(200_000_000)
    const hits = record(toy, "mm_vmscan_kswapd_wake")
    full(toy, false, 5)
    wake(toy, 3)
    toy.sim.run(5_000_000_000)
    expect(hits[0]).toEqual([0, 3])
    expect(kswapd.process.waitingOn?.name).toBe("kswapd_wait")
    toy.check()
  })
})
