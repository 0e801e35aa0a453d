// Runs one simulation: boots the cluster, starts the workloads, watches the clients, and writes down what happened.
import type { Link } from "@swaplab/lan"
import type { WorkloadTable } from "@swaplab/workload"
import type { Scenario } from "../scenario/scenario.ts"
import { ClientRun, outcomeOf } from "./client-run.ts"
import type { Client } from "./client.ts"
import { clientResult, collect } from "./collect.ts"
import { declareColumns } from "./columns.ts"
import { deadLink } from "./dead-link.ts"
import { FaultScript } from "./fault-script.ts"
import { leftOver } from "./left-over.ts"
import { lockupReport, rescueReport } from "./lockup.ts"
import { type Replay, ReplaySteps } from "./replay.ts"
import { NO_HOOKS, type Outcome, type RunHooks, type RunResult } from "./result.ts"
import { SeriesRecorder } from "./series.ts"
import { Settling } from "./settling.ts"
import { startLoads } from "./start-loads.ts"
import { buildCluster, type Cluster } from "./topology.ts"
import { Watchdog, WATCHDOG_PERIOD_NS } from "./watchdog.ts"

/** Events between two looks at the host: progress, and whether to stop. */
const SLICE = 100_000

/** Starts what a client runs, at its time. */
const startAtItsTime = (run: ClientRun, cluster: Cluster, whenDone: () => void): void => {
  run.measured.onDone = whenDone
  const start = cluster.sim.queue.register(() => {
    run.started = true
    run.watchdog.restart()
    // a client without power begins when it has booted
    if (run.client.power.booted) startLoads(run.client)
  })
  cluster.sim.queue.at(run.client.startNs, start, 0)
}

/**
 * Runs `scenario` with the kernel of one cell and one seed. Synchronous: belongs into a worker thread. Equal arguments
 * give equal results, on every machine, except for `cpuSeconds`. With a `replay` the run ends when its client is done, and
 * takes its steps on the way.
 */
export const runCluster = (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks = NO_HOOKS,
  replay: Replay | null = null,
  workloads?: WorkloadTable
): RunResult => {
  const cluster = buildCluster(scenario, kernel, seed, workloads)
  const { sim } = cluster
  hooks.built?.(cluster)
  const runs = cluster.clients.map((client) => {
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
      helpComes: () => script.helpComes(run)
    }
    const run: ClientRun = new ClientRun(client, new Watchdog(client.connection, options, framesLost), path, limits)
    return run
  })
  const script = new FaultScript(cluster, scenario, runs)
  const settling = new Settling(sim, scenario.settle)
  const stopWhenDone = (): void =>
    settling.look(runs.every((run) => run.done || (replay !== null && run.client.machine.name !== replay.client)))
  for (const run of runs) startAtItsTime(run, cluster, stopWhenDone)

  const watch = sim.queue.register(() => {
    for (const run of runs) if (!run.done && sim.now >= run.client.startNs) look(run, script)
    script.look()
    stopWhenDone()
    sim.queue.after(WATCHDOG_PERIOD_NS, watch, 0)
  }, { retry: true })
  sim.queue.after(WATCHDOG_PERIOD_NS, watch, 0)

  const recorder = new SeriesRecorder()
  declareColumns(recorder, cluster)
  for (const [name, on] of script.columns()) recorder.column(name, on)
  const sample = sim.queue.register(() => {
    recorder.sample(sim.now)
    sim.queue.after(scenario.series.interval, sample, 0)
  }, { retry: true })
  sim.queue.at(0, sample, 0)

  const looked = runs.find((run) => run.client.machine.name === replay?.client)
  const steps = replay === null ? null : new ReplaySteps(cluster, replay, () => looked?.packetsLost ?? 0)
  const limit = Math.min(scenario.duration, replay?.untilNs ?? scenario.duration)
  let ended: Outcome = "timeout"
  let nextLook = sim.queue.fired + SLICE
  for (;;) {
    const end = sim.run(Math.min(limit, steps?.nextNs ?? limit), nextLook - sim.queue.fired)
    if (end.reason === "until" && sim.now < limit && steps !== null) {
      steps.step()
      continue
    }
    if (end.reason !== "events") break
    nextLook += SLICE
    if (hooks.checked === true) checkInvariants(cluster)
    hooks.progress({
      simulatedNs: sim.now,
      events: sim.queue.fired,
      clientsAlive: runs.filter((run) => run.lockup === null && run.client.machine.oomKills === 0).length,
      clients: runs.length
    })
    if (hooks.shouldStop()) {
      ended = "stopped"
      break
    }
  }
  if (hooks.checked === true) checkInvariants(cluster)
  recorder.sample(sim.now)
  const results = runs.map((run) => clientResult(run, outcomeOf(run, ended)))
  const left = settling.over ? runs.flatMap(leftOver) : []
  const result = collect(scenario, kernel, seed, cluster, results, recorder, script, left, {
    firstStartNs: Math.min(...runs.map((run) => run.started ? run.client.startNs : sim.now)),
    lastEndNs: Math.max(...runs.map((run) => run.endedAt >= 0 ? run.endedAt : sim.now)),
    cpuSeconds: hooks.cpuSeconds()
  })
  return replay?.closeUp === undefined || steps === null ? result : { ...result, closeUp: steps.series() }
}

/** Every structure is as it says it is. */
const checkInvariants = ({ clients, lan }: Cluster): void => {
  for (const { machine, power } of clients) if (power.booted) machine.checkInvariants()
  lan.checkInvariants()
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
