// Clients one by one, and their kernel counters.
import type { ClientResult, Outcome, RunResult } from "@swaplab/cluster"
import { formatTimeOfDay } from "@swaplab/config"
import { type ExperimentResult, medianOf, runsOf } from "@swaplab/experiment"
import { type Block, type Cell, key, left, paragraph, right, type Row, table, toned } from "./document.ts"
import { count, latency, megabytes, NONE, seconds } from "./format.ts"

/** Clients of a kernel that are shown. */
const MAX_CLIENTS = 60

const perSecond = (bytes: number, ns: number): number => (ns === 0 ? Number.NaN : (bytes * 1e9) / ns)

const sum = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)

const shortLatency = (ns: number | null): string => latency(ns).replace(" ", "")

/** An outcome, with what a reader should see at once. */
const outcomeCell = (outcome: Outcome): Cell =>
  toned(outcome, outcome === "completed" ? "good" : outcome === "stopped" ? null : "bad")

const swapRates = (clients: ReadonlyArray<ClientResult>, ns: number): string => {
  const inside = sum(clients.map((client) => client.swapInBytes))
  const outside = sum(clients.map((client) => client.swapOutBytes))
  return `${megabytes(perSecond(inside, ns))}/${megabytes(perSecond(outside, ns))}`
}

/** When clients started, where that differs from client to client: the cell of a client. Null: all started together. */
type StartCell = ((client: ClientResult) => Cell) | null

/** With a clock as times of day, else in seconds from the start of the run. */
const startCell = (runs: ReadonlyArray<RunResult>, clock: number | undefined): StartCell => {
  const starts = new Set(runs.flatMap((run) => run.clients.map(({ startedNs }) => startedNs)))
  if (starts.size < 2) return null
  return ({ startedNs }) =>
    startedNs === null ? NONE : clock === undefined ? seconds(startedNs) : formatTimeOfDay(clock + startedNs)
}

const clientRow = (run: RunResult, client: ClientResult, start: StartCell): Row => [
  run.kernel === client.kernel ? client.kernel : `${client.kernel} (${run.kernel})`,
  client.name,
  outcomeCell(client.outcome),
  ...(start === null ? [] : [start(client)]),
  seconds(client.elapsedNs),
  count(client.faultLatency.count),
  ...[client.faultLatency.p50Ns, client.faultLatency.p95Ns, client.faultLatency.p99Ns, client.faultLatency.maxNs]
    .map(shortLatency),
  swapRates([client], client.elapsedNs)
]

/** Sums over the clients of a run; of latencies the worst. */
const totalRow = (run: RunResult, start: StartCell): Row => {
  const faults = run.clients.map((client) => client.faultLatency)
  const worst = (key: "p50Ns" | "p95Ns" | "p99Ns" | "maxNs"): string =>
    shortLatency(Math.max(...faults.flatMap((fault) => fault[key] ?? [])))
  return [
    run.kernel,
    `all ${run.clients.length}`,
    outcomeCell(run.outcome),
    ...(start === null ? [] : [NONE]),
    seconds(run.elapsedNs),
    count(sum(faults.map((fault) => fault.count))),
    worst("p50Ns"),
    worst("p95Ns"),
    worst("p99Ns"),
    worst("maxNs"),
    swapRates(run.clients, run.elapsedNs)
  ]
}

/** The first run of every kernel that has one. */
const firstRuns = (result: ExperimentResult): ReadonlyArray<RunResult> =>
  result.plan.kernels.flatMap((kernel) => runsOf(result.runs, kernel).slice(0, 1))

/** The clients of each kernel's first seed. */
export const clientTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const runs = firstRuns(result)
  if (runs.length === 0) return []
  const { clock } = result.plan.loaded.scenario
  const start = startCell(runs, clock)
  const rows = runs.flatMap((run) => [
    ...run.clients.slice(0, MAX_CLIENTS).map((client) => clientRow(run, client, start)),
    ...(run.clients.length > 1 ? [totalRow(run, start)] : [])
  ])
  const hidden = sum(runs.map(({ clients }) => Math.max(0, clients.length - MAX_CLIENTS)))
  const columns = [
    key("kernel"),
    key("client"),
    left("outcome"),
    ...(start === null ? [] : [right(clock === undefined ? "start s" : "start")]),
    right("elapsed s"),
    right("faults"),
    right("p50"),
    right("p95"),
    right("p99"),
    right("max"),
    right("in/out MB/s")
  ]
  return [
    table(columns, rows),
    ...(hidden > 0 ? [paragraph(`${hidden} more rows are in result.json (--out).`)] : []),
    ...(start === null ? [] : [paragraph("start: of its workload; elapsed counts from there.")]),
    paragraph("faults: major faults; percentiles of the time until the page was there. all: the worst of them.")
  ]
}

/** Counters of /proc/vmstat that tell the story of a run. A star sums up the zones. */
const COUNTERS: ReadonlyArray<string> = [
  "pgfault",
  "pgmajfault",
  "pswpin",
  "pswpout",
  "allocstall",
  "pageoutrun",
  "pgscan_kswapd_*",
  "pgsteal_kswapd_*",
  "pgscan_direct_*",
  "pgsteal_direct_*",
  "pgscan_direct_throttle",
  "nr_vmscan_write",
  "kswapd_low_wmark_hit_quickly",
  "kswapd_skip_congestion_wait",
  "slabs_scanned"
]

const ZONES = ["dma", "dma32", "normal", "movable"]

const counterOf = (client: ClientResult, name: string): number | undefined => {
  if (!name.endsWith("*")) return client.vmstat[name]
  const parts = ZONES.map((zone) => client.vmstat[name.slice(0, -1) + zone]).filter((value) => value !== undefined)
  return parts.length === 0 ? undefined : sum(parts)
}

/** Median over runs of the sum over clients; null when no client has the counter. */
const medianOfRuns = (
  runs: ReadonlyArray<RunResult>,
  of: (client: ClientResult) => number | undefined
): number | null => {
  const totals = runs.flatMap((run) => {
    const values = run.clients.map(of).filter((value) => value !== undefined)
    return values.length === 0 ? [] : [sum(values)]
  })
  return totals.length === 0 ? null : medianOf(totals)
}

const OTHERS: ReadonlyArray<readonly [name: string, of: (client: ClientResult) => number]> = [
  ["page allocations failed", (client) => client.failedAllocations],
  ["rx buffers not allocated", (client) => client.network.allocFailed],
  ["rx packets without descriptor", (client) => client.network.rxMissed],
  ["rx packets dropped", (client) => client.network.rxDropped],
  ["dropped by sk_filter", (client) => client.network.pfmemallocDrops],
  ["tcp retransmits", (client) => client.network.retransmits],
  ["tcp recoveries", ({ network: { tcp } }) => tcp.TCPSackRecovery + tcp.TCPRenoRecovery],
  ["tcp timeouts", (client) => client.network.rtos],
  ["tcp timeouts too early (F-RTO)", ({ network: { tcp } }) => tcp.TCPSpuriousRTOs],
  ["oom kills", (client) => client.oomKills],
  ["wrong pages", (client) => client.integrityErrors]
]

/** Counters of all clients, by kernel. */
export const counterTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const kernels = result.plan.kernels.filter((kernel) => runsOf(result.runs, kernel).length > 0)
  if (kernels.length === 0) return []
  const row = (name: string, of: (client: ClientResult) => number | undefined): Row => [
    name,
    ...kernels.map((kernel) => count(medianOfRuns(runsOf(result.runs, kernel), of)))
  ]
  const rows = [
    ...COUNTERS.map((name) => row(name, (client) => counterOf(client, name))).filter((cells) =>
      cells.slice(1).some((cell) => cell !== NONE)
    ),
    ...OTHERS.map(([name, of]) => row(name, of))
  ]
  return [table([key("counter"), ...kernels.map(right)], rows)]
}
