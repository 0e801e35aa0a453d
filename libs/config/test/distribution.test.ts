import { type Distribution, TimeDistribution } from "#src/distribution.ts"
import { DISTRIBUTIONS } from "#src/distributions.ts"
import { drawTime, formatDistribution, formatTimeOfDay, meanTime, mistakeIn, MomentDistribution } from "@swaplab/config"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"

const read = (text: string): Distribution => Schema.decodeUnknownSync(MomentDistribution)(text)

/** Reproducible chance: a linear congruential generator, and sums of twelve for the normal. */
const chance = (seed: number) => {
  let state = seed
  const unit = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return {
    unit,
    normal: () => Array.from({ length: 12 }, unit).reduce((sum, value) => sum + value, -6),
    exponential: (mean: number) => -Math.log(unit()) * mean
  }
}

const draws = (text: string, clock?: number): ReadonlyArray<number> => {
  const distribution = read(text)
  const of = chance(2012)
  return Array.from({ length: 20_000 }, () => drawTime(distribution, clock, of))
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length

const H = 3600e9

/** Zero has no largest unit. */
const written = (text: string): string => text.replaceAll(/\b0 s/g, "0 ns")

describe.each(Object.entries(DISTRIBUTIONS))("%s", (_, { example }) => {
  it("is written as it is read, blanks apart", () => {
    expect(formatDistribution(read(example))).toBe(written(example))
    expect(formatDistribution(read(example.replace("(", "( ").replace(",", " , ")))).toBe(written(example))
    const again = Schema.encodeSync(TimeDistribution)(Schema.decodeUnknownSync(TimeDistribution)(example))
    expect(again).toBe(written(example))
  })

  it("draws whole nanoseconds, none negative, and the same ones again", () => {
    const values = draws(example)
    expect(values.every((ns) => Number.isInteger(ns) && ns >= 0)).toBe(true)
    expect(draws(example)).toEqual(values)
  })
})

it.each([
  ["10 s", 10e9],
  ["uniform(10 s, 30 s)", 20e9],
  ["normal(10 s, 1 s)", 10e9],
  ["exponential(10 s, 30 s)", 40e9]
])("the mean of %s", (text, ns) => {
  expect(meanTime(read(text))).toBe(ns)
})

describe("what is drawn", () => {
  it("at: always the time", () => {
    expect(new Set(draws("10 s"))).toEqual(new Set([10e9]))
  })

  it("uniform: evenly between the two", () => {
    const values = draws("uniform(10 s, 30 s)")
    expect([Math.min(...values) >= 10e9, Math.max(...values) <= 30e9]).toEqual([true, true])
    for (const quarter of [15e9, 20e9, 25e9]) {
      expect(values.filter((ns) => ns < quarter).length / values.length).toBeCloseTo((quarter - 10e9) / 20e9, 1)
    }
  })

  it("normal: about its mean, cut off at 0", () => {
    const wide = draws("normal(10 min, 90 s)")
    expect(mean(wide) / 60e9).toBeCloseTo(10, 1)
    expect(Math.sqrt(mean(wide.map((ns) => (ns - 600e9) ** 2))) / 1e9).toBeCloseTo(90, -1)
    // the half of a normal distribution about 0 has the mean sd·√(2/π)
    expect(mean(draws("normal(0 s, 10 s)")) / 1e9).toBeCloseTo(7.98, 0)
  })

  it("exponential: from its first time on", () => {
    const values = draws("exponential(10 s, 30 s)")
    expect(Math.min(...values)).toBeGreaterThanOrEqual(10e9)
    expect(mean(values) / 1e9).toBeCloseTo(40, 0)
    expect(new Set(draws("exponential(10 s, 0 s)"))).toEqual(new Set([10e9]))
  })

  it("times of day count from the clock", () => {
    expect(draws("09:00", 8.5 * H)[0]).toBe(H / 2)
    expect(mean(draws("normal(09:00, 1 s)", 8.5 * H)) / H).toBeCloseTo(0.5, 3)
    expect(formatDistribution(read("normal(09:00, 90 s)"))).toBe("normal(09:00, 90 s)")
  })
})

describe("times of day", () => {
  it.each([["08:55", 8 * H + 55 * 60e9], ["23:59:59", 24 * H - 1e9], ["00:00", 0]])("%s", (text, ns) => {
    expect(read(text)).toEqual({ name: "at", parameters: [{ ns, ofDay: true }] })
    expect(formatTimeOfDay(ns)).toBe(text)
  })

  it("of a later day, and parts of a second, are left out where one is written", () => {
    expect(formatTimeOfDay(25 * H + 0.6e9)).toBe("01:00")
  })

  it.each(["24:00", "9:00", "09:60", "09:00:60", "normal(2 min, 09:00)"])("%s is none", (text) => {
    expect(() => read(text)).toThrow()
  })

  it("are refused where a length of time is asked for", () => {
    expect(() => Schema.decodeUnknownSync(TimeDistribution)("uniform(09:00, 10:00)")).toThrow()
  })

  it("need a clock, which is not later", () => {
    expect(mistakeIn(read("uniform(08:00, 09:00)"), undefined)).toContain("nobody knows when 08:00 is")
    expect(mistakeIn(read("uniform(08:00, 09:00)"), 8.5 * H)).toContain("which starts at 08:30")
    expect(mistakeIn(read("uniform(08:00, 09:00)"), 8 * H)).toBeNull()
  })
})
