// Goes through the beginning of a run before it counts, so that the engine has compiled what the run needs; else the run begins
// late. The real server is not touched: what stands behind the gateway answers everything at once.
import { ClusterRun, type ClusterRunOptions, type Scenario } from "@swaplab/cluster"
import {
  BLANK_ANSWER,
  type RemoteAnswer,
  RemoteEvent,
  type RemoteRequest,
  type RemoteServer
} from "@swaplab/server-model"
import type { Nanoseconds } from "@swaplab/sim"

/** CPU time for it, and steps between two looks at that. */
const CPU_SECONDS = 1.5
const STEPS = 50

/** A server that has everything that it is given. */
class InstantServer implements RemoteServer {
  readonly answers: Array<Omit<RemoteAnswer, "atNs">> = []

  open(session: number): void {
    this.answers.push({ ...BLANK_ANSWER, event: RemoteEvent.Opened, session })
  }

  ask({ cookie, session, type }: RemoteRequest): void {
    this.answers.push({ ...BLANK_ANSWER, event: RemoteEvent.Replied, session, cookie, type })
  }

  close(): void {}
}

/** Runs the beginning of the scenario, `stepNs` at a time, and throws it away. `cpuSeconds` is the CPU time of this thread so far. */
export const warmUp = (
  scenario: Scenario,
  kernel: string,
  seed: number,
  options: ClusterRunOptions,
  stepNs: Nanoseconds,
  cpuSeconds: () => number
): void => {
  const server = new InstantServer()
  const run = new ClusterRun(scenario, kernel, seed, { ...options, remote: server })
  const end = cpuSeconds() + CPU_SECONDS
  for (let step = 0; step % STEPS > 0 || cpuSeconds() < end; step++) {
    for (const answer of server.answers.splice(0)) run.gateway.take({ ...answer, atNs: run.now })
    if (run.advance(Math.max(run.now + stepNs, run.cluster.sim.queue.nextTime())) === "ended") return
  }
}
