// What real servers did in the runs of an experiment, as a file: enough to make the runs again without them.
import type { GatewayFacts, LoadedScenario, RunResult } from "@swaplab/cluster"
import type { ServerTraceData } from "@swaplab/server-model"
import { Effect } from "effect"
import { Packr } from "msgpackr"
import { scenarioKey } from "./run-key.ts"

/** The name of the file in a directory of results. */
export const SERVER_TRACE_FILE = "server-trace.msgpack"

const FORMAT = 2

/** The trace of one run. */
interface KeptTrace {
  readonly kernel: string
  readonly seed: number
  readonly fingerprint: string
  readonly trace: ServerTraceData
  readonly facts: GatewayFacts
}

/** The traces of an experiment. */
export interface KeptTraces {
  readonly format: typeof FORMAT
  /** Names the scenario. */
  readonly scenario: string
  readonly file: string
  readonly runs: ReadonlyArray<KeptTrace>
}

const packr = new Packr({ moreTypes: true, useRecords: true })

const traceOf = (
  { fingerprint, gateway, kernel, seed, serverTrace: trace, simulatedNs }: RunResult
): ReadonlyArray<KeptTrace> => {
  if (gateway === undefined || trace === undefined) return []
  const { finalPass, pace: { behindMaxNs, cpuWaitShare, heldShare }, server } = gateway
  const heldNs = heldShare * simulatedNs
  const cpuWaitNs = cpuWaitShare === null ? null : cpuWaitShare * simulatedNs
  return [{
    kernel,
    seed,
    fingerprint,
    trace,
    facts: { server, replayed: true, behindMaxNs, heldNs, cpuWaitNs, finalPass }
  }]
}

/** The file of the traces of runs, or none where no real server took part. */
export const serverTraceFiles = (
  loaded: LoadedScenario,
  runs: ReadonlyArray<RunResult>
): Effect.Effect<ReadonlyArray<readonly [name: string, content: Uint8Array]>> =>
  Effect.gen(function*() {
    const traces = runs.flatMap(traceOf)
    if (traces.length === 0) return []
    const kept: KeptTraces = { format: FORMAT, scenario: yield* scenarioKey(loaded), file: loaded.file, runs: traces }
    return [[SERVER_TRACE_FILE, new Uint8Array(packr.pack(kept))]]
  })

/** The traces in such a file, or in words why it has none that fit the scenario. */
export const readServerTraces = (content: Uint8Array, loaded: LoadedScenario): Effect.Effect<KeptTraces | string> =>
  Effect.gen(function*() {
    let kept: KeptTraces
    try {
      kept = packr.unpack(content) as KeptTraces
    } catch {
      return "is no trace"
    }
    if (kept?.format !== FORMAT) return "is no trace of this version"
    return kept.scenario === (yield* scenarioKey(loaded)) ? kept : `has the trace of another scenario (${kept.file})`
  })
