// Reclaim by the task that needs the page.
//
// Only kswapd sets all_unreclaimable; so while kswapd is blocked, direct reclaim keeps reporting hope (1) and the OOM
// killer is not called.
// Not modelled: compaction (aborted reclaim), reclaimed slab pages, laptop mode (writes are allowed from the start).
// source: mm/vmscan.c:try_to_free_pages, do_try_to_free_pages, shrink_zones, all_unreclaimable
import { ALLOCSTALL, type Task, type Zone } from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { ScanControl } from "./batch.ts"
import { waitIffCongested } from "./congestion.ts"
import { DEF_PRIORITY, HZ_10_NS, SWAP_CLUSTER_MAX } from "./constants.ts"
import type { LruVec } from "./lruvec.ts"
import { newPageoutList, writePageoutList } from "./pageout-list.ts"
import type { Pgdat } from "./pgdat.ts"
import { shrinkZone } from "./shrink-zone.ts"
import { throttleDirectReclaim } from "./throttle.ts"

/** Flushers are woken when more than this was scanned for 32 pages. */
const WRITEBACK_THRESHOLD = SWAP_CLUSTER_MAX + SWAP_CLUSTER_MAX / 2

/** The lists of the zones of a zonelist that the cpuset of the task allows. */
export const lruvecsOf = (pgdat: Pgdat, task: Task, zonelist: ReadonlyArray<Zone>): ReadonlyArray<LruVec> => {
  const { numa } = pgdat.pages
  const zones = numa === null ? zonelist : zonelist.filter((zone) => numa.cpusetAllows(task, zone))
  return zones.map((zone) => pgdat.lru.lruvecOf(zone.start))
}

/** shrink_zones: one pass at sc.priority. Zones that kswapd has given up are left to kswapd after the first pass. */
function* shrinkZones(pgdat: Pgdat, task: Task, list: ReadonlyArray<LruVec>, sc: ScanControl): Sleeps<void> {
  for (const lruvec of list) {
    if (lruvec.zone.allUnreclaimable && sc.priority !== DEF_PRIORITY) continue
    yield* shrinkZone(pgdat, task, lruvec, sc)
  }
}

const allUnreclaimable = (list: ReadonlyArray<LruVec>): boolean => {
  for (const lruvec of list) {
    if (!lruvec.zone.allUnreclaimable) return false
  }
  return true
}

/** do_try_to_free_pages. */
function* doTryToFreePages(
  pgdat: Pgdat,
  task: Task,
  list: ReadonlyArray<LruVec>,
  preferred: Zone,
  sc: ScanControl
): Sleeps<number> {
  const { mm } = pgdat
  let totalScanned = 0
  // reclaim that a write of a pageout list has entered: clean pages only
  sc.mayWritepage = !pgdat.pageoutWriters.has(task)
  sc.pageoutList = newPageoutList(pgdat, task)
  pgdat.vmstat.inc(ALLOCSTALL)
  for (; sc.priority >= 0; sc.priority--) {
    sc.nrScanned = 0
    task.ns += pgdat.costs.passNs
    yield* shrinkZones(pgdat, task, list, sc)
    let lruPages = 0
    const swapAvailable = pgdat.swapAvailable
    for (const lruvec of list) lruPages += lruvec.reclaimablePages(swapAvailable)
    mm.shrinkSlab(task, sc.gfp, sc.nrScanned, lruPages)
    totalScanned += sc.nrScanned
    if (sc.nrReclaimed + (sc.pageoutList?.count ?? 0) >= sc.nrToReclaim) break
    if (totalScanned > WRITEBACK_THRESHOLD) mm.wakeFlushers(totalScanned)
    if (sc.nrScanned !== 0 && sc.priority < DEF_PRIORITY - 2) {
      yield* waitIffCongested(pgdat, task, preferred, HZ_10_NS, "direct reclaim: finds little to free")
    }
  }
  yield* writePageoutList(pgdat, task, sc)
  if (sc.nrReclaimed !== 0) return sc.nrReclaimed
  return allUnreclaimable(list) ? 0 : 1
}

/**
 * try_to_free_pages: pages reclaimed; 1 where there is still hope; 0 if all zones are given up. `pgdat` is the node that the
 * request prefers: whether the task is throttled is decided there.
 */
export function* tryToFreePages(
  pgdat: Pgdat,
  task: Task,
  gfp: number,
  order: number,
  zonelist: ReadonlyArray<Zone>,
  preferred: Zone
): Sleeps<number> {
  if (pgdat.switches.throttle) {
    yield* throttleDirectReclaim(pgdat, task, gfp)
    // a task that is to die must not reclaim; 1 keeps the allocator from calling the OOM killer
    if (task.process.killed) return 1
  }
  const list = lruvecsOf(pgdat, task, zonelist)
  assert(list.length > 0, "direct reclaim without a zone")
  const { directReclaimBegin, directReclaimEnd } = pgdat.trace
  const sc = new ScanControl(gfp, order, SWAP_CLUSTER_MAX, DEF_PRIORITY, false)
  if (directReclaimBegin.enabled) directReclaimBegin.emit(task.process.group, order, 1, gfp)
  pgdat.reclaimers++
  const reclaimed = yield* doTryToFreePages(pgdat, task, list, preferred, sc)
  pgdat.reclaimers--
  if (directReclaimEnd.enabled) directReclaimEnd.emit(task.process.group, reclaimed)
  return reclaimed
}
