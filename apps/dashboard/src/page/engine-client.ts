// The page's end of an engine: starts its thread, and keeps what it has told.
import type { ClientSnapshot, FaultMark } from "@swaplab/cluster"
import { type Ended, type Facts, History, type Moments } from "@swaplab/live"
import type { Connection, PageAnswer, PageRequest, RecordedClient, RecordedRuns } from "../engine/messages.ts"

/** The source of the engine stands in the page; a thread of a file that is opened from a disk must start from a blob. */
const startWorker = (): Worker => {
  const code = document.getElementById("engine")?.textContent ?? ""
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }))
  const worker = new Worker(url)
  URL.revokeObjectURL(url)
  return worker
}

/** Of two lists of the same run the one that is farther on. */
const later = (a: ReadonlyArray<FaultMark>, b: ReadonlyArray<FaultMark>): ReadonlyArray<FaultMark> => {
  const ends = (marks: ReadonlyArray<FaultMark>): number => marks.filter(({ endedNs }) => endedNs !== null).length
  return a.length + ends(a) >= b.length + ends(b) ? a : b
}

/** One engine. `changed` is called after each answer. */
export class EngineClient {
  facts: Facts | null = null
  history = new History(0, 0)
  snapshot: ClientSnapshot | null = null
  /** Faults that have begun, those of later times too after going back. */
  faults: ReadonlyArray<FaultMark> = []
  nowNs = 0
  ended: Ended | null = null
  still = true
  mistake: string | null = null
  moments: Moments | null = null
  /** Of a run that a command makes; null: the thread makes it. */
  connection: Connection | null = null
  /** Why something that was asked for was not done. */
  told = ""
  /** Of a result that is shown. */
  recorded: RecordedRuns | null = null
  closely: RecordedClient | null = null
  readonly #worker: Worker
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
    this.#worker = startWorker()
    this.#worker.onmessage = ({ data }: MessageEvent<PageAnswer>) => {
      this.#hear(data)
      this.#changed()
    }
    this.#worker.onerror = ({ message }) => {
      this.mistake = `a fault of swaplab: ${message}`
      this.#changed()
    }
  }

  ask(request: PageRequest): void {
    if (request.kind === "play" || (request.kind === "load" && request.toNs > 0)) this.still = false
    this.#worker.postMessage(request)
  }

  /** Ends the thread. */
  close(): void {
    this.#worker.terminate()
  }

  #hear(answer: PageAnswer): void {
    switch (answer.kind) {
      case "loaded":
        this.facts = answer.facts
        this.mistake = null
        this.ended = null
        this.faults = []
        this.#fresh()
        return
      case "fresh":
        return this.#fresh()
      case "rows":
        this.history.add(answer.batch)
        if (answer.snapshots !== null) this.snapshot = answer.snapshots[0] ?? null
        if (answer.faults !== null) this.faults = later(answer.faults, this.faults)
        this.nowNs = answer.nowNs
        this.ended = answer.ended
        this.still = answer.still
        return
      case "connection":
        this.connection = answer.connection
        return
      case "recorded":
        this.recorded = answer.recorded
        return
      case "closely":
        this.closely = answer.closely
        return
      case "told":
        this.told = answer.words
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
