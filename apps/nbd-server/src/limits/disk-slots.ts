// Limits the requests that are at the disks at once, and picks the next one by deficit round robin between clients.
import { type FairClient, FairQueue } from "@swaplab/nbd"
import { REQUEST_UNITS } from "./turns.ts"

/**
 * Cost units of a round: the smallest request. A connection waits for one slot at a time, so a client with few connections
 * leaves the queue with each slot that it gets. If a round gave more, a client with many connections would take it all.
 */
const DISK_QUANTUM = REQUEST_UNITS

/**
 * Requests for which the disks count as shared after two clients have followed each other. While they are shared a third of
 * the slots is used, because a new client waits for what is at the disks already, whatever the order of the queue.
 */
const SHARED_REQUESTS = 256

/** A connection that waits for a slot. */
export interface SlotUser {
  readonly fair: FairClient<SlotUser>
  /** It has a slot now. */
  granted(): void
}

export class DiskSlots {
  #slots: number
  used = 0
  /** Requests that had to wait for a slot. */
  waits = 0
  readonly queue = new FairQueue<SlotUser>(DISK_QUANTUM)

  #last: FairClient<SlotUser> | null = null
  #sharedFor = 0

  constructor(slots: number) {
    this.#slots = slots
  }

  /** Slots in use at most: all of them for one client alone, a third for several. */
  get limit(): number {
    return this.#sharedFor > 0 ? Math.ceil(this.#slots / 3) : this.#slots
  }

  get slots(): number {
    return this.#slots
  }

  /** Further slots go to waiting connections. When there are fewer, connections keep the slots that they have. */
  set slots(slots: number) {
    this.#slots = slots
    this.#grant()
  }

  /** True: a slot is taken. False: `granted` will be called. */
  tryTake(user: SlotUser, cost: number): boolean {
    this.seen(user)
    if (this.used < this.limit && this.queue.length === 0) {
      this.used++
      return true
    }
    this.waits++
    this.queue.push(user.fair, user, cost)
    return false
  }

  /** Gives a slot back, and with it to the next. */
  free(): void {
    this.used--
    this.#grant()
  }

  #grant(): void {
    while (this.used < this.limit) {
      const next = this.queue.next()
      if (next === null) return
      this.used++
      next.granted()
    }
  }

  /**
   * A client asks for its store. One that is served without a slot shares the disks, too: it may need them next, and finds a
   * thread of Node's pool free then, of which there are four.
   */
  seen({ fair }: Pick<SlotUser, "fair">): void {
    if (this.#last !== null && this.#last !== fair) this.#sharedFor = SHARED_REQUESTS
    else if (this.#sharedFor > 0) this.#sharedFor--
    this.#last = fair
  }

  /** Takes a connection out of the queue. */
  leave(user: SlotUser): void {
    this.queue.remove(user.fair, (waiting) => waiting === user)
  }
}
