// Latencies of one client in a histogram of three significant digits from 1 ns up, with memory by the range really seen.
// Not modelled: nothing. What it costs: percentiles are off by up to 0.1 %; mean and maximum are exact.
import { assert } from "@swaplab/sim"
import { Histogram, THREE_DIGITS } from "@swaplab/stats"
import type { LatencySummary } from "./result.ts"

/** Summary of no latency at all. */
export const NO_LATENCY: LatencySummary = {
  count: 0,
  meanNs: 0,
  p50Ns: 0,
  p90Ns: 0,
  p95Ns: 0,
  p99Ns: 0,
  p999Ns: 0,
  maxNs: 0
}

/** A distribution of latencies in whole nanoseconds. Takes no memory until the first one is recorded. */
export class LatencyHistogram {
  readonly #histogram = new Histogram(THREE_DIGITS)

  get count(): number {
    return this.#histogram.count
  }

  /** Records one latency, to the nearest nanosecond. */
  record(ns: number): void {
    assert(ns >= 0, "a latency must not be negative")
    this.#histogram.record(Math.round(ns))
  }

  /** The figures a report prints. */
  summary(): LatencySummary {
    const { count, max, mean } = this.#histogram
    if (count === 0) return NO_LATENCY
    // a percentile is the end of its bucket, which may lie above every value recorded
    const at = (percent: number): number => Math.min(this.#histogram.percentile(percent), max)
    return {
      count,
      meanNs: mean,
      p50Ns: at(50),
      p90Ns: at(90),
      p95Ns: at(95),
      p99Ns: at(99),
      p999Ns: at(99.9),
      maxNs: max
    }
  }
}
