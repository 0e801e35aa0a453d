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

/** Null where no client runs what is measured. */
const spreadOf = <A>(
  all: ReadonlyArray<A>,
  of: (subject: A) => number | null,
  nameOf: (subject: A) => string
): ClientSpread | null => {
  const subjects = all.filter((subject) => of(subject) !== null)
  if (subjects.length === 0) return null
  const values = subjects.flatMap((subject) => of(subject) ?? [])
  // the first of several that have as little, or as much
  const least = values.reduce((best, value, i) => (value < values[best] ? i : best), 0)
  const most = values.reduce((best, value, i) => (value > values[best] ? i : best), 0)
  return {
    min: values[least],
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    max: values[most],
    minClient: nameOf(subjects[least]),
    maxClient: nameOf(subjects[most])
  }
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

/** Names of all metrics of a run: those of the table, and each counter of /proc/vmstat that its clients have. */
const namesOf = ({ clients }: RunResult, workloads?: WorkloadTable): ReadonlyArray<string> => [
  ...Object.keys(tableOf(workloads)),
  ...[...new Set(clients.flatMap(({ vmstat }) => Object.keys(vmstat)))].map((counter) => `client.vmstat.${counter}`)
]

/** All metrics of a run whose clients run workloads of a table; without those that no client has. */
export const metricsOf = (run: RunResult, workloads?: WorkloadTable): RunMetrics =>
  Object.fromEntries(
    namesOf(run, workloads).flatMap((name) => {
      const metric = metricOf(name, workloads)
      const value = metric === null ? null : valueOf(metric, run)
      return value === null ? [] : [[name, value]]
    })
  )

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
