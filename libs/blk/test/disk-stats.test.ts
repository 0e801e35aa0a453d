import { iostat } from "#src/disk-stats.ts"
import { expect, it } from "vitest"
import { rig, start } from "./rig.ts"

const MS = 1_000_000

it("prints what iostat prints", () => {
  const { sim, queue, disk } = rig()
  const before = queue.stats.snapshot()
  start(sim, "kswapd", function*(task) {
    queue.plug(task)
    for (let slot = 0; slot < 8; slot++) yield* queue.submitPage(task, true, slot * 8, slot, false)
    queue.unplug(task)
    yield* queue.submitPage(task, false, 800, 8, true)
    yield* task.process.hold(10 * MS)
    disk.end(queue)
    yield* task.process.hold(20 * MS)
    disk.end(queue)
    yield* task.process.hold(70 * MS)
  })
  sim.run()
  // reads completed, merged, sectors, ms; writes the same; in flight, busy ms, weighted ms
  expect(queue.stats.diskstatsText(43, 0, "nbd0")).toBe("  43       0 nbd0 1 0 8 30 1 7 64 10 0 30 40\n")
  const row = iostat(before, queue.stats.snapshot())
  expect(row).toEqual({
    rrqmPerSecond: 0,
    wrqmPerSecond: 70,
    readsPerSecond: 10,
    writesPerSecond: 10,
    readSectorsPerSecond: 80,
    writeSectorsPerSecond: 640,
    averageRequestSectors: 36,
    averageQueueSize: 0.4,
    awaitMs: 20,
    utilisationPercent: 30
  })
})

it("has nothing to say of an idle disk", () => {
  const { queue } = rig()
  const now = queue.stats.snapshot()
  expect(iostat(now, now).awaitMs).toBe(0)
  expect(iostat(now, now).averageRequestSectors).toBe(0)
})
