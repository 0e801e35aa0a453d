// The server on which the programs of thin clients run: which of RAM, cores, link and disk gives out.
import type { ApplicationsResult } from "@swaplab/cluster"
import { type ExperimentResult, medianOf, runsOf } from "@swaplab/experiment"
import { type Block, key, right, type Row, table } from "./document.ts"
import { count, latency, megabytes, percent } from "./format.ts"

const FIGURES: ReadonlyArray<
  readonly [name: string, of: (host: ApplicationsResult) => number | null, text: (value: number) => string]
> = [
  ["people", (host) => host.people, count],
  ["RAM in use at most", (host) => 1 - host.lowestFreeBytes / host.ramBytes, percent],
  ["swapped out, MB", (host) => host.swapOutBytes, megabytes],
  ["swapped in, MB", (host) => host.swapInBytes, megabytes],
  ["page faults that read, p99", (host) => host.faultLatency.p99Ns, latency],
  ["cores", (host) => host.cpuUtilisation, percent],
  ["link to the people", (host) => host.linkOutUtilisation, percent],
  ["link from the people", (host) => host.linkInUtilisation, percent],
  ["disk that it swaps to", (host) => host.diskUtilisation, percent],
  ["pictures sent, MB", (host) => host.pictureBytes, megabytes],
  ["programs killed for want of memory", (host) => host.oomKills, count]
]

/** Its figures by kernel, medians over seeds. Nothing without thin clients. */
export const applicationsTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const kernels = result.plan.kernels.flatMap((kernel) => {
    const hosts = runsOf(result.runs, kernel).flatMap(({ applications }) => applications ?? [])
    return hosts.length === 0 ? [] : [{ kernel, hosts }]
  })
  if (kernels.length === 0) return []
  const rows = FIGURES.map(([name, of, text]): Row => [
    name,
    ...kernels.map(({ hosts }) => text(medianOf(hosts.map(of))))
  ])
  return [table([key("figure"), ...kernels.map(({ kernel }) => right(kernel))], rows)]
}
