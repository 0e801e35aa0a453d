import { pgdatBalanced } from "#src/balance-pgdat.ts"
import { LruVec } from "#src/lruvec.ts"
import { getScanCount, inactiveAnonIsLow, inactiveFileIsLow } from "#src/scan-count.ts"
import { aboveHalfReserve } from "#src/throttle.ts"
import { PageAllocator, PG_active, PG_lru, PG_referenced } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { context, Toy } from "./toy.ts"

const lruvec = (sizes: ReadonlyArray<number>, scanned = [0, 0], rotated = [0, 0]): LruVec => {
  const made = new LruVec(new Toy().zone)
  sizes.forEach((size, lru) => made.lists[lru].count = size)
  for (const file of [0, 1]) {
    made.recentScanned[file] = scanned[file]
    made.recentRotated[file] = rotated[file]
  }
  return made
}

const scan = (made: LruVec, input: Partial<Parameters<typeof getScanCount>[1]>): ReadonlyArray<number> => {
  const nr = [0, 0, 0, 0]
  getScanCount(made, {
    priority: 12,
    swappiness: 60,
    maySwap: true,
    freePages: 100_000,
    highWatermark: 2137,
    forceScan: false,
    ...input
  }, nr)
  return nr
}

describe("get_scan_count", () => {
  const sizes = [120_000, 350_000, 9_000, 6_000]
  const stats = [[1000, 500], [100, 400]] as const

  it.each([
    { name: "priority 12", input: { priority: 12 }, nr: [22, 65, 0, 0] },
    { name: "priority 10", input: { priority: 10 }, nr: [90, 263, 1, 1] },
    { name: "priority 0 takes the lists whole", input: { priority: 0 }, nr: sizes },
    // file + free ≤ high
    { name: "forced anon", input: { priority: 12, freePages: 5000, highWatermark: 20_000 }, nr: [29, 85, 0, 0] },
    {
      name: "one page more is not forced",
      input: { priority: 12, freePages: 5001, highWatermark: 20_000 },
      nr: [22, 65, 0, 0]
    },
    { name: "no swap", input: { priority: 10, maySwap: false }, nr: [0, 0, 8, 5] },
    {
      name: "no swap at priority 0 still uses the fraction",
      input: { priority: 0, maySwap: false },
      nr: [0, 0, 9_000, 6_000]
    }
  ])("$name", ({ input, nr }) => expect(scan(lruvec(sizes, [...stats[0]], [...stats[1]]), input)).toEqual(nr))

  it("does not scan a small zone until the priority drops", () => {
    expect(scan(lruvec([900, 900, 0, 0]), {})).toEqual([0, 0, 0, 0])
    expect(scan(lruvec([900, 900, 0, 0]), { priority: 5, freePages: 0 })).toEqual([28, 28, 0, 0])
  })

  it("scans at least 32 of each list for kswapd in a dead zone", () => {
    expect(scan(lruvec([900, 900, 10, 0]), { freePages: 0, forceScan: true })).toEqual([32, 32, 0, 0])
  })

  it("halves the averages that exceed a quarter of their lists, each kind on its own", () => {
    const made = lruvec([100, 100, 4000, 4000], [51, 2000], [20, 1000])
    scan(made, {})
    expect(made.recentScanned).toEqual([25, 2000])
    expect(made.recentRotated).toEqual([10, 1000])
  })

  it.each([
    { scanned: [50, 2001], after: [50, 1000] },
    { scanned: [51, 2000], after: [25, 2000] },
    { scanned: [50, 2000], after: [50, 2000] }
  ])("a quarter of 200 and of 8,000: $scanned to $after", ({ after, scanned }) => {
    const made = lruvec([100, 100, 4000, 4000], scanned, [20, 1000])
    scan(made, {})
    expect(made.recentScanned).toEqual(after)
  })

  it("keeps the averages in the forced-anon regime", () => {
    const made = lruvec([100, 100, 0, 0], [500, 0], [400, 0])
    scan(made, { freePages: 0 })
    expect(made.recentScanned).toEqual([500, 0])
  })
})

describe("inactive_is_low", () => {
  it("compares with the ratio of the zone", () => {
    const made = lruvec([100, 100, 50, 50])
    expect(made.zone.inactiveRatio).toBe(1)
    expect(inactiveAnonIsLow(made, 1)).toBe(false)
    made.lists[1].count = 101
    expect(inactiveAnonIsLow(made, 1)).toBe(true)
    expect(inactiveAnonIsLow(made, 0)).toBe(false)
    expect(inactiveFileIsLow(made)).toBe(false)
    made.lists[3].count = 51
    expect(inactiveFileIsLow(made)).toBe(true)
  })
})

describe("half of the min reserve", () => {
  const zones = (thp: boolean) =>
    new PageAllocator(new Sim({ seed: 1 }), {
      memory: { dma: 3920, dma32: 512_000, normal: 0 },
      cpus: 1,
      transparentHugepages: thp
    }).populatedZones

  it.each([
    { thp: false, reserve: 1435, parked: 717 },
    { thp: true, reserve: 11_263, parked: 5631 }
  ])("2 GiB, THP $thp: parked at $parked", ({ thp, reserve, parked }) => {
    const [dma, dma32] = zones(thp)
    expect(dma.watermark[0] + dma32.watermark[0]).toBe(reserve)
    dma.free = 10
    dma32.free = parked - 10
    expect(aboveHalfReserve([dma, dma32])).toBe(false)
    dma32.free++
    expect(aboveHalfReserve([dma, dma32])).toBe(true)
  })

  it("ignores the Movable zone", () => {
    const zone = (index: number, free: number) => ({ index, free, watermark: [100, 0, 0] as [number, number, number] })
    expect(aboveHalfReserve([zone(1, 50), zone(2, 50)])).toBe(false)
    expect(aboveHalfReserve([zone(1, 50), zone(2, 51)])).toBe(true)
    expect(aboveHalfReserve([zone(1, 50), zone(3, 10_000)])).toBe(false)
    expect(aboveHalfReserve([zone(1, 51), zone(3, 0)])).toBe(true)
  })
})

describe("a quarter of the node", () => {
  const { pgdat } = new Toy({ memory: { dma: 300, dma32: 900, normal: 900 } }).vmscan
  const [dma, dma32, normal] = pgdat.zones.map(({ present }) => present)

  it.each([
    { classzone: 0, present: dma },
    { classzone: 1, present: dma + dma32 },
    { classzone: 2, present: dma + dma32 + normal }
  ])("of the zones up to $classzone", ({ classzone, present }) => {
    expect(pgdatBalanced(pgdat, present >> 2, classzone)).toBe(true)
    expect(pgdatBalanced(pgdat, (present >> 2) - 1, classzone)).toBe(false)
  })
})

describe("a page on its list", () => {
  const onList = (active = false) => {
    const toy = new Toy()
    const pfn = toy.take()
    toy.cacheFile(context(), pfn, active)
    toy.vmscan.lru.drain(context())
    return { toy, pfn, flags: toy.pages.frames.flags, lru: toy.vmscan.lru }
  }

  it("is taken off with a reference of its own, once", () => {
    const { flags, lru, pfn, toy } = onList()
    expect([lru.isolate(pfn), toy.pages.frames.refCount[pfn], toy.vmscan.lruPages()]).toEqual([true, 2, 0])
    expect(flags[pfn] & PG_lru).toBe(0)
    expect([lru.isolate(pfn), toy.pages.frames.refCount[pfn]]).toEqual([false, 2])
  })

  it("is referenced by the first access and active after the second", () => {
    const { flags, lru, pfn, toy } = onList()
    const state = () => [(flags[pfn] & PG_referenced) !== 0, (flags[pfn] & PG_active) !== 0]
    lru.markAccessed(context(), pfn)
    expect(state()).toEqual([true, false])
    lru.markAccessed(context(), pfn)
    lru.drain(context())
    expect(state()).toEqual([false, true])
    lru.markAccessed(context(), pfn)
    expect(state()).toEqual([true, true])
    const { lists, recentRotated, recentScanned } = toy.lruvec
    expect(lists.map(({ count }) => count)).toEqual([0, 0, 0, 1, 0])
    // once when it was added, once when it became active
    expect([recentScanned[1], recentRotated[1]]).toEqual([2, 1])
    expect(toy.pages.vmstat.get("pgactivate")).toBe(1)
  })

  it("waits in the pagevec of its own CPU", () => {
    const toy = new Toy({ cpus: 2 })
    for (const cpu of [0, 1]) toy.cacheFile(context(cpu), toy.take(context(cpu)))
    toy.vmscan.lru.drain(context(1))
    expect([toy.vmscan.lru.pagesInPagevecs(), toy.vmscan.lruPages()]).toEqual([1, 1])
    toy.vmscan.lru.drainAll(context(1))
    expect([toy.vmscan.lru.pagesInPagevecs(), toy.vmscan.lruPages()]).toEqual([0, 2])
  })
})
