import {
  __GFP_THISNODE,
  GFP_ATOMIC,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  GFP_USER,
  NR_DIRTY,
  NR_FILE_PAGES,
  NR_SLAB_RECLAIMABLE,
  PF_MEMALLOC,
  PG_dirty,
  WMARK_LOW,
  WOULD_SLEEP,
  type Zone,
  ZONE_RECLAIM_FULL,
  ZONE_RECLAIM_NOSCAN,
  ZONE_RECLAIM_SOME,
  ZONE_RECLAIM_SUCCESS
} from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { context, Toy, type ToyTask } from "./toy.ts"

const MIB = 2 ** 20

/** Two nodes with a CPU each; `zone` is the only zone of node 1. */
const machine = (mode = 1, options: ConstructorParameters<typeof Toy>[0] = {}) => {
  const toy = new Toy({ cpus: 2, numa: { nodeBytes: [32 * MIB, 16 * MIB] }, ...options })
  const { numa } = toy.pages
  if (numa === null) throw new Error("no nodes")
  numa.zoneReclaimMode = mode
  return { toy, numa, zone: toy.zone }
}

/** Pages of files on node 1, clean and unmapped. */
const files = (toy: Toy, pages: number): ReadonlyArray<number> => {
  const ctx = context(1)
  const pfns = Array.from({ length: pages }, () => toy.pages.tryAlloc(ctx, GFP_USER, 0, 1))
  for (const pfn of pfns) {
    toy.cacheFile(ctx, pfn)
    toy.pages.zoneOf(pfn).modState(NR_FILE_PAGES, 1)
  }
  toy.vmscan.lru.drainAll(ctx)
  return pfns
}

/** Node 1 is left with so many free pages, by allocations that nobody can reclaim. */
const fill = (toy: Toy, zone: Zone, free: number): void => {
  const ctx = { ...context(1), flags: PF_MEMALLOC }
  while (zone.free > free) {
    toy.pages.tryAlloc(ctx, GFP_ATOMIC | __GFP_THISNODE, 0, 1)
    toy.pages.drainAllPages()
  }
}

const run = (toy: Toy, body: (task: ToyTask) => ReturnType<Toy["fault"]>): number => {
  let result = NaN
  const task = toy.spawn("T", function*(self) {
    result = yield* body(self)
  })
  task.cpu = 1
  toy.sim.run(toy.sim.now + 1e9)
  return result
}

/** zone_reclaim of node 1 by a task of it. */
const reclaim = ({ toy, zone }: ReturnType<typeof machine>, order = 0): number =>
  run(toy, (task) => toy.vmscan.zoneReclaim(task, zone, GFP_KERNEL, order))

describe("what zone_reclaim() decides before it scans", () => {
  // 16 MiB are 4032 pages without their memmap: 1 % of them are 40, 5 % are 201
  it.each<[string, number, number, (m: ReturnType<typeof machine>) => void]>([
    ["as many pages of files as must stay", 40, ZONE_RECLAIM_FULL, () => {}],
    ["one more", 41, ZONE_RECLAIM_SOME, () => {}],
    ["one more, under another ratio", 41, ZONE_RECLAIM_FULL, ({ numa }) => {
      numa.minUnmappedRatio = 2
    }],
    ["dirty ones do not count", 41, ZONE_RECLAIM_FULL, ({ zone }) => zone.modState(NR_DIRTY, 1)],
    ["but with RECLAIM_WRITE they do", 41, ZONE_RECLAIM_SOME, ({ numa, zone }) => {
      zone.modState(NR_DIRTY, 1)
      numa.zoneReclaimMode = 3
    }],
    ["slab pages suffice", 0, ZONE_RECLAIM_SOME, ({ zone }) => zone.modState(NR_SLAB_RECLAIMABLE, 202)],
    ["too few slab pages", 0, ZONE_RECLAIM_FULL, ({ zone }) => zone.modState(NR_SLAB_RECLAIMABLE, 201)],
    ["a zone that kswapd has given up", 100, ZONE_RECLAIM_FULL, ({ zone }) => {
      zone.allUnreclaimable = true
    }],
    ["somebody else is at it", 100, ZONE_RECLAIM_NOSCAN, ({ zone }) => {
      zone.reclaimLocked = true
    }]
  ])("%s", (_words, pages, answer, change) => {
    const m = machine()
    expect(m.zone.present).toBe(4032)
    files(m.toy, pages)
    change(m)
    expect(m.toy.vmscan.asksZoneReclaim(context(1), m.zone, GFP_KERNEL)).toBe(answer)
  })

  it.each([
    ["a request that may not sleep", context(1), GFP_ATOMIC],
    ["a task within reclaim", { ...context(1), flags: PF_MEMALLOC }, GFP_KERNEL],
    ["a task of another node", context(0), GFP_KERNEL]
  ])("is not for %s", (_words, ctx, gfp) => {
    const { toy, zone } = machine()
    files(toy, 100)
    expect(toy.vmscan.asksZoneReclaim(ctx, zone, gfp)).toBe(ZONE_RECLAIM_NOSCAN)
  })
})

describe("what zone_reclaim() takes", () => {
  it("a sixteenth of the inactive list: clean unmapped pages of files, and no other page", () => {
    const m = machine()
    const { toy } = m
    const { flags, rmap } = toy.pages.frames
    const pfns = files(toy, 600)
    // the tail of the list is where reclaim begins: it looks at 600 >> 4 pages less the share of anonymous ones
    for (const pfn of pfns.slice(0, 10)) flags[pfn] |= PG_dirty
    for (const pfn of pfns.slice(10, 20)) rmap[pfn] = pfn
    expect(reclaim(m)).toBe(ZONE_RECLAIM_SUCCESS)
    expect(pfns.map((pfn) => toy.pages.frames.refCount[pfn] > 0 ? "left" : "freed").indexOf("freed")).toBe(20)
    expect([toy.pages.vmstat.get("pgsteal_direct_dma32"), toy.pages.vmstat.get("pgscan_direct_dma32")]).toEqual([
      16,
      36
    ])
    expect([toy.pages.vmstat.get("zone_reclaim_failed"), toy.pages.vmstat.get("allocstall")]).toEqual([0, 0])
    toy.check()
  })

  it("fails, and says so, where all are in use; goes down to priority 0 for it", () => {
    const m = machine()
    const pfns = files(m.toy, 100)
    for (const pfn of pfns) m.toy.pages.frames.flags[pfn] |= PG_dirty
    expect(reclaim(m)).toBe(ZONE_RECLAIM_SOME)
    expect(m.toy.pages.vmstat.get("zone_reclaim_failed")).toBe(1)
    expect(m.toy.pages.vmstat.get("pgscan_direct_dma32")).toBeGreaterThan(100)
    expect(m.zone.reclaimLocked).toBe(false)
    m.toy.check()
  })

  it.each([[1, 0], [3, 0], [7, 1]])("mode %i: anonymous pages are written out: %i", (mode, written) => {
    const m = machine(mode)
    const { toy, zone } = m
    files(toy, 60)
    toy.fillAnon(zone.free - 600)
    reclaim(m)
    expect(Math.sign(toy.mm.writes)).toBe(written)
  })
})

describe("an allocation below the low mark of its node", () => {
  const below = (mode: number, pages: number) => {
    const m = machine(mode)
    files(m.toy, pages)
    fill(m.toy, m.zone, m.zone.watermark[WMARK_LOW])
    const pfn = run(m.toy, (task) => m.toy.pages.alloc(task, GFP_HIGHUSER_MOVABLE, 0))
    m.toy.check()
    const count = (name: string): number => m.toy.pages.vmstat.get(name)
    return [m.toy.pages.zoneOf(pfn).node, count("zone_reclaim_failed"), Math.sign(count("pgsteal_direct_dma32"))]
  }

  it("goes to the other node without it, reclaims on its own with it, and goes there when that fails", () => {
    expect([below(0, 600), below(1, 600), below(1, 41), below(1, 40)]).toEqual([
      [0, 0, 0],
      [1, 0, 1],
      [1, 0, 1],
      [0, 0, 0]
    ])
  })

  it("may not sleep: the plain call says that it would, an atomic one goes to the other node", () => {
    const { toy, zone } = machine()
    files(toy, 600)
    fill(toy, zone, zone.watermark[WMARK_LOW])
    expect(toy.pages.tryAlloc(context(1), GFP_KERNEL, 0)).toBe(WOULD_SLEEP)
    expect(toy.pages.zoneOf(toy.pages.tryAlloc(context(1), GFP_ATOMIC, 0)).node).toBe(0)
  })

  it("is the default of nodes further than 30 from each other, as their allocator is made", () => {
    const mode = (distance: number, nodes: number) =>
      new Toy({ cpus: 2, numa: { nodeBytes: Array.from({ length: nodes }, () => 32 * MIB), distance } }).pages.numa
        ?.zoneReclaimMode
    expect([mode(30, 2), mode(31, 2), mode(31, 1)]).toEqual([0, 1, 0])
  })
})
