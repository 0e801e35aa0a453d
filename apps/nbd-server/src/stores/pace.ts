// When the event loop may do file calls itself. A call that finds its page in memory takes a microsecond, a hop to the thread
// pool ten; one that has to wait for a disk stops all clients for as long. Nothing in Node says beforehand which it will be,
// so the past decides. A slow call of t ms is followed by nine times t without such calls: the loop stands still for at most
// a tenth of the time, and one call. A call that is slow soon after the pause doubles the next pause, up to ten seconds.
// Time for which the loop was ready to run and had no processor counts as no waiting for a disk.
import { runDelayMs } from "./run-delay.ts"

/** A call that took so long waited for something. */
const SLOW_MS = 1
/** Of the time, the loop stands still for at most one part in this. */
const SHARE = 10
const LEAST_PAUSE_MS = 20
export const MOST_PAUSE_MS = 10_000
/** Fewer fast calls than this between two slow ones: the second was to be expected. */
export const PROVEN_CALLS = 1000
/** The time without a processor is asked for so often. */
const SAMPLE_MS = 1

export class Pace {
  /** Slow calls so far. */
  stalls = 0
  readonly #runDelayMs: () => number
  #againMs = Number.NEGATIVE_INFINITY
  #pauseMs = LEAST_PAUSE_MS
  #fast = PROVEN_CALLS
  /** When the time without a processor was asked for last, and what it was. */
  #sampledMs = Number.NEGATIVE_INFINITY
  #delayMs = 0

  constructor(runDelay: () => number = runDelayMs) {
    this.#runDelayMs = runDelay
  }

  mayCall(nowMs: number): boolean {
    return nowMs >= this.#againMs
  }

  /** A call is about to be made; `called` is told the same time. */
  calls(startMs: number): void {
    if (startMs - this.#sampledMs < SAMPLE_MS) return
    this.#sampledMs = startMs
    this.#delayMs = this.#runDelayMs()
  }

  called(startMs: number, endMs: number): void {
    if (endMs - startMs < SLOW_MS) {
      this.#fast++
      return
    }
    const tookMs = endMs - startMs - (this.#runDelayMs() - this.#delayMs)
    this.#sampledMs = Number.NEGATIVE_INFINITY
    if (tookMs < SLOW_MS) return
    this.stalls++
    this.#pauseMs = this.#fast < PROVEN_CALLS ? Math.min(MOST_PAUSE_MS, this.#pauseMs * 2) : LEAST_PAUSE_MS
    this.#fast = 0
    this.#againMs = endMs + Math.max((SHARE - 1) * tookMs, this.#pauseMs)
  }
}
