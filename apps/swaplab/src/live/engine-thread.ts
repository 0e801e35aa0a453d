// The command's end of the thread of a run that is looked at.
import { SharedRun } from "@swaplab/live"
import { Deferred, Effect, Exit, type Scope } from "effect"
import { Worker } from "node:worker_threads"
import { YOUNG_GENERATION_MB } from "../pool.ts"
import type { ThreadAnswer, ThreadRequest } from "./messages.ts"

/** Calls about what the thread tells besides the run itself. */
interface Listeners {
  readonly onEnd: () => void
  readonly onResult: (packed: Uint8Array) => void
  readonly onError: (error: Error) => void
}

/** A thread and the run that it makes. */
export class EngineThread {
  readonly shared: SharedRun
  listeners: Partial<Listeners> = {}
  readonly #worker: Worker
  readonly #metrics: Array<Deferred.Deferred<string>> = []

  constructor(worker: URL, name: string, acts: SharedRun["acts"]) {
    this.#worker = new Worker(worker, {
      workerData: "live",
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB }
    })
    this.shared = new SharedRun(name, acts, (clients) => this.post({ kind: "look", clients }))
    this.#worker.on("message", (answer: ThreadAnswer) => this.#hear(answer))
    this.#worker.on("error", (error) => {
      for (const waiting of this.#metrics.splice(0)) Deferred.unsafeDone(waiting, Exit.succeed(""))
      this.listeners.onError?.(error instanceof Error ? error : new Error(String(error)))
    })
  }

  post(request: ThreadRequest): void {
    this.#worker.postMessage(request)
  }

  /** /proc of all clients as node_exporter names it. */
  get metrics(): Effect.Effect<string> {
    return Effect.gen(this, function*() {
      const text = yield* Deferred.make<string>()
      this.#metrics.push(text)
      this.post({ kind: "metrics" })
      return yield* Deferred.await(text)
    })
  }

  /** Ends the thread. */
  get close(): Effect.Effect<void> {
    return Effect.promise(() => this.#worker.terminate())
  }

  #hear(answer: ThreadAnswer): void {
    switch (answer.kind) {
      case "result":
        return this.listeners.onResult?.(answer.packed)
      case "metrics": {
        const waiting = this.#metrics.shift()
        if (waiting !== undefined) Deferred.unsafeDone(waiting, Exit.succeed(answer.text))
        return
      }
      default: {
        const { ended } = this.shared
        this.shared.hear(answer)
        if (answer.kind === "rows" && answer.ended !== null && ended === null) this.listeners.onEnd?.()
      }
    }
  }
}

/** A thread for as long as the scope is open. `acts`: what has been done by hand; null where nothing can be. */
export const engineThread = (
  worker: URL,
  acts: SharedRun["acts"]
): Effect.Effect<EngineThread, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.clockWith((clock) =>
      Effect.map(clock.currentTimeMillis, (ms) => new EngineThread(worker, `${process.pid}.${ms}`, acts))
    ),
    (thread) => thread.close
  )
