// A run against a real server, whose time is that of the host.
import {
  ClusterRun,
  type ClusterRunOptions,
  type RunHooks,
  type RunResult,
  type Scenario,
  withGateway
} from "@swaplab/cluster"
import { finalPass } from "./final-pass.ts"
import { readyHeap } from "./heap.ts"
import type { NbdUri } from "./nbd-uri.ts"
import { type Ended, paced, RunClock } from "./pace.ts"
import { type Place, RealServer } from "./real-server.ts"

/**
 * Runs a scenario with this kernel and seed against a real server, in the time of the host. The last pass begins when
 * `beforePass` is done. Without `warmUp` before it, a run begins late.
 */
export const pacedRun = async (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks,
  uri: NbdUri,
  places: ReadonlyArray<Place>,
  options: ClusterRunOptions,
  beforePass: () => Promise<void> = () => Promise.resolve()
): Promise<RunResult> => {
  const clock = new RunClock()
  let heard = (): void => {}
  let over = false
  const server = new RealServer(uri, places, clock.now, (answer) => {
    // what the server says after the end is no part of the run
    if (over) return
    run.gateway.take(answer)
    heard()
  })
  const run = new ClusterRun(scenario, kernel, seed, { ...options, remote: server })
  readyHeap()
  let ended: Ended
  try {
    ended = await paced(run, server, hooks, clock, false, (soon) => (heard = soon))
  } catch (error) {
    server.end()
    throw error
  }
  const { behindMaxNs, stopped } = ended
  heard = () => {}
  if (hooks.checked === true) run.checkInvariants()
  const result = run.result(stopped ? "stopped" : "timeout", hooks.cpuSeconds())
  over = true
  run.gateway.leftOff()
  await beforePass()
  const pass = await finalPass(server, run.gateway)
  server.end()
  const { heldNs } = clock
  return withGateway(run, result, { server: uri.text, replayed: false, behindMaxNs, heldNs, finalPass: pass }, stopped)
}
