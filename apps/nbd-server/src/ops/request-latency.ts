// Latencies of one client's requests, in quarters of a microsecond: with four buckets per power of two from 1 µs up they take
// about 1 KiB a client.
import { Histogram, type HistogramData } from "@swaplab/stats"

const BITS = 2
const PER_US = 4
/** Where the bucket of 1 µs ends: what is faster counts as that. */
const LEAST_US = 1.25

/** Latencies of the requests of one client. Adding one is a few instructions. */
export class RequestLatency {
  readonly #quarters: Histogram

  constructor(quarters = new Histogram(BITS)) {
    this.#quarters = quarters
  }

  /** Latencies of one client in several processes. */
  static sumOf(parts: ReadonlyArray<HistogramData>): RequestLatency {
    const sum = new Histogram(BITS)
    for (const part of parts) sum.merge(Histogram.from(part))
    return new RequestLatency(sum)
  }

  get data(): HistogramData {
    return this.#quarters.data
  }

  get count(): number {
    return this.#quarters.count
  }

  /** Sum of all latencies in microseconds. */
  get sumUs(): number {
    return this.#quarters.sum / PER_US
  }

  /** Adds `times` latencies of so many microseconds. */
  add(us: number, times = 1): void {
    this.#quarters.record(us * PER_US, times)
  }

  /** Microseconds at which the bucket of this percentile ends, at most a quarter too many; 0 when nothing was added. */
  percentileUs(percent: number): number {
    if (this.count === 0) return 0
    return Math.max(LEAST_US, (this.#quarters.percentile(percent) + 1) / PER_US)
  }

  /** How many latencies were below a power of two of microseconds. */
  countBelow(us: number): number {
    return this.#quarters.countBelow(us * PER_US)
  }
}
