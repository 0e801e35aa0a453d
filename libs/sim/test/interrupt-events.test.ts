import { EventQueue } from "#src/event-queue.ts"
import fc from "fast-check"
import { expect, it } from "vitest"

it("interrupts of one instant fire before other events, in the order of their kinds and arguments", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), (order) => {
      const queue = new EventQueue()
      const fired: Array<string> = []
      const task = queue.register((arg) => fired.push(`task ${arg}`))
      const first = queue.register((arg) => fired.push(`first ${arg}`), { interrupt: true })
      const second = queue.register((arg) => fired.push(`second ${arg}`), { interrupt: true })
      const kinds = [task, first, second, second]
      for (const which of order) queue.at(10 + 10 * (which >> 2), kinds[which & 3], which & 3)
      queue.checkInvariants()
      while (queue.size > 0) queue.step()
      const instant = ["first 1", "second 2", "second 3", "task 0"]
      expect(fired).toEqual([...instant, ...instant])
    }),
    { seed: 20120731, numRuns: 300 }
  )
})

it("a look is no part of the fingerprint nor of the count; what it finds is", () => {
  const run = (looks: ReadonlyArray<number>, finds: number): readonly [string, number] => {
    const queue = new EventQueue()
    const kind = queue.register(() => {
      if (queue.now === finds) queue.found(1)
    }, { look: true })
    for (const time of looks) queue.at(time, kind, 0)
    while (queue.size > 0) queue.step()
    return [queue.fingerprint(), queue.fired]
  }
  expect(run([1, 5, 9], 9)).toEqual(run([9], 9))
  expect(run([9], 9)[1]).toBe(1)
  expect(run([9], 9)[0]).not.toBe(run([9], 8)[0])
  expect(run([8], 8)[0]).not.toBe(run([9], 9)[0])
})
