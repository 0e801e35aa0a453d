// Who may go on with a handshake. To let a client in is many times the work of answering it, so that somebody who comes and
// goes without end would keep the processor from those who are served. While there are such, handshakes go on at a rate that
// leaves most of the processor to them, and address by address: whoever else comes waits for one of each address.
import { TokenBucket } from "./token-bucket.ts"
import type { Turns, TurnTaker } from "./turns.ts"

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
  readonly #turnTaker: TurnTaker = { credit: 0 }
  readonly #bucket: TokenBucket
  /** By address; the first is the next. */
  readonly #waiting = new Map<string, Array<Waiter>>()
  #scheduled = false

  /** `after` runs a function after so many milliseconds. */
  constructor(turns: Turns, nowMs: () => number, after: (run: () => void, ms: number) => void) {
    this.#turns = turns
    this.#nowMs = nowMs
    this.#after = after
    this.#bucket = new TokenBucket(HANDSHAKE_MESSAGES, BURST, nowMs())
  }

  /** Runs a function when a message of this address may be worked on; the result takes that back. */
  take(address: string, run: () => void): () => void {
    if (this.#waiting.size === 0 && this.#mayGo()) {
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

  /** A message may be worked on now; it is charged. */
  #mayGo(): boolean {
    this.#turnTaker.credit = 0
    if (this.#turns.mayWork(this.#turnTaker)) return true
    if (this.#bucket.waitMs(this.#nowMs()) > 0) return false
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
        if (!this.#mayGo()) break
        waiters.shift()?.run()
      }
      // to the end of the line of addresses
      this.#waiting.delete(address)
      if (waiters.length > 0) this.#waiting.set(address, waiters)
    }
    if (this.#waiting.size > 0) this.#schedule()
  }
}
