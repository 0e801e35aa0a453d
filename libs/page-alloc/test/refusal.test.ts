// Records of refused allocations: what a lockup report shows as the first allocation that failed.
import { ALLOC_CPUSET, ALLOC_NO_WATERMARKS } from "#src/alloc-flags.ts"
import {
  __GFP_NORETRY,
  __GFP_NOWARN,
  ALLOC_HARDER,
  ALLOC_HIGH,
  allocFlagNames,
  GFP_ATOMIC,
  GFP_KERNEL,
  GFP_NOIO,
  NO_PAGE,
  Refusal
} from "@swaplab/page-alloc"
import type { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { bringTo, context, machine, ScriptedReclaimer, softirq, spawn, TestTask } from "./support.ts"

/** 2 GiB, DMA at 7 free pages, DMA32 at `free`: min 1425, floor of GFP_ATOMIC 535. */
const scarce = (free: number) => {
  const { pages, sim } = machine()
  bringTo(pages, pages.zones[0], 7)
  bringTo(pages, pages.zones[1], free)
  pages.reclaimer = new ScriptedReclaimer()
  // filling the zones has not failed in interrupt context
  expect(pages.atomicRefusal.timeNs).toBe(-1)
  return { pages, sim }
}

/** Lets time pass. */
const wait = (sim: Sim, ns: number): void => {
  sim.queue.after(ns, sim.queue.register(() => {}), 0)
  sim.run(sim.now + ns)
}

const zonesOf = (refusal: Refusal) =>
  Array.from({ length: refusal.zones }, (_, i) => [refusal.zone[i], refusal.free[i], refusal.min[i], refusal.floor[i]])

describe("the record of a task", () => {
  it("is written when its allocation enters reclaim, and is open until it ends", () => {
    const { pages, sim } = scarce(1000)
    const task = Object.assign(new TestTask(sim, "nbd0"), { refusal: new Refusal() })
    let page = NO_PAGE
    wait(sim, 3e6)
    const from = sim.now
    spawn(sim, task, function*() {
      page = yield* pages.alloc(task, GFP_NOIO, 0)
    })
    sim.run(sim.now + 5e6)
    const { refusal } = task
    expect(page).toBe(NO_PAGE)
    expect([refusal.timeNs, refusal.comm, refusal.gfp, refusal.order, refusal.open]).toEqual([
      from,
      "nbd0",
      GFP_NOIO,
      0,
      true
    ])
    expect(refusal.allocFlags).toBe(ALLOC_CPUSET)
    const [dma32, dma] = pages.zones.slice(0, 2).toReversed()
    expect(zonesOf(refusal)).toEqual([
      [1, 1000, 1425, 1425],
      [0, 7, dma.watermark[0], dma.watermark[0] + dma.lowmemReserve[dma32.index]]
    ])
    // memory comes back: the next round gets its page, and the record keeps what it says
    for (let pfn = dma32.start, blocks = 0; blocks < 2; pfn += 1024) {
      if (pages.frames.refCount[pfn] === 0 || pages.frames.order[pfn] !== 10) continue
      pages.free(context(), pfn, 10)
      blocks++
    }
    sim.run(sim.now + 1e9)
    expect(page).toBeGreaterThanOrEqual(0)
    expect([refusal.open, refusal.timeNs, refusal.free[0]]).toEqual([false, from, 1000])
  })

  it("remembers the attempt that failed just before, and only that", () => {
    const refusal = new Refusal()
    const write = (at: number, order: number): void => refusal.write(at, "nbd0", GFP_NOIO, order, 0, [])
    write(5, 3)
    expect(refusal.beforeNs).toBe(-1)
    refusal.close(9, true)
    write(9, 1)
    refusal.close(9, true)
    write(9, 0)
    expect([refusal.beforeNs, refusal.beforeOrder, refusal.timeNs, refusal.order]).toEqual([5, 3, 9, 0])
    refusal.close(12, false)
    write(12, 0)
    expect(refusal.beforeNs).toBe(-1)
    // a failure long ago has nothing to do with it
    refusal.close(14, true)
    write(15, 0)
    expect(refusal.beforeNs).toBe(-1)
  })

  it("says when the last allocation failed, and only then", () => {
    const refusal = new Refusal()
    expect(refusal.failedNs).toBe(-1)
    refusal.close(9, true)
    expect(refusal.failedNs).toBe(9)
    refusal.write(12, "nbd0", GFP_NOIO, 0, 0, [])
    expect(refusal.failedNs).toBe(-1)
    refusal.close(12, true)
    refusal.close(12, false)
    expect(refusal.failedNs).toBe(-1)
  })

  it("is no duty: a task without one allocates all the same", () => {
    const { pages, sim } = scarce(3000)
    const task = new TestTask(sim, "usemem")
    let page = NO_PAGE
    spawn(sim, task, function*() {
      page = yield* pages.alloc(task, GFP_KERNEL, 0)
    })
    sim.run(1e9)
    expect(page).toBeGreaterThanOrEqual(0)
  })
})

describe("the record of interrupts", () => {
  it("keeps the first failure until there is progress", () => {
    const { pages, sim } = scarce(535)
    wait(sim, 1e6)
    expect(pages.tryAlloc(softirq(), GFP_ATOMIC, 0)).toBe(NO_PAGE)
    wait(sim, 1e6)
    pages.tryAlloc(softirq(), GFP_ATOMIC, 1)
    const { atomicRefusal } = pages
    expect([atomicRefusal.timeNs, atomicRefusal.comm, atomicRefusal.order]).toEqual([1e6, "softirq", 0])
    expect(atomicRefusal.allocFlags).toBe(ALLOC_HIGH | ALLOC_HARDER)
    expect(zonesOf(atomicRefusal)[0]).toEqual([1, 535, 1425, 535])
    wait(sim, 1e6)
    pages.lastProgressNs = () => 3e6
    pages.tryAlloc(softirq(), GFP_ATOMIC, 1)
    // order 1 must leave one page more
    expect([atomicRefusal.timeNs, atomicRefusal.order, atomicRefusal.floor[0]]).toEqual([3e6, 1, 536])
  })

  it("skips attempts at a preferred order, and prefers what has no way out to what has", () => {
    const { pages, sim } = scarce(100)
    pages.tryAlloc(softirq(), GFP_ATOMIC | __GFP_NOWARN | __GFP_NORETRY, 3)
    expect(pages.atomicRefusal.timeNs).toBe(-1)
    pages.tryAlloc(softirq(), GFP_ATOMIC | __GFP_NOWARN, 0)
    expect([pages.atomicRefusal.timeNs, pages.atomicRefusal.gfp]).toEqual([0, GFP_ATOMIC | __GFP_NOWARN])
    wait(sim, 1e6)
    pages.tryAlloc(softirq(), GFP_ATOMIC, 0)
    expect([pages.atomicRefusal.timeNs, pages.atomicRefusal.gfp]).toEqual([1e6, GFP_ATOMIC])
  })

  it("is not written by tasks", () => {
    const { pages, sim } = scarce(100)
    pages.tryAlloc(new TestTask(sim, "usemem"), GFP_ATOMIC, 0)
    expect(pages.atomicRefusal.timeNs).toBe(-1)
  })
})

it.each([
  [0, "ALLOC_WMARK_MIN"],
  [ALLOC_CPUSET, "ALLOC_WMARK_MIN|ALLOC_CPUSET"],
  [ALLOC_HIGH | ALLOC_HARDER, "ALLOC_WMARK_MIN|ALLOC_HARDER|ALLOC_HIGH"],
  [ALLOC_NO_WATERMARKS | ALLOC_CPUSET, "ALLOC_NO_WATERMARKS|ALLOC_CPUSET"]
])("flags %i are called %s", (flags, names) => {
  expect(allocFlagNames(flags)).toBe(names)
})
