// Puts the figures of a finished simulation together.
import { formatQuantity, TIME } from "@swaplab/config"
import type { Machine } from "@swaplab/kernel"
import { PAGE_SIZE, PSWPIN, PSWPOUT, WMARK_MIN } from "@swaplab/page-alloc"
import type { TcpSocket } from "@swaplab/tcp"
import type { Scenario } from "../scenario/scenario.ts"
import { applicationsResult } from "./application-result.ts"
import { ClientLoad } from "./client-load.ts"
import type { ClientRun } from "./client-run.ts"
import { dropsOf, type Station } from "./drop-sites.ts"
import {
  imageTokens,
  littlesLaw,
  packetsConserved,
  pagesConserved,
  receivedConserved,
  retransmitsExplained,
  swapTokens,
  switchConserved
} from "./laws.ts"
import {
  type ClientResult,
  type GroupResult,
  type NetworkResult,
  type Outcome,
  OUTCOMES,
  type PortResult,
  type RootResult,
  type RunResult,
  type ServerResult
} from "./result.ts"
import type { SeriesRecorder } from "./series.ts"
import { connectionsOf } from "./server.ts"
import type { Cluster } from "./topology.ts"

/** Figures of one port. */
const portResult = (station: Station): PortResult => {
  const { fabric, port } = station
  return {
    name: port.name,
    drops: dropsOf(station),
    switchDroppedBytes: fabric.portDroppedBytes[port.port],
    queueHighWaterBytes: port.down.maxQueuedBytes,
    pauseFrames: fabric.pauseFramesTo(port.port),
    pausedNs: port.up.pausedNs
  }
}

const networkResult = ({ applicationStation, clients, fabric, stations }: Cluster): NetworkResult => {
  const [server, ...others] = stations.filter((station) => station !== applicationStation)
  const last = others[clients.length]
  return {
    bufferBytes: fabric.bufferBytes,
    bufferHighWaterBytes: fabric.maxUsedBytes,
    server: portResult(server),
    applications: applicationStation === null ? null : portResult(applicationStation),
    otherHosts: last === undefined ? null : portResult(last)
  }
}

const rootResult = ({ root }: Machine): RootResult | null =>
  root === null ? null : {
    readBytes: root.device.counters.readsEnded * PAGE_SIZE,
    refaults: root.files.refaults,
    readErrors: root.device.counters.readErrors,
    blocks: root.squashfs?.blocks ?? 0
  }

/** Figures of one client. */
export const clientResult = (run: ClientRun, outcome: Outcome): ClientResult => {
  const { machine, connection, spec } = run.client
  const { vmstat } = machine.pages
  const { clientSocket } = connection
  const sockets = connectionsOf(connection).flatMap((at) => [at.clientSocket, at.serverSocket])
  const ofSockets = (of: (socket: TcpSocket) => number): number => sockets.reduce((sum, at) => sum + of(at), 0)
  const values: Record<string, number> = {}
  for (const name of vmstat.names()) values[name] = vmstat.get(name)
  return {
    name: machine.name,
    kernel: spec.kernel,
    outcome,
    startedNs: run.started ? run.client.startNs : null,
    elapsedNs: run.started ? (run.endedAt >= 0 ? run.endedAt : machine.sim.now) - run.client.startNs : 0,
    ...machine.cpuTimes(),
    pagesTouched: machine.touched,
    vmstat: values,
    faultLatency: run.latency.summary(),
    swapInBytes: vmstat.items[PSWPIN] * PAGE_SIZE,
    swapOutBytes: vmstat.items[PSWPOUT] * PAGE_SIZE,
    network: {
      rxPackets: run.client.down.deliveredFrames,
      txPackets: run.client.up.sentFrames,
      rxDropped: machine.nic.rxDroppedTotal,
      rxMissed: machine.nic.rxMissed,
      allocFailed: machine.nic.allocRxBuffFailed,
      retransmits: ofSockets((at) => at.retransmitted),
      rtos: ofSockets((at) => at.timeouts),
      pfmemallocDrops: clientSocket.pfmemallocDrops + (connection.root?.clientSocket.pfmemallocDrops ?? 0) +
        run.client.sockets.reduce((sum, socket) => sum + socket.pfmemallocDrops, 0),
      duplicates: ofSockets((at) => at.duplicates),
      port: portResult(run.client.station)
    },
    workload: run.measured.result(),
    background: run.client.loads.filter((load) => !load.measured && load.counts).map((load) => load.result()),
    root: rootResult(machine),
    oomKills: machine.oomKills,
    integrityErrors: machine.corruptions.length,
    failedAllocations: machine.pages.counters.messages + machine.pages.counters.messagesSuppressed,
    firstFailedAllocation: machine.pages.firstFailure?.message ?? null,
    lowWater: machine.pages.populatedZones.map((zone) => ({
      zone: zone.name,
      lowestFree: zone.lowestFree,
      min: zone.watermark[WMARK_MIN]
    })),
    lockup: run.lockup,
    livelock: run.livelock,
    standstill: outcome === "timeout" ? run.standstill : null,
    rescue: run.rescue
  }
}

const serverResult = (cluster: Cluster): ServerResult => {
  const { server, serverIn, serverOut, sim } = cluster
  const { stats } = server.server
  const now = Math.max(1, sim.now)
  const cache = server.cache
  const lookups = cache === null ? 0 : cache.hits + cache.misses
  return {
    requests: stats.departures,
    readBytes: stats.pagesRead * PAGE_SIZE,
    writeBytes: stats.pagesWritten * PAGE_SIZE,
    linkInUtilisation: serverIn.busyNs / now,
    linkOutUtilisation: serverOut.busyNs / now,
    cpuUtilisation: server.host.busyNs() / (now * server.host.cpus),
    diskUtilisation: server.disk.stations.utilisation,
    cacheHitRatio: lookups === 0 ? 1 : (cache?.hits ?? 0) / lookups,
    images: [...server.server.images.values()].map(({ info, stats: of }) => ({
      name: info.name,
      requests: of.requests,
      readBytes: of.pagesRead * PAGE_SIZE,
      hitBytes: of.hits * PAGE_SIZE,
      missBytes: of.misses * PAGE_SIZE,
      sharedBytes: of.shared * PAGE_SIZE
    })),
    noSpace: stats.noSpace,
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
  timing: { readonly firstStartNs: number; readonly lastEndNs: number; readonly cpuSeconds: number }
): RunResult => {
  const server = serverResult(cluster)
  const machines = [
    ...cluster.clients.map(({ machine }) => machine),
    ...(cluster.applications === null ? [] : [cluster.applications.machine])
  ]
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
    server,
    applications: applicationsResult(cluster),
    network: networkResult(cluster),
    laws: [
      ...machines.map(pagesConserved),
      ...packetsConserved(cluster.lan),
      switchConserved(cluster.fabric),
      ...cluster.stations.flatMap(receivedConserved),
      ...cluster.clients.map((client) => retransmitsExplained(client, cluster.stations[0])),
      littlesLaw(server),
      ...machines.map(swapTokens),
      ...machines.flatMap(imageTokens)
    ],
    series: recorder.series(),
    warnings: warningsOf(cluster, scenario),
    cpuSeconds: timing.cpuSeconds
  }
}

/** Limits that were hit, and what else a reader must know. */
const warningsOf = (cluster: Cluster, { duration }: Scenario): ReadonlyArray<string> => {
  const warnings: Array<string> = []
  const { noSpace } = cluster.server.server.stats
  if (noSpace > 0) warnings.push(`the server's disk was full: ${noSpace} writes were refused`)
  for (const { machine, connection, startNs } of cluster.clients) {
    if (startNs >= duration) {
      const after = formatQuantity(TIME, Math.round((startNs - duration) / 1e9) * 1e9)
      warnings.push(`${machine.name}: its start was drawn ${after} after the end (duration), it did nothing`)
    }
    if (machine.swap.counters.noSlot > 0) {
      warnings.push(`${machine.name}: swap was full ${machine.swap.counters.noSlot} times`)
    }
    if (connection.clientSocket.error !== 0) {
      warnings.push(`${machine.name}: its NBD connection died with errno ${connection.clientSocket.error}`)
    }
    if (machine.swap.counters.writeErrors + machine.swap.counters.readErrors > 0) {
      warnings.push(`${machine.name}: swap I/O errors`)
    }
    const { root } = connection
    if (root !== null && root.clientSocket.error !== 0) {
      warnings.push(`${machine.name}: the NBD connection of its root died with errno ${root.clientSocket.error}`)
    }
  }
  return warnings
}
