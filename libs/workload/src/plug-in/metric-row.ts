// Figures of a workload: one row each, for thresholds, tables, series, CSV and the reference.
import type { UnitKind } from "@swaplab/config"

/** One figure of a workload, besides its operations. */
export interface MetricRow {
  /** A number that `counter` counts, or latencies that `latency` records. */
  readonly kind: "count" | "latency"
  /** Unit of a count; null is a plain number. Latencies are times. */
  readonly unit: UnitKind | null
  readonly meaning: string
  /** Whether a count is a column of the time series. */
  readonly series?: boolean
}

/** What a workload calls an operation, as a plural: messages, transactions. And whether each one has a latency. */
export interface OperationRow {
  readonly unit: string
  readonly latency: boolean
}
