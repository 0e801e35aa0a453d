// The metrics of a run, reduced: those of the run as they are, those of clients, groups and servers as the least, the mean and
// the most of all. Thresholds are judged by them and CSV files have them as columns.
import { type Metric, metricOf, metricsOf as tableOf, type RunResult, serversWithPorts } from "@swaplab/cluster"
import type { WorkloadTable } from "@swaplab/workload"

/** A metric of clients, groups or servers in one run, and those that have the least and the most. */
export interface ClientSpread {
  readonly min: number
  readonly mean: number
  readonly max: number
  readonly minClient: string
  readonly maxClient: string
}

/** Values by the name of the metric, in its unit. */
export type RunMetrics = Readonly<Record<string, number | ClientSpread>>

/** Null where no client runs what is measured. Each subject is asked once: there are some hundred metrics and as many clients. */
const spreadOf = <A>(
  all: ReadonlyArray<A>,
  of: (subject: A) => number | null,
  nameOf: (subject: A) => string
): ClientSpread | null => {
  let known = 0
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let least: A | null = null
  let most: A | null = null
  for (const subject of all) {
    const value = of(subject)
    if (value === null) continue
    known++
    sum += value
    // the first of several that have as little, or as much
    if (least === null || value < min) {
      min = value
      least = subject
    }
    if (most === null || value > max) {
      max = value
      most = subject
    }
  }
  return least === null || most === null
    ? null
    : { min, mean: sum / known, max, minClient: nameOf(least), maxClient: nameOf(most) }
}

const valueOf = (metric: Metric, run: RunResult): number | ClientSpread | null => {
  switch (metric.scope) {
    case "run":
      return metric.of(run)
    case "client":
      return spreadOf(run.clients, metric.of, ({ name }) => name)
    case "group":
      return spreadOf(run.groups, metric.of, ({ group }) => group)
    case "server":
      return spreadOf(serversWithPorts(run), metric.of, ({ result }) => result.name)
  }
}

/** Metrics of counters of /proc/vmstat, by the name of the metric. */
const COUNTERS = new Map<string, Metric | null>()

const counterMetric = (name: string): Metric | null => {
  const known = COUNTERS.get(name)
  if (known !== undefined) return known
  const metric = metricOf(name)
  COUNTERS.set(name, metric)
  return metric
}

/**
 * All metrics of a run whose clients run workloads of a table: those of the table, and each counter of /proc/vmstat that its clients
 * have; without those that no client has.
 */
export const metricsOf = (run: RunResult, workloads?: WorkloadTable): RunMetrics => {
  const metrics: Record<string, number | ClientSpread> = {}
  const add = (name: string, metric: Metric | null): void => {
    const value = metric === null ? null : valueOf(metric, run)
    if (value !== null) metrics[name] = value
  }
  const table = tableOf(workloads)
  for (const name in table) add(name, table[name])
  const counters = new Set<string>()
  for (const { vmstat } of run.clients) for (const counter in vmstat) counters.add(counter)
  for (const counter of counters) add(`client.vmstat.${counter}`, counterMetric(`client.vmstat.${counter}`))
  return metrics
}

/** Columns of the table's metrics for a CSV file: one for a metric of runs, three for one of clients, groups or servers. */
export const metricColumns = (
  workloads?: WorkloadTable
): ReadonlyArray<readonly [name: string, of: (metrics: RunMetrics) => number | null]> =>
  Object.entries(tableOf(workloads)).flatMap(([name, { scope }]) => {
    if (scope === "run") {
      return [[name, (metrics: RunMetrics) => {
        const value = metrics[name]
        return typeof value === "number" ? value : null
      }]] as const
    }
    return (["min", "mean", "max"] as const).map((part) =>
      [`${name}.${part}`, (metrics: RunMetrics) => {
        const value = metrics[name]
        return typeof value === "object" ? value[part] : null
      }] as const
    )
  })
