// The figures of a distribution of latencies, each as a metric.
import { SHARE, TIME } from "@swaplab/config"
import type { LatencySummary } from "./latency-summary.ts"
import type { Metric, MetricUnit } from "./metric.ts"

/** A share of the latencies; null of none. */
const share = (part: number, { count }: LatencySummary): number | null => (count === 0 ? null : part / count)

/** The figures of a distribution: unit, value, and what it is. Without a latency all but the count are null. */
const LATENCY_FIGURES = {
  count: [null, (s) => s.count, (of) => `${of}, counted`],
  mean: [TIME, (s) => s.meanNs, (of) => `mean latency of ${of}`],
  p50: [TIME, (s) => s.p50Ns, (of) => `median latency of ${of}`],
  p90: [TIME, (s) => s.p90Ns, (of) => `90th percentile of ${of}`],
  p95: [TIME, (s) => s.p95Ns, (of) => `95th percentile of ${of}`],
  p99: [TIME, (s) => s.p99Ns, (of) => `99th percentile of ${of}`],
  p999: [TIME, (s) => s.p999Ns, (of) => `99.9th percentile of ${of}`],
  max: [TIME, (s) => s.maxNs, (of) => `longest of ${of}`],
  over1s: [SHARE, (s) => share(s.over1s, s), (of) => `share of ${of} above 1 s`],
  over10s: [SHARE, (s) => share(s.over10s, s), (of) => `share of ${of} above 10 s`]
} as const satisfies Record<
  string,
  readonly [unit: MetricUnit, value: (summary: LatencySummary) => number | null, meaning: (of: string) => string]
>

/** Metrics of a distribution of latencies, by `prefix` and a dot before each. */
export const latencies = <A>(
  prefix: string,
  what: string,
  metric: (unit: MetricUnit, meaning: string, of: (subject: A) => number | null) => Metric,
  of: (subject: A) => LatencySummary | null
): Readonly<Record<string, Metric>> =>
  Object.fromEntries(
    Object.entries(LATENCY_FIGURES).map(([name, [unit, value, meaning]]) => [
      `${prefix}.${name}`,
      metric(unit, meaning(what), (subject) => {
        const summary = of(subject)
        return summary === null ? null : value(summary)
      })
    ])
  )
