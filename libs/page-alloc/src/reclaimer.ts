// What the allocator asks of reclaim. The kernel's circle (allocator → reclaim → swap → network → allocator) is cut
// here: reclaim is written elsewhere and plugged in at boot.
import { assert, type Sleeps } from "@swaplab/sim"
import type { Context, Task } from "./sched.ts"
import type { Zone } from "./zone.ts"

export interface Reclaimer {
  /** wakeup_kswapd(): may find that nothing is to be done. Called for each zone of the zonelist. */
  wakeKswapd(ctx: Context, zone: Zone, order: number, classzone: number): void
  /**
   * try_to_free_pages(): pages reclaimed, at least 1 if there is still hope, 0 for no progress at all. The task has
   * PF_MEMALLOC set while this runs. `zonelist` are the zones of the request; `unmasked` are the same without the mask of a
   * memory policy.
   */
  tryToFreePages(
    task: Task,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    unmasked: ReadonlyArray<Zone>
  ): Sleeps<number>
  /**
   * emergency_free_pages(): drops clean pages without sleeping and without any memory. At least 32: so many; −1: fewer, and
   * every zone is given up; 0: fewer.
   */
  emergencyFreePages(task: Task, gfp: number, order: number, zonelist: ReadonlyArray<Zone>): number
  /** out_of_memory(): called with the zones locked for OOM. True if a task was told to die. */
  outOfMemory(task: Task, gfp: number, order: number, zonelist: ReadonlyArray<Zone>): Sleeps<boolean>
  /** wait_iff_congested() for asynchronous writes, at most `ns`. */
  waitIffCongested(task: Task, zone: Zone, ns: number): Sleeps<void>
}

/** Before reclaim is plugged in: nobody to wake, and nobody may need it. */
export const NO_RECLAIMER: Reclaimer = {
  wakeKswapd() {},
  *tryToFreePages() {
    assert(false, "an allocation entered reclaim, but no reclaimer is plugged in")
    return 0
  },
  emergencyFreePages() {
    return 0
  },
  *outOfMemory() {
    return false
  },
  *waitIffCongested() {}
}
