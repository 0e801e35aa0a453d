// One quota for several processes: no more is ever leased than there is, and nobody is refused what another does not use.
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Lease } from "../src/limits/lease.ts"
import { Lessor } from "../src/limits/lessor.ts"

const MIB = 2 ** 20

/** A message on its way, between one process and the lessor: in order there and back, between processes in any order. */
type Way = Array<() => void>

const rig = (quota: number | null, processes: number) => {
  const used = Array<number>(processes).fill(0)
  const there: ReadonlyArray<Way> = used.map(() => [])
  const back: ReadonlyArray<Way> = used.map(() => [])
  const timers: Array<() => void> = []
  const lessor = new Lessor({
    quota,
    processes,
    grant: (place, bytes) => there[place].push(() => leases[place].granted(bytes ?? Number.POSITIVE_INFINITY)),
    askBack: (place) =>
      there[place].push(() => {
        const bytes = leases[place].giveBack()
        back[place].push(() => lessor.gaveBack(place, bytes))
      })
  })
  const leases = used.map((_, place) =>
    new Lease({
      usedBytes: () => used[place],
      want: (bytes) => back[place].push(() => lessor.wanted(place, bytes)),
      later: (run) => timers.push(run)
    })
  )
  used.forEach((_, place) => back[place].push(() => lessor.started(place, 0)))
  /** Delivers what is under way; `pick` says what comes next. */
  const settle = (pick: () => number = () => 0): void => {
    for (;;) {
      const ways = [...there, ...back].filter(({ length }) => length > 0)
      if (ways.length === 0) return
      ways[pick() % ways.length].shift()?.()
    }
  }
  /** What a store does with a change that was let through: it takes the bytes, or refuses. */
  const take = (place: number, bytes: number): boolean => {
    if (used[place] + bytes > leases[place].bytes) return false
    used[place] += bytes
    return true
  }
  return { lessor, leases, used, settle, take, timers }
}

describe("leases of one quota", () => {
  it("a process that uses nothing gives all to one that needs it", () => {
    const { leases, settle, take } = rig(8 * MIB, 3)
    settle()
    for (let i = 0; i < 8; i++) {
      const atOnce = leases[1].tryUse(MIB, () => {})
      settle()
      expect([i, atOnce || leases[1].tryUse(MIB, () => {}), take(1, MIB)]).toEqual([i, true, true])
    }
    // it is all used: the store says so, after the question has been asked
    expect(leases[2].tryUse(MIB, () => {})).toBe(false)
    settle()
    expect(leases[2].tryUse(MIB, () => {})).toBe(true)
    expect(take(2, MIB)).toBe(false)
  })

  it("what was freed is found, after a moment", () => {
    const { leases, settle, take, timers, used } = rig(2 * MIB, 2)
    settle()
    leases[0].tryUse(2 * MIB, () => {})
    settle()
    expect(take(0, 2 * MIB)).toBe(true)
    leases[1].tryUse(MIB, () => {})
    settle()
    expect([leases[1].tryUse(MIB, () => {}), take(1, MIB)]).toEqual([true, false])
    used[0] = 0
    for (const run of timers.splice(0)) run()
    expect(leases[1].tryUse(MIB, () => {})).toBe(false)
    settle()
    expect([leases[1].tryUse(MIB, () => {}), take(1, MIB)]).toEqual([true, true])
  })

  it("without a quota nobody waits twice", () => {
    const { leases, settle } = rig(null, 2)
    settle()
    expect(leases.map(({ bytes }) => bytes)).toEqual([Infinity, Infinity])
    expect(leases[0].tryUse(2 ** 40, () => {})).toBe(true)
  })

  it("a process that dies is not waited for, and its stores stay counted", () => {
    const { leases, lessor, settle, take, used } = rig(4 * MIB, 2)
    settle()
    leases[0].tryUse(MIB, () => {})
    settle()
    take(0, MIB)
    // its answer never comes
    lessor.wanted(1, 4 * MIB)
    lessor.gone(0)
    settle()
    lessor.started(0, used[0])
    settle()
    expect(leases[0].bytes + leases[1].bytes).toBeLessThanOrEqual(4 * MIB)
    expect(leases[1].bytes).toBeGreaterThan(0)
  })

  it("property: never over the quota, never a refusal while there is room", () => {
    const step = fc.record({
      place: fc.nat(2),
      kiB: fc.integer({ min: 1, max: 2048 }),
      frees: fc.boolean(),
      order: fc.array(fc.nat(5), { minLength: 1, maxLength: 8 })
    })
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const quota = 8 * MIB
      const { leases, settle, take, timers, used } = rig(quota, 3)
      settle()
      for (const { frees, kiB, order, place } of steps) {
        const bytes = kiB * 1024
        if (frees) used[place] = Math.max(0, used[place] - bytes)
        let i = 0
        const pick = (): number => order[i++ % order.length]
        // nobody is told any more that there was nothing a moment ago
        for (const run of timers.splice(0)) run()
        // what was to be had may have been a part of it; then it asks once more
        let rounds = 0
        while (!leases[place].tryUse(bytes, () => {})) {
          settle(pick)
          expect(++rounds).toBeLessThan(3)
        }
        const all = used.reduce((sum, value) => sum + value, 0)
        expect(take(place, bytes)).toBe(all + bytes <= quota)
        settle(pick)
        expect(leases.reduce((sum, lease) => sum + lease.bytes, 0)).toBeLessThanOrEqual(quota)
      }
    }))
  })
})
