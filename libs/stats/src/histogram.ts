// A histogram whose buckets grow with the values, after HdrHistogram: each power of two is cut into 2^bits buckets of equal
// width, and values below twice that have a bucket per whole number. A percentile is therefore off by at most one part in 2^bits,
// however wide the range is, and a new value costs one addition to one element of a typed array.
//
// With bits = 2, and so four buckets per power of two:
//
//   values    0   1   2   3 | 4   5   6   7 | 8–9  10–11  12–13  14–15 | 16–19  20–23 …
//   bucket    0   1   2   3 | 4   5   6   7 |  8     9      10     11   |  12     13   …
//
// Modelled: HdrHistogram's buckets and its meaning of a percentile.
// Not modelled: its log format, its correction for coordinated omission, subtraction.
// What that costs: nothing here needs them. A power of two takes 8 KiB at three digits, and the range starts at 0.
// source: HdrHistogram (Gil Tene, public domain), AbstractHistogram.countsArrayIndex, getValueAtPercentile

/** Bits for three significant decimal digits, HdrHistogram's usual precision. */
export const THREE_DIGITS = 10

/** The finest precision: one part in 2048. */
const MAX_BITS = 11
/** Values end here, because whole numbers do. */
const TOO_LARGE = 2 ** 53
const TWO_32 = 2 ** 32
/** A value of 2^32 or more without its last 21 bits fits 32 bits, and has bits enough left for its bucket. */
const SHIFT = 21
const TWO_SHIFT = 2 ** SHIFT
/** One less than 1 by half an ulp: what is multiplied by it becomes the next smaller number. */
const JUST_BELOW_1 = 1 - 2 ** -53

const NONE = new Float64Array(0)

/** A histogram as plain data, to be sent to another process. */
export interface HistogramData {
  readonly bits: number
  /** Counts of the buckets, from the lowest one up. */
  readonly counts: ReadonlyArray<number>
  readonly sum: number
  readonly max: number
}

/**
 * A distribution of numbers from 0 up to 2^53. Count, sum, mean and maximum are exact; percentiles are off by one
 * bucket at most.
 *
 * **When to use.** For many values whose percentiles are wanted, such as latencies in nanoseconds; `merge` those of
 * several sources, `data` and `Histogram.from` bring one to another process.
 *
 * **Details.** The array of counts grows to the power of two of the largest value; until the first value it takes no
 * memory. In the range that was reached, `record` allocates nothing. Wrong values throw a RangeError.
 *
 * **Gotchas.** Choose the unit of the values so that 1 is small enough: values that differ after the point only share a
 * bucket. Histograms of different `bits` cannot be merged. Without any value, mean, maximum and percentiles are 0.
 */
export class Histogram {
  /** Every power of two has 2^bits buckets. */
  readonly bits: number
  readonly #half: number
  #counts = NONE
  #count = 0
  #sum = 0
  #max = 0

  /** `bits`: 0 to 11; a percentile is at most one part in 2^bits too large. A wrong number throws a RangeError. */
  constructor(bits: number) {
    if (!Number.isInteger(bits) || bits < 0 || bits > MAX_BITS) {
      throw new RangeError(`bits of a histogram: got ${bits}, expected a whole number from 0 to ${MAX_BITS}`)
    }
    this.bits = bits
    this.#half = 2 ** bits
  }

  /** The histogram that `data` was made of. */
  static from({ bits, counts, max, sum }: HistogramData): Histogram {
    const histogram = new Histogram(bits)
    histogram.#counts = Float64Array.from(counts)
    histogram.#count = counts.reduce((total, count) => total + count, 0)
    histogram.#sum = sum
    histogram.#max = max
    return histogram
  }

  get data(): HistogramData {
    return { bits: this.bits, counts: [...this.#counts], sum: this.#sum, max: this.#max }
  }

  /** How many values were recorded. */
  get count(): number {
    return this.#count
  }

  /** Sum of the values as they were recorded. */
  get sum(): number {
    return this.#sum
  }

  /** Mean of the values as they were recorded; 0 without any. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  /** The largest value as it was recorded; 0 without any. */
  get max(): number {
    return this.#max
  }

  /**
   * Records a value, `times` times at once. Throws a RangeError for a value that is negative, no number, or 2^53 and more, and
   * for negative `times`.
   */
  record(value: number, times = 1): void {
    if (!(times >= 0)) throw new RangeError(`times of a histogram: got ${times}, expected 0 or more`)
    const index = this.#indexOf(value)
    if (index >= this.#counts.length) this.#grow(index)
    this.#counts[index] += times
    this.#count += times
    this.#sum += value * times
    if (value > this.#max && times > 0) this.#max = value
  }

  /** Adds all values of another histogram, which stays as it is. Throws a RangeError when its `bits` differ. */
  merge(other: Histogram): void {
    if (other.bits !== this.bits) {
      throw new RangeError(`a histogram of ${other.bits} bits cannot be added to one of ${this.bits}`)
    }
    const counts = other.#counts
    if (counts.length > this.#counts.length) this.#grow(counts.length - 1)
    for (let i = 0; i < counts.length; i++) this.#counts[i] += counts[i]
    this.#count += other.#count
    this.#sum += other.#sum
    if (other.#max > this.#max) this.#max = other.#max
  }

  /**
   * The value that `percent` of the values do not exceed: the last whole number of the bucket in which that value lies, which
   * may be above every value recorded. Of 0 percent it is the first number of the lowest bucket in use. 0 without any value.
   */
  percentile(percent: number): number {
    if (!(percent >= 0 && percent <= 100)) throw new RangeError(`percent: got ${percent}, expected 0 to 100`)
    if (this.#count === 0) return 0
    // the product may be rounded up past the whole number that it stands for
    const wanted = Math.max(1, Math.ceil(percent / 100 * this.#count * JUST_BELOW_1))
    const counts = this.#counts
    let index = 0
    for (let sum = counts[0]; sum < wanted; sum += counts[index]) index++
    return percent === 0 ? this.#lowest(index) : this.#lowest(index + 1) - 1
  }

  /** How many values lie in buckets that end before `value`. Where a bucket begins, as at powers of two, that is all below it. */
  countBelow(value: number): number {
    const end = Math.min(this.#indexOf(value), this.#counts.length)
    let sum = 0
    for (let i = 0; i < end; i++) sum += this.#counts[i]
    return sum
  }

  #indexOf(value: number): number {
    if (value >= 0 && value < TWO_32) return this.#index32(value >>> 0)
    if (value >= 0 && value < TOO_LARGE) return this.#index32(value / TWO_SHIFT >>> 0) + SHIFT * this.#half
    throw new RangeError(`value of a histogram: got ${value}, expected 0 to 2^53`)
  }

  #index32(value: number): number {
    const power = Math.max(0, 31 - Math.clz32(value) - this.bits)
    return power * this.#half + (value >>> power)
  }

  /** Where bucket `index` begins. */
  #lowest(index: number): number {
    const power = Math.max(0, (index >>> this.bits) - 1)
    return (index - power * this.#half) * 2 ** power
  }

  /** Makes room for bucket `index` and the others of its power of two. */
  #grow(index: number): void {
    const counts = new Float64Array(((index >>> this.bits) + 1) * this.#half)
    counts.set(this.#counts)
    this.#counts = counts
  }
}
