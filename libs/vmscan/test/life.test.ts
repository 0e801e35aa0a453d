// Lives of a machine short of memory: tasks that fault, read, dirty, touch and free pages at random, from a seed. Every page
// is accounted for at any time, and the lists, counters and tracepoints are those that the pinned hash knows. A change that is
// not meant to change reclaim changes no hash; the counters beside it tell which part behaves differently.
import { PAGE_ACTIVATE, PAGE_KEEP, REFERENCED_EXEC, SWAP_AGAIN, SWAP_FAIL, SWAP_MLOCK } from "#src/ops.ts"
import {
  __GFP_FS,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  GFP_NOIO,
  PF_MEMALLOC,
  PG_dirty,
  PG_lru,
  PG_referenced,
  VMSTAT_NAMES
} from "@swaplab/page-alloc"
import { type VmscanSwitches } from "@swaplab/vmscan"
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { context, Toy } from "./toy.ts"

const MS = 1_000_000

const COUNTERS = [
  "allocstall",
  "pageoutrun",
  "pgscan_kswapd_dma32",
  "pgscan_direct_dma32",
  "pgsteal_kswapd_dma32",
  "pgsteal_direct_dma32",
  "pgactivate",
  "pgdeactivate",
  "pgrotated",
  "kswapd_skip_congestion_wait",
  "pgscan_direct_throttle"
]

const SWITCHES: ReadonlyArray<Partial<VmscanSwitches>> = [
  {},
  { throttle: true, kswapdWakesThrottled: true, throttleBounded: true, throttleCounter: true },
  { writebackMarksReclaim: true },
  { pageoutList: true },
  { throttle: true, throttleCounter: true }
]

const MEMORY = [
  { dma: 300, dma32: 1500, normal: 0 },
  { dma: 0, dma32: 2048, normal: 0 },
  { dma: 300, dma32: 900, normal: 900 }
]

/** One life: what it counted, and a hash of all that could be seen. */
const live = (seed: number): string => {
  const pick = <A>(values: ReadonlyArray<A>, salt: number): A => values[Math.floor(seed / salt) % values.length]
  const toy = new Toy({
    seed,
    memory: pick(MEMORY, 1),
    swapSlots: pick([100_000, 1500, 0], 4),
    writeNs: pick([100_000, 3 * MS, 20 * MS], 2),
    requests: pick([128, 8], 3),
    vmscan: { switches: pick(SWITCHES, 1), swappiness: pick([60, 0, 100], 5) }
  })
  const { mm, pages, sim, vmscan } = toy
  const { frames } = pages
  const random = sim.stream("life")
  const hash = createHash("sha256")
  const see = (...values: ReadonlyArray<unknown>) => hash.update(`${sim.now} ${values.join(" ")}\n`)
  if (seed % 2 === 0) {
    sim.trace.enableOnly(sim.trace.names().filter((name) => seed % 4 === 0 || !name.includes("isolate")))
  }
  sim.trace.sink = (point, _time, _group, values) => {
    expect([point.enabled, values.length]).toEqual([true, point.fields.length])
    see(point.name, ...values)
  }
  mm.referencedResult = pick([1, REFERENCED_EXEC | 1, 2], 2)

  // what happens now and then in page tables and on the device
  const rarely = (result: number) => random.below(40) === 0 ? result : null
  const { tryPageout, tryToUnmap } = mm
  mm.tryToUnmap = (ctx, pfn) =>
    rarely([SWAP_AGAIN, SWAP_FAIL, SWAP_MLOCK][random.below(3)]) ?? tryToUnmap.call(mm, ctx, pfn)
  mm.tryPageout = (task, pfn) => rarely([PAGE_KEEP, PAGE_ACTIVATE][random.below(2)]) ?? tryPageout.call(mm, task, pfn)

  toy.spawnKswapd()
  const any = (): number => random.below(frames.count)
  const steps: ReadonlyArray<(pfn: number) => void> = [
    (pfn) => {
      if (frames.refCount[pfn] > 0) mm.young[pfn] = 1
    },
    (pfn) => {
      if ((frames.flags[pfn] & PG_lru) !== 0) vmscan.lru.markAccessed(context(), pfn)
    },
    (pfn) => {
      if ((frames.flags[pfn] & PG_lru) !== 0) vmscan.lru.activate(context(), pfn)
    },
    (pfn) => {
      if (frames.rmap[pfn] < 0 && (frames.flags[pfn] & PG_lru) !== 0) frames.flags[pfn] |= PG_dirty
    },
    (pfn) => {
      if ((frames.flags[pfn] & PG_lru) !== 0) frames.flags[pfn] |= PG_referenced
    },
    (pfn) => {
      if (frames.rmap[pfn] < 0) return
      frames.rmap[pfn] = -1
      vmscan.lru.putPage(context(), pfn)
    }
  ]
  const touch = () => {
    for (let i = random.below(30); i > 0; i--) steps[random.below(steps.length)](any())
  }
  for (let worker = 0; worker < 4; worker++) {
    toy.spawn(`worker ${worker}`, function*(task) {
      for (let round = 0; round < 80; round++) {
        for (let i = random.below(40); i > 0; i--) {
          const pfn = yield* toy.fault(task)
          if (pfn < 0) break
        }
        for (let i = random.below(20); i > 0; i--) {
          const pfn = yield* pages.alloc(task, random.below(4) === 0 ? GFP_KERNEL & ~__GFP_FS : GFP_KERNEL, 0)
          if (pfn >= 0) toy.cacheFile(task, pfn, random.below(4) === 0)
        }
        if (random.below(4) === 0) {
          const order = 1 + random.below(3)
          const pfn = yield* pages.alloc(task, random.below(2) === 0 ? GFP_HIGHUSER_MOVABLE : GFP_NOIO, order)
          yield* task.process.hold(random.below(3 * MS))
          if (pfn >= 0) pages.free(task, pfn, order)
        }
        touch()
        yield* task.condResched()
        yield* task.process.hold(random.below(4 * MS))
      }
    })
  }
  toy.spawn("the PF_MEMALLOC user", function*(task) {
    for (let round = 0; round < 100; round++) {
      const taken: Array<number> = []
      for (let i = random.below(30); i > 0; i--) {
        const pfn = pages.tryAlloc(task, 0x20, 0)
        if (pfn >= 0) taken.push(pfn)
      }
      yield* task.process.hold(random.below(20 * MS))
      for (const pfn of taken) pages.free(task, pfn, 0)
    }
  }, PF_MEMALLOC)

  for (let sample = 0; sample < 80; sample++) {
    toy.congestion.congested = random.below(3) === 0
    if (random.below(4) === 0) toy.congestion.wait.wakeAll()
    mm.dirtyLimit = random.below(5) === 0 ? 4 : Number.MAX_SAFE_INTEGER
    mm.slabObjects = random.below(6) === 0 ? 1 : 0
    if (random.below(10) === 0) {
      toy.spawn("emergency", function*(task) {
        see("emergency", vmscan.emergencyFreePages(task, GFP_NOIO, 0, toy.pages.zonelist(GFP_KERNEL)))
      })
    }
    sim.run(sim.now + 10 * MS, 200_000)
    toy.check()
    for (const lruvec of vmscan.lru.lruvecs) {
      const { allUnreclaimable, congested, free, pagesScanned } = lruvec.zone
      see(free, pagesScanned, allUnreclaimable, congested, lruvec.recentScanned, lruvec.recentRotated)
      for (const list of lruvec.lists) {
        const order: Array<number> = []
        for (let pfn = list.tail; pfn >= 0; pfn = frames.prev[pfn]) order.push(pfn, frames.flags[pfn])
        see(list.count, ...order)
      }
    }
  }
  see(...pages.vmstat.items.filter((_value, item) => !/^numa_|^zone_reclaim/.test(VMSTAT_NAMES[item])))
  const { vmstat } = pages
  return `${COUNTERS.map((name) => vmstat.get(name)).join(" ")} ${hash.digest("hex").slice(0, 12)}`
}

/** The counters of COUNTERS, and the hash. */
const LIVES: ReadonlyArray<readonly [seed: number, life: string]> = [
  [1, "130 8 113 12596 62 6079 601 6105 3622 1 0 477931387b37"],
  [2, "153 5 49 6600 18 3008 586 7078 4650 1 0 9de088b43a61"],
  [3, "93 5 130 3837 82 1656 238 2924 363 3 0 fd0cb57461fb"],
  [4, "21 6 39 1362 29 816 112 1528 110 0 0 bcf0810d5981"],
  [5, "32 1 35 712 18 441 95 1658 89 2 0 0e16ec1978e7"],
  [6, "16724 4173 109 48306 12 2931 204 3040 1467 25 0 2fd45248327c"],
  [7, "15636 4366 89 167189 34 3037 290 3268 1457 29 0 6e2fd64cb0e4"],
  [8, "24204 7961 22 47208 12 462 37 266 16 16 0 e80cea2209de"],
  [9, "12395 4728 216 30948 12 627 29 229 13 28 0 871981eb441e"],
  [10, "9350 2013 481 52361 7 1004 69 318 26 80 0 a80b7134eddd"],
  [11, "60433 1562 11 550 3 419 36 262 17 15 0 c86f79286b88"],
  [12, "151 8 93 11430 62 5897 446 6772 4709 4 0 8d6ff381ffac"]
]

describe("lives of a machine short of memory", () => {
  it.each(LIVES)("seed %s", (seed, life) => expect(live(seed)).toBe(life))
})
