// Looking again at once instead of sleeping, for a moment after each request: a client that sends its next request when it
// has the answer to the last one finds the server awake. As the sysctl net.core.busy_poll, with its usual 50 µs.
// Cost: at most that much processor time after the last request of a burst; nothing while requests come faster.

/** How long the event loop stays awake after a request, in milliseconds. */
export const BUSY_POLL_MS = 0.05

export class BusyPoll {
  #untilMs = 0
  #awake = false
  readonly #later: (run: () => void) => void
  readonly #nowMs: () => number

  /** `later` runs a function in the next round of the event loop: setImmediate. */
  constructor(later: (run: () => void) => void, nowMs: () => number) {
    this.#later = later
    this.#nowMs = nowMs
  }

  /** A request came at `nowMs`. */
  seen(nowMs: number): void {
    this.#untilMs = nowMs + BUSY_POLL_MS
    if (this.#awake) return
    this.#awake = true
    this.#later(this.#again)
  }

  readonly #again = (): void => {
    if (this.#nowMs() < this.#untilMs) this.#later(this.#again)
    else this.#awake = false
  }
}
