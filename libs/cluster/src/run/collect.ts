// Puts the figures of a finished simulation together.
import { formatQuantity, plural, TIME, times } from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { Sim } from "@swaplab/sim"
import { addMib, TcpMib } from "@swaplab/tcp"
import type { Scenario } from "../scenario/scenario.ts"
import { applicationsResult } from "./application-result.ts"
import { ClientLoad } from "./client-load.ts"
import type { ClientRun } from "./client-run.ts"
import type { Client } from "./client.ts"
import { connectionResult } from "./collect-connection.ts"
import { networkResult, portResult } from "./collect-network.ts"
import { connectionsOf } from "./connection.ts"
import type { FaultScript } from "./fault-script.ts"
import { clusterLaws, littlesLaw } from "./laws.ts"
import { figuresOf } from "./machine-figures.ts"
import {
  type ClientResult,
  type GroupResult,
  type LawResult,
  type Outcome,
  OUTCOMES,
  type RunResult
} from "./result.ts"
import type { SeriesRecorder } from "./series.ts"
import type { ServerResult } from "./server-result.ts"
import { busyNs, type Server } from "./server.ts"
import { refusedByZram } from "./swap-layers.ts"
import type { Cluster } from "./topology.ts"

/** The sum over the ends of connections, as plain data. */
const tcpCounters = (ends: ReadonlyArray<{ readonly mib: TcpMib }>): Readonly<TcpMib> => {
  const sum = new TcpMib()
  for (const { mib } of ends) addMib(sum, mib)
  return { ...sum }
}

/** Figures of one client. */
export const clientResult = (run: ClientRun, outcome: Outcome): ClientResult => {
  const { client } = run
  const { connection, machine, power, spec } = client
  const of = figuresOf(client)
  const ends = connectionsOf(connection).flatMap((at) => at.ends)
  const ofEnds = (count: (end: (typeof ends)[number]) => number): number =>
    ends.reduce((sum, end) => sum + count(end), 0)
  return {
    name: spec.name,
    kernel: spec.kernel,
    outcome,
    startedNs: run.started ? client.startNs : null,
    elapsedNs: run.started ? (run.endedAt >= 0 ? run.endedAt : machine.sim.now) - client.startNs : 0,
    boots: power.boots,
    userNs: of.userNs,
    sysNs: of.sysNs,
    pagesTouched: of.pagesTouched,
    vmstat: of.vmstat,
    faultLatency: run.latency.summary(),
    swapInBytes: (of.vmstat["pswpin"] ?? 0) * PAGE_SIZE,
    swapOutBytes: (of.vmstat["pswpout"] ?? 0) * PAGE_SIZE,
    network: {
      rxPackets: client.down.deliveredFrames,
      txPackets: client.up.sentFrames,
      rxBytes: client.down.sentBytes,
      txBytes: client.up.sentBytes,
      rxDropped: of.rxDropped,
      rxMissed: of.rxMissed,
      interrupts: of.interrupts,
      allocFailed: of.allocFailed,
      retransmits: ofEnds((at) => at.retransmitted),
      rtos: ofEnds((at) => at.timeouts),
      pfmemallocDrops: of.pfmemallocDrops,
      duplicates: ofEnds((at) => at.duplicates),
      tcp: tcpCounters(ends),
      port: portResult(client.station)
    },
    workload: run.measured.result(),
    background: client.loads.filter((load) => !load.measured && load.counts).map((load) => load.result()),
    root: of.root,
    swapLayers: of.swapLayers,
    connection: connectionResult(run),
    oomKills: of.oomKills,
    integrityErrors: of.integrityErrors,
    failedAllocations: of.failedAllocations,
    firstFailedAllocation: of.firstFailedAllocation,
    reserveLeaks: of.reserveLeaks,
    lowWater: of.lowWater,
    lockup: run.lockup,
    livelock: run.livelock,
    standstill: outcome === "timeout" || outcome === "stopped" ? run.standstill : null,
    rescue: run.rescue
  }
}

const serverResult = (sim: Sim, server: Server): ServerResult => {
  const { cache, disk, host, server: { images, stats } } = server.machine
  const now = Math.max(1, sim.now)
  const lookups = cache === null ? 0 : cache.hits + cache.misses
  return {
    name: server.name,
    requests: stats.departures,
    readBytes: stats.pagesRead * PAGE_SIZE,
    writeBytes: stats.pagesWritten * PAGE_SIZE,
    linkInUtilisation: busyNs(server.in) / (now * server.in.length),
    linkOutUtilisation: busyNs(server.out) / (now * server.out.length),
    cpuUtilisation: host.busyNs() / (now * host.cpus),
    diskUtilisation: disk.stations.utilisation,
    cacheHitRatio: lookups === 0 ? null : (cache?.hits ?? 0) / lookups,
    images: [...images.values()].map(({ info, stats: of }) => ({
      name: info.name,
      requests: of.requests,
      readBytes: of.pagesRead * PAGE_SIZE,
      hitBytes: of.hits * PAGE_SIZE,
      missBytes: of.misses * PAGE_SIZE,
      sharedBytes: of.shared * PAGE_SIZE
    })),
    noSpace: stats.noSpace,
    rateWaits: stats.rateWaits,
    rateWaitedNs: stats.rateWaitedNs,
    troubles: server.machine.faultCounts(),
    meanInSystem: stats.meanResident(now),
    throughputPerSecond: stats.arrivals / now * 1e9,
    meanResidenceNs: stats.meanResidenceNs(now)
  }
}

/** The measured workloads, by group. */
const groupResults = (scenario: Scenario, { clients }: Cluster): ReadonlyArray<GroupResult> =>
  scenario.clients.flatMap((group) => {
    const loads = clients.filter(({ spec }) => spec.group === group).map(({ loads: [measured] }) => measured)
    if (loads.length === 0) return []
    return [{ group: group.name, clients: loads.length, workload: ClientLoad.resultOfAll(loads) }]
  })

/** The result of a simulation. */
export const collect = (
  scenario: Scenario,
  kernel: string,
  seed: number,
  cluster: Cluster,
  clients: ReadonlyArray<ClientResult>,
  recorder: SeriesRecorder,
  script: FaultScript,
  left: ReadonlyArray<LawResult>,
  timing: { readonly firstStartNs: number; readonly lastEndNs: number; readonly cpuSeconds: number }
): RunResult => {
  const servers = cluster.servers.map((server) => serverResult(cluster.sim, server))
  const sum = (value: (client: ClientResult) => number): number =>
    clients.reduce((total, client) => total + value(client), 0)
  return {
    scenario: scenario.name,
    kernel,
    seed,
    fingerprint: cluster.sim.fingerprint(),
    outcome: OUTCOMES.find((outcome) => clients.some((client) => client.outcome === outcome)) ?? "completed",
    simulatedNs: cluster.sim.now,
    events: cluster.sim.queue.fired,
    elapsedNs: timing.lastEndNs - timing.firstStartNs,
    userNs: sum((client) => client.userNs),
    sysNs: sum((client) => client.sysNs),
    clients,
    groups: groupResults(scenario, cluster),
    servers,
    applications: applicationsResult(cluster),
    network: networkResult(cluster),
    faults: script.results(),
    laws: [...clusterLaws(cluster), ...servers.map(littlesLaw), ...left],
    series: recorder.series(),
    warnings: [...warningsOf(cluster, scenario), ...script.warnings()],
    cpuSeconds: timing.cpuSeconds
  }
}

/** Clients that a warning names. */
const MAX_NAMES = 3

/** One warning for all clients of which the same is to be said. */
const together = (said: ReadonlyArray<readonly [client: string, text: string]>): ReadonlyArray<string> =>
  [...new Set(said.map(([, text]) => text))].map((text) => {
    const names = said.filter(([, other]) => other === text).map(([name]) => name)
    const more = names.length - MAX_NAMES
    return `${names.slice(0, MAX_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}: ${text}`
  })

/** Limits that were hit, and what else a reader must know. */
const warningsOf = (cluster: Cluster, { duration }: Scenario): ReadonlyArray<string> => [
  ...cluster.servers.flatMap(({ machine, name }) => {
    const { noSpace } = machine.server.stats
    return noSpace === 0 ? [] : [`the disk of ${name} was full: ${noSpace} writes were refused`]
  }),
  ...together(
    cluster.clients.flatMap((client) => warningsOfClient(client, duration).map((text) => [client.spec.name, text]))
  )
]

const warningsOfClient = (client: Client, duration: number): ReadonlyArray<string> => {
  const { machine, power, startNs } = client
  const { noSlot, readErrors, swapLayers, writeErrors } = figuresOf(client)
  const refused = refusedByZram(swapLayers)
  const links = [["nbd0", machine.nbdLink], ["nbd1", machine.rootNbd?.link ?? null]] as const
  const after = formatQuantity(TIME, Math.round((startNs - duration) / 1e9) * 1e9)
  return [
    ...(startNs < duration ? [] : [`its start was drawn ${after} after the end (duration), it did nothing`]),
    ...(noSlot === 0 ? [] : [`swap was full ${times(noSlot)}`]),
    ...links.flatMap(([device, link]) => {
      if (link === null || link.disconnects === 0) return []
      const lost = `the connection of ${device} was lost ${times(link.disconnects)}`
      return [link.reconnects === 0 ? lost : `${lost}, and made again ${times(link.reconnects)}`]
    }),
    ...(power.on ? [] : ["it had no power at the end"]),
    ...(refused === 0 ? [] : [`zram found no memory for ${plural(refused, "write")}`]),
    ...(readErrors + writeErrors > refused ? ["swap I/O errors"] : [])
  ]
}
