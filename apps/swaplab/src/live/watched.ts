// Runs of swaplab run --watch: one after the other in a thread that a page looks at. The results are those of a pool of workers.
import type { RunResult } from "@swaplab/cluster"
import { type Job, RunFailure, Runner, unpackResult } from "@swaplab/experiment"
import { asFile, type Opened } from "@swaplab/live"
import { Console, Deferred, Effect, Exit, Layer, Ref } from "effect"
import { SAMPLE_NS } from "../serve.ts"
import { type EngineThread, engineThread } from "./engine-thread.ts"
import { serveLive } from "./server.ts"
import type { Controls } from "./viewers.ts"

const KEPT =
  "the result of this run is kept: nothing can be done by hand, and time does not go back. swaplab serve has both."

const openedOf = ({ kernel, loaded, seed }: Job): Opened => ({
  scenario: loaded.scenario,
  kernel,
  seed,
  yaml: asFile(loaded)
})

const controlsOf = (thread: EngineThread): Controls => ({
  play: ({ fromNs, speed, toNs }) => {
    if (fromNs !== null && fromNs < thread.shared.nowNs) return KEPT
    thread.post({ kind: "play", fromNs, toNs, speed, sampleNs: SAMPLE_NS, fresh: false })
    return ""
  },
  pause: () => {
    thread.post({ kind: "pause" })
    return ""
  },
  acts: () => KEPT
})

/** A runner whose runs are shown at a port of this machine. `jobs`: how many there will be. */
export const layerWatched = (worker: URL, port: number, jobs: number) =>
  Layer.scoped(
    Runner,
    Effect.gen(function*() {
      const thread = yield* engineThread(worker, null)
      const listening = { command: "run --watch", address: "127.0.0.1", port, tokenFile: undefined }
      const at = yield* serveLive(listening, worker, thread, controlsOf(thread))
      yield* Console.error(`swaplab: ${at} shows the runs while they go on`)
      const begun = yield* Ref.make(0)
      const broken = yield* Ref.make<Error | null>(null)
      return {
        size: 1,
        run: (job, board) =>
          Effect.gen(function*() {
            const { kernel, seed } = job
            const failure = (error: Error): RunFailure =>
              new RunFailure({ kernel, seed, reason: error.message, stack: error.stack ?? "" })
            const before = yield* Ref.get(broken)
            if (before !== null) return yield* failure(before)
            const result = yield* Deferred.make<RunResult, RunFailure>()
            thread.listeners = {
              onResult: (packed) => Deferred.unsafeDone(result, Exit.succeed(unpackResult(packed))),
              onError: (error) => {
                Effect.runSync(Ref.set(broken, error))
                Deferred.unsafeDone(result, Exit.fail(failure(error)))
              }
            }
            const number = yield* Ref.updateAndGet(begun, (n) => n + 1)
            thread.shared.words = jobs === 1 ? "" : `run ${number} of ${jobs}: ${kernel}, seed ${seed}`
            thread.post({ kind: "keep", opened: openedOf(job), sampleNs: SAMPLE_NS, job: job.id, board: board.buffer })
            return yield* Deferred.await(result)
          })
      }
    })
  )
