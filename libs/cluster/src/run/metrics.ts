// The figures of a result that a threshold can name. One table: it feeds the parser, the check and the documentation.
import { RATE, SHARE, SIZE, TIME, type UnitKind } from "@swaplab/config"
import { VMSTAT_NAMES } from "@swaplab/page-alloc"
import { DROP_SITE_NAMES, DROP_SITES, totalDrops } from "./drop-sites.ts"
import type { ClientResult, LatencySummary, PortResult, RunResult } from "./result.ts"

/** Unit of a metric: null is a plain number. */
type MetricUnit = UnitKind | null

/** One metric. Those of clients have a value for every client, the others one for a run. */
export type Metric =
  | {
    readonly scope: "run"
    readonly unit: MetricUnit
    readonly meaning: string
    readonly of: (run: RunResult) => number
  }
  | {
    readonly scope: "client"
    readonly unit: MetricUnit
    readonly meaning: string
    readonly of: (client: ClientResult) => number
  }

const run = (unit: MetricUnit, meaning: string, of: (run: RunResult) => number): Metric => ({
  scope: "run",
  unit,
  meaning,
  of
})

const client = (unit: MetricUnit, meaning: string, of: (client: ClientResult) => number): Metric => ({
  scope: "client",
  unit,
  meaning,
  of
})

const latency = (meaning: string, key: Exclude<keyof LatencySummary, "count">): Metric =>
  client(TIME, meaning, (c) => c.faultLatency[key])

const perSecond = (bytes: number, ns: number): number => (ns === 0 ? 0 : (bytes * 8 * 1e9) / ns)

/** Every port of a run. */
export const portsOf = ({ clients, network }: RunResult): ReadonlyArray<PortResult> => [
  network.server,
  ...clients.map((of) => of.network.port),
  ...(network.otherHosts === null ? [] : [network.otherHosts])
]

const ofPorts = (run: RunResult, of: (port: PortResult) => number): number =>
  portsOf(run).reduce((sum, port) => sum + of(port), 0)

const networkDrops = (run: RunResult): number => ofPorts(run, (port) => totalDrops(port.drops))

/** Every metric by its name; `client.vmstat.<counter>` exists besides, for each counter of /proc/vmstat. */
export const METRICS: Readonly<Record<string, Metric>> = {
  elapsed: run(TIME, "all workloads, first start to last exit", (r) => r.elapsedNs),
  user: run(TIME, "CPU time in user mode, all clients", (r) => r.userNs),
  sys: run(TIME, "CPU time in the kernel, all clients", (r) => r.sysNs),
  "client.elapsed": client(TIME, "one client's workload", (c) => c.elapsedNs),
  "client.user": client(TIME, "CPU time in user mode", (c) => c.userNs),
  "client.sys": client(TIME, "CPU time in the kernel", (c) => c.sysNs),
  "client.pagesTouched": client(null, "touches of pages", (c) => c.pagesTouched),
  "client.swapIn": client(SIZE, "bytes swapped in", (c) => c.swapInBytes),
  "client.swapOut": client(SIZE, "bytes swapped out", (c) => c.swapOutBytes),
  "client.swapInRate": client(RATE, "swap-in over the workload's time", (c) => perSecond(c.swapInBytes, c.elapsedNs)),
  "client.swapOutRate": client(
    RATE,
    "swap-out over the workload's time",
    (c) => perSecond(c.swapOutBytes, c.elapsedNs)
  ),
  "client.faultLatency.count": client(null, "major faults", (c) => c.faultLatency.count),
  "client.faultLatency.mean": latency("mean latency of a major fault", "meanNs"),
  "client.faultLatency.p50": latency("median latency of a major fault", "p50Ns"),
  "client.faultLatency.p90": latency("90th percentile", "p90Ns"),
  "client.faultLatency.p95": latency("95th percentile", "p95Ns"),
  "client.faultLatency.p99": latency("99th percentile", "p99Ns"),
  "client.faultLatency.p999": latency("99.9th percentile", "p999Ns"),
  "client.faultLatency.max": latency("longest major fault", "maxNs"),
  "client.oomKills": client(null, "processes killed for lack of memory", (c) => c.oomKills),
  "client.integrityErrors": client(null, "pages that came back wrong", (c) => c.integrityErrors),
  "client.failedAllocations": client(null, "page allocations that failed", (c) => c.failedAllocations),
  "client.network.rxDropped": client(null, "packets dropped above the ring", (c) => c.network.rxDropped),
  "client.network.rxMissed": client(null, "packets without a descriptor", (c) => c.network.rxMissed),
  "client.network.allocFailed": client(null, "receive buffers not allocated", (c) => c.network.allocFailed),
  "client.network.retransmits": client(null, "TCP segments sent again", (c) => c.network.retransmits),
  "client.network.rtos": client(null, "TCP retransmission timeouts", (c) => c.network.rtos),
  "client.network.pfmemallocDrops": client(
    null,
    "reserve packets dropped by sk_filter",
    (c) => c.network.pfmemallocDrops
  ),
  "client.network.duplicates": client(null, "segments that arrived twice", (c) => c.network.duplicates),
  "client.network.dropped": client(null, "packets of it dropped, all places", (c) => totalDrops(c.network.port.drops)),
  ...Object.fromEntries(DROP_SITE_NAMES.map((site) => [
    `client.network.drops.${site}`,
    client(null, DROP_SITES[site].meaning, (c) => c.network.port.drops[site])
  ])),
  "client.network.paused": client(TIME, "time the switch let it not send", (c) => c.network.port.pausedNs),
  "network.dropped": run(null, "packets dropped, all machines and places", networkDrops),
  "switch.dropped": run(
    null,
    "frames without room in the switch",
    (r) => ofPorts(r, (port) => port.drops.switchBuffer)
  ),
  "switch.droppedBytes": run(SIZE, "their bytes", (r) => ofPorts(r, (port) => port.switchDroppedBytes)),
  "switch.bufferHighWater": run(SIZE, "most bytes in its buffer", (r) => r.network.bufferHighWaterBytes),
  "switch.pauseFrames": run(null, "orders to pause or to go on", (r) => ofPorts(r, (port) => port.pauseFrames)),
  "server.paused": run(TIME, "time the switch let the server not send", (r) => r.network.server.pausedNs),
  "server.requests": run(null, "NBD requests served", (r) => r.server.requests),
  "server.read": run(SIZE, "bytes sent to clients", (r) => r.server.readBytes),
  "server.write": run(SIZE, "bytes received from clients", (r) => r.server.writeBytes),
  "server.linkInUtilisation": run(SHARE, "use of the link into the server", (r) => r.server.linkInUtilisation),
  "server.linkOutUtilisation": run(SHARE, "use of the link out of the server", (r) => r.server.linkOutUtilisation),
  "server.cpuUtilisation": run(SHARE, "use of the server's CPUs", (r) => r.server.cpuUtilisation),
  "server.diskUtilisation": run(SHARE, "use of the server's disk", (r) => r.server.diskUtilisation),
  "server.cacheHitRatio": run(SHARE, "reads served from the page cache", (r) => r.server.cacheHitRatio),
  "server.noSpace": run(null, "writes refused because the disk was full", (r) => r.server.noSpace),
  "server.meanInSystem": run(null, "requests in the server on average", (r) => r.server.meanInSystem),
  "server.throughputPerSecond": run(null, "NBD requests that arrive a second", (r) => r.server.throughputPerSecond),
  "server.meanResidence": run(TIME, "mean time of a request in the server", (r) => r.server.meanResidenceNs)
}

const VMSTAT = /^client\.vmstat\.([a-z0-9_]+)$/

/** The metric of a name, or null: a counter of /proc/vmstat must be one that some kernel here prints. */
export const metricOf = (name: string): Metric | null => {
  if (Object.hasOwn(METRICS, name)) return METRICS[name]
  const counter = VMSTAT.exec(name)
  if (counter === null) return null
  const key = counter[1]
  if (!VMSTAT_NAMES.includes(key)) return null
  return client(null, `${key} of /proc/vmstat`, (c) => c.vmstat[key] ?? 0)
}
