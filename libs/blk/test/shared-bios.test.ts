// fs_bio_set: one set of bios for all queues of a machine.
import { BioSet, BlockQueue, SUBMITTED } from "@swaplab/blk"
import { expect, it } from "vitest"
import { rig, start, TestMemory, TestTask } from "./rig.ts"

it("a bio that one queue holds is missing to the other, whose task gets it when the first one's request ends", () => {
  const { disk, sim } = rig()
  const memory = new TestMemory()
  const bios = new BioSet(sim, memory)
  const [one, other] = ["nbd0", "nbd1"].map((name) => new BlockQueue(sim, name, bios, new TestMemory()))
  one.driver = disk
  expect(other.bios).toBe(one.bios)
  // the mempool has its two elements, and the cache gives nothing more
  memory.limit = memory.inUse
  const holder = new TestTask(sim, "holder")
  for (const sector of [0, 1000]) expect(one.trySubmitPage(holder, false, sector, 0, true)).toBe(SUBMITTED)
  let submitted = -1
  const waiting = start(sim, "waiting", function*(task) {
    yield* other.submitPage(task, false, 0, 0, true)
    submitted = sim.now
  })
  sim.run(1e6)
  expect([submitted, waiting.process.waitingOn]).toEqual([-1, bios.pool.wait])
  start(sim, "end", function*(task) {
    yield* task.process.hold(1e6)
    disk.end(one)
  })
  sim.run(3e6)
  expect(submitted).toBeGreaterThan(1e6)
  expect([bios.inUse, one.inFlight(), other.inFlight()]).toEqual([2, 1, 1])
  one.checkInvariants()
  other.checkInvariants()
})

it("who sleeps for a bio flushes its plugs of all queues", () => {
  const { sim } = rig()
  const bios = new BioSet(sim, new TestMemory())
  const flushed: Array<string> = []
  for (const name of ["nbd0", "nbd1"]) {
    const queue = new BlockQueue(sim, name, bios, new TestMemory())
    queue.flushPlugOnSchedule = () => flushed.push(name)
  }
  bios.pool.beforeSleep?.(new TestTask(sim, "sleeper").process)
  expect(flushed).toEqual(["nbd0", "nbd1"])
})
