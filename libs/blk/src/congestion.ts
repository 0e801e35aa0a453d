// When a queue counts as congested, and the tasks that wait for the end of the congestion.
//
// Modelled: the two marks per class, the number of congested devices, and congestion_wqh, which is woken at *every* freed
// request while its class is below the lower mark, congested before or not (that is how clear_bdi_congested works).
// source: block/blk-core.c:blk_queue_congestion_threshold; mm/backing-dev.c:set_bdi_congested, clear_bdi_congested
import { assert, type Sim, WaitQueue } from "@swaplab/sim"

/** Class of reads and of writes that a task waits for. (Linux numbers the two classes the other way round.) */
export const BLK_RW_SYNC = 0
/** Class of all other writes; swap-out is here. */
export const BLK_RW_ASYNC = 1

/** Allocated requests of a class, one more included, at which it becomes congested. */
export const queueCongestionOnThreshold = (nrRequests: number): number =>
  Math.min(nrRequests, nrRequests - Math.floor(nrRequests / 8) + 1)

/** Allocated requests of a class below which it is no longer congested. */
export const queueCongestionOffThreshold = (nrRequests: number): number =>
  Math.max(1, nrRequests - Math.floor(nrRequests / 8) - Math.floor(nrRequests / 16) - 1)

/** The congestion state of all devices of one machine; share one among its queues. */
export class CongestionState {
  /** `congestion_wqh[BLK_RW_ASYNC]`: where reclaim waits. */
  readonly wait: WaitQueue
  /** `congestion_wqh[BLK_RW_SYNC]`. */
  readonly waitSync: WaitQueue
  /** `nr_bdi_congested`, by class. */
  readonly congested: Int32Array = new Int32Array(2)

  constructor(sim: Sim) {
    this.wait = new WaitQueue(sim, "congestion_wqh[async]", "a freed write request")
    this.waitSync = new WaitQueue(sim, "congestion_wqh[sync]", "a freed read request")
  }

  /** Is any device congested for asynchronous writes? */
  anyCongested(): boolean {
    return this.congested[BLK_RW_ASYNC] !== 0
  }

  /** A device enters congestion in that class. */
  enter(rwClass: number): void {
    this.congested[rwClass]++
  }

  /** A device is below its lower mark; `was` says whether it had been congested. */
  clear(rwClass: number, was: boolean): void {
    if (was) {
      assert(this.congested[rwClass] > 0, "more devices left congestion than entered it")
      this.congested[rwClass]--
    }
    const wait = rwClass === BLK_RW_ASYNC ? this.wait : this.waitSync
    if (wait.waiters !== 0) wait.wakeAll()
  }
}
