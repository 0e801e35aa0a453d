// Statistics over seeds: intervals, paired differences, proportions, and what "faster" means.
import { Random } from "@swaplab/sim"
import { harmonicMean, mean, median, quantile, sampleStandardDeviation } from "simple-statistics"

/** An estimate with the interval it lies in with 95 % confidence. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** z of the normal distribution for 95 %. */
const Z95 = 1.959963984540054

/**
 * Wilson's score interval of a proportion: `successes` of `trials`. Unlike the normal interval it is right for few trials
 * and for none or all of them: 10 of 10 lockups is a share from 72 % to 100 %.
 */
export const wilson = (successes: number, trials: number): Estimate => {
  if (trials === 0) return { value: Number.NaN, low: 0, high: 1 }
  const p = successes / trials
  const z2 = Z95 * Z95
  const centre = (p + z2 / (2 * trials)) / (1 + z2 / trials)
  const half = (Z95 / (1 + z2 / trials)) * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials * trials))
  // exact at both ends, where the square root leaves a rounding error
  return {
    value: p,
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half)
  }
}

/** Student's t for 95 %, by degrees of freedom from 1. */
const T95 = [
  12.706,
  4.303,
  3.182,
  2.776,
  2.571,
  2.447,
  2.365,
  2.306,
  2.262,
  2.228,
  2.201,
  2.179,
  2.16,
  2.145,
  2.131,
  2.12,
  2.11,
  2.101,
  2.093,
  2.086,
  2.08,
  2.074,
  2.069,
  2.064,
  2.06,
  2.056,
  2.052,
  2.048,
  2.045,
  2.042
]

/** Its third and fifth power. */
const Z95_3 = Z95 * Z95 * Z95
const Z95_5 = Z95_3 * Z95 * Z95

const t95 = (degrees: number): number => {
  if (degrees <= T95.length) return T95[degrees - 1]
  // Cornish-Fisher, to the second order: 2.0210 for 40, where tables have 2.0211
  return Z95 + (Z95_3 + Z95) / (4 * degrees) + (5 * Z95_5 + 16 * Z95_3 + 3 * Z95) / (96 * degrees * degrees)
}

/** Mean with Student's interval. One value has no interval: it reaches from minus to plus infinity. */
export const meanEstimate = (values: ReadonlyArray<number>): Estimate => {
  const value = values.length === 0 ? Number.NaN : mean([...values])
  if (values.length < 2) return { value, low: -Infinity, high: Infinity }
  const half = (t95(values.length - 1) * sampleStandardDeviation([...values])) / Math.sqrt(values.length)
  return { value, low: value - half, high: value + half }
}

/** Mean of the differences b − a of values that belong together, such as the same seed with two kernels. */
export const pairedDifference = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): Estimate =>
  meanEstimate(b.slice(0, a.length).map((value, i) => value - a[i]))

/** Times are averaged arithmetically, rates harmonically. */
export type Averaging = "time" | "rate"

const SUBSELECTIONS = 200
const SHARE = 0.8

/**
 * Interval in the manner of MMTests: means of random selections of 80 % of the values; the estimate is the median over
 * the selections, the interval holds the middle 95 % of them.
 */
export const mmtestsEstimate = (values: ReadonlyArray<number>, averaging: Averaging = "time"): Estimate => {
  if (values.length === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN }
  const average = (selected: Array<number>): number =>
    averaging === "rate" && selected.every((value) => value > 0) ? harmonicMean(selected) : mean(selected)
  const size = Math.max(1, Math.round(values.length * SHARE))
  // a stream of its own: the same values have the same interval on every machine
  const random = new Random(values.length, "mmtests")
  const averages = Array.from({ length: SUBSELECTIONS }, () => {
    const pool = [...values]
    for (let i = 0; i < size; i++) {
      const other = i + random.below(pool.length - i)
      const value = pool[other]
      pool[other] = pool[i]
      pool[i] = value
    }
    return average(pool.slice(0, size))
  })
  return { value: median(averages), low: quantile(averages, 0.025), high: quantile(averages, 0.975) }
}

/**
 * MMTests' test of significance: the difference is larger than the two halves of the intervals that face each other.
 * Fewer than three values on a side are never significant.
 */
export const significant = (a: Estimate, b: Estimate, values: number): boolean => {
  if (values < 3) return false
  const difference = Math.abs(a.value - b.value)
  const facing = a.value < b.value ? (a.high - a.value) + (b.value - b.low) : (b.high - b.value) + (a.value - a.low)
  return difference > facing
}

/** Both meanings of "faster" between two times. */
export interface Faster {
  /** (after − before) / before: −0.456 means that 45.6 % of the time is saved. */
  readonly timeChange: number
  /** before / after: 1.84 means that 84 % more is done in the same time. */
  readonly speedRatio: number
}

/** Compares two times by both definitions. 3240.70 s and 1762.09 s: −45.6 % of the time, 1.84 times the speed. */
export const faster = (before: number, after: number): Faster => ({
  timeChange: (after - before) / before,
  speedRatio: before / after
})

/** Middle of the values that are known; not a number for none. */
export const medianOf = (values: ReadonlyArray<number | null>): number => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? Number.NaN : median(known)
}

/** The value; null where it is not finite, which JSON cannot say. */
export const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null)
