// Plugs and merging: what becomes one request, and when the driver hears of it.
import { BLK_MAX_REQUEST_COUNT } from "#src/task-io.ts"
import { bootContext } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { rig, start, TestTask } from "./rig.ts"

const write = (queue: ReturnType<typeof rig>["queue"], task: TestTask, slot: number): void => {
  queue.trySubmitPage(task, true, slot * 8, slot, false)
}

describe("merging", () => {
  it("makes requests of 31 pages out of a run of adjacent ones", () => {
    const { sim, queue, disk } = rig()
    const task = new TestTask(sim, "kswapd")
    queue.plug(task)
    for (let slot = 0; slot < 70; slot++) write(queue, task, slot)
    expect(disk.taken).toEqual([])
    queue.unplug(task)
    expect(disk.taken).toEqual([[0, 31, 1], [31, 31, 1], [62, 8, 1]])
    expect(queue.counters.backMerges).toBe(67)
    queue.checkInvariants()
  })

  it("merges in front as well", () => {
    const { sim, queue, disk } = rig()
    const task = new TestTask(sim, "kswapd")
    queue.plug(task)
    for (const slot of [5, 4, 3, 6]) write(queue, task, slot)
    queue.unplug(task)
    expect(disk.taken).toEqual([[3, 4, 1]])
    expect([queue.counters.frontMerges, queue.counters.backMerges]).toEqual([2, 1])
    const pages: Array<number> = []
    queue.onBioEnd = (_ctx, pfn) => pages.push(pfn)
    disk.end(queue)
    expect(pages).toEqual([3, 4, 5, 6])
  })

  it("never joins a read and a write", () => {
    const { sim, queue, disk } = rig()
    const task = new TestTask(sim, "usemem")
    queue.plug(task)
    write(queue, task, 1)
    queue.trySubmitPage(task, false, 2 * 8, 2, true)
    queue.unplug(task)
    expect(disk.taken).toEqual([[1, 1, 1], [2, 1, 0]])
  })

  it("does not merge without a plug when the driver takes requests at once", () => {
    const { sim, queue, disk } = rig()
    const task = new TestTask(sim, "usemem")
    for (let slot = 0; slot < 8; slot++) queue.trySubmitPage(task, false, slot * 8, slot, true)
    expect(disk.taken.length).toBe(8)
    expect(disk.runs).toBe(8)
  })

  it("merges into requests that the driver has left in the elevator", () => {
    const { sim, queue, disk } = rig()
    const task = new TestTask(sim, "usemem")
    queue.driver = null
    for (const slot of [10, 11, 9, 20]) write(queue, task, slot)
    expect(queue.queued()).toBe(2)
    expect(queue.counters.queueMerges).toBe(2)
    queue.driver = disk
    queue.runQueue()
    expect(disk.taken).toEqual([[9, 3, 1], [20, 1, 1]])
  })

  it("joins plugged requests that became adjacent when their plug is flushed", () => {
    const { sim, queue, disk, requestMemory } = rig()
    const task = new TestTask(sim, "kswapd")
    queue.plug(task)
    // 1 and 3 are apart; 2 goes in front of 3, the newest, and leaves two adjacent requests
    for (const slot of [1, 3, 2]) write(queue, task, slot)
    expect(queue.pluggedRequests(task.process)).toBe(2)
    queue.unplug(task)
    expect(disk.taken).toEqual([[1, 3, 1]])
    expect(queue.counters.requestMerges).toBe(1)
    expect(queue.inFlight()).toBe(1)
    expect(requestMemory.inUse).toBe(4 + 1)
    disk.end(queue)
    queue.checkInvariants()
  })

  it("loses merging when two reclaimers draw their slots from one cursor", () => {
    const alone = rig()
    const together = rig()
    const one = new TestTask(alone.sim, "kswapd")
    alone.queue.plug(one)
    for (let slot = 0; slot < 32; slot++) write(alone.queue, one, slot)
    alone.queue.unplug(one)
    const two = [new TestTask(together.sim, "a"), new TestTask(together.sim, "b")]
    for (const task of two) together.queue.plug(task)
    for (let slot = 0; slot < 32; slot++) write(together.queue, two[slot & 1], slot)
    for (const task of two) together.queue.unplug(task)
    expect(alone.disk.taken.length).toBe(2)
    expect(together.disk.taken.length).toBe(32)
  })
})

describe("plugs", () => {
  it("flush 16 requests when the seventeenth arrives", () => {
    const { sim, queue, disk } = rig()
    const task = new TestTask(sim, "kswapd")
    queue.plug(task)
    for (let i = 0; i < BLK_MAX_REQUEST_COUNT; i++) write(queue, task, 2 * i)
    expect(disk.taken.length).toBe(0)
    write(queue, task, 100)
    expect(disk.taken.length).toBe(16)
    expect(disk.runs).toBe(1)
    expect(queue.pluggedRequests(task.process)).toBe(1)
    queue.unplug(task)
    expect(disk.taken.length).toBe(17)
  })

  it("nest: the inner one flushes nothing", () => {
    const { sim, queue, disk } = rig()
    const task = new TestTask(sim, "usemem")
    queue.plug(task)
    write(queue, task, 1)
    queue.plug(task)
    write(queue, task, 3)
    queue.unplug(task)
    expect(disk.taken.length).toBe(0)
    queue.unplug(task)
    expect(disk.taken.length).toBe(2)
    expect(() => queue.unplug(task)).toThrow("a plug was closed twice")
  })

  it("belong to their task", () => {
    const { sim, queue, disk } = rig()
    const plugged = new TestTask(sim, "plugged")
    queue.plug(plugged)
    write(queue, plugged, 1)
    write(queue, new TestTask(sim, "other"), 3)
    expect(disk.taken).toEqual([[3, 1, 1]])
  })

  it("are flushed when their task sleeps, and stay open", () => {
    const { sim, queue, disk } = rig()
    const task = new TestTask(sim, "usemem")
    queue.plug(task)
    write(queue, task, 1)
    queue.flushPlugOnSchedule(task.process)
    expect(disk.taken.length).toBe(1)
    write(queue, task, 3)
    expect(disk.taken.length).toBe(1)
    queue.unplug(task)
    expect(disk.taken.length).toBe(2)
    queue.forgetTask(task.process)
    queue.flushPlugOnSchedule(task.process)
  })

  it("are flushed before their task waits for a slot, so that it does not wait for itself", () => {
    const { sim, queue, disk } = rig({ nrRequests: 8 })
    const done = start(sim, "kswapd", function*(task) {
      queue.plug(task)
      for (let i = 0; i < 20; i++) yield* queue.submitPage(task, true, i * 16, i, false)
      queue.unplug(task)
    })
    sim.run(0)
    expect(done.process.waitingOn?.name).toBe("nbd0 request slot (async)")
    expect(disk.taken.length).toBe(12)
    while (queue.inFlight() > 0) {
      disk.end(queue)
      sim.run(sim.now)
    }
    expect(done.process.finished).toBe(true)
    expect(disk.taken.length).toBe(20)
  })

  it("are flushed before their task waits for a bio", () => {
    const { sim, queue, disk, bioMemory } = rig()
    const task = start(sim, "kswapd", function*(self) {
      queue.plug(self)
      bioMemory.limit = 2
      for (let i = 0; i < 3; i++) yield* queue.submitPage(self, true, i * 16, i, false)
      queue.unplug(self)
    })
    sim.run(0)
    expect(task.process.waitingOn?.name).toBe("mempool bio-0")
    expect(disk.taken.length).toBe(2)
    disk.end(queue, 1)
    sim.run(0)
    expect(task.process.finished).toBe(true)
  })
})

it("reports errors page by page", () => {
  const { sim, queue, disk } = rig()
  const task = new TestTask(sim, "kswapd")
  const ended: Array<unknown> = []
  queue.onBioEnd = (_ctx, pfn, isWrite, error) => ended.push([pfn, isWrite, error])
  queue.plug(task)
  write(queue, task, 1)
  write(queue, task, 2)
  queue.unplug(task)
  queue.endRequest(bootContext(), disk.held[0], 5)
  expect(ended).toEqual([[1, true, 5], [2, true, 5]])
  expect(queue.counters.errors).toBe(1)
})
