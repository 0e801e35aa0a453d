// Recursive reclaim, as Christoph Lameter proposed it on 2007-08-08: a PF_MEMALLOC allocation that has found nothing, not
// even in the reserve, scans the lists for pages that can be dropped without any memory, and tries again.
//
// Modelled: priorities 12 to 0, no write, no swap, no page unmapped; success after 32 pages; the flag "all unreclaimable" in
// place of failure, as the posted patch returns it. Never sleeps, so it also serves callers that hold a lock.
// 2.6.23 had one list for anonymous and file pages; here both inactive lists are scanned by the same share, which finds clean
// swap cache as well. Active anonymous pages are left alone: they are mapped. Not modelled: throttle_vm_writeout between
// zones, the rest of 2.6.23.
// source: the concept patch of that mail (emergency_free_pages)
import type { Task, Zone } from "@swaplab/page-alloc"
import { ScanControl } from "./batch.ts"
import { DEF_PRIORITY, LRU_ACTIVE_FILE, LRU_INACTIVE_ANON, LRU_INACTIVE_FILE, SWAP_CLUSTER_MAX } from "./constants.ts"
import { lruvecsOf } from "./direct-reclaim.ts"
import { isolateLruPages, putbackInactivePages } from "./isolate.ts"
import type { LruVec } from "./lruvec.ts"
import type { Pgdat } from "./pgdat.ts"
import { inactiveFileIsLow } from "./scan-count.ts"
import { shrinkActiveList } from "./shrink-active.ts"
import { dropCleanPages } from "./shrink-page-list.ts"

/** What `emergencyFreePages` says when every zone is given up: the posted patch takes it for success. */
export const ALL_UNRECLAIMABLE = -1

/** One batch of an inactive list; returns the pages dropped. */
const dropBatch = (pgdat: Pgdat, task: Task, lruvec: LruVec, sc: ScanControl, lru: number, nr: number): number => {
  const file = lru >= LRU_INACTIVE_FILE ? 1 : 0
  const batch = pgdat.takeBatch()
  batch.reset()
  batch.taken = isolateLruPages(pgdat, task, lruvec, lru, nr, batch.pages, sc)
  const dropped = dropCleanPages(pgdat, task, batch, lruvec, sc)
  lruvec.recentScanned[file] += batch.taken
  putbackInactivePages(pgdat, task, lruvec, batch)
  lruvec.modIsolated(file, -batch.taken)
  pgdat.giveBatch(batch)
  return dropped
}

const dropFromZone = (pgdat: Pgdat, task: Task, lruvec: LruVec, sc: ScanControl): void => {
  for (const lru of [LRU_INACTIVE_ANON, LRU_INACTIVE_FILE]) {
    for (let left = lruvec.lists[lru].count >> sc.priority; left > 0; left -= SWAP_CLUSTER_MAX) {
      sc.nrReclaimed += dropBatch(pgdat, task, lruvec, sc, lru, Math.min(left, SWAP_CLUSTER_MAX))
    }
  }
  for (let left = lruvec.lists[LRU_ACTIVE_FILE].count >> sc.priority; left > 0; left -= SWAP_CLUSTER_MAX) {
    if (!inactiveFileIsLow(lruvec)) break
    shrinkActiveList(pgdat, task, Math.min(left, SWAP_CLUSTER_MAX), lruvec, sc, LRU_ACTIVE_FILE)
  }
}

/**
 * emergency_free_pages: pages dropped if they are at least 32; ALL_UNRECLAIMABLE if there are fewer and every zone is given
 * up; 0 otherwise.
 */
export const emergencyFreePages = (
  pgdat: Pgdat,
  task: Task,
  gfp: number,
  order: number,
  zonelist: ReadonlyArray<Zone>
): number => {
  const list = lruvecsOf(pgdat, task, zonelist)
  const sc = new ScanControl(gfp, order, SWAP_CLUSTER_MAX, DEF_PRIORITY, false)
  sc.maySwap = sc.mayWritepage = sc.mayUnmap = false
  let givenUp = false
  pgdat.lru.drain(task)
  pgdat.reclaimers++
  for (; sc.priority >= 0 && sc.nrReclaimed < SWAP_CLUSTER_MAX; sc.priority--) {
    givenUp = true
    task.ns += pgdat.costs.passNs
    for (const lruvec of list) {
      if (lruvec.zone.allUnreclaimable && sc.priority !== DEF_PRIORITY) continue
      givenUp = false
      dropFromZone(pgdat, task, lruvec, sc)
    }
  }
  pgdat.reclaimers--
  pgdat.emergencies++
  pgdat.emergencyPages += sc.nrReclaimed
  if (sc.nrReclaimed >= SWAP_CLUSTER_MAX) return sc.nrReclaimed
  return givenUp ? ALL_UNRECLAIMABLE : 0
}
