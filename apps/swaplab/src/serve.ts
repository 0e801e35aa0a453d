// swaplab serve: a run that a page shows and acts on while it goes on, for as many viewers as come.
import { type LoadedScenario, loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { orList } from "@swaplab/config"
import { type Act, asFile, type Ended, type Opened, withActs } from "@swaplab/live"
import { Console, Deferred, Effect, Either, Exit, Queue } from "effect"
import { SERVE_PORT } from "./commands-runs.ts"
import type { Commands } from "./commands.ts"
import { UsageError } from "./exit.ts"
import { type EngineThread, engineThread } from "./live/engine-thread.ts"
import { serveLive } from "./live/server.ts"
import type { Controls } from "./live/viewers.ts"
import { overridesOf } from "./overrides.ts"

/** Rows begin this close together; where they become too many they lie farther apart. */
export const SAMPLE_NS = 2e6

/** Which run is served. */
interface Served {
  readonly loaded: LoadedScenario
  readonly kernel: string
  readonly seed: number
}

const openedOf = (loaded: LoadedScenario, { kernel, seed }: Served): Opened => ({
  scenario: loaded.scenario,
  kernel,
  seed,
  yaml: asFile(loaded)
})

/** What is done by hand is put into the scenario, which then runs anew up to where it was. */
const controlsOf = (thread: EngineThread, served: Served): Controls => ({
  play: ({ fromNs, speed, toNs }) => {
    thread.post({ kind: "play", fromNs, toNs, speed, sampleNs: SAMPLE_NS, fresh: false })
    return ""
  },
  pause: () => {
    thread.post({ kind: "pause" })
    return ""
  },
  acts: (acts: ReadonlyArray<Act>, atNs) => {
    const changed = withActs(served.loaded, acts)
    if (Either.isLeft(changed)) return changed.left.message
    thread.shared.acts = acts
    const opened = openedOf(changed.right, served)
    thread.post({ kind: "open", opened, sampleNs: SAMPLE_NS, look: [], toNs: atNs })
    return ""
  }
})

const endWords = ({ kernel, seed }: Served, { events, fingerprint, outcome }: Ended): string =>
  `${kernel}, seed ${seed}: ${outcome}; ${events} events, fingerprint ${fingerprint}`

/** `swaplab serve`, with a worker thread that starts at `worker`. */
export const serve = (flags: Values<Commands["serve"]>, worker: URL) =>
  Effect.scoped(Effect.gen(function*() {
    const { address, file, kernel: wanted, port, seed, set, tokenFile } = flags
    const loaded = yield* loadScenario(file, yield* overridesOf({ set, seed, seeds: undefined }))
    const kernels = Object.keys(loaded.scenario.kernels)
    const kernel = wanted ?? kernels[0]
    if (!kernels.includes(kernel)) {
      return yield* new UsageError({ message: `serve: --kernel ${kernel}: expected ${orList(kernels)}` })
    }
    const served: Served = { loaded, kernel, seed: loaded.scenario.seeds[0] }
    const thread = yield* engineThread(worker, [])
    const failed = yield* Deferred.make<never>()
    const ends = yield* Queue.unbounded<Ended>()
    thread.listeners = {
      onError: (error) => Deferred.unsafeDone(failed, Exit.die(error)),
      onEnd: () => {
        const { ended } = thread.shared
        if (ended !== null) ends.unsafeOffer(ended)
      }
    }
    const listening = { command: "serve", address: address ?? "127.0.0.1", port: port ?? SERVE_PORT, tokenFile }
    const at = yield* serveLive(listening, worker, thread, controlsOf(thread, served))
    thread.post({ kind: "open", opened: openedOf(loaded, served), sampleNs: SAMPLE_NS, look: [] })
    yield* Console.error(`swaplab: ${loaded.scenario.name} stands at its start: ${at} shows it; Ctrl-C ends`)
    const telling = Effect.forever(
      Effect.flatMap(Queue.take(ends), (ended) => Console.log(endWords(served, ended)))
    )
    yield* Effect.raceFirst(telling, Deferred.await(failed))
  }))
