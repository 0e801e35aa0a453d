import { NO_REQUEST, type Requests } from "@swaplab/blk"
import { assert } from "@swaplab/sim"

/** A list of fetched requests, over the links that the block layer lends to its driver. */
export class DriverList {
  head = NO_REQUEST
  tail = NO_REQUEST
  count = 0
  readonly #requests: Requests

  constructor(requests: Requests) {
    this.#requests = requests
  }

  addHead(rq: number): void {
    const { next, prev } = this.#requests
    prev[rq] = NO_REQUEST
    next[rq] = this.head
    if (this.head === NO_REQUEST) this.tail = rq
    else prev[this.head] = rq
    this.head = rq
    this.count++
  }

  addTail(rq: number): void {
    const { next, prev } = this.#requests
    next[rq] = NO_REQUEST
    prev[rq] = this.tail
    if (this.tail === NO_REQUEST) this.head = rq
    else next[this.tail] = rq
    this.tail = rq
    this.count++
  }

  remove(rq: number): void {
    const { next, prev } = this.#requests
    assert(this.count > 0, "removing from an empty list")
    if (prev[rq] === NO_REQUEST) this.head = next[rq]
    else next[prev[rq]] = next[rq]
    if (next[rq] === NO_REQUEST) this.tail = prev[rq]
    else prev[next[rq]] = prev[rq]
    next[rq] = NO_REQUEST
    prev[rq] = NO_REQUEST
    this.count--
  }

  /** Takes the first, or `NO_REQUEST`. */
  popHead(): number {
    const rq = this.head
    if (rq !== NO_REQUEST) this.remove(rq)
    return rq
  }

  /** Takes the last, or `NO_REQUEST`. */
  popTail(): number {
    const rq = this.tail
    if (rq !== NO_REQUEST) this.remove(rq)
    return rq
  }

  /** The length agrees with the links. */
  checkInvariants(visit: (rq: number) => void): void {
    const { next, prev } = this.#requests
    let count = 0
    let before = NO_REQUEST
    for (let rq = this.head; rq !== NO_REQUEST; rq = next[rq]) {
      assert(prev[rq] === before, "links of a driver list disagree")
      before = rq
      visit(rq)
      count++
      assert(count <= this.count, "a driver list is longer than its count")
    }
    assert(count === this.count && before === this.tail, "a driver list has a wrong length")
  }
}
