// Runs a simulation whose server stood outside once more, from the trace of what that server did: without it, and with the
// same fingerprint.
import { answersOf, type RemoteServer, type ServerTraceData } from "@swaplab/server-model"
import type { WorkloadTable } from "@swaplab/workload"
import type { Scenario } from "../scenario/scenario.ts"
import { ClusterRun } from "./cluster-run.ts"
import { type GatewayFacts, withGateway } from "./gateway-result.ts"
import type { RunHooks, RunResult } from "./result.ts"

/** What it would have been asked is not asked: the answers are there. */
const SILENT: RemoteServer = { open: () => {}, ask: () => {}, close: () => {} }

/** Answers between two looks at whether to stop. */
const SLICE = 1000

/**
 * The run of a trace. A trace of another scenario, kernel or seed ends in `NotAsked`, or, where nobody asks for what it has, in
 * a run of another fingerprint.
 */
export const runTrace = (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks,
  trace: ServerTraceData,
  facts: GatewayFacts,
  workloads?: WorkloadTable
): RunResult => {
  const run = new ClusterRun(scenario, kernel, seed, {
    ...(workloads !== undefined && { workloads }),
    ...(hooks.built !== undefined && { built: hooks.built }),
    remote: SILENT
  })
  const { gateway } = run
  let left = SLICE
  let stopped = trace.stopped
  for (const answer of answersOf(trace)) {
    // answers of one time were taken together, before anything that came of them
    if (answer.takenNs > run.now && run.advance(answer.takenNs) === "ended") break
    gateway.take(answer)
    if (--left > 0) continue
    left = SLICE
    if (!hooks.shouldStop()) continue
    stopped = true
    break
  }
  if (stopped === trace.stopped) run.advance(trace.endNs)
  if (hooks.checked === true) run.checkInvariants()
  const result = run.result(stopped ? "stopped" : "timeout", hooks.cpuSeconds())
  return withGateway(run, result, facts, stopped)
}
