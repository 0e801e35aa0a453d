// Runs things after a time, exactly. A timer of Node fires up to a millisecond late and more, which is a lot for a delay of 5 ms;
// so a timer goes off a millisecond early, and the event loop then looks in each of its rounds until the time has come.

/** What of Node it uses. */
interface Clock {
  readonly nowMs: () => number
  readonly timer: (run: () => void, ms: number) => void
  /** In the next round of the event loop. */
  readonly soon: (run: () => void) => void
}

interface Held {
  readonly dueMs: number
  readonly run: () => void
}

const NODE: Clock = {
  nowMs: () => performance.now(),
  timer: (run, ms) => void setTimeout(run, ms),
  soon: (run) => void setImmediate(run)
}

export class HeldBack {
  readonly #clock: Clock
  /** By their times; those of one time in the order in which they came. */
  readonly #held: Array<Held> = []
  /** When somebody looks next; infinity: nobody will. */
  #looksMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock = NODE) {
    this.#clock = clock
  }

  /** Runs something so many milliseconds from now. */
  after(ms: number, run: () => void): void {
    const held = this.#held
    const dueMs = this.#clock.nowMs() + ms
    let at = held.length
    while (at > 0 && (held[at - 1] as Held).dueMs > dueMs) at--
    held.splice(at, 0, { dueMs, run })
    if (at === 0) this.#lookAgain()
  }

  #lookAgain(): void {
    const first = this.#held[0]
    if (first === undefined || first.dueMs >= this.#looksMs) return
    const { dueMs } = first
    const waitMs = Math.floor(dueMs - this.#clock.nowMs()) - 1
    this.#looksMs = dueMs
    const look = (): void => {
      // an earlier one has come meanwhile, and with it another look
      if (this.#looksMs !== dueMs) return
      this.#looksMs = Number.POSITIVE_INFINITY
      this.#look()
    }
    if (waitMs >= 1) this.#clock.timer(look, waitMs)
    else this.#clock.soon(look)
  }

  #look(): void {
    const now = this.#clock.nowMs()
    for (let first = this.#held[0]; first !== undefined && first.dueMs <= now; first = this.#held[0]) {
      this.#held.shift()
      first.run()
    }
    this.#lookAgain()
  }
}
