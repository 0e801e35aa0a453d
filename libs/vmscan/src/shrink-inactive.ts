// One batch of an inactive list: isolate, try to reclaim, put back.
//
// source: mm/vmscan.c:shrink_inactive_list
import {
  PGSCAN_DIRECT_DMA,
  PGSCAN_KSWAPD_DMA,
  PGSTEAL_DIRECT_DMA,
  PGSTEAL_KSWAPD_DMA,
  type Task
} from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { ScanControl } from "./batch.ts"
import { congestionWait, waitIffCongested } from "./congestion.ts"
import { DEF_PRIORITY, HZ_10_NS, SWAP_CLUSTER_MAX } from "./constants.ts"
import { isolateLruPages, putbackInactivePages, tooManyIsolated } from "./isolate.ts"
import type { LruVec } from "./lruvec.ts"
import type { Pgdat } from "./pgdat.ts"
import { tryRotateBatch } from "./rotate-batch.ts"
import { shrinkPageList } from "./shrink-page-list.ts"
import { RECLAIM_WB_ANON, RECLAIM_WB_ASYNC, RECLAIM_WB_FILE } from "./tracepoints.ts"

/** shrink_inactive_list: returns the pages reclaimed, or 32 for a task that is about to die. */
export function* shrinkInactiveList(
  pgdat: Pgdat,
  task: Task,
  nrToScan: number,
  lruvec: LruVec,
  sc: ScanControl,
  lru: number
): Sleeps<number> {
  const zone = lruvec.zone
  const file = lru >= 2 ? 1 : 0
  while (tooManyIsolated(lruvec, file, sc)) {
    yield* congestionWait(
      pgdat,
      task,
      HZ_10_NS,
      "reclaim: too_many_isolated, waits for pages that other reclaimers hold"
    )
    if (task.process.killed) return SWAP_CLUSTER_MAX
  }
  pgdat.lru.drain(task)

  const batch = pgdat.takeBatch()
  batch.reset()
  const rotated = !(sc.isolateUnmapped || sc.isolateClean) &&
    tryRotateBatch(pgdat, task, lruvec, lru, nrToScan, batch, sc)
  if (!rotated) batch.taken = isolateLruPages(pgdat, task, lruvec, lru, nrToScan, batch.pages, sc)
  const taken = batch.taken
  pgdat.vmstat.inc((sc.isKswapd ? PGSCAN_KSWAPD_DMA : PGSCAN_DIRECT_DMA) + zone.index, rotated ? taken : sc.looked)
  if (taken === 0) {
    pgdat.giveBatch(batch)
    return 0
  }

  let reclaimed = 0
  if (!rotated) {
    reclaimed = yield* shrinkPageList(pgdat, task, batch, lruvec, sc)
    pgdat.vmstat.inc((sc.isKswapd ? PGSTEAL_KSWAPD_DMA : PGSTEAL_DIRECT_DMA) + zone.index, reclaimed)
    putbackInactivePages(pgdat, task, lruvec, batch)
    lruvec.modIsolated(file, batch.nrListed - taken)
  }
  lruvec.recentScanned[file] += taken
  const nrWriteback = batch.nrWriteback
  pgdat.giveBatch(batch)

  // priority 12: all of them under writeback; 11: half; … 6: any of 32
  if (nrWriteback !== 0 && nrWriteback >= taken >> (DEF_PRIORITY - sc.priority)) {
    yield* waitIffCongested(pgdat, task, zone, HZ_10_NS, "reclaim: most isolated pages are under writeback")
  }
  const point = pgdat.trace.lruShrinkInactive
  if (point.enabled) {
    const flags = (file === 1 ? RECLAIM_WB_FILE : RECLAIM_WB_ANON) | RECLAIM_WB_ASYNC
    point.emit(task.process.group, 0, zone.index, taken, reclaimed, sc.priority, flags)
  }
  return reclaimed
}
