// Reduced runs as CSV: a line a run, after columns that say which run it is.
import type { WorkloadTable } from "@swaplab/workload"
import type { CellResult } from "./cell.ts"
import { quote } from "./csv.ts"
import { metricColumns } from "./run-metrics.ts"
import { STEADY_FIGURES } from "./sweep/sweep-metrics.ts"

type Field = string | number | null

const COLUMNS: ReadonlyArray<readonly [name: string, of: (run: CellResult) => Field]> = [
  ["seed", (run) => run.seed],
  ["outcome", (run) => run.outcome],
  ["lockup_class", (run) => run.lockup?.taxonomy ?? null],
  ["lockup_kind", (run) => run.lockup?.kind ?? null],
  ["last_progress_s", (run) => (run.lockup === null ? null : run.lockup.sinceNs / 1e9)],
  ["elapsed_s", (run) => run.elapsedNs / 1e9],
  ["sys_s", (run) => run.sysNs / 1e9],
  ["throttles", (run) => run.throttles],
  ["drops", (run) => run.drops],
  ["filter_drops", (run) => run.filterDrops],
  ["retransmits", (run) => run.retransmits],
  ["failed_allocations", (run) => run.failedAllocations],
  ["first_failed_allocation", (run) => run.firstFailedAllocation],
  ["first_refused_allocation", (run) => run.lockup?.firstFailure ?? null],
  ["stuck_allocation", (run) => run.lockup?.allocation ?? null],
  ["lowest_zone", (run) => run.lowWater.zone],
  ["lowest_free_pages", (run) => run.lowWater.lowestFree],
  ["min_pages", (run) => run.lowWater.min],
  ["fingerprint", (run) => run.fingerprint]
]

/** The steady state, and what was cut off in front of it. */
const STEADY: ReadonlyArray<readonly [name: string, of: (run: CellResult) => Field]> = [
  ["steady.warmUp", ({ steady }) => steady.applied ? steady.warmUpNs : null],
  ...STEADY_FIGURES.map((figure) =>
    [`steady.${figure}`, ({ steady }: CellResult): Field => steady.applied ? steady.figures[figure] : null] as const
  )
]

/** `leading` names the columns in front; each row gives their values and a run. Nothing stands for what was not measured. */
export const cellsCsv = (
  leading: ReadonlyArray<string>,
  rows: ReadonlyArray<readonly [leading: ReadonlyArray<Field>, run: CellResult]>,
  workloads?: WorkloadTable
): string => {
  const columns = [
    ...COLUMNS,
    ...metricColumns(workloads).map(([name, of]) => [name, ({ metrics }: CellResult) => of(metrics)] as const),
    ...STEADY
  ]
  const line = (fields: ReadonlyArray<Field>): string =>
    fields.map((field) => (field === null ? "" : quote(String(field)))).join(",")
  return [
    line([...leading, ...columns.map(([name]) => name)]),
    ...rows.map(([fields, run]) => line([...fields, ...columns.map(([, of]) => of(run))])),
    ""
  ].join("\n")
}
