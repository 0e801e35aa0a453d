/** Latencies in buckets of four per power of two, from 1 µs to over an hour; adding is a few instructions. */
export class Histogram {
  readonly counts = new Float64Array(128)
  count = 0
  sumUs = 0

  /** Adds `times` latencies of so many microseconds. */
  add(us: number, times = 1): void {
    this.counts[bucketOf(us)] += times
    this.count += times
    this.sumUs += us * times
  }

  /** Upper bound of the bucket in which the quantile lies, in microseconds; 0 when nothing was added. */
  quantile(q: number): number {
    if (this.count === 0) return 0
    let left = q * this.count
    for (let i = 0; i < this.counts.length; i++) {
      left -= this.counts[i]
      if (left <= 0) return upperBoundUs(i)
    }
    return upperBoundUs(this.counts.length - 1)
  }
}

const bucketOf = (us: number): number => {
  if (us < 1) return 0
  const power = 31 - Math.clz32(us)
  const quarter = Math.floor(us / 2 ** power * 4) - 4
  return Math.min(127, power * 4 + quarter)
}

/** Where bucket `i` ends. */
export const upperBoundUs = (i: number): number => 2 ** (i >> 2) * (1 + ((i & 3) + 1) / 4)
