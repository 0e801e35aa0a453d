// What a result says of many latencies: plain data, as all of a result.

/** A distribution of latencies, in nanoseconds. All zero when `count` is 0. */
export interface LatencySummary {
  readonly count: number
  readonly meanNs: number
  readonly p50Ns: number
  readonly p90Ns: number
  readonly p95Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly maxNs: number
  /** How many took longer than 1 s, and longer than 10 s. */
  readonly over1s: number
  readonly over10s: number
}
