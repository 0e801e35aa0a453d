// Gives clients turns on the processor. One thread serves all connections, and a socket that always has more to read would
// keep it. So each client does a quantum of work and then goes to the end of the ring, behind all clients that are ready.
import { type FairClient, FairQueue } from "@swaplab/nbd"

/**
 * Cost units (about bytes moved) that a client may use in one turn: eight pages. Bounds how long a one-page request waits
 * behind a client at full speed: tens of µs. Larger turns made that milliseconds.
 */
export const TURN_UNITS = 64 * 2 ** 10
/**
 * What a millisecond costs in which the event loop does file calls for a client: as many µs as a turn should take go into one
 * turn. A write to a file may take ten times as long as one to memory, so bytes alone would make turns of files ten times as
 * long.
 */
const MS_UNITS = TURN_UNITS / 0.05
/** What a request costs besides the bytes that it moves. */
export const REQUEST_UNITS = 4096

/**
 * A client that has been alone for 100 ms skips turn-taking, because each turn costs a pass of the event loop. The next
 * client that asks waits once for what has arrived by then.
 */
export const ALONE_MS = 100

/** The part of a client that takes turns. */
export type TurnTaker = FairClient<Resumable>

/** Something that stopped because its client's turn was over. */
export interface Resumable {
  readonly turnTaker: TurnTaker
  /** It has left the ring, and may go on. */
  takeTurn(): void
}

/** The ring. `later` runs a function after all ready sockets were served: setImmediate. */
export class Turns {
  readonly #queue = new FairQueue<Resumable>(TURN_UNITS)
  #scheduled = false
  readonly #later: (run: () => void) => void
  readonly #nowMs: () => number
  /** The client that worked last, and since when no other one has. */
  #last: TurnTaker | null = null
  #sinceMs = 0

  constructor(later: (run: () => void) => void, nowMs: () => number) {
    this.#later = later
    this.#nowMs = nowMs
  }

  /** True: the client works now. A client that has been alone for a while gets its next turn at once. */
  tryWork(client: TurnTaker): boolean {
    if (this.#last !== client) {
      this.#last = client
      this.#sinceMs = this.#nowMs()
    }
    if (client.deficit > 0) return true
    if (!this.#queue.isAlone(client) || this.#nowMs() - this.#sinceMs < ALONE_MS) return false
    this.#queue.renew(client)
    return true
  }

  /** Charges a client for work; a request that is larger than its turn is paid for with the next turns. */
  spend(client: TurnTaker, units: number): void {
    this.#queue.spend(client, units)
  }

  /** The present time, for `spendTime`. */
  get nowMs(): number {
    return this.#nowMs()
  }

  /** Charges a client for time since `sinceMs`, less what it was charged for bytes already. */
  spendTime(client: TurnTaker, sinceMs: number, charged: number): void {
    const units = (this.#nowMs() - sinceMs) * MS_UNITS - charged
    if (units > 0) this.#queue.spend(client, units)
  }

  /** How many wait for their next turn. */
  get length(): number {
    return this.#queue.length
  }

  push(waiter: Resumable): void {
    this.#queue.push(waiter.turnTaker, waiter, 0)
    this.#schedule()
  }

  remove(waiter: Resumable): void {
    this.#queue.remove(waiter.turnTaker, (other) => other === waiter)
  }

  /** One turn for each client, which its connections share. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#later(() => {
      this.#scheduled = false
      this.#queue.round((waiter) => waiter.takeTurn())
      if (this.#queue.length > 0) this.#schedule()
    })
  }
}
