import { aboveHalfReserve } from "#src/throttle.ts"
import { GFP_KERNEL, GFP_NOFS, GFP_NOIO, PF_KTHREAD, PF_MEMALLOC, WMARK_MIN } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { context, Toy } from "./toy.ts"

/** A machine whose free memory is held at `free` pages by allocations that nobody can reclaim. */
const machine = (free: number, throttle = true): { toy: Toy; held: Array<number> } => {
  const toy = new Toy({
    vmscan: {
      switches: { throttle, throttleBounded: throttle, throttleCounter: throttle, kswapdWakesThrottled: throttle }
    }
  })
  const ctx = { ...context(), flags: PF_MEMALLOC }
  const held: Array<number> = []
  // order 1 goes past the per-CPU lists, so that free memory is exact
  while (toy.zone.free > free + 1) held.push(toy.pages.tryAlloc(ctx, 0, 1))
  toy.zone.free = Math.min(toy.zone.free, free)
  return { toy, held }
}

const half = (): number => new Toy().zone.watermark[WMARK_MIN] >> 1

/** Starts a direct reclaim and says when it came back, and with what. */
const reclaimer = (toy: Toy, gfp: number, flags = 0) => {
  const seen = { finishedAt: -1, result: -1, task: toy.spawn("T", body, flags) }
  function* body(task: Parameters<Parameters<Toy["spawn"]>[1]>[0]) {
    seen.result = yield* toy.vmscan.tryToFreePages(task, gfp, 0, toy.pages.zonelist(GFP_KERNEL))
    seen.finishedAt = toy.sim.now
  }
  return seen
}

const throttled = (toy: Toy): number => toy.pages.vmstat.get("pgscan_direct_throttle")

describe("throttle_direct_reclaim", () => {
  it("parks a GFP_KERNEL task until free exceeds half of the reserve", () => {
    const { toy } = machine(half())
    expect(aboveHalfReserve(toy.pages.zones)).toBe(false)
    const t = reclaimer(toy, GFP_KERNEL)
    // woken at 5 s, but the rule does not hold: back to sleep, not counted again
    toy.at(5_000_000_000, () => toy.vmscan.pgdat.pfmemallocWait.wakeAll())
    toy.at(6_000_000_000, () => {
      toy.zone.free = half() + 1
      toy.vmscan.pgdat.pfmemallocWait.wakeAll()
    })
    toy.sim.run(4_000_000_000)
    expect(t.finishedAt).toBe(-1)
    expect(t.task.process.waitingOn?.name).toBe("pfmemalloc_wait")
    expect(t.task.process.state).toBe("killable")
    expect(t.task.process.why).toContain("throttle")
    expect(throttled(toy)).toBe(1)
    toy.sim.run(5_500_000_000)
    expect(t.task.process.waitingOn?.name).toBe("pfmemalloc_wait")
    expect(t.task.process.since).toBe(5_000_000_000)
    toy.sim.run()
    expect(t.finishedAt).toBe(6_000_000_000)
    expect(throttled(toy)).toBe(1)
    expect(t.result).toBe(1)
  })

  it("counts nothing without the switch for that", () => {
    const toy = new Toy({ vmscan: { switches: { throttle: true } } })
    toy.zone.free = half()
    const t = reclaimer(toy, GFP_KERNEL)
    toy.sim.run(0)
    expect([t.task.process.waitingOn?.name, throttled(toy)]).toEqual(["pfmemalloc_wait", 0])
  })

  it("lets everybody pass above half", () => {
    const { toy } = machine(half() + 1)
    const t = reclaimer(toy, GFP_KERNEL)
    toy.sim.run(0)
    expect([t.finishedAt, throttled(toy)]).toEqual([0, 0])
  })

  it.each([{ name: "GFP_NOFS", gfp: GFP_NOFS }, { name: "GFP_NOIO", gfp: GFP_NOIO }])(
    "holds $name for one second at most",
    ({ gfp }) => {
      const { toy } = machine(half())
      const t = reclaimer(toy, gfp)
      toy.sim.run(500_000_000)
      expect(t.task.process.state).toBe("interruptible")
      // waking in between does not start the second again
      toy.vmscan.pgdat.pfmemallocWait.wakeAll()
      toy.sim.run(3_000_000_000)
      expect(t.finishedAt).toBe(1_000_000_000)
      expect(throttled(toy)).toBe(1)
    }
  )

  it("never holds kernel threads", () => {
    const { toy } = machine(0)
    const t = reclaimer(toy, GFP_KERNEL, PF_KTHREAD)
    toy.sim.run(0)
    expect([t.finishedAt, throttled(toy)]).toEqual([0, 0])
  })

  it.each([{ name: "GFP_KERNEL", gfp: GFP_KERNEL }, { name: "GFP_NOFS", gfp: GFP_NOFS }])(
    "SIGKILL releases a $name task, which does not reclaim",
    ({ gfp }) => {
      const { toy } = machine(half())
      const t = reclaimer(toy, gfp)
      toy.at(250_000_000, () => t.task.process.kill())
      toy.sim.run(2_000_000_000)
      expect([t.finishedAt, t.result]).toEqual([250_000_000, 1])
      expect(toy.pages.vmstat.get("allocstall")).toBe(0)
    }
  )

  it("does nothing when switched off", () => {
    const { toy } = machine(0, false)
    const t = reclaimer(toy, GFP_KERNEL)
    toy.sim.run(0)
    expect([t.finishedAt, throttled(toy)]).toEqual([0, 0])
  })

  it("wakes kswapd, which wakes the tasks when memory is back", () => {
    const { toy, held } = machine(10_000) // nothing held yet
    const kswapd = toy.spawnKswapd()
    toy.sim.run(1_000_000_000)
    expect(kswapd.process.waitingOn?.name).toBe("kswapd_wait")

    toy.fillAnon(half())
    const tasks = [reclaimer(toy, GFP_KERNEL), reclaimer(toy, GFP_KERNEL)]
    toy.sim.run(5_000_000_000)
    expect(held.length).toBe(0)
    expect(throttled(toy)).toBe(2)
    for (const t of tasks) expect(t.finishedAt).toBeGreaterThan(100_000_000)
    expect(toy.vmscan.pgdat.pfmemallocWait.waiters).toBe(0)
    toy.check()
  })

  it("wakes a sleeping kswapd for the zones up to Normal", () => {
    const { toy } = machine(10_000)
    const kswapd = toy.spawnKswapd()
    toy.sim.run(1_000_000_000)
    toy.zone.free = half()
    reclaimer(toy, GFP_KERNEL)
    expect(kswapd.process.waitingOn?.name).toBe("kswapd_wait")
    toy.sim.run(toy.sim.now, 1)
    expect(kswapd.process.waitingOn?.name).not.toBe("kswapd_wait")
  })

  it("keeps kswapd from sleeping while tasks are throttled", () => {
    const { toy } = machine(10_000)
    const kswapd = toy.spawnKswapd()
    toy.sim.run(1_000_000_000)
    const { pgdat } = toy.vmscan
    // a task slipped into the queue although all watermarks are met
    const t = toy.spawn("T", (task) => pgdat.pfmemallocWait.sleep(task.process, "killable"))
    toy.sim.run(toy.sim.now)
    pgdat.kswapdWait.wakeAll()
    toy.sim.run(toy.sim.now + 50_000_000)
    expect(t.process.finished).toBe(true)
    // no nap with tasks in the queue; then nobody is left, and kswapd sleeps until woken
    expect([kswapd.process.waitingOn?.name, kswapd.process.wakeAt]).toEqual(["kswapd_wait", -1])
  })
})
