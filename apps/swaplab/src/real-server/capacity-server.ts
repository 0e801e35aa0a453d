// The real server of a capacity search: one run after the other, each in real time.
import type { LoadedScenario } from "@swaplab/cluster"
import { atLevel, type Runner, type Situation } from "@swaplab/experiment"
import { Console, Effect, type Layer } from "effect"
import { UsageError } from "../exit.ts"
import { checkScenario, checkServer, withoutEffect } from "./check-server.ts"
import { layerLive } from "./live-runner.ts"
import { parseNbdUri } from "./nbd-uri.ts"

/** What makes the runs, and why one of them could not be judged. */
interface SearchedServer {
  readonly layer: Layer.Layer<Runner>
  readonly behind: () => string | null
}

/** Looks at --server, also at the hardest level of the search; null without it. */
export const realServer = (
  server: string | undefined,
  workers: number | undefined,
  loaded: LoadedScenario,
  { kernel, ladder }: Situation
) =>
  Effect.gen(function*() {
    if (server === undefined) return null
    if (workers !== undefined) {
      return yield* new UsageError({
        message: `--workers ${workers}: expected none with --server, which makes one run at a time`
      })
    }
    const uri = yield* parseNbdUri("--server", server)
    yield* checkScenario(loaded, "--server")
    for (const level of [1, ladder.values.length]) {
      yield* checkServer("--server", uri, yield* atLevel(loaded, ladder, level), [kernel])
    }
    const idle = withoutEffect(loaded)
    if (idle !== null) yield* Console.error(`swaplab: ${idle}`)
    yield* Console.error(
      "swaplab: one run at a time, each in real time; what limits the server is not searched, because it is a real one"
    )
    let behind: string | null = null
    const found: SearchedServer = {
      layer: layerLive(uri, (why) => {
        behind ??= why
      }),
      behind: () => behind
    }
    return found
  })
