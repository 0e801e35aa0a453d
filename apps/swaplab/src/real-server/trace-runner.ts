// Runs simulations again whose server was a real one, from the traces that were kept of them.
import * as FileSystem from "@effect/platform/FileSystem"
import { type LoadedScenario, runTrace } from "@swaplab/cluster"
import {
  type KeptTraces,
  layerInProcess,
  type Plan,
  readServerTraces,
  reasonOf,
  type Runner,
  SERVER_TRACE_FILE
} from "@swaplab/experiment"
import { Effect, type Layer } from "effect"
import { join } from "node:path"
import { UsageError } from "../exit.ts"

const fail = (directory: string, what: string): UsageError =>
  new UsageError({
    message:
      `--server-trace ${directory}: ${what}, expected the directory that run --server --out wrote for this scenario`
  })

/** The traces in a directory of results: one for each run of a plan. */
export const loadTraces = (
  directory: string,
  plan: Plan
): Effect.Effect<KeptTraces, UsageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const content = yield* Effect.mapError(
      fs.readFile(join(directory, SERVER_TRACE_FILE)),
      (error) => fail(directory, `${SERVER_TRACE_FILE} cannot be read: ${reasonOf(error)}`)
    )
    const kept = yield* readServerTraces(content, plan.loaded)
    if (typeof kept === "string") return yield* fail(directory, kept)
    for (const { kernel, seed } of plan.jobs) {
      if (traceFor(kept, kernel, seed) === undefined) {
        return yield* fail(directory, `has no trace of ${kernel}, seed ${seed}`)
      }
    }
    return kept
  })

const traceFor = ({ runs }: KeptTraces, kernel: string, seed: number) =>
  runs.find((run) => run.kernel === kernel && run.seed === seed)

/** What makes the runs again. */
export const layerTraces = (kept: KeptTraces, { workloads }: LoadedScenario): Layer.Layer<Runner> =>
  layerInProcess((scenario, kernel, seed, hooks) => {
    const found = traceFor(kept, kernel, seed)
    if (found === undefined) throw new Error(`no trace of ${kernel}, seed ${seed}`)
    return runTrace(scenario, kernel, seed, hooks, found.trace, found.facts, workloads)
  })

/** Runs that are not what they were, in words. */
export const differences = (
  kept: KeptTraces,
  runs: ReadonlyArray<{ readonly kernel: string; readonly seed: number; readonly fingerprint: string }>
): ReadonlyArray<string> =>
  runs.flatMap(({ fingerprint, kernel, seed }) => {
    const then = traceFor(kept, kernel, seed)?.fingerprint
    return then === fingerprint ? [] : [`${kernel}, seed ${seed}: fingerprint ${fingerprint}, of the trace ${then}`]
  })
