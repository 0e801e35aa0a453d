import { GFP_KERNEL, GFP_NOIO, PF_MEMALLOC, PG_swapcache, PG_writeback } from "@swaplab/page-alloc"
import type { Tracepoint } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { context, Toy, type ToyTask } from "./toy.ts"

const MS = 1_000_000

/** Runs a body from `start` on; says when it ended. */
const timed = (toy: Toy, start: number, body: (task: ToyTask) => Generator<never, unknown, never> | unknown) => {
  const seen = { endedAt: -1 }
  toy.spawn("T", function*(task) {
    yield* task.process.hold(start)
    yield* body(task) as ReturnType<ToyTask["condResched"]>
    seen.endedAt = toy.sim.now
  })
  return seen
}

describe("congestion_wait", () => {
  it("sleeps whether or not anything is congested, and ends at a tick", () => {
    const toy = new Toy()
    const t = timed(toy, MS, (task) => toy.vmscan.congestionWait(task, 100 * MS, "test"))
    toy.sim.run()
    expect(t.endedAt).toBe(100 * MS)
  })

  it("ends early when a device leaves congestion; the tracepoint tells how long it took", () => {
    const toy = new Toy()
    const hits: Array<ReadonlyArray<number>> = []
    toy.sim.trace.enableOnly(["writeback_congestion_wait"])
    toy.sim.trace.sink = (_point: Tracepoint, _time, _group, values) => hits.push(values)
    const t = timed(toy, MS, (task) => toy.vmscan.congestionWait(task, 100 * MS, "test"))
    toy.at(31 * MS, () => toy.congestion.wait.wakeAll())
    toy.sim.run()
    expect(t.endedAt).toBe(31 * MS)
    expect(hits).toEqual([[100_000, 30_000]])
  })
})

describe("why a task sleeps on congestion", () => {
  it.each([
    { before: null, why: "test" },
    { before: "order:0", why: "order:0; test" }
  ])("after $before: $why", ({ before, why }) => {
    const toy = new Toy()
    const task = toy.spawn("T", function*(t) {
      t.process.why = before
      yield* toy.vmscan.congestionWait(t, 100 * MS, "test")
    })
    toy.sim.run(MS)
    expect(task.process.why).toBe(why)
    toy.sim.run()
    expect(task.process.why).toBe(before)
  })
})

describe("wait_iff_congested", () => {
  it.each([
    { zone: false, device: false, waits: false },
    { zone: true, device: false, waits: false },
    { zone: false, device: true, waits: false },
    { zone: true, device: true, waits: true }
  ])("zone congested: $zone, device congested: $device → waits: $waits", ({ zone, device, waits }) => {
    const toy = new Toy()
    toy.zone.congested = zone
    toy.congestion.congested = device
    const t = timed(toy, 0, (task) => toy.vmscan.waitIffCongested(task, toy.zone, 20 * MS))
    toy.sim.run()
    expect(t.endedAt).toBe(waits ? 20 * MS : 0)
  })

  it.each([
    { priority: 12, written: 31, waits: false },
    { priority: 12, written: 32, waits: true },
    { priority: 11, written: 15, waits: false },
    { priority: 11, written: 16, waits: true },
    { priority: 10, written: 8, waits: true },
    { priority: 6, written: 0, waits: false },
    { priority: 6, written: 1, waits: true }
  ])("after a batch of 32 with $written under writeback at priority $priority: $waits", (row) => {
    const toy = new Toy()
    const ctx = context()
    for (let i = 0; i < 32; i++) {
      const pfn = toy.take()
      toy.mapAnon(ctx, pfn, false)
      // the rest is in use, so that it is activated
      if (i < row.written) toy.pages.frames.flags[pfn] |= PG_writeback | PG_swapcache
      else toy.mm.young[pfn] = 1
    }
    toy.vmscan.lru.drain(ctx)
    toy.zone.congested = toy.congestion.congested = true
    const t = timed(
      toy,
      0,
      (task) => toy.vmscan.shrinkInactive(task, toy.lruvec, 0, GFP_KERNEL, 32, row.priority)
    )
    toy.sim.run()
    expect(t.endedAt).toBe(row.waits ? 100 * MS : 0)
  })
})

describe("direct reclaim of a congested zone that frees nothing", () => {
  it("waits after each of the last ten priorities", () => {
    const toy = new Toy({ swapSlots: 0 })
    const ctx = { ...context(), flags: PF_MEMALLOC }
    for (let i = 0; i < 4000; i++) toy.cacheFile(ctx, toy.pages.tryAlloc(ctx, 0, 0))
    toy.vmscan.lru.drain(ctx)
    toy.mm.removeMapping = () => false
    toy.zone.congested = toy.congestion.congested = true
    const t = timed(toy, 0, (task) => toy.vmscan.tryToFreePages(task, GFP_KERNEL, 0, toy.pages.zonelist(GFP_KERNEL)))
    toy.sim.run()
    expect(t.endedAt).toBe(1000 * MS)
  })
})

describe("throttle_vm_writeout", () => {
  const reclaim = (writeback: number, gfp: number) => {
    const toy = new Toy()
    const ctx = { ...context(), flags: PF_MEMALLOC }
    for (let i = 0; i < 4000; i++) toy.cacheFile(ctx, toy.pages.tryAlloc(ctx, 0, 0))
    toy.vmscan.lru.drain(ctx)
    toy.mm.dirtyLimit = 100
    toy.mm.writeback = writeback
    toy.at(1050 * MS, () => toy.mm.writeback = 0)
    const t = timed(toy, 0, (task) => toy.vmscan.tryToFreePages(task, gfp, 0, toy.pages.zonelist(GFP_KERNEL)))
    toy.sim.run()
    return t.endedAt
  }

  it("lets 110 % of the dirty threshold pass", () => expect(reclaim(110, GFP_KERNEL)).toBe(0))
  it("holds callers that may do I/O until less is under writeback", () => {
    expect(reclaim(111, GFP_KERNEL)).toBe(1100 * MS)
  })
  it("holds others once per zone and priority", () => {
    // 4000 clean pages: 0 at priority 12, 32 of them at 7: six rounds of 100 ms at most
    const end = reclaim(111, GFP_NOIO)
    expect(end % (100 * MS)).toBe(0)
    expect(end).toBeGreaterThan(0)
    expect(end).toBeLessThan(1000 * MS)
  })
})
