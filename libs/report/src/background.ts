// What loads in the background count: rates and latencies.
import type { LatencySummary, WorkloadResult } from "@swaplab/cluster"
import { type ExperimentResult, medianOf, runsOf } from "@swaplab/experiment"
import { type Block, key, left, right, type Row, table } from "./document.ts"
import { count, latency, NONE } from "./format.ts"

interface Sample {
  readonly load: WorkloadResult
  readonly seconds: number
}

type Middle = (of: (sample: Sample) => number | null) => number

const perSecond = (value: number, seconds: number): number | null => (seconds > 0 ? value / seconds : null)

const latencyCells = (
  found: ReadonlyArray<LatencySummary>
): ReadonlyArray<string> => [
  latency(medianOf(found.map((of) => of.p50Ns))),
  latency(medianOf(found.map((of) => of.p99Ns)))
]

/** The rows of one load: its operations, then its other figures. */
const loadRows = (kernel: string, name: string, same: ReadonlyArray<Sample>): ReadonlyArray<Row> => {
  const [{ load: first }] = same
  const middle: Middle = (of) => medianOf(same.map(of))
  const counted = (of: (load: WorkloadResult) => number): ReadonlyArray<string> => [
    count(middle(({ load }) => of(load))),
    count(middle(({ load, seconds }) => perSecond(of(load), seconds)))
  ]
  return [
    ...(first.unit === null ? [] : [[
      kernel,
      name,
      first.unit,
      ...counted(({ done }) => done),
      count(middle(({ load }) => load.failed)),
      ...latencyCells(same.flatMap(({ load }) => load.latency ?? []))
    ]]),
    ...Object.keys(first.figures).map((figure) => [
      kernel,
      name,
      figure,
      ...counted(({ figures }) => figures[figure]),
      NONE,
      NONE,
      NONE
    ]),
    ...Object.keys(first.latencies).map((figure) => [
      kernel,
      name,
      figure,
      ...counted(({ latencies }) => latencies[figure].count),
      NONE,
      ...latencyCells(same.map(({ load }) => load.latencies[figure]))
    ])
  ]
}

/** What loads in the background count, by kernel, all clients: medians over seeds. Nothing when none of them counts anything. */
export const backgroundTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const rows = result.plan.kernels.flatMap((kernel): ReadonlyArray<Row> => {
    const samples = runsOf(result.runs, kernel).flatMap((run) =>
      run.clients.flatMap((client): ReadonlyArray<Sample> =>
        client.background.map((load) => ({ load, seconds: client.elapsedNs / 1e9 }))
      )
    )
    const names = [...new Set(samples.map(({ load }) => load.name))]
    return names.flatMap((name) => loadRows(kernel, name, samples.filter(({ load }) => load.name === name)))
  })
  if (rows.length === 0) return []
  const columns = [
    key("kernel"),
    key("load"),
    left("unit"),
    right("done"),
    right("per s"),
    right("failed"),
    right("p50"),
    right("p99")
  ]
  return [table(columns, rows)]
}
