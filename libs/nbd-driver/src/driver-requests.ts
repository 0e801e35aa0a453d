// Where each request is that the block layer has given to the driver.
//
//   fetched → waiting (waiting_queue) → active (being sent) → sent (queue_head) → receiving (its reply) → ended
//             waiting ← from each of these, on a device that waits for a new connection (dead-connection.ts)
//
// Clearing the queues ends requests that wait or were sent; a failed send ends the active one.
import { NO_REQUEST, type Requests } from "@swaplab/blk"
import { assert } from "@swaplab/sim"
import { DriverList } from "./driver-list.ts"

const NONE = 0
const WAITING = 1
const ACTIVE = 2
const SENT = 3
const RECEIVING = 4

export class DriverRequests {
  /** Sent requests go to the tail of queue_head, not to its head. */
  appendSent: boolean
  /** The request being sent, or `NO_REQUEST`. */
  active = NO_REQUEST
  readonly #waiting: DriverList
  readonly #sent: DriverList
  readonly #state: Uint8Array

  constructor(requests: Requests, appendSent: boolean) {
    this.appendSent = appendSent
    this.#waiting = new DriverList(requests)
    this.#sent = new DriverList(requests)
    this.#state = new Uint8Array(requests.state.length)
  }

  get waitingCount(): number {
    return this.#waiting.count
  }
  get sentCount(): number {
    return this.#sent.count
  }
  /** Requests with the driver. */
  get outstanding(): number {
    let count = 0
    for (const state of this.#state) if (state !== NONE) count++
    return count
  }

  /** A number that a request may have. */
  isNumber(rq: number): boolean {
    return rq < this.#state.length
  }

  isSent(rq: number): boolean {
    return this.#state[rq] === SENT
  }

  wait(rq: number): void {
    this.#state[rq] = WAITING
    this.#waiting.addTail(rq)
  }

  /** The next one to be sent, or `NO_REQUEST`. */
  takeWaiting(): number {
    return this.#waiting.popHead()
  }

  /** The next sent one in the order of queue_head, or `NO_REQUEST`. */
  takeSent(): number {
    return this.#sent.popHead()
  }

  beginSend(rq: number): void {
    this.#state[rq] = ACTIVE
    this.active = rq
  }

  /** The active request went out whole. */
  sent(rq: number): void {
    this.#state[rq] = SENT
    if (this.appendSent) this.#sent.addTail(rq)
    else this.#sent.addHead(rq)
  }

  /** The active request, or one whose reply was being received, goes back to the head of what waits. */
  requeue(rq: number): void {
    this.#state[rq] = WAITING
    this.#waiting.addHead(rq)
  }

  /** So does everything that was sent, in the order in which it was taken from the queue of sent ones. */
  requeueSent(): void {
    for (let rq = this.#sent.popTail(); rq !== NO_REQUEST; rq = this.#sent.popTail()) this.requeue(rq)
  }

  /** Its reply has come. */
  beginReceive(rq: number): void {
    this.#sent.remove(rq)
    this.#state[rq] = RECEIVING
  }

  end(rq: number): void {
    this.#state[rq] = NONE
  }

  /** Every request with the driver is in exactly one place. */
  checkInvariants(): void {
    let known = this.active === NO_REQUEST ? 0 : 1
    this.#waiting.checkInvariants((rq) => {
      assert(this.#state[rq] === WAITING, "waiting_queue holds a request that does not wait")
      known++
    })
    this.#sent.checkInvariants((rq) => {
      assert(this.#state[rq] === SENT, "queue_head holds a request that was not sent")
      known++
    })
    for (const state of this.#state) if (state === RECEIVING) known++
    assert(this.active === NO_REQUEST || this.#state[this.active] === ACTIVE, "the active request is not active")
    assert(known === this.outstanding, "the driver lost a request")
  }
}
