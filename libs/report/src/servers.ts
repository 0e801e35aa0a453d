// The NBD servers, and what they served of the images of roots: medians over seeds.
import type { RunResult, ServerResult } from "@swaplab/cluster"
import { type ExperimentResult, medianOf, runsOf } from "@swaplab/experiment"
import { type Block, type Column, key, paragraph, right, type Row, table } from "./document.ts"
import { count, decimal, latency, megabytes, percent } from "./format.ts"

/** One server over the seeds of a kernel. */
interface ServerRuns {
  readonly kernel: string
  readonly name: string
  readonly runs: ReadonlyArray<ServerResult>
}

/** Every server of every kernel, and whether there are several, so that their names matter. */
const serversOf = (
  result: ExperimentResult
): { readonly all: ReadonlyArray<ServerRuns>; readonly several: boolean } => {
  const names = result.runs[0]?.servers.map(({ name }) => name) ?? []
  return {
    several: names.length > 1,
    all: result.plan.kernels.flatMap((kernel) => {
      const runs: ReadonlyArray<RunResult> = runsOf(result.runs, kernel)
      return runs.length === 0
        ? []
        : names.map((name, i) => ({ kernel, name, runs: runs.map(({ servers }) => servers[i]) }))
    })
  }
}

/** The cells that say whose figures a row has. */
const whose = (several: boolean, { kernel, name }: ServerRuns): Row => several ? [kernel, name] : [kernel]
const columnsOf = (several: boolean, ...figures: ReadonlyArray<string>): ReadonlyArray<Column> => [
  key("kernel"),
  ...(several ? [key("server")] : []),
  ...figures.map(right)
]

/** The servers, by kernel: one row for each. */
export const serverTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const { all, several } = serversOf(result)
  if (all.length === 0) return []
  const rows = all.map((server): Row => {
    const middle = (of: (server: ServerResult) => number | null): number => medianOf(server.runs.map(of))
    return [
      ...whose(several, server),
      count(middle((of) => of.requests)),
      count(middle((of) => of.throughputPerSecond)),
      percent(middle((of) => of.linkInUtilisation)),
      percent(middle((of) => of.linkOutUtilisation)),
      percent(middle((of) => of.cpuUtilisation)),
      percent(middle((of) => of.diskUtilisation)),
      percent(middle((of) => of.cacheHitRatio)),
      decimal(middle((of) => of.meanInSystem)),
      latency(middle((of) => of.meanResidenceNs))
    ]
  })
  const figures = ["requests", "per s", "link in", "link out", "CPU", "disk", "cache hits", "in system", "residence"]
  return [table(columnsOf(several, ...figures), rows)]
}

type ImageResult = ServerResult["images"][number]

/** What the servers served of each image, by kernel. Nothing where no client has its root on a server. */
export const imageTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const { all, several } = serversOf(result)
  const rows = all.flatMap((server) => {
    const names = [...new Set(server.runs.flatMap(({ images }) => images.map(({ name }) => name)))]
    return names.map((name): Row => {
      const images = server.runs.flatMap((run) => run.images.filter((image) => image.name === name))
      const middle = (of: (image: ImageResult) => number | null): number => medianOf(images.map(of))
      const share = (of: (image: ImageResult) => number): string =>
        percent(middle((image) => image.readBytes === 0 ? null : of(image) / image.readBytes))
      return [
        ...whose(several, server),
        name,
        count(middle(({ requests }) => requests)),
        megabytes(middle(({ readBytes }) => readBytes)),
        share(({ hitBytes }) => hitBytes),
        share(({ sharedBytes }) => sharedBytes),
        share(({ missBytes }) => missBytes)
      ]
    })
  })
  if (rows.length === 0) return []
  const columns = [
    ...columnsOf(several),
    key("image"),
    ...["requests", "read, MB", "from cache", "shared", "from disk"].map(right)
  ]
  return [table(columns, rows), paragraph("shared: it was on its way from the disk for another client.")]
}
