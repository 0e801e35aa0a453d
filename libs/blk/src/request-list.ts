// The slots that limit how many requests of each class exist.
//
// Modelled: 128 slots a class, congestion marks, the "full" state in which only batchers get slots, the hard cap of one and
// a half times the slots, exclusive uninterruptible waiting, one wake-up for every request freed below the limit.
// Not modelled: the "starved" flags (only an atomic caller can fail on memory, and nobody submits from atomic context);
// per-cgroup request lists; elevators that exempt a queue from the limit; tasks whose io_context could not be allocated,
// which Linux never lets become batchers.
// source: block/blk-core.c:__get_request, freed_request; block/blk.h:ioc_batching
import { assert, type Sim, WaitQueue } from "@swaplab/sim"
import {
  BLK_RW_ASYNC,
  BLK_RW_SYNC,
  type CongestionState,
  queueCongestionOffThreshold,
  queueCongestionOnThreshold
} from "./congestion.ts"
import type { TaskIo, TaskIoTable } from "./task-io.ts"

/** `BLKDEV_MAX_RQ`: default of `nr_requests`. */
export const BLKDEV_MAX_RQ = 128

/** `request_list` of a queue. */
export class RequestList {
  readonly nrRequests: number
  /** No class ever has more requests than this. */
  readonly hardCap: number
  readonly onThreshold: number
  readonly offThreshold: number
  /** Requests allocated, by class. */
  readonly count: Int32Array = new Int32Array(2)
  /** 1 while only batchers get requests of the class. */
  readonly full: Uint8Array = new Uint8Array(2)
  /** 1 while the class is congested. */
  readonly congested: Uint8Array = new Uint8Array(2)
  readonly wait: readonly [sync: WaitQueue, async: WaitQueue]
  readonly #congestion: CongestionState
  readonly #tasks: TaskIoTable

  constructor(sim: Sim, name: string, nrRequests: number, congestion: CongestionState, tasks: TaskIoTable) {
    this.nrRequests = nrRequests
    this.hardCap = Math.floor((3 * nrRequests) / 2)
    this.onThreshold = queueCongestionOnThreshold(nrRequests)
    this.offThreshold = queueCongestionOffThreshold(nrRequests)
    this.#congestion = congestion
    this.#tasks = tasks
    this.wait = [
      new WaitQueue(sim, `${name} request slot (sync)`, `the end of a read of ${name}`),
      new WaitQueue(sim, `${name} request slot (async)`, `the end of a write of ${name}`)
    ]
  }

  /** Would `take` succeed now? Changes nothing. */
  available(rwClass: number, io: TaskIo): boolean {
    const count = this.count[rwClass]
    if (count >= this.hardCap) return false
    return count + 1 < this.nrRequests || this.full[rwClass] === 0 || this.#tasks.batching(io)
  }

  /** Takes a slot that is `available`. The task that takes the last one closes the class and becomes a batcher. */
  take(rwClass: number, io: TaskIo): void {
    assert(this.available(rwClass, io), "taking a request slot that is not available")
    const wanted = this.count[rwClass] + 1
    if (wanted >= this.onThreshold) {
      if (wanted >= this.nrRequests && this.full[rwClass] === 0) {
        this.#tasks.setBatching(io)
        this.full[rwClass] = 1
      }
      if (this.congested[rwClass] === 0) {
        this.congested[rwClass] = 1
        this.#congestion.enter(rwClass)
      }
    }
    this.count[rwClass] = wanted
  }

  /** Counts a request against the batch of its task, once it exists. */
  chargeBatch(io: TaskIo): void {
    if (this.#tasks.batching(io)) io.nrBatchRequests--
  }

  /** `freed_request`: gives a slot back and wakes the tasks that wait for it. */
  put(rwClass: number): void {
    assert(this.count[rwClass] > 0, "a request slot was given back twice")
    const count = --this.count[rwClass]
    if (count < this.offThreshold) {
      const was = this.congested[rwClass] === 1
      this.congested[rwClass] = 0
      this.#congestion.clear(rwClass, was)
    }
    if (count + 1 <= this.nrRequests) {
      if (this.wait[rwClass].waiters !== 0) this.wait[rwClass].wakeOne()
      this.full[rwClass] = 0
    }
  }

  checkInvariants(): void {
    for (const rwClass of [BLK_RW_SYNC, BLK_RW_ASYNC]) {
      const count = this.count[rwClass]
      assert(count >= 0 && count <= this.hardCap, "a class has more requests than its hard cap")
      assert(count < this.onThreshold || this.congested[rwClass] === 1, "a class above its mark is not congested")
      assert(count >= this.offThreshold || this.congested[rwClass] === 0, "a class below its mark is congested")
    }
  }
}
