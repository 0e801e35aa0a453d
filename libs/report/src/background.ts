// What ran besides the workload: the rates and latencies of background loads.
import type { BackgroundResult } from "@swaplab/cluster"
import { type ExperimentResult, medianOf, runsOf } from "@swaplab/experiment"
import { type Block, key, left, right, type Row, table } from "./document.ts"
import { count, latency, NONE } from "./format.ts"

interface Sample {
  readonly load: BackgroundResult
  readonly seconds: number
}

/** Background loads by kernel, all clients: medians over seeds. Nothing when the scenario has none. */
export const backgroundTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const rows = result.plan.kernels.flatMap((kernel): ReadonlyArray<Row> => {
    const samples = runsOf(result.runs, kernel).flatMap((run) =>
      run.clients.flatMap((client): ReadonlyArray<Sample> =>
        client.background.map((load) => ({ load, seconds: client.elapsedNs / 1e9 }))
      )
    )
    const names = [...new Set(samples.map(({ load }) => load.name))]
    return names.map((name): Row => {
      const same = samples.filter(({ load }) => load.name === name)
      const middle = (of: (sample: Sample) => number): number => medianOf(same.map(of))
      const latencies = same.flatMap(({ load }) => load.latency ?? [])
      return [
        kernel,
        name,
        same[0].load.unit,
        count(middle(({ load }) => load.done)),
        count(middle(({ load, seconds }) => seconds > 0 ? load.done / seconds : 0)),
        count(middle(({ load }) => load.failed)),
        ...(latencies.length === 0
          ? [NONE, NONE]
          : [latency(medianOf(latencies.map((of) => of.p50Ns))), latency(medianOf(latencies.map((of) => of.p99Ns)))])
      ]
    })
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
