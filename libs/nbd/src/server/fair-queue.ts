// Deficit round robin between clients: each gets the same share of cost units, however large its requests are and however
// many of them wait. Pure: no time, the caller says what a piece of work costs and when there is room for the next.
//
// Clients with waiting work stand in a ring. The first one has its turn: it gets a quantum of units, and its work goes out
// while it can pay; then it goes to the end of the ring. What work costs is known when it is pushed (a request), or it is
// pushed with cost 0 and the caller charges it by `spend` while it is done (a connection that reads): such work goes out
// while the client has units left, and what it used beyond them is a debt that its next turns pay.
// source: M. Shreedhar, G. Varghese, "Efficient fair queuing using deficit round robin", SIGCOMM 1995
import { assert } from "../wire/assert.ts"

/** One party of a fair queue. Only the queue changes its fields. */
export class FairClient<Work> {
  /** Share of this client: so many quanta a round. */
  readonly weight: number
  /** Cost units that it may still spend in this turn; below 0: a debt. */
  deficit: number
  /** True while it stands in the ring. */
  active = false
  readonly waiting: Array<{ readonly work: Work; readonly cost: number }> = []

  constructor(weight = 1, deficit = 0) {
    assert(weight > 0, "a client without a share")
    this.weight = weight
    this.deficit = deficit
  }
}

/**
 * Work of many clients, taken out in fair order by deficit round robin.
 *
 * **When to use.** Where many clients share one resource and the cost of their pieces differs: bytes of a disk, time of
 * a CPU.
 *
 * **Details.** A client of weight 2 may spend two quanta of cost units a turn. `next` gives one piece, `round` one turn
 * to each client. The queue knows no time: the caller asks when there is room. Work whose cost is not known is pushed
 * with cost 0 and charged by `spend`.
 *
 * **Gotchas.** A client that falls idle loses what it did not use, but keeps its debt. A piece that costs much more
 * than the quantum waits several rounds, so choose the quantum near the largest usual cost. Work of one client stays in
 * order.
 */
export class FairQueue<Work> {
  /** Cost units a turn. */
  readonly quantum: number
  #length = 0
  /** Clients with waiting work; the first one has its turn. */
  #ring: Array<FairClient<Work>> = []
  /** The first client of the ring has got its quantum of this turn. */
  #served = false

  constructor(quantum: number) {
    assert(quantum > 0, "a quantum of nothing")
    this.quantum = quantum
  }

  /** Pieces of work that wait. */
  get length(): number {
    return this.#length
  }

  /** `cost` 0: it is not known yet, and is charged by `spend`. */
  push(client: FairClient<Work>, work: Work, cost: number): void {
    assert(cost >= 0, "work of negative cost")
    client.waiting.push({ work, cost })
    this.#length++
    if (client.active) return
    client.active = true
    // a client that had nothing to do has no claim on what it left unused; a debt stays
    client.deficit = Math.min(client.deficit, 0)
    this.#ring.push(client)
  }

  /** The next piece of work, or null when none waits. */
  next(): Work | null {
    while (this.#ring.length > 0) {
      const work = this.#nextOfTurn(this.#ring[0])
      if (work !== null) return work
    }
    return null
  }

  /** Gives each client that is in the ring now one turn: runs its work while it can pay. Work may push and spend. */
  round(run: (work: Work) => void): void {
    for (let turns = this.#ring.length; turns > 0 && this.#ring.length > 0; turns--) {
      const client = this.#ring[0]
      for (let work = this.#nextOfTurn(client); work !== null; work = this.#nextOfTurn(client)) run(work)
    }
  }

  /** Charges a client; a negative number gives units back. */
  spend(client: FairClient<Work>, units: number): void {
    client.deficit -= units
  }

  /** Gives a client a whole turn outside of the ring. */
  renew(client: FairClient<Work>): void {
    client.deficit = this.quantum * client.weight
  }

  /** Is no work of another client waiting? */
  isAlone(client: FairClient<Work>): boolean {
    return this.#length === client.waiting.length
  }

  /** Throws away what waits for a client and satisfies `which`; returns how much that was. */
  remove(client: FairClient<Work>, which: (work: Work) => boolean): number {
    const before = client.waiting.length
    const kept = client.waiting.filter(({ work }) => !which(work))
    client.waiting.splice(0, before, ...kept)
    this.#length -= before - kept.length
    return before - kept.length
  }

  checkInvariants(): void {
    let waiting = 0
    for (const client of this.#ring) {
      assert(client.active, "a client in the ring that is not active")
      waiting += client.waiting.length
    }
    assert(waiting === this.#length, "length of a fair queue")
    assert(new Set(this.#ring).size === this.#ring.length, "a client twice in the ring")
  }

  /** The next work that the first client can pay in its turn; null: its turn is over, and another one is the first. */
  #nextOfTurn(client: FairClient<Work>): Work | null {
    assert(this.#ring[0] === client, "a client out of its turn")
    if (!this.#served) {
      client.deficit += this.quantum * client.weight
      this.#served = true
    }
    const head = client.waiting[0]
    if (head !== undefined && client.deficit > 0 && head.cost <= client.deficit) {
      client.deficit -= head.cost
      client.waiting.shift()
      this.#length--
      return head.work
    }
    this.#ring.shift()
    this.#served = false
    if (head === undefined) client.active = false
    else this.#ring.push(client)
    return null
  }
}
