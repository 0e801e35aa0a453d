// What the measured workload has measured, by group of clients: what people feel, or how far a program got. Medians over
// seeds of what all clients of a group have measured together.
import { type GroupResult, hasLatencies, type Latencies, type LatencySummary } from "@swaplab/cluster"
import { type ExperimentResult, medianOf, type Plan, runsOf } from "@swaplab/experiment"
import { BLANK, type Block, key, paragraph, right, type Row, table } from "./document.ts"
import { count, latency } from "./format.ts"

/** The same group in each seed. */
type Seeds = ReadonlyArray<GroupResult>

/** Name of a figure in words: pageLoad becomes page load. */
const words = (figure: string): string => figure.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** A share in at most four characters. */
const share = (value: number): string => `${(value * 100).toFixed(value > 0 && value < 0.0995 ? 1 : 0)}%`

const latencyRow = (start: Row, figure: string, all: ReadonlyArray<LatencySummary>): ReadonlyArray<Row> => {
  const found = all.filter(hasLatencies)
  const middle = (of: (summary: Latencies) => number): number => medianOf(found.map(of))
  const time = (of: (summary: Latencies) => number): string => latency(middle(of)).replace(" ", "")
  if (found.length === 0) return []
  return [[
    ...start,
    figure,
    count(middle((summary) => summary.count)),
    time((summary) => summary.p50Ns),
    time((summary) => summary.p95Ns),
    time((summary) => summary.p99Ns),
    time((summary) => summary.maxNs),
    share(middle((summary) => summary.over1s / summary.count)),
    share(middle((summary) => summary.over10s / summary.count))
  ]]
}

const latencyRows = (start: Row, seeds: Seeds): ReadonlyArray<Row> => {
  const [{ workload: first }] = seeds
  return [
    ...(first.unit === null
      ? []
      : latencyRow(start, first.unit, seeds.flatMap(({ workload }) => workload.latency ?? []))),
    ...Object.keys(first.latencies).flatMap((figure) =>
      latencyRow(start, words(figure), seeds.map(({ workload }) => workload.latencies[figure]))
    )
  ]
}

const countRows = (start: Row, seeds: Seeds): ReadonlyArray<Row> => {
  const [{ clients, workload: first }] = seeds
  const row = (name: string, of: (group: GroupResult) => number): Row => {
    const total = medianOf(seeds.map(of))
    return [...start, name, count(total), (total / clients).toFixed(1)]
  }
  return [
    ...(first.unit === null ? [] : [
      row(first.unit, ({ workload }) => workload.done),
      row(`${first.unit} that failed`, ({ workload }) => workload.failed)
    ]),
    ...Object.keys(first.figures).map((figure) => row(words(figure), ({ workload }) => workload.figures[figure]))
  ]
}

/** Runs, and what of their plan the tables name. */
interface Measured extends Pick<ExperimentResult, "runs"> {
  readonly plan: Pick<Plan, "kernels" | "loaded">
}

/** The tables of the measured workload. Nothing where no group measures anything. */
export const workloadTables = (result: Measured): ReadonlyArray<Block> => {
  // a column with the same name in every row would take the room of a figure
  const named = { kernel: result.plan.kernels.length > 1, group: result.plan.loaded.scenario.clients.length > 1 }
  const rowsOf = (rows: (start: Row, seeds: Seeds) => ReadonlyArray<Row>): ReadonlyArray<Row> =>
    result.plan.kernels.flatMap((kernel) => {
      const groups = runsOf(result.runs, kernel).flatMap((run) => run.groups)
      return [...new Set(groups.map(({ group }) => group))].flatMap((name) =>
        rows(
          [...(named.kernel ? [kernel] : []), ...(named.group ? [name] : [])],
          groups.filter(({ group }) => group === name)
        )
      )
    })
  const latencies = rowsOf(latencyRows)
  const counts = rowsOf(countRows)
  const start = [...(named.kernel ? [key("kernel")] : []), ...(named.group ? [key("group")] : [])]
  return [
    ...(latencies.length === 0 ? [] : [
      table([
        ...start,
        key("latency of"),
        right("count"),
        right("p50"),
        right("p95"),
        right("p99"),
        right("max"),
        right(">1s"),
        right(">10s")
      ], latencies),
      paragraph(
        "All clients of a group together; what nobody did is left out. >10s: a person would say that the machine is frozen."
      )
    ]),
    ...(latencies.length === 0 || counts.length === 0 ? [] : [BLANK]),
    ...(counts.length === 0 ? [] : [table([...start, key("figure"), right("all"), right("a client")], counts)])
  ]
}
