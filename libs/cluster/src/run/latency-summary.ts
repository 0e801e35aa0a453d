// What a result says of many latencies: plain data, as all of a result.

/** A distribution of latencies, in nanoseconds. */
export interface Latencies {
  /** At least 1. */
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

/** Not one latency: the counts are 0, and nothing has a mean, a percentile or a maximum. */
export type NoLatencies =
  & { readonly [Key in "count" | "over1s" | "over10s"]: 0 }
  & { readonly [Key in Exclude<keyof Latencies, "count" | "over1s" | "over10s">]: null }

/** What is known of some latencies, or of none. */
export type LatencySummary = Latencies | NoLatencies

/** Whether there is a latency at all. */
export const hasLatencies = (summary: LatencySummary): summary is Latencies => summary.count > 0
