import { EventQueue, Timer } from "@swaplab/sim"
import fc from "fast-check"
import { expect, it } from "vitest"

const setUp = () => {
  const queue = new EventQueue()
  const expired: Array<number> = []
  const timer = new Timer(queue, () => expired.push(queue.now))
  const drain = () => {
    while (queue.size > 0) queue.step()
  }
  return { queue, timer, expired, drain }
}

it("expires once, at its deadline", () => {
  const { drain, expired, timer } = setUp()
  expect(timer.armed).toBe(false)
  timer.arm(1500)
  expect(timer.armed).toBe(true)
  expect(timer.deadline).toBe(1500)
  drain()
  expect(expired).toEqual([1500])
  expect(timer.armed).toBe(false)
})

it("expires at the later deadline only when moved later, with one event in the queue", () => {
  const { drain, expired, queue, timer } = setUp()
  timer.arm(100)
  for (let later = 200; later <= 1000; later += 100) timer.arm(later)
  expect(queue.size).toBe(1)
  drain()
  expect(expired).toEqual([1000])
  expect(queue.fired).toBe(2)
})

it("expires at the earlier deadline only when moved earlier", () => {
  const { drain, expired, timer } = setUp()
  timer.arm(1000)
  timer.arm(100)
  drain()
  expect(expired).toEqual([100])
})

it("does not multiply its events when an overtaken one fires", () => {
  const { expired, queue, timer } = setUp()
  timer.arm(1000)
  timer.arm(100)
  queue.step()
  timer.armAt(5000)
  expect(queue.size).toBe(2)
  queue.step()
  expect([queue.now, queue.size]).toEqual([1000, 1])
  queue.step()
  expect([expired, queue.size]).toEqual([[100, 5000], 0])
})

it("does not expire once cancelled, and can be armed again", () => {
  const { drain, expired, timer } = setUp()
  timer.arm(100)
  timer.cancel()
  expect(timer.armed).toBe(false)
  timer.arm(50)
  timer.cancel()
  timer.arm(300)
  drain()
  expect(expired).toEqual([300])
})

it("can be armed from its own expiry, also for the same instant", () => {
  const queue = new EventQueue()
  const expired: Array<number> = []
  const timer = new Timer(queue, () => {
    expired.push(queue.now)
    if (expired.length < 3) timer.arm(0)
    else if (expired.length < 5) timer.arm(10)
  })
  timer.arm(5)
  while (queue.size > 0) queue.step()
  expect(expired).toEqual([5, 5, 5, 15, 25])
})

it("refuses a deadline in the past", () => {
  const { queue, timer } = setUp()
  queue.now = 100
  expect(() => timer.armAt(99)).toThrow("in the past")
  expect(() => timer.arm(-1)).toThrow("in the past")
  expect(() => timer.arm(Number.NaN)).toThrow("in the past")
})

it("is a time-out, no work, unless told otherwise", () => {
  const queue = new EventQueue()
  new Timer(queue, () => {}).arm(1)
  expect(queue.pendingWork(0)).toBe(0)
  new Timer(queue, () => {}, { group: 3 }).arm(1)
  expect(queue.pendingWork(3)).toBe(1)
})

it("expires exactly when a plain deadline variable says, whatever is armed, moved and dropped", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("arm" as const), delay: fc.nat(40) }),
    fc.record({ kind: fc.constant("cancel" as const) }),
    fc.record({ kind: fc.constant("wait" as const), delay: fc.integer({ min: 1, max: 30 }) })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { drain, expired, queue, timer } = setUp()
      const tick = queue.register(() => {})
      const wanted: Array<number> = []
      let deadline = Number.POSITIVE_INFINITY
      const until = (end: number): void => {
        if (deadline <= end) {
          wanted.push(deadline)
          deadline = Number.POSITIVE_INFINITY
        }
        queue.at(end, tick, 0)
        while (queue.nextTime() <= end) queue.step()
      }
      for (const step of steps) {
        if (step.kind === "arm") {
          timer.arm(step.delay)
          deadline = queue.now + step.delay
        } else if (step.kind === "cancel") {
          timer.cancel()
          deadline = Number.POSITIVE_INFINITY
        } else {
          until(queue.now + step.delay)
        }
        expect(timer.armed).toBe(deadline !== Number.POSITIVE_INFINITY)
      }
      if (deadline !== Number.POSITIVE_INFINITY) wanted.push(deadline)
      drain()
      expect(expired).toEqual(wanted)
    }),
    { seed: 35, numRuns: 500 }
  )
})
