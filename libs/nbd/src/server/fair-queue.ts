// Deficit round robin between clients: each gets the same share of cost units, however large its requests are and however
// many of them wait. Pure: no time, the caller says what a piece of work costs and when there is room for the next.
// source: M. Shreedhar, G. Varghese, "Efficient fair queuing using deficit round robin", SIGCOMM 1995
import { assert } from "../wire/assert.ts"

/** One party of a fair queue. Only the queue changes its fields. */
export class FairClient<Work> {
  /** Share of this client: so many quanta a round. */
  readonly weight: number
  /** Cost units that it may still spend in this round. */
  deficit = 0
  /** True while it stands in the ring. */
  active = false
  readonly waiting: Array<{ readonly work: Work; readonly cost: number }> = []

  constructor(weight = 1) {
    assert(weight > 0, "a client without a share")
    this.weight = weight
  }
}

/** Work of many clients, taken out in fair order. */
export class FairQueue<Work> {
  /** Cost units a round. */
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

  push(client: FairClient<Work>, work: Work, cost: number): void {
    assert(cost >= 0, "work of negative cost")
    client.waiting.push({ work, cost })
    this.#length++
    if (client.active) return
    client.active = true
    // who had nothing to do has no claim on what it left unused
    client.deficit = 0
    this.#ring.push(client)
  }

  /** The next piece of work, or null when none waits. */
  next(): Work | null {
    while (this.#ring.length > 0) {
      const client = this.#ring[0]
      if (!this.#served) {
        client.deficit += this.quantum * client.weight
        this.#served = true
      }
      const head = client.waiting[0]
      if (head === undefined) {
        this.#leave(client)
        continue
      }
      if (head.cost <= client.deficit) {
        client.deficit -= head.cost
        client.waiting.shift()
        this.#length--
        if (client.waiting.length === 0) this.#leave(client)
        return head.work
      }
      this.#ring.push(client)
      this.#ring.shift()
      this.#served = false
    }
    return null
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
      assert(client.deficit >= 0, "a deficit below nothing")
      waiting += client.waiting.length
    }
    assert(waiting === this.#length, "length of a fair queue")
    assert(new Set(this.#ring).size === this.#ring.length, "a client twice in the ring")
  }

  #leave(client: FairClient<Work>): void {
    assert(this.#ring[0] === client, "only the first client leaves")
    this.#ring.shift()
    this.#served = false
    client.active = false
    client.deficit = 0
  }
}
