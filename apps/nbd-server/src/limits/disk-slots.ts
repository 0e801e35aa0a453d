// How many requests are at the disks at once, and whose is the next: deficit round robin between clients.
import { type FairClient, FairQueue } from "@swaplab/nbd"
import { REQUEST_UNITS } from "./turns.ts"

/**
 * Cost units of a round: the smallest request. A connection waits for one slot at a time, so a client with few connections
 * leaves the queue with each slot that it gets; in a round that gave more, one with many would use all of it meanwhile.
 */
const DISK_QUANTUM = REQUEST_UNITS

/** Somebody who waits for a slot. */
export interface SlotUser {
  readonly fair: FairClient<SlotUser>
  /** A slot is his now. */
  granted(): void
}

export class DiskSlots {
  #slots: number
  used = 0
  /** Times that somebody had to wait. */
  waits = 0
  readonly queue = new FairQueue<SlotUser>(DISK_QUANTUM)

  constructor(slots: number) {
    this.#slots = slots
  }

  get slots(): number {
    return this.#slots
  }

  /** More slots go to those who wait; fewer ones take none away from who has one. */
  set slots(slots: number) {
    this.#slots = slots
    this.#grant()
  }

  /** True: a slot is taken. False: `granted` will be called. */
  take(user: SlotUser, cost: number): boolean {
    if (this.used < this.#slots && this.queue.length === 0) {
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
    while (this.used < this.#slots) {
      const next = this.queue.next()
      if (next === null) return
      this.used++
      next.granted()
    }
  }

  /** Somebody no longer waits. */
  leave(user: SlotUser): void {
    this.queue.remove(user.fair, (waiting) => waiting === user)
  }
}
