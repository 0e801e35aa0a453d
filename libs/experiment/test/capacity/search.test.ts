import { ConfidenceSequence } from "#src/capacity/confidence.ts"
import { CapacitySearch, WINDOW } from "#src/capacity/search.ts"
import { describe, expect, it } from "vitest"
import { answerOf, capacityOf, type Found, honest, logistic, type Oracle, search } from "./oracles.ts"

describe("a confidence sequence", () => {
  it("proves as soon as (n + 1) C(n, S) p^S (1 − p)^(n − S) is at most the risk", () => {
    const bound = new ConfidenceSequence(0.8, 0.1)
    // 26 · 0.8^25 = 0.098, 25 · 0.8^24 = 0.118
    expect([bound.provesAbove(24, 24), bound.provesAbove(25, 25)]).toEqual([false, true])
    // 3 · 0.2^2 = 0.12, 4 · 0.2^3 = 0.032
    expect([bound.provesBelow(2, 0), bound.provesBelow(3, 0)]).toEqual([false, true])
    const strict = new ConfidenceSequence(0.95, 0.025)
    // 174 · 0.95^173 = 0.0244
    expect([strict.provesAbove(172, 172), strict.provesAbove(173, 173)]).toEqual([false, true])
  })

  it("proves nothing where half succeed and half are wanted", () => {
    const bound = new ConfidenceSequence(0.5, 0.05)
    for (let n = 1; n < 400; n++) {
      const half = n >> 1
      expect([bound.provesAbove(n, half), bound.provesBelow(n, half)]).toEqual([false, false])
    }
  })
})

/** Answers of an oracle that is a table by seed. */
const table = (rows: ReadonlyArray<ReadonlyArray<boolean>>) => (index: number, level: number): boolean =>
  rows[index % rows.length][level - 1]

/** Makes all runs of a search in an order that `pick` gives. */
const searchBy = (
  levels: number,
  holds: (index: number, level: number) => boolean,
  pick: (under: number) => number,
  workers: number
) => {
  const machine = new CapacitySearch({
    levels,
    bound: honest(0.8, 0.2),
    enough: (low, high) => high - low <= 1,
    maxSeeds: 200
  })
  const under: Array<{ readonly index: number; readonly level: number }> = []
  for (;;) {
    while (under.length < workers) {
      const probe = machine.next()
      if (probe === null) break
      under.push(probe)
    }
    if (under.length === 0 || machine.state !== "searching") break
    const [probe] = under.splice(pick(under.length), 1)
    machine.answer(probe, holds(probe.index, probe.level))
  }
  return {
    state: machine.state,
    low: machine.low,
    high: machine.high,
    audit: machine.audit,
    seeds: machine.seeds.map(({ capacity, results }) => [capacity, [...results]])
  }
}

describe("a search", () => {
  const noisy = (index: number, level: number): boolean => level <= 8 + ((index * 7919) % 3)

  it("makes the same runs and gives the same answer with any number of workers, in any order", () => {
    const alone = searchBy(20, noisy, () => 0, 1)
    expect(alone.state).toBe("decided")
    for (const workers of [2, 3, WINDOW, 50]) {
      let turn = workers
      expect(searchBy(20, noisy, (under) => (turn = (turn * 31 + 7) % 1009) % under, workers)).toEqual(alone)
    }
  })

  it("knows after three seeds that nothing can hold, and runs the easiest level first", () => {
    const { high, low, seeds } = searchBy(100, () => false, () => 0, 1)
    expect([low, high, seeds]).toEqual([0, 1, [1, 2, 3].map(() => [0, [[1, false]]])])
  })

  it("says that all levels hold", () => {
    const { high, low, seeds, state } = searchBy(12, () => true, () => 0, 1)
    expect([state, low, high, seeds.length]).toEqual(["decided", 12, 13, 25])
  })

  it("scans upward where an audited level fails, and so finds the first level that fails", () => {
    // only the first seed has a hole, below which it was not looked for
    const hole = Array.from({ length: 30 }, (_, i) => i < 20 && (i === 0 || i > 14))
    const whole = Array.from({ length: 30 }, (_, i) => i < 20)
    const rows = [hole, ...Array.from({ length: 199 }, () => whole)]
    const { audit, high, low, seeds, state } = searchBy(30, table(rows), () => 0, 1)
    expect([state, low, high, audit.failed]).toEqual(["decided", 20, 21, 1])
    expect(seeds[0][0]).toBe(1)
  })

  it("refuses a number where what is harder may hold and what is easier may fail", () => {
    const { audit, state } = searchBy(30, (_, level) => level <= 2 || (level > 14 && level < 20), () => 0, 1)
    expect(state).toBe("not-monotone")
    expect(audit.failed).toBeGreaterThan(1)
  })
})

/** Share of trials in which the answer is wrong. */
const missesOf = (
  oracle: Oracle,
  share: number,
  trials: number,
  one: (trial: number) => Pick<Found, "low" | "high">
): number => {
  const answer = answerOf(oracle, share)
  let misses = 0
  for (let trial = 0; trial < trials; trial++) {
    const { high, low } = one(trial)
    if (answer < low || answer >= high) misses++
  }
  return misses / trials
}

const TRIALS = 2000
/** Responses: few levels and many, seeds that are alike and seeds that are not, N* beside and on a level with the wanted share. */
const GRID: ReadonlyArray<Oracle> = [
  logistic(24, 12, 0.3),
  logistic(24, 12, 1),
  logistic(120, 60, 2),
  logistic(120, 40, 5),
  { name: "exactly the wanted share", levels: 12, reaches: (level) => (level <= 6 ? 0.8 : 0.6) },
  { name: "just below it", levels: 12, reaches: (level) => (level <= 5 ? 0.9 : 0.78) }
]

describe(`the stated confidence, ${TRIALS} trials a cell`, () => {
  it.each(GRID)("is kept: $name", (oracle) => {
    const bound = honest(0.8, 0.2)
    expect(missesOf(oracle, 0.8, TRIALS, (trial) => search(oracle, trial, bound, 0.15, 60))).toBeLessThan(0.2)
  })

  it("is kept by the strict setting", () => {
    const bound = honest(0.95, 0.05)
    const oracle = logistic(24, 12, 0.3)
    expect(missesOf(oracle, 0.95, TRIALS, (trial) => search(oracle, trial, bound, 0.15, 60))).toBeLessThan(0.05)
  })

  it("is not kept by intervals for a fixed number of seeds that are looked at after every seed", () => {
    // a normal interval of 80 %: right for one look
    const z = 1.2816
    const miss = (n: number, successes: number): number => (successes / n - 0.8) / Math.sqrt(0.16 / n)
    const peeking = {
      provesAbove: (n: number, successes: number) => miss(n, successes) > z,
      provesBelow: (n: number, successes: number) => miss(n, successes) < -z
    }
    const worst = GRID.map((oracle) =>
      missesOf(oracle, 0.8, TRIALS, (trial) => search(oracle, trial, peeking, 0.15, 60))
    )
    expect(Math.max(...worst)).toBeGreaterThan(0.2)
  })

  it("is not kept by halving with twenty seeds a level", () => {
    const halving = (oracle: Oracle) => (trial: number) => {
      let low = 0
      let high = oracle.levels + 1
      for (let step = 0; high - low > 1; step++) {
        const level = (low + high) >> 1
        let held = 0
        for (let i = 0; i < 20; i++) held += capacityOf(oracle, trial, step * 20 + i) >= level ? 1 : 0
        if (held >= 16) low = level
        else high = level
      }
      return { low, high }
    }
    const worst = GRID.map((oracle) => missesOf(oracle, 0.8, TRIALS, halving(oracle)))
    expect(Math.max(...worst)).toBeGreaterThan(0.2)
  })
})

describe("a class of 30 that is searched over 1 to 120 clients", () => {
  it("takes at most 700 runs for an interval of 15 %, where seeds differ by a tenth", () => {
    const bound = honest(0.8, 0.2)
    for (const middle of [20, 45, 90]) {
      const oracle = logistic(120, middle, middle / 20)
      const runs = Array.from({ length: 40 }, (_, trial) => search(oracle, trial, bound, 0.15))
      expect(runs.every(({ state }) => state === "decided")).toBe(true)
      expect(runs.map((found) => found.runs).toSorted((a, b) => a - b)[35]).toBeLessThanOrEqual(700)
    }
  })
})
