// Goes through the beginning of a run before it counts, so that the engine has compiled what the run needs; else the run begins
// late. The real server is not touched: what stands behind the gateway answers everything at once.
import { ClusterRun, type ClusterRunOptions, type Scenario } from "@swaplab/cluster"
import { type RemoteAnswer, RemoteEvent, type RemoteRequest, type RemoteServer } from "@swaplab/server-model"

/** CPU time for it, and steps between two looks at that. */
const CPU_SECONDS = 1.5
const STEPS = 50
/** As in the paced run. */
const STEP_NS = 100_000

const ANSWER = {
  cookie: 0,
  type: 0,
  error: 0,
  tokens: null,
  damaged: [],
  why: "",
  broken: false,
  lateNs: 0,
  latencyNs: STEP_NS
}

/** A server that has everything that it is given. */
class InstantServer implements RemoteServer {
  readonly answers: Array<Omit<RemoteAnswer, "atNs">> = []

  open(session: number): void {
    this.answers.push({ ...ANSWER, event: RemoteEvent.Opened, session })
  }

  ask({ cookie, session, type }: RemoteRequest): void {
    this.answers.push({ ...ANSWER, event: RemoteEvent.Replied, session, cookie, type })
  }

  close(): void {}
}

/** Runs the beginning of the scenario and throws it away. `cpuSeconds` is the CPU time of this thread so far. */
export const warmUp = (
  scenario: Scenario,
  kernel: string,
  seed: number,
  options: ClusterRunOptions,
  cpuSeconds: () => number
): void => {
  const server = new InstantServer()
  const run = new ClusterRun(scenario, kernel, seed, { ...options, remote: server })
  const end = cpuSeconds() + CPU_SECONDS
  for (let step = 0; step % STEPS > 0 || cpuSeconds() < end; step++) {
    for (const answer of server.answers.splice(0)) run.gateway.take({ ...answer, atNs: run.now })
    if (run.advance(Math.max(run.now + STEP_NS, run.cluster.sim.queue.nextTime())) === "ended") return
  }
}
