// The page's end of an engine: starts its thread, and keeps what it has told.
import type { ClientSnapshot } from "@swaplab/cluster"
import type { Moments } from "../engine/moments.ts"
import type { Answer, Ended, Facts, Request } from "../engine/protocol.ts"
import { History } from "./history.ts"

/** The source of the engine stands in the page; a thread of a file that is opened from a disk must start from a blob. */
const startWorker = (): Worker => {
  const code = document.getElementById("engine")?.textContent ?? ""
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }))
  const worker = new Worker(url)
  URL.revokeObjectURL(url)
  return worker
}

/** One engine. `changed` is called after each answer. */
export class EngineClient {
  facts: Facts | null = null
  history = new History(0, 0)
  snapshot: ClientSnapshot | null = null
  nowNs = 0
  ended: Ended | null = null
  still = true
  mistake: string | null = null
  moments: Moments | null = null
  readonly #worker: Worker
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
    this.#worker = startWorker()
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      this.#hear(data)
      this.#changed()
    }
    this.#worker.onerror = ({ message }) => {
      this.mistake = `a fault of swaplab: ${message}`
      this.#changed()
    }
  }

  ask(request: Request): void {
    if (request.kind === "play") this.still = false
    this.#worker.postMessage(request)
  }

  /** Ends the thread. */
  close(): void {
    this.#worker.terminate()
  }

  #hear(answer: Answer): void {
    switch (answer.kind) {
      case "loaded":
        this.facts = answer.facts
        this.mistake = null
        this.ended = null
        this.#fresh()
        return
      case "fresh":
        return this.#fresh()
      case "rows":
        this.history.add(answer.batch)
        this.snapshot = answer.snapshot
        this.nowNs = answer.nowNs
        this.ended = answer.ended
        this.still = answer.still
        return
      case "moments":
        this.moments = answer.moments
        return
      case "mistake":
        this.mistake = answer.message
        this.still = true
        return
    }
  }

  #fresh(): void {
    this.history = new History(this.facts?.clients.length ?? 0, this.facts?.servers.length ?? 0)
  }
}
