import { faster, meanEstimate, mmtestsEstimate, pairedDifference, significant, wilson } from "#src/statistics.ts"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("both meanings of faster, on the published times", () => {
  it.each([
    { before: 3240.7, after: 1762.09, timeChange: -45.6, speedRatio: 1.84 },
    { before: 4174.37, after: 2953.96, timeChange: -29.2, speedRatio: 1.41 }
  ])("$before s to $after s: $timeChange %, $speedRatio times", ({ after, before, speedRatio, timeChange }) => {
    const result = faster(before, after)
    expect(Number((result.timeChange * 100).toFixed(1))).toBe(timeChange)
    expect(Number(result.speedRatio.toFixed(2))).toBe(speedRatio)
  })
})

describe("Wilson's interval", () => {
  // reference values of the score interval without continuity correction
  it.each([
    [0, 10, 0, 0.2775],
    [1, 10, 0.0179, 0.4042],
    [5, 10, 0.2366, 0.7634],
    [9, 10, 0.5958, 0.9821],
    [10, 10, 0.7225, 1],
    [15, 100, 0.0931, 0.2328]
  ])("%i of %i: %f to %f", (successes, trials, low, high) => {
    const estimate = wilson(successes, trials)
    expect(estimate.low).toBeCloseTo(low, 3)
    expect(estimate.high).toBeCloseTo(high, 3)
  })

  it("holds the share, lies within 0 to 1, and mirrors successes and failures", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.nat(1000), (trials, n) => {
        const successes = n % (trials + 1)
        const a = wilson(successes, trials)
        const b = wilson(trials - successes, trials)
        expect(a.low).toBeLessThanOrEqual(a.value)
        expect(a.high).toBeGreaterThanOrEqual(a.value)
        expect(a.low).toBeGreaterThanOrEqual(0)
        expect(a.high).toBeLessThanOrEqual(1)
        expect(a.low).toBeCloseTo(1 - b.high, 9)
      }),
      { seed: 2012 }
    )
  })
})

describe("means", () => {
  it("has Student's interval", () => {
    // mean 3, deviation sqrt(2.5), t(4) = 2.776
    const { high, low, value } = meanEstimate([1, 2, 3, 4, 5])
    expect(value).toBe(3)
    expect(high - value).toBeCloseTo((2.776 * Math.sqrt(2.5)) / Math.sqrt(5), 6)
    expect(value - low).toBeCloseTo(high - value, 9)
  })

  it("has Student's t of tables for many values", () => {
    // t(31) = 2.0395, t(40) = 2.0211
    for (const [n, t] of [[32, 2.0395], [41, 2.0211]]) {
      const values = Array.from({ length: n }, (_, i) => i % 2)
      const mean = values.reduce((a, b) => a + b) / n
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
      const { high, value } = meanEstimate(values)
      expect((high - value) / (deviation / Math.sqrt(n))).toBeCloseTo(t, 3)
    }
  })

  it("has no interval for a single value", () => {
    expect(meanEstimate([7])).toEqual({ value: 7, low: -Infinity, high: Infinity })
  })

  it("pairs values, so that what they share does not widen the interval", () => {
    const before = [10, 200, 3000]
    const estimate = pairedDifference(before, before.map((value) => value - 5))
    expect(estimate.value).toBe(-5)
    expect(estimate.high - estimate.low).toBeCloseTo(0, 9)
  })
})

describe("MMTests' intervals", () => {
  it("is the value itself where all are equal, and the same on every call", () => {
    expect(mmtestsEstimate([4, 4, 4, 4])).toEqual({ value: 4, low: 4, high: 4 })
    expect(mmtestsEstimate([1, 5, 9, 2, 8])).toEqual(mmtestsEstimate([1, 5, 9, 2, 8]))
  })

  it("averages rates harmonically", () => {
    expect(mmtestsEstimate([40], "rate").value).toBe(40)
    expect(mmtestsEstimate([30, 60], "rate").value).toBeCloseTo(40, 9)
    expect(mmtestsEstimate([30, 60], "time").value).toBeCloseTo(45, 9)
  })

  it("tells apart what does not overlap, and never on less than three values", () => {
    const a = mmtestsEstimate([10, 11, 10, 11, 10])
    const b = mmtestsEstimate([20, 21, 20, 21, 20])
    expect(significant(a, b, 5)).toBe(true)
    expect(significant(b, a, 5)).toBe(true)
    expect(significant(a, b, 2)).toBe(false)
    expect(significant(a, mmtestsEstimate([9, 12, 10, 11, 11]), 5)).toBe(false)
  })
})
