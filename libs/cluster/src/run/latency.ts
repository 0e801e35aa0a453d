// Latencies of one client in a histogram of three significant digits from 1 ns up, with memory by the range really seen.
// Not modelled: nothing. What it costs: percentiles are off by up to 0.1 %; mean and maximum are exact.
import { assert } from "@swaplab/sim"
import { Histogram, THREE_DIGITS } from "@swaplab/stats"
import type { LatencySummary, NoLatencies } from "./latency-summary.ts"

/** Summary of no latency at all. */
export const NO_LATENCY: NoLatencies = {
  count: 0,
  meanNs: null,
  p50Ns: null,
  p90Ns: null,
  p95Ns: null,
  p99Ns: null,
  p999Ns: null,
  maxNs: null,
  over1s: 0,
  over10s: 0
}

/** Nielsen's limits: after 1 s a person's flow of thought stops, after 10 s they turn to something else. */
const SECOND_NS = 1e9
const TEN_SECONDS_NS = 10e9

/** A distribution of latencies in whole nanoseconds. Takes no memory until the first one is recorded. */
export class LatencyHistogram {
  readonly #histogram = new Histogram(THREE_DIGITS)
  #over1s = 0
  #over10s = 0

  get count(): number {
    return this.#histogram.count
  }

  /** All latencies together, in nanoseconds. */
  get sumNs(): number {
    return this.#histogram.sum
  }

  /** Records one latency, to the nearest nanosecond. */
  record(ns: number): void {
    assert(ns >= 0, "a latency must not be negative")
    this.#histogram.record(Math.round(ns))
    if (ns <= SECOND_NS) return
    this.#over1s++
    if (ns > TEN_SECONDS_NS) this.#over10s++
  }

  /** Adds all latencies of another one, which stays as it is. */
  merge(other: LatencyHistogram): void {
    this.#histogram.merge(other.#histogram)
    this.#over1s += other.#over1s
    this.#over10s += other.#over10s
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
      maxNs: max,
      over1s: this.#over1s,
      over10s: this.#over10s
    }
  }
}
