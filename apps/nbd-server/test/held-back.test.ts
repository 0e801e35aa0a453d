// Things run at their times, in their order, with timers that are late.
import fc from "fast-check"
import { expect, it } from "vitest"
import { HeldBack } from "../src/stores/held-back.ts"

/** A clock by hand, whose timers are `lateMs` late and whose rounds take a tenth of a millisecond. */
const handClock = (lateMs: number) => {
  let now = 0
  const timers: Array<{ readonly atMs: number; readonly run: () => void }> = []
  const at = (ms: number, run: () => void): void => {
    timers.push({ atMs: now + ms, run })
  }
  return {
    nowMs: () => now,
    timer: (run: () => void, ms: number) => at(ms + lateMs, run),
    soon: (run: () => void) => at(0.1, run),
    at,
    runAll: () => {
      for (let rounds = 0; timers.length > 0; rounds++) {
        expect(rounds).toBeLessThan(100_000)
        timers.sort((a, b) => a.atMs - b.atMs)
        const next = timers.shift()
        now = Math.max(now, next?.atMs ?? 0)
        next?.run()
      }
    }
  }
}

it("never early, at most a round late, in the order of their times", () => {
  const calls = fc.array(fc.record({ atMs: fc.integer({ min: 0, max: 30 }), ms: fc.integer({ min: 1, max: 20 }) }), {
    minLength: 1,
    maxLength: 30
  })
  fc.assert(
    fc.property(calls, fc.double({ min: 0, max: 0.9, noNaN: true }), (all, lateMs) => {
      const clock = handClock(lateMs)
      const held = new HeldBack(clock)
      const ran: Array<{ readonly dueMs: number; readonly atMs: number }> = []
      for (const { atMs, ms } of all) {
        clock.at(atMs, () => {
          const dueMs = clock.nowMs() + ms
          held.after(ms, () => ran.push({ dueMs, atMs: clock.nowMs() }))
        })
      }
      clock.runAll()
      expect(ran.length).toBe(all.length)
      for (const { atMs, dueMs } of ran) {
        expect(atMs).toBeGreaterThanOrEqual(dueMs)
        expect(atMs).toBeLessThanOrEqual(dueMs + 0.1001)
      }
      const due = ran.map(({ dueMs }) => dueMs)
      expect(due).toEqual(due.toSorted((a, b) => a - b))
    }),
    { seed: 5 }
  )
})
