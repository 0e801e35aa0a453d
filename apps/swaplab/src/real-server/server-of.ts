// The real server of a command, by its options: what runs its jobs, after all that can be wrong has been looked at.
import type * as FileSystem from "@effect/platform/FileSystem"
import type { KeptTraces, Plan, Runner } from "@swaplab/experiment"
import { Console, Effect, type Layer } from "effect"
import { UsageError } from "../exit.ts"
import { checkScenario, checkServer, withoutEffect } from "./check-server.ts"
import { openControl } from "./control.ts"
import { layerLive } from "./live-runner.ts"
import { parseNbdUri } from "./nbd-uri.ts"
import { layerTraces, loadTraces } from "./trace-runner.ts"

interface Flags {
  readonly server: string | undefined
  readonly serverTrace: string | undefined
  readonly control: string | undefined
  readonly controlToken: string | undefined
  readonly workers: number | undefined
}

/** What runs the jobs of a command. */
interface ServerSide {
  /** Null: worker threads. */
  readonly runner: Layer.Layer<Runner> | null
  /** Names it, for what is kept of the runs. */
  readonly also: unknown
  /** The traces that are run again; null: none. */
  readonly traces: KeptTraces | null
}

/** Looks at --server and --server-trace. */
export const serverOf = (
  { control: socket, controlToken, server, serverTrace, workers }: Flags,
  plan: Plan
): Effect.Effect<ServerSide, UsageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    if ((socket === undefined) !== (controlToken === undefined)) {
      return yield* new UsageError({ message: "--control and --control-token: expected both or none" })
    }
    if (socket !== undefined && server === undefined) {
      return yield* new UsageError({ message: "run: --control and --control-token: expected --server too" })
    }
    const option = server === undefined ? "--server-trace" : "--server"
    if (server === undefined && serverTrace === undefined) return { runner: null, also: undefined, traces: null }
    if (server !== undefined && serverTrace !== undefined) {
      return yield* new UsageError({ message: "--server and --server-trace: expected one of the two" })
    }
    if (workers !== undefined) {
      return yield* new UsageError({
        message: `--workers ${workers}: expected none with ${option}, which makes one run at a time`
      })
    }
    if (plan.map !== null) {
      return yield* new UsageError({ message: `${option}: the scenario has a map, expected --no-map too` })
    }
    yield* checkScenario(
      plan.loaded,
      option,
      serverTrace !== undefined ? "trace" : socket === undefined ? "nobody" : "--control"
    )
    if (serverTrace !== undefined) {
      const traces = yield* loadTraces(serverTrace, plan)
      return { runner: layerTraces(traces, plan.loaded), also: { serverTrace }, traces }
    }
    const uri = yield* parseNbdUri(option, server ?? "")
    const control = socket === undefined ? null : yield* openControl(socket, controlToken ?? "")
    yield* checkServer(option, uri, plan.loaded, plan.kernels)
    const idle = withoutEffect(plan.loaded)
    if (idle !== null) yield* Console.error(`swaplab: ${idle}`)
    return { runner: layerLive(uri, null, control), also: { server }, traces: null }
  })
