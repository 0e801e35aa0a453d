// Who may use the processor. All connections are served by one thread, and a socket that always has more to read would
// keep it. So each client may do a quantum of work before it goes to the end of the ring, behind everybody who is ready.

/** Cost units (about bytes moved) that a client may use in one turn: a millisecond or two of work. */
export const TURN_UNITS = 4 * 2 ** 20
/** What a request costs besides the bytes that it moves. */
export const REQUEST_UNITS = 4096

/** The part of a client that takes turns. */
export interface TurnTaker {
  /** Units left of its turn. */
  credit: number
  /** How often the worker had changed when the turn began; kept by `Turns`. */
  turnBegan: number
}

/** Something that stopped because its client's turn was over. */
export interface Resumable {
  readonly turnTaker: TurnTaker
  resume(): void
}

/** The ring. `later` runs a function after everybody who is ready had his say: setImmediate. */
export class Turns {
  #ring: Array<Resumable> = []
  #scheduled = false
  readonly #later: (run: () => void) => void

  constructor(later: (run: () => void) => void) {
    this.#later = later
  }

  /** Who worked last, and how often that changed. */
  #last: TurnTaker | null = null
  #changes = 0

  /**
   * True when a client may work now. One whose turn is over but who has been alone since it began gets the next at once.
   */
  mayWork(client: TurnTaker): boolean {
    if (this.#last !== client) {
      this.#last = client
      this.#changes++
    }
    if (client.credit > 0) return true
    if (this.#ring.length > 0 || client.turnBegan !== this.#changes) {
      client.turnBegan = this.#changes
      return false
    }
    client.credit = TURN_UNITS
    return true
  }

  /** How many wait for their next turn. */
  get length(): number {
    return this.#ring.length
  }

  push(waiter: Resumable): void {
    this.#ring.push(waiter)
    this.#schedule()
  }

  remove(waiter: Resumable): void {
    this.#ring = this.#ring.filter((other) => other !== waiter)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#later(() => {
      this.#scheduled = false
      this.#round()
    })
  }

  /** One turn for each client; connections of one client share it, and those that got nothing stay in front. */
  #round(): void {
    const ring = this.#ring
    this.#ring = []
    const refilled = new Set<TurnTaker>()
    const waiting: Array<Resumable> = []
    for (const waiter of ring) {
      const client = waiter.turnTaker
      if (!refilled.has(client)) {
        refilled.add(client)
        client.credit = TURN_UNITS
      }
      if (client.credit > 0) waiter.resume()
      else waiting.push(waiter)
    }
    this.#ring = [...waiting, ...this.#ring]
    if (this.#ring.length > 0) this.#schedule()
  }
}
