// Who gets a request, who waits, and in which order waiting ends.
import { BLK_RW_ASYNC, BLK_RW_SYNC } from "#src/congestion.ts"
import { SUBMITTED } from "@swaplab/blk"
import { bootContext, WOULD_SLEEP } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { rig, start, TestTask } from "./rig.ts"

const SECOND = 1_000_000_000

describe("request slots", () => {
  it("lets the task that takes the last slot go on for a batch of 32, others not at all", () => {
    const { sim, queue } = rig()
    const first = new TestTask(sim, "first")
    const other = new TestTask(sim, "other")
    let submitted = 0
    while (queue.trySubmitPage(first, true, submitted * 16, 0, false) === SUBMITTED) submitted++
    // 127 below the limit, the 128th begins the batch and counts as its first
    expect(submitted).toBe(127 + 32)
    expect(queue.slots.full[BLK_RW_ASYNC]).toBe(1)
    expect(queue.trySubmitPage(other, true, 9_000_000, 0, false)).toBe(WOULD_SLEEP)
    queue.checkInvariants()
  })

  it("ends a batch after 20 ms, unless it is still whole", () => {
    const { sim, queue } = rig()
    const task = new TestTask(sim, "usemem")
    for (let i = 0; i < 130; i++) queue.trySubmitPage(task, true, i * 16, 0, false)
    start(sim, "clock", (clock) => clock.process.hold(20_000_000))
    sim.run(19_999_999)
    expect(queue.maySubmit(task, true, 9_000_000, false)).toBe(true)
    sim.run(20_000_000)
    expect(queue.maySubmit(task, true, 9_000_000, false)).toBe(false)
  })

  it("never exceeds one and a half times the limit", () => {
    const { sim, queue } = rig({ nrRequests: 20 })
    const task = new TestTask(sim, "usemem")
    let submitted = 0
    while (queue.trySubmitPage(task, true, submitted * 16, 0, false) === SUBMITTED) submitted++
    expect(submitted).toBe(30)
    expect(queue.slots.hardCap).toBe(30)
  })

  it("reaches 192 writes with 128 slots when woken tasks bring batches of their own", () => {
    const { sim, queue, disk } = rig()
    const body = (from: number) =>
      function*(task: TestTask) {
        for (let i = 0; i < 400; i++) yield* queue.submitPage(task, true, (from + i) * 16, 0, false)
      }
    for (let n = 0; n < 8; n++) start(sim, `usemem-${n}`, body(n * 1000))
    sim.run(0)
    for (let i = 0; i < 3000 && queue.counters.completed < 3200; i++) {
      disk.end(queue, 33)
      sim.run(sim.now)
      queue.checkInvariants()
    }
    expect(queue.counters.mostRequests[BLK_RW_ASYNC]).toBeLessThanOrEqual(192)
    expect(queue.counters.mostRequests[BLK_RW_ASYNC]).toBeGreaterThan(159)
    expect(queue.counters.completed).toBe(3200)
  })

  it("keeps reads out of the way of writes", () => {
    const { sim, queue } = rig()
    const task = new TestTask(sim, "usemem")
    for (let i = 0; i < 400; i++) queue.trySubmitPage(task, true, i * 16, 0, false)
    expect(queue.trySubmitPage(task, true, 9_000_000, 0, false)).toBe(WOULD_SLEEP)
    expect(queue.trySubmitPage(task, false, 9_000_000, 0, true)).toBe(SUBMITTED)
    expect(queue.trySubmitPage(task, true, 9_100_000, 0, true)).toBe(SUBMITTED)
    expect(queue.slots.count[BLK_RW_SYNC]).toBe(2)
  })

  it("leaves nothing behind when it would sleep", () => {
    const { sim, queue } = rig()
    const task = new TestTask(sim, "usemem")
    for (let i = 0; i < 400; i++) queue.trySubmitPage(task, true, i * 16, 0, false)
    const state = () =>
      JSON.stringify([queue.counters, queue.bios.inUse, queue.inFlight(), [...queue.slots.count], queue.stats.inFlight])
    const before = state()
    expect(queue.trySubmitPage(task, true, 9_000_000, 0, false)).toBe(WOULD_SLEEP)
    expect(state()).toBe(before)
  })

  it("puts sleepers to sleep uninterruptibly and wakes them one per freed request, in order", () => {
    const { sim, queue, disk } = rig({ nrRequests: 4 })
    const filler = new TestTask(sim, "filler")
    for (let i = 0; i < 6; i++) queue.trySubmitPage(filler, true, i * 16, 0, false)
    expect(queue.slots.count[BLK_RW_ASYNC]).toBe(6)
    const order: Array<string> = []
    const sleepers = ["a", "b", "c"].map((name, n) =>
      start(sim, name, function*(task) {
        yield* queue.submitPage(task, true, 1_000_000 + n * 16, 0, false)
        order.push(name)
      })
    )
    sim.run(0)
    expect(sleepers.map((task) => [task.process.state, task.process.waitingOn?.name])).toEqual(
      Array.from({ length: 3 }, () => ["uninterruptible", "nbd0 request slot (async)"])
    )
    sleepers[0].process.kill()
    sim.run(0)
    expect(order).toEqual([])
    // 6 → 5 → 4: still at the limit, nobody is woken
    disk.end(queue, 2)
    sim.run(0)
    expect(order).toEqual([])
    disk.end(queue, 1)
    sim.run(0)
    expect(order).toEqual(["a"])
    disk.end(queue, 2)
    sim.run(0)
    expect(order).toEqual(["a", "b", "c"])
    expect(queue.counters.slotWaits).toEqual([0, 3])
  })

  it("wakes congestion waiters at every freed request below the mark, congested before or not", () => {
    const { sim, queue, disk } = rig()
    const task = new TestTask(sim, "kswapd")
    queue.trySubmitPage(task, true, 0, 0, false)
    let woken: boolean | null = null
    start(sim, "reclaimer", function*(reclaimer) {
      woken = yield* queue.congestion.wait.sleepTimeout(reclaimer.process, SECOND / 10)
    })
    sim.run(0)
    expect(queue.congestion.anyCongested()).toBe(false)
    disk.end(queue)
    sim.run(0)
    expect(woken).toBe(true)
  })

  it("does not wake reclaim for a freed read", () => {
    const { sim, queue, disk } = rig()
    queue.trySubmitPage(new TestTask(sim, "usemem"), false, 0, 0, true)
    start(sim, "reclaimer", (reclaimer) => queue.congestion.wait.sleep(reclaimer.process))
    sim.run(0)
    disk.end(queue)
    expect(queue.congestion.wait.waiters).toBe(1)
  })
})

it("holds the slot while the request pool makes its caller wait", () => {
  const { sim, queue, disk, requestMemory } = rig()
  const task = new TestTask(sim, "usemem")
  requestMemory.limit = 4
  for (let i = 0; i < 4; i++) queue.trySubmitPage(task, true, i * 16, i, false)
  expect(queue.requestPool.currNr).toBe(0)
  expect(queue.trySubmitPage(task, true, 9000, 4, false)).toBe(WOULD_SLEEP)
  expect(queue.slots.count[BLK_RW_ASYNC]).toBe(4)
  const late = start(sim, "late", (self) => queue.submitPage(self, true, 9000, 4, false))
  sim.run(0)
  expect(late.process.waitingOn?.name).toBe("mempool blkdev_requests")
  expect(queue.slots.count[BLK_RW_ASYNC]).toBe(5)
  queue.checkInvariants()
  disk.end(queue, 1)
  sim.run(0)
  expect(late.process.finished).toBe(true)
  expect(queue.inFlight()).toBe(4)
  disk.end(queue, 4)
  expect(queue.inFlight()).toBe(0)
  expect(queue.requestPool.currNr).toBe(4)
  queue.checkInvariants()
})

it("refuses to end a request twice", () => {
  const { sim, queue, disk } = rig()
  queue.trySubmitPage(new TestTask(sim, "usemem"), true, 0, 0, false)
  const rq = disk.held[0]
  disk.end(queue)
  expect(() => queue.endRequest(bootContext(), rq, 0)).toThrow("ending a request that the driver does not have")
})
