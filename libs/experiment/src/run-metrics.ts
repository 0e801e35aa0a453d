// The metrics of a run, reduced: those of the run as they are, those of clients as the least, the mean and the most of all
// clients. Thresholds are judged by them and CSV files have them as columns.
import { type ClientResult, type Metric, metricOf, METRICS, type RunResult } from "@swaplab/cluster"

/** A metric of clients in one run, and the clients that have the least and the most. */
export interface ClientSpread {
  readonly min: number
  readonly mean: number
  readonly max: number
  readonly minClient: string
  readonly maxClient: string
}

/** Values by the name of the metric, in its unit. */
export type RunMetrics = Readonly<Record<string, number | ClientSpread>>

const spreadOf = (clients: ReadonlyArray<ClientResult>, of: (client: ClientResult) => number): ClientSpread => {
  const values = clients.map(of)
  // the first of several that have as little, or as much
  const least = values.reduce((best, value, i) => (value < values[best] ? i : best), 0)
  const most = values.reduce((best, value, i) => (value > values[best] ? i : best), 0)
  return {
    min: values[least],
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    max: values[most],
    minClient: clients[least].name,
    maxClient: clients[most].name
  }
}

const valueOf = (metric: Metric, run: RunResult): number | ClientSpread =>
  metric.scope === "run" ? metric.of(run) : spreadOf(run.clients, metric.of)

/** Names of all metrics of a run: those of the table, and each counter of /proc/vmstat that its clients have. */
const namesOf = ({ clients }: RunResult): ReadonlyArray<string> => [
  ...Object.keys(METRICS),
  ...[...new Set(clients.flatMap(({ vmstat }) => Object.keys(vmstat)))].map((counter) => `client.vmstat.${counter}`)
]

/** All metrics of a run. */
export const metricsOf = (run: RunResult): RunMetrics =>
  Object.fromEntries(
    namesOf(run).flatMap((name) => {
      const metric = metricOf(name)
      return metric === null ? [] : [[name, valueOf(metric, run)]]
    })
  )

/** Columns of the table's metrics for a CSV file: one for a metric of runs, three for one of clients. */
export const METRIC_COLUMNS: ReadonlyArray<readonly [name: string, of: (metrics: RunMetrics) => number | null]> = Object
  .entries(METRICS).flatMap(([name, { scope }]) => {
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
