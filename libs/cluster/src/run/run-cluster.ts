// Runs one simulation to its end, or until the host asks it to stop, and writes down what happened.
import type { WorkloadTable } from "@swaplab/workload"
import type { Scenario } from "../scenario/scenario.ts"
import { ClusterRun } from "./cluster-run.ts"
import { countersOf } from "./counters.ts"
import { MissWatch } from "./early-stop.ts"
import { type Replay, ReplaySteps } from "./replay.ts"
import { NO_HOOKS, type Outcome, type RunHooks, type RunResult } from "./result.ts"

/** Events between two looks at the host: progress, and whether to stop. */
const SLICE = 100_000
/** The same where a run may be ended for having had enough of them. */
const SHORT_SLICE = 10_000
/** Events between two checks of every structure, where they are wanted. */
const CHECK_SLICE = 5000

/**
 * Runs `scenario` with one of its kernels and one seed, to its end.
 *
 * **When to use.** For whole runs, in a worker thread because it is synchronous. To pause or look inside take {@link
 * ClusterRun}.
 *
 * **Details.** Equal arguments give equal results, on every machine, except for `cpuSeconds`. `hooks` are asked every
 * 100,000 events; `shouldStop` ends the run with the outcome `stopped`. With a `replay` the run ends when its client is
 * done, and takes its steps on the way. Times in the result are nanoseconds of simulated time.
 *
 * **Gotchas.** The scenario must come from `decodeScenario` or `loadScenario`, made with the same `workloads`. What
 * users do wrong has been told by then: anything thrown here is a bug. `cpuSeconds` is what the hook says, 0 with
 * NO_HOOKS.
 */
export const runCluster = (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks = NO_HOOKS,
  replay: Replay | null = null,
  workloads?: WorkloadTable
): RunResult => {
  const run = new ClusterRun(scenario, kernel, seed, {
    ...(workloads !== undefined && { workloads }),
    ...(hooks.built !== undefined && { built: hooks.built }),
    only: replay?.client
  })
  const { clients, cluster: { sim } } = run
  const looked = clients.find(({ client }) => client.machine.name === replay?.client)
  const steps = replay === null ? null : new ReplaySteps(run.cluster, replay, () => looked?.packetsLost ?? 0)
  const limit = Math.min(scenario.duration, replay?.untilNs ?? scenario.duration)
  const misses = hooks.earlyStop === undefined
    ? null
    : new MissWatch(hooks.earlyStop, clients, scenario.duration, workloads)
  let missed: string | null = null
  let ended: Outcome = "timeout"
  const slice = hooks.earlyStop?.enough === undefined ? SLICE : SHORT_SLICE
  let nextLook = sim.queue.fired + slice
  let nextCheck = hooks.checked === true ? CHECK_SLICE : Number.POSITIVE_INFINITY
  for (;;) {
    const pause = Math.min(nextLook, nextCheck)
    const why = run.advance(Math.min(limit, steps?.nextNs ?? limit), pause - sim.queue.fired)
    if (why === "until" && run.now < limit && steps !== null) {
      steps.step()
      continue
    }
    if (why !== "events") break
    if (sim.queue.fired >= nextCheck) {
      nextCheck += CHECK_SLICE
      run.checkInvariants()
    }
    if (sim.queue.fired < nextLook) continue
    nextLook += slice
    hooks.progress({
      simulatedNs: run.now,
      events: sim.queue.fired,
      clientsAlive: clients.filter(({ client, lockup }) => lockup === null && client.machine.oomKills === 0).length,
      clients: clients.length
    })
    missed = misses?.look(sim.now, sim.queue.fired) ?? null
    if (missed !== null || hooks.shouldStop()) {
      ended = "stopped"
      break
    }
  }
  if (hooks.checked === true) run.checkInvariants()
  const result = {
    ...run.result(ended, hooks.cpuSeconds()),
    ...(hooks.checked === true && { counters: countersOf(run.cluster) })
  }
  if (missed !== null) return { ...result, endedEarly: missed }
  return replay?.closeUp === undefined || steps === null ? result : { ...result, closeUp: steps.series() }
}
