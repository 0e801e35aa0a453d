// Latencies of one client as an HdrHistogram: three significant digits from 1 ns up, memory by the range really seen.
// Not modelled: nothing. What it costs: percentiles are off by up to 0.1 %; mean and maximum are exact.
import { assert } from "@swaplab/sim"
import * as hdr from "hdr-histogram-js"
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
  #histogram: hdr.Histogram | null = null
  #count = 0
  #sumNs = 0
  #maxNs = 0

  get count(): number {
    return this.#count
  }

  /** Records one latency. */
  record(ns: number): void {
    assert(ns >= 0, "a latency must not be negative")
    const histogram = this.#open()
    const whole = Math.round(ns)
    histogram.recordValue(whole)
    this.#count++
    this.#sumNs += whole
    if (whole > this.#maxNs) this.#maxNs = whole
  }

  /** The figures a report prints. */
  summary(): LatencySummary {
    const histogram = this.#histogram
    if (histogram === null || this.#count === 0) return NO_LATENCY
    // a percentile is the upper end of its bucket, which may lie above every value recorded
    const at = (percentile: number): number => Math.min(histogram.getValueAtPercentile(percentile), this.#maxNs)
    return {
      count: this.#count,
      meanNs: this.#sumNs / this.#count,
      p50Ns: at(50),
      p90Ns: at(90),
      p95Ns: at(95),
      p99Ns: at(99),
      p999Ns: at(99.9),
      maxNs: this.#maxNs
    }
  }

  #open(): hdr.Histogram {
    if (this.#histogram === null) {
      this.#histogram = hdr.build({
        lowestDiscernibleValue: 1,
        highestTrackableValue: 2 ** 20,
        numberOfSignificantValueDigits: 3,
        bitBucketSize: 32,
        autoResize: true,
        useWebAssembly: false
      })
    }
    return this.#histogram
  }
}
