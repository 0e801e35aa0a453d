// Deactivation: moves pages from the tail of an active list to the head of its inactive list.
//
// Modelled: young bits are tested and cleared; referenced pages count as rotated, but only executable file pages get
// another trip. Runs at once: the kernel's cond_resched per page is left to the callers' batches.
// source: mm/vmscan.c:shrink_active_list, move_active_pages_to_lru
import {
  PG_active,
  PG_isolated,
  PG_lru,
  PG_swapbacked,
  PGDEACTIVATE,
  PGREFILL_DMA,
  type Task
} from "@swaplab/page-alloc"
import type { ScanControl } from "./batch.ts"
import { LRU_ACTIVE, SWAP_CLUSTER_MAX } from "./constants.ts"
import { isolateLruPages } from "./isolate.ts"
import type { LruVec } from "./lruvec.ts"
import { REFERENCED_EXEC } from "./ops.ts"
import type { Pgdat } from "./pgdat.ts"

/** Pages of the call under way; it never sleeps, so one array does for all. */
const hold = new Int32Array(SWAP_CLUSTER_MAX)
const stays = new Uint8Array(SWAP_CLUSTER_MAX)

/** shrink_active_list, at most 32 pages. */
export const shrinkActiveList = (
  pgdat: Pgdat,
  task: Task,
  nrToScan: number,
  lruvec: LruVec,
  sc: ScanControl,
  lru: number
): void => {
  const { frames, mm, vmstat } = pgdat
  const { flags, refCount } = frames
  const file = lru >= 2 ? 1 : 0
  pgdat.lru.drain(task)
  const taken = isolateLruPages(pgdat, task, lruvec, lru, nrToScan, hold, sc)
  lruvec.recentScanned[file] += taken
  vmstat.inc(PGREFILL_DMA + lruvec.zone.index, sc.looked)
  task.ns += taken * pgdat.costs.scanPageNs

  let rotated = 0
  for (let i = 0; i < taken; i++) {
    const referenced = mm.pageReferenced(hold[i])
    stays[i] = 0
    if (referenced !== 0) {
      rotated++
      if ((referenced & REFERENCED_EXEC) !== 0 && (flags[hold[i]] & PG_swapbacked) === 0) stays[i] = 1
    }
  }
  lruvec.recentRotated[file] += rotated

  let deactivated = 0
  for (let i = 0; i < taken; i++) {
    const pfn = hold[i]
    if (stays[i] === 1) {
      flags[pfn] = (flags[pfn] & ~PG_isolated) | PG_lru
      lruvec.addHead(frames, pfn, lru)
    } else {
      flags[pfn] = (flags[pfn] & ~(PG_isolated | PG_active)) | PG_lru
      lruvec.addHead(frames, pfn, lru - LRU_ACTIVE)
      deactivated++
    }
    // the last reference went while the page was isolated: cannot happen while this runs at once, but costs nothing
    if (refCount[pfn] === 1) pgdat.lru.release(task, pfn, true)
    else refCount[pfn]--
  }
  vmstat.inc(PGDEACTIVATE, deactivated)
  lruvec.modIsolated(file, -taken)
}
