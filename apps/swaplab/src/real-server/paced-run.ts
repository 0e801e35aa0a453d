// A run against a real server, whose time is that of the host.
import {
  ClusterRun,
  type ClusterRunOptions,
  type RunHooks,
  type RunResult,
  type Scenario,
  withGateway
} from "@swaplab/cluster"
import { threadCpuWaitNs } from "../cpu-time.ts"
import { finalPass } from "./final-pass.ts"
import { readyHeap } from "./heap.ts"
import type { NbdUri } from "./nbd-uri.ts"
import { type Ended, paced, RunClock } from "./pace.ts"
import { type Place, RealServer } from "./real-server.ts"
import type { ScenarioFaults } from "./scenario-faults.ts"

/**
 * Runs a scenario with this kernel and seed against a real server, in the time of the host. The last pass begins when
 * `beforePass` is done. `faults` makes those of the scenario at the server; rejects where one cannot be made. Without `warmUp` before it, a run begins late.
 */
export const pacedRun = async (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks,
  uri: NbdUri,
  places: ReadonlyArray<Place>,
  options: ClusterRunOptions,
  beforePass: () => Promise<void> = () => Promise.resolve(),
  faults: ScenarioFaults | null = null
): Promise<RunResult> => {
  const clock = new RunClock()
  let heard = (): void => {}
  let over = false
  const server = new RealServer(uri, places, clock.now, (answer) => {
    // what the server says after the end is no part of the run
    if (over) return
    run.gateway.take(answer)
    heard()
  }, faults)
  const run = new ClusterRun(scenario, kernel, seed, { ...options, remote: server })
  readyHeap()
  const waitedNs = threadCpuWaitNs()
  let ended: Ended
  try {
    const shouldStop = (): boolean => hooks.shouldStop() || faults?.failed != null
    ended = await paced(run, server, { ...hooks, shouldStop }, clock, false, (soon) => (heard = soon))
  } catch (error) {
    server.end()
    throw error
  }
  const { behindMaxNs, stopped } = ended
  const waitsNs = threadCpuWaitNs()
  const cpuWaitNs = waitsNs === null || waitedNs === null ? null : waitsNs - waitedNs
  heard = () => {}
  if (hooks.checked === true) run.checkInvariants()
  const result = run.result(stopped ? "stopped" : "timeout", hooks.cpuSeconds())
  over = true
  run.gateway.leftOff()
  await beforePass()
  await faults?.heal()
  const pass = await finalPass(server, run.gateway)
  server.end()
  if (faults?.failed != null) throw new Error(faults.failed)
  const { heldNs } = clock
  const facts = { server: uri.text, replayed: false, behindMaxNs, heldNs, cpuWaitNs, finalPass: pass }
  return withGateway(run, result, facts, stopped)
}
