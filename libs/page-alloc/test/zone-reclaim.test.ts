// How the walk over a zonelist uses zone_reclaim(), with a reclaimer that only writes down what it is asked.
import {
  __GFP_MEMALLOC,
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_THISNODE,
  GFP_ATOMIC,
  GFP_KERNEL,
  NO_PAGE,
  PageAllocator,
  PF_MEMALLOC,
  WMARK_LOW,
  WMARK_MIN,
  WOULD_SLEEP,
  type Zone,
  ZONE_RECLAIM_FULL,
  ZONE_RECLAIM_NOSCAN,
  ZONE_RECLAIM_SOME
} from "@swaplab/page-alloc"
import { Sim, type Sleeps } from "@swaplab/sim"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { context, ScriptedReclaimer, TestTask } from "./support.ts"

const MIB = 2 ** 20

/** Two nodes, a CPU each; node 1 with its one zone at `free` pages, and a reclaimer that would scan there. */
const machine = (free: (zone: Zone) => number, mode = 1) => {
  const sim = new Sim({ seed: 1, hz: 250 })
  const pages = new PageAllocator(sim, { memory: 0, cpus: 2, numa: { nodeBytes: [32 * MIB, 32 * MIB] } })
  const { numa } = pages
  if (numa === null) throw new Error("no nodes")
  numa.zoneReclaimMode = mode
  const reclaimer = new ScriptedReclaimer()
  pages.reclaimer = reclaimer
  const zone = pages.populatedZones[2]
  const ctx = context({ cpu: 1, flags: PF_MEMALLOC })
  while (zone.free > free(zone)) {
    pages.tryAlloc(ctx, GFP_ATOMIC | __GFP_THISNODE | __GFP_MEMALLOC, 0, 1)
    pages.drainAllPages()
  }
  reclaimer.log.length = 0
  reclaimer.zoneReclaimAnswer = ({ node }) => node === 1 ? ZONE_RECLAIM_SOME : ZONE_RECLAIM_NOSCAN
  const allocate = (gfp = GFP_KERNEL): number => {
    let page = NaN
    const task = new TestTask(sim, "T")
    task.cpu = 1
    sim.spawn(
      task.process,
      Effect.gen(function*(): Sleeps<void> {
        page = yield* pages.alloc(task, gfp, 0)
      })
    )
    sim.run(sim.now + 1e8)
    return page < 0 ? page : pages.zoneOf(page).node
  }
  return { sim, pages, reclaimer, zone, allocate }
}

const low = (zone: Zone): number => zone.watermark[WMARK_LOW]

describe("a zone below its low mark", () => {
  it("is scanned before the next zone is tried, and used if that was enough", () => {
    const m = machine(low)
    m.reclaimer.onZoneReclaim = (zone) => {
      zone.watermark[WMARK_LOW] -= 50
    }
    expect([m.allocate(), m.reclaimer.log]).toEqual([1, ["zone_reclaim node 1 DMA32"]])
  })

  it("is passed by for a second if it was not enough", () => {
    const m = machine(low)
    expect([m.allocate(), m.allocate(), m.reclaimer.log]).toEqual([0, 0, ["zone_reclaim node 1 DMA32"]])
    m.sim.queue.now += 1.1e9
    expect([m.allocate(), m.reclaimer.log.length]).toEqual([0, 2])
  })

  it.each([ZONE_RECLAIM_FULL, ZONE_RECLAIM_NOSCAN])(
    "answers %i: the next zone, without a mark of its own",
    (answer) => {
      const m = machine(low)
      m.reclaimer.zoneReclaimAnswer = () => answer
      expect([m.allocate(), m.reclaimer.log]).toEqual([0, []])
      m.reclaimer.zoneReclaimAnswer = () => ZONE_RECLAIM_SOME
      expect([m.allocate(), m.reclaimer.log]).toEqual([0, ["zone_reclaim node 1 DMA32"]])
    }
  )

  it("with vm.zone_reclaim_mode 0 nobody is asked", () => {
    const m = machine(low, 0)
    expect([m.allocate(), m.reclaimer.log]).toEqual([0, []])
  })

  it("the plain call stops there with nothing done", () => {
    const m = machine(low)
    const { slowpath } = m.pages.counters
    expect(m.pages.tryAlloc(context({ cpu: 1 }), GFP_KERNEL, 0)).toBe(WOULD_SLEEP)
    expect([m.pages.counters.slowpath, m.reclaimer.log]).toEqual([slowpath, []])
  })
})

it("a request for one node alone is scanned for twice, in both walks, and fails", () => {
  const m = machine(low)
  expect(m.allocate(GFP_KERNEL | __GFP_THISNODE | __GFP_NORETRY | __GFP_NOWARN)).toBe(NO_PAGE)
  expect(m.reclaimer.log).toEqual(["zone_reclaim node 1 DMA32", "zone_reclaim node 1 DMA32"])
})

it("the slow path scans again at mark MIN, before direct reclaim", () => {
  const m = machine((zone) => zone.watermark[WMARK_MIN])
  // a task that may use node 1 only: its first attempt, the one at MIN, then direct reclaim, which frees a page
  m.reclaimer.progress = [1]
  m.reclaimer.onReclaim = () => {
    m.zone.watermark[WMARK_MIN] -= 50
  }
  expect(m.allocate(GFP_KERNEL | __GFP_THISNODE)).toBe(1)
  expect(m.reclaimer.log).toEqual([
    "zone_reclaim node 1 DMA32",
    "zone_reclaim node 1 DMA32",
    "wake DMA32 0 1",
    "zone_reclaim node 1 DMA32",
    "zone_reclaim node 1 DMA32",
    "reclaim 0 2 memalloc"
  ])
  m.pages.checkInvariants()
})
