// Who may use the processor. All connections are served by one thread, and a socket that always has more to read would
// keep it. So each client may do a quantum of work before it goes to the end of the ring, behind everybody who is ready.

/**
 * Cost units (about bytes moved) that a client may use in one turn: eight pages, some tens of microseconds of work. It is
 * what somebody who asks for one page waits for a client at full speed; larger turns made that milliseconds.
 */
export const TURN_UNITS = 64 * 2 ** 10
/** What a request costs besides the bytes that it moves. */
export const REQUEST_UNITS = 4096

/**
 * After so long without anybody else a client works on without turns, each of which is a stop. Whoever asks next waits once
 * for what has arrived by then.
 */
export const ALONE_MS = 100

/** The part of a client that takes turns. */
export interface TurnTaker {
  /** Units left of its turn; below 0 after a request that was larger, which is paid for with the next turns. */
  credit: number
}

/** Something that stopped because its client's turn was over. */
export interface Resumable {
  readonly turnTaker: TurnTaker
  /** It has left the ring, and may go on. */
  takeTurn(): void
}

/** The ring. `later` runs a function after everybody who is ready had his say: setImmediate. */
export class Turns {
  #ring: Array<Resumable> = []
  /** Who was in the ring when the round began that goes on. */
  #inRound: ReadonlyArray<Resumable> = []
  #scheduled = false
  readonly #later: (run: () => void) => void
  readonly #nowMs: () => number
  /** Who worked last, and since when nobody else has. */
  #last: TurnTaker | null = null
  #sinceMs = 0

  constructor(later: (run: () => void) => void, nowMs: () => number) {
    this.#later = later
    this.#nowMs = nowMs
  }

  /** True when a client may work now. One whose turn is over gets the next at once when it has been alone for a while. */
  mayWork(client: TurnTaker): boolean {
    if (this.#last !== client) {
      this.#last = client
      this.#sinceMs = this.#nowMs()
    }
    if (client.credit > 0) return true
    if (!this.#waitsAlone(client) || this.#nowMs() - this.#sinceMs < ALONE_MS) return false
    client.credit = TURN_UNITS
    return true
  }

  /** Nobody else is in the ring, nor in the round that goes on. */
  #waitsAlone(client: TurnTaker): boolean {
    for (const { turnTaker } of this.#ring) if (turnTaker !== client) return false
    for (const { turnTaker } of this.#inRound) if (turnTaker !== client) return false
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

  /**
   * One turn for each client; connections of one client share it, and those that got nothing stay in front. Deficit round
   * robin: who used more than his turn gets nothing until that is made up for.
   */
  #round(): void {
    const ring = this.#ring
    this.#ring = []
    this.#inRound = ring
    const refilled = new Set<TurnTaker>()
    const waiting: Array<Resumable> = []
    for (const waiter of ring) {
      const client = waiter.turnTaker
      if (!refilled.has(client)) {
        refilled.add(client)
        client.credit = Math.min(TURN_UNITS, client.credit + TURN_UNITS)
      }
      if (client.credit > 0) waiter.takeTurn()
      else waiting.push(waiter)
    }
    this.#inRound = []
    this.#ring = [...waiting, ...this.#ring]
    if (this.#ring.length > 0) this.#schedule()
  }
}
