// What the allocator asks of reclaim. The kernel's circle (allocator → reclaim → swap → network → allocator) is cut
// here: reclaim is written elsewhere and plugged in at boot.
import { assert, type Sleeps } from "@swaplab/sim"
import type { Context, Task } from "./sched.ts"
import type { Zone } from "./zone.ts"

/** Results of zone_reclaim(): it was not for this caller, or somebody else is at it. */
export const ZONE_RECLAIM_NOSCAN = -2
/** The zone has nothing that this mode may take. */
export const ZONE_RECLAIM_FULL = -1
/** Scanned, and fewer pages freed than asked for. */
export const ZONE_RECLAIM_SOME = 0
export const ZONE_RECLAIM_SUCCESS = 1

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
  /**
   * The beginning of zone_reclaim(), which never sleeps: ZONE_RECLAIM_FULL or ZONE_RECLAIM_NOSCAN, or ZONE_RECLAIM_SOME if
   * `zoneReclaim` would scan the zone now.
   */
  asksZoneReclaim(ctx: Context, zone: Zone, gfp: number): number
  /** zone_reclaim(): frees unmapped pages of files, and what else vm.zone_reclaim_mode says, in a zone of the own node. */
  zoneReclaim(task: Task, zone: Zone, gfp: number, order: number): Sleeps<number>
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
  asksZoneReclaim() {
    return ZONE_RECLAIM_FULL
  },
  *zoneReclaim() {
    return ZONE_RECLAIM_FULL
  },
  *outOfMemory() {
    return false
  },
  *waitIffCongested() {}
}
