import { Histogram, type HistogramData, THREE_DIGITS } from "@swaplab/stats"
import fc from "fast-check"
import * as hdr from "hdr-histogram-js"
import { describe, expect, it } from "vitest"

const PERCENTS = [0, 0.001, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100]

/** HdrHistogram's own, at its number of significant digits; `bits` is what they come to. */
const DIGITS = [[1, 4], [2, 7], [3, THREE_DIGITS]] as const

const theirs = (digits: 1 | 2 | 3): hdr.Histogram =>
  hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 20,
    numberOfSignificantValueDigits: digits,
    bitBucketSize: 64,
    autoResize: true,
    useWebAssembly: false
  })

/** Whole numbers of every size alike, with the ends of powers of two among them. */
const value = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 50 }), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([power, part]) => Math.floor(2 ** power * (1 + part))),
  fc.tuple(fc.integer({ min: 0, max: 51 }), fc.constantFrom(-1, 0, 1)).map(([power, step]) => 2 ** power + step)
)
const values = fc.array(value, { minLength: 1, maxLength: 300 })
const percent = fc.oneof(fc.constantFrom(...PERCENTS), fc.double({ min: 0, max: 100, noNaN: true }))

const histogramOf = (recorded: ReadonlyArray<number>, bits = THREE_DIGITS): Histogram => {
  const histogram = new Histogram(bits)
  for (const one of recorded) histogram.record(one)
  return histogram
}

describe.each(DIGITS)("beside hdr-histogram-js at %d digits, %d bits", (digits, bits) => {
  it("has the same percentiles of any values", () => {
    fc.assert(
      fc.property(values, fc.array(percent, { maxLength: 5 }), (recorded, percents) => {
        const own = histogramOf(recorded, bits)
        const other = theirs(digits)
        for (const one of recorded) other.recordValue(one)
        const all = [...PERCENTS, ...percents]
        expect(all.map((each) => own.percentile(each))).toEqual(all.map((each) => other.getValueAtPercentile(each)))
      }),
      { numRuns: 300 }
    )
  })

  it("has the same percentiles of values recorded many times at once", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, fc.integer({ min: 1, max: 1e6 })), { minLength: 1 }), (recorded) => {
        const own = new Histogram(bits)
        const other = theirs(digits)
        for (const [one, times] of recorded) {
          own.record(one, times)
          other.recordValueWithCount(one, times)
        }
        expect(PERCENTS.map((each) => own.percentile(each)))
          .toEqual(PERCENTS.map((each) => other.getValueAtPercentile(each)))
      }),
      { numRuns: 100 }
    )
  })
})

describe("a histogram", () => {
  it("knows count, sum, mean and maximum exactly", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1 }), (recorded) => {
      const histogram = histogramOf(recorded)
      const sum = recorded.reduce((a, b) => a + b)
      expect([histogram.count, histogram.sum, histogram.mean, histogram.max])
        .toEqual([recorded.length, sum, sum / recorded.length, Math.max(...recorded)])
    }))
  })

  it("gives percentiles that are too large by one part in 2^bits at most", () => {
    fc.assert(fc.property(values, percent, fc.integer({ min: 0, max: 11 }), (recorded, percent, bits) => {
      fc.pre(percent > 0)
      const sorted = [...recorded].sort((a, b) => a - b)
      // the product may lie one ulp above a whole number
      const rank = Math.max(1, Math.ceil(percent / 100 * sorted.length * (1 - 2 ** -53)))
      const exact = sorted[rank - 1]
      const got = histogramOf(recorded, bits).percentile(percent)
      expect(got).toBeGreaterThanOrEqual(exact)
      expect(got - exact).toBeLessThanOrEqual(exact / 2 ** bits)
    }))
  })

  it("is the same after a journey as JSON", () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 2 ** 40, noNaN: true }), { maxLength: 50 }), (values) => {
      const there = histogramOf(values)
      const back = Histogram.from(JSON.parse(JSON.stringify(there.data)) as HistogramData)
      expect(back.data).toEqual(there.data)
      expect([back.count, back.sum, back.max]).toEqual([there.count, there.sum, there.max])
      for (const each of PERCENTS) expect(back.percentile(each)).toBe(there.percentile(each))
      back.record(7)
      expect(back.count).toBe(there.count + 1)
    }))
  })

  it("is after merge what it were with the values of both", () => {
    fc.assert(fc.property(values, values, (some, others) => {
      const merged = histogramOf(some)
      const other = histogramOf(others)
      merged.merge(other)
      const both = histogramOf([...some, ...others])
      expect([merged.count, merged.max]).toEqual([both.count, both.max])
      expect(merged.sum / both.sum).toBeCloseTo(1, 12)
      for (const each of PERCENTS) expect(merged.percentile(each)).toBe(both.percentile(each))
      expect(other.count).toBe(others.length)
    }))
  })

  it("counts what lies below a power of two", () => {
    fc.assert(fc.property(values, fc.integer({ min: 0, max: 52 }), (recorded, power) => {
      const bound = 2 ** power
      expect(histogramOf(recorded, 2).countBelow(bound)).toBe(recorded.filter((one) => one < bound).length)
    }))
  })

  it("takes values between whole numbers: their bucket is that of the whole number below, their sum is exact", () => {
    const histogram = histogramOf([1.25, 1.5, 2 ** 33 + 0.5])
    expect(histogram.percentile(50)).toBe(1)
    expect(histogram.sum).toBe(2 ** 33 + 3.25)
    expect(histogram.max).toBe(2 ** 33 + 0.5)
  })

  it.each([7, 14, 28, 55, 56])("gives value %d of 100 for that percent, though the product is larger", (percent) => {
    expect(percent / 100 * 100).toBeGreaterThan(percent)
    expect(histogramOf(Array.from({ length: 100 }, (_, i) => i + 1)).percentile(percent)).toBe(percent)
  })

  it("is empty at first, and after values recorded no times", () => {
    const histogram = new Histogram(2)
    histogram.record(7, 0)
    expect([histogram.count, histogram.sum, histogram.mean, histogram.max, histogram.percentile(50)])
      .toEqual([0, 0, 0, 0, 0])
    expect(new Histogram(2).countBelow(2 ** 40)).toBe(0)
    expect(new Histogram(2).percentile(100)).toBe(0)
  })

  it.each([
    ["a negative value", () => new Histogram(2).record(-1), "value of a histogram: got -1, expected 0 to 2^53"],
    ["no number", () => new Histogram(2).record(NaN), "value of a histogram: got NaN, expected 0 to 2^53"],
    ["2^53", () => new Histogram(2).record(2 ** 53), "value of a histogram: got 9007199254740992, expected 0 to 2^53"],
    ["negative times", () => new Histogram(2).record(1, -1), "times of a histogram: got -1, expected 0 or more"],
    ["a percentile above 100", () => new Histogram(2).percentile(101), "percent: got 101, expected 0 to 100"],
    ["12 bits", () => new Histogram(12), "bits of a histogram: got 12, expected a whole number from 0 to 11"],
    [
      "one of another precision",
      () => new Histogram(2).merge(new Histogram(3)),
      "a histogram of 3 bits cannot be added to one of 2"
    ]
  ])("refuses %s", (_what, act, message) => expect(act).toThrow(new RangeError(message)))
})
