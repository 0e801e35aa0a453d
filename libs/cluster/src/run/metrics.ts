// The figures of a result that a threshold can name. One table, and the figures of workloads beside it: they feed the parser,
// the check, the documentation and the columns of CSV files.
import { RATE, SHARE, SIZE, TIME } from "@swaplab/config"
import { VMSTAT_NAMES } from "@swaplab/page-alloc"
import type { Workload, WorkloadTable } from "@swaplab/workload"
import { perTable } from "../scenario/per-table.ts"
import { DROP_SITE_NAMES, DROP_SITES, totalDrops } from "./drop-sites.ts"
import { latencies } from "./latency-metrics.ts"
import type { LatencySummary } from "./latency-summary.ts"
import { NO_LATENCY } from "./latency.ts"
import { LOST_METRICS } from "./lost-metrics.ts"
import { client, group, type Metric, type MetricUnit, run, server, type ServerFigures } from "./metric.ts"
import type { CableResult, DirectionResult, PortResult } from "./network-result.ts"
import type { ClientResult, GroupResult, RunResult, WorkloadResult } from "./result.ts"
import type { ApplicationsResult } from "./server-result.ts"
import type { CompressedResult, CryptResult } from "./swap-layers-result.ts"

/** The servers of a run with their ports. */
export const serversWithPorts = ({ network, servers }: RunResult): ReadonlyArray<ServerFigures> =>
  servers.map((result, i) => ({ result, port: network.servers[i] }))

const perSecond = (bytes: number, ns: number): number | null => (ns === 0 ? null : (bytes * 8 * 1e9) / ns)

/** Every port of a run. */
export const portsOf = ({ clients, network }: RunResult): ReadonlyArray<PortResult> => [
  ...network.servers,
  ...clients.map((of) => of.network.port),
  ...(network.applications === null ? [] : [network.applications]),
  ...(network.otherHosts === null ? [] : [network.otherHosts])
]

const applications = (
  unit: MetricUnit,
  meaning: string,
  of: (applications: ApplicationsResult) => number
): Metric => ({
  scope: "run",
  unit,
  meaning: `${meaning}; server of thin clients' programs`,
  of: (r) => r.applications === null ? null : of(r.applications)
})

const largest = (values: ReadonlyArray<number>): number => values.reduce((most, value) => Math.max(most, value), 0)

const total = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0)

type Faults = RunResult["faults"]

/** Figures of the faults of a scenario. */
const FAULT_METRICS: Readonly<
  Record<string, readonly [unit: MetricUnit, meaning: string, of: (faults: Faults) => number | null]>
> = {
  back: [
    TIME,
    "longest time from the beginning of a fault until the last client that stood still went on",
    (faults) => {
      const times = faults.flatMap(({ backAfterNs }) => backAfterNs ?? [])
      return times.length === 0 ? null : largest(times)
    }
  ],
  notBack: [null, "clients that stood still to the end, each fault by itself", (of) => total(of.map((f) => f.notBack))],
  still: [
    TIME,
    "time that clients stood still during and after faults, all together",
    (of) => total(of.map((f) => f.stillNs))
  ],
  harmed: [
    null,
    "most clients that a fault has cost a program, a boot, or all that was to come (lockup, standstill)",
    (of) => largest(of.map((f) => f.clients - f.unharmed))
  ],
  hitNothing: [null, "faults that hit nothing", (of) => of.filter(({ hit }) => !hit).length]
}

const ofPorts = (run: RunResult, of: (port: PortResult) => number): number =>
  portsOf(run).reduce((sum, port) => sum + of(port), 0)

/** Both directions of some cables. */
const directionsOf = (cables: ReadonlyArray<CableResult>): ReadonlyArray<DirectionResult> =>
  cables.flatMap(({ down, up }) => [up, down])

const ofUplinks = ({ network }: RunResult, of: (direction: DirectionResult) => number): number =>
  total(directionsOf(network.uplinks).map(of))

const networkDrops = (run: RunResult): number =>
  ofPorts(run, (port) => totalDrops(port.drops)) + ofUplinks(run, droppedOn)

/** Frames that a direction of a cable has lost. */
const droppedOn = ({ lost, noRoom, unplugged }: DirectionResult): number => lost + noRoom + unplugged

/** The largest figure of a direction of an uplink; null without uplinks. */
const uplinks = (unit: MetricUnit, meaning: string, of: (direction: DirectionResult) => number): Metric => ({
  scope: "run",
  unit,
  meaning,
  of: ({ network }) => network.uplinks.length === 0 ? null : largest(directionsOf(network.uplinks).map(of))
})

/** Compressed memory, and encryption; null on a client that has none. */
const compressed = (unit: MetricUnit, meaning: string, of: (stored: CompressedResult) => number | null): Metric =>
  client(unit, meaning, ({ swapLayers }) => {
    const stored = swapLayers?.compressed ?? null
    return stored === null ? null : of(stored)
  })

const encrypted = (unit: MetricUnit, meaning: string, of: (crypt: CryptResult) => number): Metric =>
  client(unit, meaning, ({ swapLayers }) => {
    const crypt = swapLayers?.crypt ?? null
    return crypt === null ? null : of(crypt)
  })

const SWAP_LAYER_METRICS = {
  "client.compressed.stored": compressed(SIZE, "bytes of pages that zram or zswap took", (c) => c.storedBytes),
  "client.compressed.size": compressed(SIZE, "the same, compressed", (c) => c.compressedBytes),
  "client.compressed.ratio": compressed(null, "the one over the other", (c) => c.ratio),
  "client.compressed.loaded": compressed(SIZE, "bytes of pages read back from it", (c) => c.loadedBytes),
  "client.compressed.mostHeld": compressed(SIZE, "most bytes of pages that it held", (c) => c.mostHeldBytes),
  "client.compressed.mostPool": compressed(SIZE, "most memory that it took for them", (c) => c.mostPoolBytes),
  "client.compressed.refused": compressed(null, "pages that it did not take", (c) => c.refusedPages),
  "client.compressed.writeback": compressed(SIZE, "bytes that zswap wrote to the server", (c) => c.writebackBytes),
  "client.compressed.cpu": compressed(TIME, "CPU time of the compressor", (c) => c.cpuNs),
  "client.encrypted.written": encrypted(SIZE, "bytes encrypted on the way to the server", (c) => c.encryptedBytes),
  "client.encrypted.read": encrypted(SIZE, "bytes decrypted on the way back", (c) => c.decryptedBytes),
  "client.encrypted.cpu": encrypted(TIME, "CPU time of the cipher", (c) => c.cpuNs),
  "client.encrypted.poolWaits": encrypted(null, "sleeps for the pools of dm-crypt", (c) => c.poolWaits)
} as const satisfies Readonly<Record<string, Metric>>

/** Every metric by its name; `client.vmstat.<counter>` exists besides, for each counter of /proc/vmstat. */
const METRICS = {
  elapsed: run(TIME, "all workloads, first start to last exit", (r) => r.elapsedNs),
  user: run(TIME, "CPU time in user mode, all clients", (r) => r.userNs),
  sys: run(TIME, "CPU time in the kernel, all clients", (r) => r.sysNs),
  "client.started": client(TIME, "when its workload started", (c) => c.startedNs),
  "client.elapsed": client(TIME, "one client's workload", (c) => c.startedNs === null ? null : c.elapsedNs),
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
  ...latencies("client.faultLatency", "major faults", client, (c: ClientResult) => c.faultLatency),
  "client.root.read": client(SIZE, "bytes read from the device of the root image", (c) => c.root?.readBytes ?? null),
  "client.root.refaults": client(
    null,
    "pages of the root image read again after reclaim had dropped them",
    (c) => c.root?.refaults ?? null
  ),
  "client.root.readErrors": client(
    null,
    "pages of the root image that could not be read",
    (c) => c.root?.readErrors ?? null
  ),
  ...SWAP_LAYER_METRICS,
  ...LOST_METRICS,
  "client.oomKills": client(null, "processes killed for lack of memory", (c) => c.oomKills),
  "client.integrityErrors": client(null, "pages that came back wrong", (c) => c.integrityErrors),
  "client.failedAllocations": client(null, "page allocations that failed", (c) => c.failedAllocations),
  "client.network.received": client(SIZE, "bytes of frames sent to it", (c) => c.network.rxBytes),
  "client.network.sent": client(SIZE, "bytes of frames that it sent", (c) => c.network.txBytes),
  "client.network.rxDropped": client(null, "packets dropped above the ring", (c) => c.network.rxDropped),
  "client.network.interrupts": client(null, "interrupts of the card", (c) => c.network.interrupts),
  "client.network.rxMissed": client(null, "packets without a descriptor", (c) => c.network.rxMissed),
  "client.network.allocFailed": client(null, "receive buffers not allocated", (c) => c.network.allocFailed),
  "client.network.retransmits": client(null, "TCP segments sent again", (c) => c.network.retransmits),
  "client.network.rtos": client(null, "TCP retransmission timeouts", (c) => c.network.rtos),
  "client.network.recoveries": client(
    null,
    "recoveries of lost TCP segments",
    ({ network: { tcp } }) => tcp.TCPSackRecovery + tcp.TCPRenoRecovery
  ),
  "client.network.undone": client(
    null,
    "cuts of a TCP window that were for nothing",
    ({ network: { tcp } }) => tcp.TCPFullUndo + tcp.TCPPartialUndo + tcp.TCPDSACKUndo + tcp.TCPLossUndo
  ),
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
  ...Object.fromEntries(
    Object.entries(FAULT_METRICS).map(([name, [unit, meaning, of]]) => [
      `faults.${name}`,
      run(unit, meaning, ({ faults }) => of(faults))
    ])
  ),
  "network.dropped": run(null, "packets dropped, all machines and places", networkDrops),
  "switch.dropped": run(
    null,
    "frames without room in a switch",
    (r) => ofPorts(r, (port) => port.drops.switchBuffer) + ofUplinks(r, ({ noRoom }) => noRoom)
  ),
  "switch.droppedBytes": run(
    SIZE,
    "their bytes",
    (r) => ofPorts(r, (port) => port.switchDroppedBytes) + ofUplinks(r, ({ noRoomBytes }) => noRoomBytes)
  ),
  "switch.bufferHighWater": run(
    SIZE,
    "most bytes in the buffer of a switch",
    (r) => largest(r.network.switches.map((of) => of.bufferHighWaterBytes))
  ),
  "switch.pauseFrames": run(
    null,
    "orders to pause or to go on",
    (r) => ofPorts(r, (port) => port.pauseFrames) + ofUplinks(r, ({ pauseFrames }) => pauseFrames)
  ),
  "uplink.utilisation": uplinks(
    SHARE,
    "use of the busiest direction of a cable between switches",
    (of) => of.utilisation
  ),
  "uplink.dropped": uplinks(null, "most frames that a direction of a cable between switches has lost", droppedOn),
  "uplink.paused": uplinks(TIME, "longest silence of a direction of a cable between switches", (of) => of.pausedNs),
  "server.paused": server(TIME, "time the switch let it not send", (s) => s.port.pausedNs),
  "server.requests": server(null, "NBD requests served", (s) => s.result.requests),
  "server.read": server(SIZE, "bytes sent to clients", (s) => s.result.readBytes),
  "server.write": server(SIZE, "bytes received from clients", (s) => s.result.writeBytes),
  "server.linkInUtilisation": server(SHARE, "use of the link into the server", (s) => s.result.linkInUtilisation),
  "server.linkOutUtilisation": server(SHARE, "use of the link out of the server", (s) => s.result.linkOutUtilisation),
  "server.cpuUtilisation": server(SHARE, "use of the server's CPUs", (s) => s.result.cpuUtilisation),
  "server.diskUtilisation": server(SHARE, "use of the server's disk", (s) => s.result.diskUtilisation),
  "server.cacheHitRatio": server(SHARE, "reads served from the page cache", (s) => s.result.cacheHitRatio),
  "server.imageRead": server(
    SIZE,
    "bytes of root images sent to clients",
    (s) => s.result.images.reduce((sum, { readBytes }) => sum + readBytes, 0)
  ),
  "server.rateWaited": server(
    TIME,
    "time that connections had to wait for their rate, all together",
    (s) => s.result.rateWaitedNs
  ),
  "server.noSpace": server(null, "writes refused because the disk was full", (s) => s.result.noSpace),
  "server.meanInSystem": server(null, "requests in the server on average", (s) => s.result.meanInSystem),
  "server.throughputPerSecond": server(null, "NBD requests that arrive a second", (s) => s.result.throughputPerSecond),
  "server.meanResidence": server(TIME, "mean time of a request in the server", (s) => s.result.meanResidenceNs),
  "applications.cpuUtilisation": applications(SHARE, "use of its CPUs", (a) => a.cpuUtilisation),
  "applications.linkInUtilisation": applications(SHARE, "use of the link into it", (a) => a.linkInUtilisation),
  "applications.linkOutUtilisation": applications(SHARE, "use of the link out of it", (a) => a.linkOutUtilisation),
  "applications.diskUtilisation": applications(SHARE, "use of the disk it swaps to", (a) => a.diskUtilisation),
  "applications.lowestFree": applications(SIZE, "its least free memory", (a) => a.lowestFreeBytes),
  "applications.swapIn": applications(SIZE, "bytes swapped in", (a) => a.swapInBytes),
  "applications.swapOut": applications(SIZE, "bytes swapped out", (a) => a.swapOutBytes),
  "applications.oomKills": applications(null, "processes killed for lack of memory", (a) => a.oomKills)
} as const satisfies Readonly<Record<string, Metric>>

/** A metric that every scenario has. */
export type MetricName = keyof typeof METRICS

/** What a client has measured of a workload, or null if it does not run it. */
const ofClient = (name: string) => ({ background, workload }: ClientResult): WorkloadResult | null =>
  [workload, ...background].find((result) => result.workload === name) ?? null

/** The same of a group. */
const ofGroup = (name: string) => ({ workload }: GroupResult): WorkloadResult | null =>
  workload.workload === name ? workload : null

/** The figures of one workload, each of a subject that has measured it. */
const figures = <A>(
  prefix: string,
  [name, { metrics, operations, title }]: readonly [name: string, row: Workload],
  metric: (unit: MetricUnit, meaning: string, of: (subject: A) => number | null) => Metric,
  resultOf: (subject: A) => WorkloadResult | null
): Readonly<Record<string, Metric>> => {
  const what = `${operations?.unit ?? ""} of ${title ?? name}`
  const latency = (subject: A): LatencySummary | null => {
    const result = resultOf(subject)
    return result === null ? null : (result.latency ?? NO_LATENCY)
  }
  return {
    ...(operations !== null && {
      [`${prefix}.done`]: metric(null, what, (subject) => resultOf(subject)?.done ?? null),
      [`${prefix}.failed`]: metric(null, `${what} that failed`, (subject) => resultOf(subject)?.failed ?? null),
      ...(operations.latency && latencies(`${prefix}.latency`, what, metric, latency))
    }),
    ...Object.assign(
      {},
      ...Object.entries(metrics).map(([figure, { kind, meaning, unit }]) =>
        kind === "count"
          ? { [`${prefix}.${figure}`]: metric(unit, meaning, (subject) => resultOf(subject)?.figures[figure] ?? null) }
          : latencies(
            `${prefix}.${figure}`,
            meaning,
            metric,
            (subject: A) => resultOf(subject)?.latencies[figure] ?? null
          )
      )
    ) as Readonly<Record<string, Metric>>
  }
}

/** The figures of one workload: of each client, and of what is measured also of each group. */
const workloadMetrics = (row: readonly [name: string, row: Workload]): Readonly<Record<string, Metric>> => ({
  ...figures(`client.${row[0]}`, row, client, ofClient(row[0])),
  ...(row[1].slot === "workload" && figures(`group.${row[0]}`, row, group, ofGroup(row[0])))
})

/** All metrics where clients run workloads of a table. */
export const metricsOf = perTable((workloads: WorkloadTable): Readonly<Record<string, Metric>> => ({
  ...METRICS,
  ...Object.assign({}, ...Object.entries(workloads).map(workloadMetrics)) as Readonly<
    Record<string, Metric>
  >
}))

const VMSTAT = /^client\.vmstat\.([a-z0-9_]+)$/

/** The metric of a name, or null: a counter of /proc/vmstat must be one that some kernel here prints. */
export const metricOf = (name: string, workloads?: WorkloadTable): Metric | null => {
  const metrics = metricsOf(workloads)
  if (Object.hasOwn(metrics, name)) return metrics[name]
  const counter = VMSTAT.exec(name)
  if (counter === null) return null
  const key = counter[1]
  if (!VMSTAT_NAMES.includes(key)) return null
  return client(null, `${key} of /proc/vmstat`, (c) => c.vmstat[key] ?? 0)
}
