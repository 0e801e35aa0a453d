// Reclaim of one zone at one priority.
//
// Not modelled: should_continue_reclaim (needs compaction), memory control groups.
// source: mm/vmscan.c:shrink_lruvec, shrink_zone
import { type Task, WMARK_HIGH } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { ScanControl } from "./batch.ts"
import { throttleVmWriteout } from "./congestion.ts"
import {
  DEF_PRIORITY,
  LRU_ACTIVE,
  LRU_ACTIVE_ANON,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  SWAP_CLUSTER_MAX
} from "./constants.ts"
import type { LruVec } from "./lruvec.ts"
import type { Pgdat } from "./pgdat.ts"
import { getScanCount, inactiveAnonIsLow, inactiveFileIsLow } from "./scan-count.ts"
import { shrinkActiveList } from "./shrink-active.ts"
import { shrinkInactiveList } from "./shrink-inactive.ts"

const inactiveIsLow = (pgdat: Pgdat, lruvec: LruVec, lru: number): boolean =>
  lru === LRU_ACTIVE_ANON ? inactiveAnonIsLow(lruvec, pgdat.mm.totalSwapPages()) : inactiveFileIsLow(lruvec)

/** shrink_zone: adds to sc.nrScanned and sc.nrReclaimed. The whole loop runs under one plug. */
export function* shrinkZone(pgdat: Pgdat, task: Task, lruvec: LruVec, sc: ScanControl): Sleeps<void> {
  const { zone } = lruvec
  const nr = sc.nr
  getScanCount(lruvec, {
    priority: sc.priority,
    swappiness: pgdat.swappiness,
    maySwap: sc.maySwap && pgdat.swapAvailable,
    freePages: zone.free,
    highWatermark: zone.watermark[WMARK_HIGH],
    forceScan: sc.isKswapd && zone.allUnreclaimable
  }, nr)

  let reclaimed = 0
  pgdat.mm.startPlug(task)
  while (nr[LRU_INACTIVE_ANON] !== 0 || nr[LRU_ACTIVE_FILE] !== 0 || nr[LRU_INACTIVE_FILE] !== 0) {
    for (let lru = LRU_INACTIVE_ANON; lru <= LRU_ACTIVE_FILE; lru++) {
      if (nr[lru] === 0) continue
      const nrToScan = Math.min(nr[lru], SWAP_CLUSTER_MAX)
      nr[lru] -= nrToScan
      if ((lru & LRU_ACTIVE) === 0) {
        reclaimed += yield* shrinkInactiveList(pgdat, task, nrToScan, lruvec, sc, lru)
      } else if (inactiveIsLow(pgdat, lruvec, lru)) {
        shrinkActiveList(pgdat, task, nrToScan, lruvec, sc, lru)
      }
    }
    if (reclaimed >= sc.nrToReclaim && sc.priority < DEF_PRIORITY) break
  }
  yield* pgdat.mm.finishPlug(task)
  sc.nrReclaimed += reclaimed

  // even if no anonymous page was to be evicted, keep the balance between its two lists
  ageActiveAnon(pgdat, task, lruvec, sc)
  yield* throttleVmWriteout(pgdat, task, sc.gfp)
}

/** age_active_anon: deactivates 32 anonymous pages if there are too few inactive ones. */
export const ageActiveAnon = (pgdat: Pgdat, task: Task, lruvec: LruVec, sc: ScanControl): void => {
  if (inactiveAnonIsLow(lruvec, pgdat.mm.totalSwapPages())) {
    shrinkActiveList(pgdat, task, SWAP_CLUSTER_MAX, lruvec, sc, LRU_ACTIVE_ANON)
  }
}
