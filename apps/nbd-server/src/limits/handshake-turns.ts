// Gives turns to handshakes. A handshake is many times the work of a request, so a client that connects again and again
// would take the processor from the clients that are served. While clients are served, handshakes go on at a rate that
// leaves most of the processor to them. Addresses take turns: a new address waits for one message of each other address.
import { FairClient, TokenBucket } from "@swaplab/nbd"
import type { Resumable, Turns } from "./turns.ts"

/** Messages of handshakes a second that are answered while clients are served. */
export const HANDSHAKE_MESSAGES = 1000
/** As many may be answered at once. */
const BURST = 16

interface Waiter {
  readonly run: () => void
  left: boolean
}

export class HandshakeTurns {
  readonly #turns: Turns
  readonly #nowMs: () => number
  readonly #after: (run: () => void, ms: number) => void
  /** To the other clients all handshakes together are one more. */
  readonly #turnTaker = new FairClient<Resumable>()
  readonly #bucket: TokenBucket
  /** By address; the first is the next. */
  readonly #waiting = new Map<string, Array<Waiter>>()
  #scheduled = false

  /** `after` runs a function after so many milliseconds. */
  constructor(turns: Turns, nowMs: () => number, after: (run: () => void, ms: number) => void) {
    this.#turns = turns
    this.#nowMs = nowMs
    this.#after = after
    this.#bucket = new TokenBucket({ perSecond: HANDSHAKE_MESSAGES, burst: BURST, second: 1000 }, nowMs())
  }

  /** Runs a function when a message of this address may be worked on. Returns a function that cancels it. */
  take(address: string, run: () => void): () => void {
    if (this.#waiting.size === 0 && this.#tryGo()) {
      run()
      return () => {}
    }
    const waiter: Waiter = { run, left: false }
    const ofAddress = this.#waiting.get(address)
    if (ofAddress === undefined) this.#waiting.set(address, [waiter])
    else ofAddress.push(waiter)
    this.#schedule()
    return () => (waiter.left = true)
  }

  /** True: a message is worked on now, and is charged. */
  #tryGo(): boolean {
    const turnTaker = this.#turnTaker
    if (this.#turns.tryWork(turnTaker)) {
      // the next message asks again
      this.#turns.spend(turnTaker, turnTaker.deficit)
      return true
    }
    if (this.#bucket.wait(this.#nowMs()) > 0) return false
    this.#bucket.take(1)
    return true
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#after(() => {
      this.#scheduled = false
      this.#go()
    }, 1)
  }

  #go(): void {
    for (const [address, waiters] of this.#waiting) {
      while (waiters.length > 0 && waiters[0].left) waiters.shift()
      if (waiters.length > 0) {
        if (!this.#tryGo()) break
        waiters.shift()?.run()
      }
      // to the end of the line of addresses
      this.#waiting.delete(address)
      if (waiters.length > 0) this.#waiting.set(address, waiters)
    }
    if (this.#waiting.size > 0) this.#schedule()
  }
}
