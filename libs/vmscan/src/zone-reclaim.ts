// Reclaim in one zone of the own node before an allocation goes to another node (vm.zone_reclaim_mode), for clean and unmapped
// pages of files unless the mode says more: with 2 (RECLAIM_WRITE) dirty pages are taken as well, with 4 (RECLAIM_SWAP) pages are
// unmapped and swapped out.
//
// The mode is 0, off, unless nodes are further than RECLAIM_DISTANCE (30) from each other, or the sysctl sets it. The task works at
// priority 4 and below, a sixteenth of the lists and more, with PF_MEMALLOC, and is never throttled for it.
// Not modelled: memory nodes without CPUs, whose zones everybody may reclaim in.
// source: mm/vmscan.c:zone_reclaim, __zone_reclaim, zone_pagecache_reclaimable
import {
  __GFP_WAIT,
  type Context,
  NR_DIRTY,
  NR_FILE_PAGES,
  NR_LRU_BASE,
  NR_MAPPED,
  NR_SLAB_RECLAIMABLE,
  type Numa,
  PF_MEMALLOC,
  PF_SWAPWRITE,
  type Task,
  type Zone,
  ZONE_RECLAIM_FAILED,
  ZONE_RECLAIM_FULL,
  ZONE_RECLAIM_NOSCAN,
  ZONE_RECLAIM_SOME,
  ZONE_RECLAIM_SUCCESS
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { ScanControl } from "./batch.ts"
import { LRU_ACTIVE_FILE, LRU_INACTIVE_FILE, SWAP_CLUSTER_MAX } from "./constants.ts"
import type { Pgdat } from "./pgdat.ts"
import { shrinkZone } from "./shrink-zone.ts"

const RECLAIM_WRITE = 2
const RECLAIM_SWAP = 4

/** A sixteenth of a list in the first pass. */
const ZONE_RECLAIM_PRIORITY = 4

/** zone_pagecache_reclaimable() */
const pagecacheReclaimable = (zone: Zone, mode: number): number => {
  const pages = (mode & RECLAIM_SWAP) !== 0
    ? zone.pageState(NR_FILE_PAGES)
    : Math.max(
      0,
      zone.pageState(NR_LRU_BASE + LRU_INACTIVE_FILE) + zone.pageState(NR_LRU_BASE + LRU_ACTIVE_FILE) -
        zone.pageState(NR_MAPPED)
    )
  return (mode & RECLAIM_WRITE) !== 0 ? pages : Math.max(0, pages - zone.pageState(NR_DIRTY))
}

/** zone->min_unmapped_pages and zone->min_slab_pages of a ratio in percent. */
const least = (zone: Zone, ratio: number): number => Math.floor((zone.present * ratio) / 100)

/** Are there more pages of files than must stay? */
const hasFilePages = (zone: Zone, numa: Numa): boolean =>
  pagecacheReclaimable(zone, numa.zoneReclaimMode) > least(zone, numa.minUnmappedRatio)

const hasSlabPages = (zone: Zone, numa: Numa): boolean =>
  zone.pageState(NR_SLAB_RECLAIMABLE) > least(zone, numa.minSlabRatio)

/** zone_reclaim() up to its scan: ZONE_RECLAIM_FULL, ZONE_RECLAIM_NOSCAN, or ZONE_RECLAIM_SOME: the zone is to be scanned. */
export const asksZoneReclaim = (numa: Numa, ctx: Context, zone: Zone, gfp: number): number => {
  if (!hasFilePages(zone, numa) && !hasSlabPages(zone, numa)) return ZONE_RECLAIM_FULL
  if (zone.allUnreclaimable) return ZONE_RECLAIM_FULL
  if ((gfp & __GFP_WAIT) === 0 || (ctx.flags & PF_MEMALLOC) !== 0) return ZONE_RECLAIM_NOSCAN
  if (zone.node !== numa.nodeOf(ctx) || zone.reclaimLocked) return ZONE_RECLAIM_NOSCAN
  return ZONE_RECLAIM_SOME
}

/** Frees slabs until `pages` of their pages are free, or the shrinkers find nothing more; returns the pages. */
const shrinkSlabs = (pgdat: Pgdat, task: Task, zone: Zone, sc: ScanControl, pages: number): number => {
  const before = zone.pageState(NR_SLAB_RECLAIMABLE)
  const lruvec = pgdat.lru.lruvecOf(zone.start)
  while (pgdat.mm.shrinkSlab(task, sc.gfp, sc.nrScanned, lruvec.reclaimablePages(pgdat.swapAvailable)) > 0) {
    if (zone.pageState(NR_SLAB_RECLAIMABLE) + pages <= before) break
  }
  return Math.max(0, before - zone.pageState(NR_SLAB_RECLAIMABLE))
}

/** zone_reclaim(): `pgdat` is the node of the zone. Counts zone_reclaim_failed where fewer pages are freed than asked for. */
export function* zoneReclaim(
  pgdat: Pgdat,
  numa: Numa,
  task: Task,
  zone: Zone,
  gfp: number,
  order: number
): Sleeps<number> {
  const answer = asksZoneReclaim(numa, task, zone, gfp)
  if (answer !== ZONE_RECLAIM_SOME) return answer
  const mode = numa.zoneReclaimMode
  const pages = 1 << order
  const sc = new ScanControl(gfp, order, Math.max(pages, SWAP_CLUSTER_MAX), ZONE_RECLAIM_PRIORITY, false)
  sc.mayWritepage = (mode & RECLAIM_WRITE) !== 0
  sc.mayUnmap = (mode & RECLAIM_SWAP) !== 0
  sc.isolateClean = !sc.mayWritepage
  sc.isolateUnmapped = !sc.mayUnmap

  zone.reclaimLocked = true
  yield* task.condResched()
  assert((task.flags & PF_MEMALLOC) === 0, "zone_reclaim: from within reclaim")
  task.flags |= PF_MEMALLOC | PF_SWAPWRITE
  pgdat.reclaimers++
  if (hasFilePages(zone, numa)) {
    const lruvec = pgdat.lru.lruvecOf(zone.start)
    do {
      task.ns += pgdat.costs.passNs
      yield* shrinkZone(pgdat, task, lruvec, sc)
    } while (sc.nrReclaimed < pages && --sc.priority >= 0)
  }
  if (hasSlabPages(zone, numa)) sc.nrReclaimed += shrinkSlabs(pgdat, task, zone, sc, pages)
  pgdat.reclaimers--
  task.flags &= ~(PF_MEMALLOC | PF_SWAPWRITE)
  zone.reclaimLocked = false
  if (sc.nrReclaimed >= pages) return ZONE_RECLAIM_SUCCESS
  pgdat.vmstat.inc(ZONE_RECLAIM_FAILED)
  return ZONE_RECLAIM_SOME
}
