// Runs one simulation: boots the cluster, starts the workloads, watches the clients, and writes down what happened.
import type { KernelTask } from "@swaplab/kernel"
import { usemem } from "@swaplab/workload"
import type { Scenario } from "../scenario/scenario.ts"
import { ClientRun, outcomeOf } from "./client-run.ts"
import { clientResult, collect } from "./collect.ts"
import { declareColumns } from "./columns.ts"
import { type LockupFacts, lockupReport } from "./lockup.ts"
import { NO_HOOKS, type Outcome, type RunHooks, type RunResult } from "./result.ts"
import { SeriesRecorder } from "./series.ts"
import { buildCluster, type Cluster } from "./topology.ts"
import { Watchdog, WATCHDOG_PERIOD_NS } from "./watchdog.ts"

/** Events between two looks at the host: progress, and whether to stop. */
const SLICE = 100_000

/** Starts the workload of a client at its time. */
const startWorkload = (run: ClientRun, cluster: Cluster, whenDone: () => void): void => {
  const { machine, spec, processes } = run.client
  const { passes, mode } = spec.group.workload.usemem
  const start = cluster.sim.queue.register(() => {
    run.startedAt = cluster.sim.now
    run.watchdog.restart()
    for (let process = 0; process < processes; process++) {
      machine.startProcess(process, `usemem-${process + 1}`, function*(task: KernelTask) {
        run.exits.push(yield* usemem(machine, task, { passes, mode }))
        if (run.exits.length === processes) {
          run.endedAt = cluster.sim.now
          whenDone()
        }
      })
    }
  })
  cluster.sim.queue.at(spec.group.start, start, 0)
}

/**
 * Runs `scenario` with the kernel of one cell and one seed. Synchronous: belongs into a worker thread. Equal arguments
 * give equal results, on every machine, except for `cpuSeconds`.
 */
export const runCluster = (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks = NO_HOOKS
): RunResult => {
  const cluster = buildCluster(scenario, kernel, seed)
  const { sim } = cluster
  const runs = cluster.clients.map((client) => {
    const path = [client.up, cluster.serverIn, cluster.serverOut, client.down]
    const framesLost = (): number => path.reduce((sum, link) => sum + link.droppedFrames, cluster.fabric.droppedFrames)
    const { stall, hang } = scenario.watchdog
    return new ClientRun(client, new Watchdog(client.connection, { stallNs: stall, hangNs: hang }, framesLost))
  })
  const stopWhenDone = (): void => {
    if (runs.every((run) => run.done)) sim.stop()
  }
  for (const run of runs) startWorkload(run, cluster, stopWhenDone)

  const watch = sim.queue.register(() => {
    for (const run of runs) if (!run.done && sim.now >= run.client.spec.group.start) look(run)
    stopWhenDone()
    sim.queue.after(WATCHDOG_PERIOD_NS, watch, 0)
  }, { retry: true })
  sim.queue.after(WATCHDOG_PERIOD_NS, watch, 0)

  const recorder = new SeriesRecorder()
  declareColumns(recorder, cluster)
  const sample = sim.queue.register(() => {
    recorder.sample(sim.now)
    sim.queue.after(scenario.series.interval, sample, 0)
  }, { retry: true })
  sim.queue.at(0, sample, 0)

  let ended: Outcome = "timeout"
  for (;;) {
    const end = sim.run(scenario.duration, SLICE)
    if (end.reason !== "events") break
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
  recorder.sample(sim.now)
  const results = runs.map((run) => clientResult(run, outcomeOf(run, ended)))
  return collect(scenario, kernel, seed, cluster, results, recorder, {
    firstStartNs: Math.min(...runs.map((run) => run.startedAt)),
    lastEndNs: Math.max(...runs.map((run) => run.endedAt >= 0 ? run.endedAt : sim.now)),
    cpuSeconds: hooks.cpuSeconds()
  })
}

/** The watchdog's look at one client. */
const look = (run: ClientRun): void => {
  const { watchdog, client } = run
  const before = watchdog.lastCompletion
  const verdict = watchdog.look()
  if (watchdog.lastCompletion !== before) run.lostAtCompletion = run.packetsLost
  if (verdict !== "hang" && verdict !== "deadlock") return
  const facts: LockupFacts = {
    kind: verdict,
    sinceNs: Math.max(watchdog.lastTouch, watchdog.lastCompletion),
    lastCompletionNs: watchdog.lastCompletion,
    sent: client.machine.nbd?.sentCount ?? 0,
    backlogBytes: client.connection.clientSocket.backlogLen,
    packetsLost: run.packetsLost - run.lostAtCompletion
  }
  run.lockup = lockupReport(client.machine, facts)
}
