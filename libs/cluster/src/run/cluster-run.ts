// A simulation that can be stopped and gone on with: boots the cluster, starts the workloads, watches the clients. Who runs it
// decides how far; where it pauses changes nothing of what happens.
import type { Link } from "@swaplab/lan"
import type { Gateway, RemoteServer } from "@swaplab/server-model"
import { assert, type Nanoseconds } from "@swaplab/sim"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import type { Scenario } from "../scenario/scenario.ts"
import { ClientRun, outcomeOf } from "./client-run.ts"
import type { Client } from "./client.ts"
import { clientResult, collect } from "./collect.ts"
import { declareColumns } from "./columns.ts"
import { deadLink } from "./dead-link.ts"
import type { FaultMark } from "./fault-result.ts"
import { FaultScript } from "./fault-script.ts"
import { leftOver } from "./left-over.ts"
import { stateColumns } from "./live-columns.ts"
import { lockupReport, rescueReport } from "./lockup.ts"
import type { Outcome, RunResult } from "./result.ts"
import { SeriesRecorder } from "./series.ts"
import { Settling } from "./settling.ts"
import { startLoads } from "./start-loads.ts"
import { buildCluster, type Cluster } from "./topology.ts"
import { Watchdog, WATCHDOG_PERIOD_NS } from "./watchdog.ts"

/** Starts what a client runs, at its time. */
const startAtItsTime = (run: ClientRun, cluster: Cluster, whenDone: () => void): void => {
  run.measured.onDone = whenDone
  const start = cluster.sim.queue.register(() => {
    run.started = true
    run.watchdog.restart()
    // a client without power begins when it has booted
    if (run.client.power.booted) startLoads(run.client)
  }, { name: "start of the workload" })
  cluster.sim.queue.at(run.client.startNs, start, 0)
}

/** What a run may be told besides its scenario, kernel and seed. */
export interface ClusterRunOptions {
  readonly workloads?: WorkloadTable
  /** Called when the cluster has been built, before anything happens. */
  readonly built?: (cluster: Cluster) => void
  /** The run ends when this client is done. Without it: when all are. */
  readonly only?: string | undefined
  /** Behind its first server, which is a gateway then, stands this one, outside of the simulation. */
  readonly remote?: RemoteServer
}

/** Why `advance` returned: the time or the number of events was reached, or every client is done or the time is up. */
export type Advanced = "until" | "events" | "ended"

/**
 * One run of a scenario with the kernel of one cell and one seed, which can be stopped and gone on with.
 *
 * **When to use.** For debuggers, dashboards and tests that look at the machines on the way; {@link runCluster} runs to
 * the end at once.
 *
 * **Details.** The constructor builds and boots the cluster; `advance` goes on to a time in nanoseconds or for a number
 * of events. Equal arguments give equal runs, on every machine, however often `advance` is called and whatever is read
 * in between.
 *
 * **Gotchas.** Read only: to change a machine changes the run. `result` adds a sample to the series, so call it once,
 * when you have done. `advance` never goes beyond the duration of the scenario, and throws what a bug of a machine
 * throws.
 */
export class ClusterRun {
  readonly scenario: Scenario
  readonly kernel: string
  readonly seed: number
  readonly cluster: Cluster
  /** In the order of the clients of the cluster. */
  readonly clients: ReadonlyArray<ClientRun>
  readonly #script: FaultScript
  readonly #settling: Settling
  readonly #recorder = new SeriesRecorder()

  constructor(scenario: Scenario, kernel: string, seed: number, options: ClusterRunOptions = {}) {
    const { built, only, remote, workloads = WORKLOADS } = options
    this.scenario = scenario
    this.kernel = kernel
    this.seed = seed
    const cluster = buildCluster(scenario, kernel, seed, workloads, remote)
    this.cluster = cluster
    const { sim } = cluster
    built?.(cluster)
    const runs = cluster.clients.map((client) => this.#watched(client))
    this.clients = runs
    const script = new FaultScript(cluster, scenario, runs)
    this.#script = script
    const settling = new Settling(sim, scenario.settle)
    this.#settling = settling
    const stopWhenDone = (): void =>
      settling.look(runs.every((run) => run.done || (only !== undefined && run.client.machine.name !== only)))
    for (const run of runs) startAtItsTime(run, cluster, stopWhenDone)

    const watch = sim.queue.register(() => {
      for (const run of runs) if (!run.done && sim.now >= run.client.startNs) look(run, script)
      script.look()
      stopWhenDone()
      sim.queue.after(WATCHDOG_PERIOD_NS, watch, 0)
    }, { name: "watchdog", retry: true })
    sim.queue.after(WATCHDOG_PERIOD_NS, watch, 0)

    declareColumns(this.#recorder, cluster)
    for (const run of runs) stateColumns(this.#recorder, run)
    for (const [name, on] of script.columns()) this.#recorder.column(name, on)
    const sample = sim.queue.register(() => {
      this.#recorder.sample(sim.now)
      sim.queue.after(scenario.series.interval, sample, 0)
    }, { name: "sample of the series", retry: true })
    sim.queue.at(0, sample, 0)
  }

  /** Simulated time. */
  get now(): Nanoseconds {
    return this.cluster.sim.now
  }

  /** In front of the server outside; only a run with `remote` has one. */
  get gateway(): Gateway {
    const [{ machine: { gateway } }] = this.cluster.servers
    assert(gateway !== null, "a run without a server outside has no gateway")
    return gateway
  }

  /** Goes on to this simulated time, or for so many events, or to the end of the run, whichever comes first. */
  advance(untilNs: Nanoseconds, maxEvents = Number.POSITIVE_INFINITY): Advanced {
    const { duration } = this.scenario
    const { reason } = this.cluster.sim.run(Math.min(duration, untilNs), maxEvents)
    if (reason === "events") return reason
    return reason === "until" && this.now < duration ? "until" : "ended"
  }

  /** Faults that have begun so far. */
  faults(): ReadonlyArray<FaultMark> {
    return this.#script.marks()
  }

  /** Goes on by one event, which a look that finds nothing is, too. Null: there is more to come. */
  step(): Advanced | null {
    const end = this.cluster.sim.step(this.scenario.duration)
    return end === null ? null : "ended"
  }

  /** What has happened. `ended` is the outcome of those who are not done, `cpuSeconds` what the host has spent. */
  result(ended: Outcome, cpuSeconds: number): RunResult {
    const { clients, cluster, kernel, scenario, seed } = this
    const { now } = this
    this.#recorder.sample(now)
    const results = clients.map((run) => clientResult(run, outcomeOf(run, ended)))
    const left = this.#settling.over ? clients.flatMap(leftOver) : []
    return collect(scenario, kernel, seed, cluster, results, this.#recorder, this.#script, left, {
      firstStartNs: Math.min(...clients.map((run) => run.started ? run.client.startNs : now)),
      lastEndNs: Math.max(...clients.map((run) => run.endedAt >= 0 ? run.endedAt : now)),
      cpuSeconds
    })
  }

  /** Every structure is as it says it is; an assertion fails where it is not. */
  checkInvariants(): void {
    const { applications, clients, lan, servers, sim, stations } = this.cluster
    sim.queue.checkInvariants()
    for (const { machine, power } of clients) {
      if (!power.booted) continue
      machine.checkInvariants()
      machine.nbd?.checkInvariants()
      machine.rootNbd?.device.checkInvariants()
    }
    applications?.machine.checkInvariants()
    for (const { machine } of servers) machine.cache?.checkInvariants()
    const ofClients = new Set(clients.map(({ station }) => station))
    for (const station of stations) {
      if (ofClients.has(station)) continue
      const { net, nics } = station
      net?.checkInvariants()
      for (const nic of nics) nic.checkInvariants()
    }
    lan.checkInvariants()
  }

  #watched(client: Client): ClientRun {
    const { cluster, scenario } = this
    const path = linksOfClient(cluster, client)
    const framesLost = (): number =>
      cluster.network.switches.reduce((sum, { device }) => sum + device.droppedFrames, 0) +
      path.reduce((sum, link) => sum + link.droppedFrames, 0)
    const { stall, hang, livelock, scanRatio } = scenario.watchdog
    const limits = { windowNs: livelock, scanRatio }
    const options = {
      stallNs: stall,
      hangNs: hang,
      resting: () => isResting(client),
      helpComes: () => this.#script.helpComes(run)
    }
    const run: ClientRun = new ClientRun(client, new Watchdog(client.connection, options, framesLost), path, limits)
    return run
  }
}

/** The links between a client and its servers, there and back. */
const linksOfClient = ({ network }: Cluster, { down, servers, station, up }: Client): ReadonlyArray<Link> => {
  const uplinks = network.uplinksBetween(station.fabric, servers.map((server) => server.station.fabric))
  return [
    up,
    ...uplinks.flatMap(({ uplink }) => uplink.map((cable) => cable.up)),
    ...servers.flatMap((server) => [...server.in, ...server.out]),
    ...uplinks.flatMap(({ uplink }) => uplink.map((cable) => cable.down)),
    down
  ]
}

/** Nothing is wanted of the client, or a thin client waits for the server of its programs and has nothing to swap. */
const isResting = ({ loads: [measured], machine, thin }: Client): boolean =>
  measured.resting || (thin && machine.disk.inFlight() === 0)

/** The watchdog's look at one client. */
const look = (run: ClientRun, script: FaultScript): void => {
  const { watchdog, client } = run
  if (!client.power.booted) return
  if (isResting(client)) {
    // nothing is wanted of it, so nothing can be missing, however long it takes
    run.rested = true
    return
  }
  if (run.rested) {
    run.rested = false
    watchdog.restart()
    run.markCompletion()
  }
  const before = watchdog.busySince
  const verdict = watchdog.look()
  if (watchdog.busySince !== before) run.markCompletion()
  noteRescue(run)
  noteLivelock(run)
  if (verdict === "progress") {
    run.stuck = null
    return
  }
  const report = lockupReport(client.connection, {
    kind: verdict,
    sinceNs: verdict === "hang" ? watchdog.busySince : Math.max(watchdog.lastTouch, watchdog.lastCompletion),
    lastCompletionNs: watchdog.lastCompletion,
    packetsLost: run.packetsLost - run.lostAtCompletion,
    deadLink: deadLink(run.linksAtCompletion),
    faults: script.onFor(run)
  })
  if (verdict !== "stall") run.foundLockup(report)
  else if (report.graph.closed) run.stuck = report
}

/** A window in which reclaim only scanned. */
const noteLivelock = (run: ClientRun): void => {
  const scanning = run.reclaim.look()
  if (scanning === null || run.livelock !== null) return
  run.livelock = lockupReport(run.client.connection, {
    kind: "livelock",
    sinceNs: scanning.fromNs,
    lastCompletionNs: run.watchdog.lastCompletion,
    packetsLost: 0,
    scanning
  })
}

/** The OOM killer was called in a stall that had become a closed cycle: it has rescued the client. */
const noteRescue = (run: ClientRun): void => {
  const { oomKills } = run.client.machine
  if (oomKills > run.oomKillsSeen && run.stuck !== null) run.rescue ??= rescueReport(run.stuck)
  run.oomKillsSeen = oomKills
}
