// Numbers that the reference states.
import { queueCongestionOffThreshold, queueCongestionOnThreshold } from "#src/congestion.ts"
import { expect, it } from "vitest"
import { rig, TestTask } from "./rig.ts"

it.each([
  { nrRequests: 4, on: 4, off: 3 },
  { nrRequests: 16, on: 15, off: 12 },
  { nrRequests: 64, on: 57, off: 51 },
  { nrRequests: 128, on: 113, off: 103 },
  { nrRequests: 256, on: 225, off: 207 },
  { nrRequests: 512, on: 449, off: 415 }
])("$nrRequests requests are congested from $on and not below $off", ({ nrRequests, on, off }) => {
  expect(queueCongestionOnThreshold(nrRequests)).toBe(on)
  expect(queueCongestionOffThreshold(nrRequests)).toBe(off)
})

it.each([
  { maxSectors: 255, maxPages: 31 },
  { maxSectors: 256, maxPages: 32 },
  { maxSectors: 8, maxPages: 1 }
])("$maxSectors sectors hold $maxPages pages", ({ maxSectors, maxPages }) => {
  expect(rig({ maxSectors }).queue.maxPages).toBe(maxPages)
})

it("is congested while 113 … 102 requests of the class exist, on the way up and down", () => {
  const { sim, queue, disk } = rig()
  const task = new TestTask(sim, "usemem")
  for (let i = 0; i < 112; i++) queue.trySubmitPage(task, true, i * 16, i, false)
  expect(queue.congestion.anyCongested()).toBe(false)
  queue.trySubmitPage(task, true, 112 * 16, 112, false)
  expect(queue.congestion.anyCongested()).toBe(true)
  disk.end(queue, 10)
  expect(queue.slots.count[1]).toBe(103)
  expect(queue.congestion.anyCongested()).toBe(true)
  disk.end(queue, 1)
  expect(queue.congestion.anyCongested()).toBe(false)
})
