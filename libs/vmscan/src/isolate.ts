// Taking pages off the tail of an LRU list, and putting back what was not reclaimed.
//
// source: mm/vmscan.c:isolate_lru_pages, putback_inactive_pages, too_many_isolated
import {
  type Frames,
  NR_LRU_BASE,
  PG_active,
  PG_dirty,
  PG_isolated,
  PG_lru,
  PG_writeback,
  type Task
} from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { ReclaimBatch, ScanControl } from "./batch.ts"
import { LRU_ACTIVE } from "./constants.ts"
import type { LruVec } from "./lruvec.ts"
import { pageLru } from "./lruvec.ts"
import type { Pgdat } from "./pgdat.ts"

/** __isolate_lru_page: may a session with these modes take the page? */
const suits = ({ flags, rmap }: Frames, pfn: number, sc: ScanControl): boolean =>
  !(sc.isolateClean && (flags[pfn] & (PG_dirty | PG_writeback)) !== 0) && !(sc.isolateUnmapped && rmap[pfn] >= 0)

/** isolate_lru_pages: fills `pages` from the tail of the list, at most `nrToScan` (≤ 32). Returns how many it took. */
export const isolateLruPages = (
  pgdat: Pgdat,
  task: Task,
  lruvec: LruVec,
  lru: number,
  nrToScan: number,
  pages: Int32Array,
  sc: ScanControl
): number => {
  const frames = pgdat.frames
  const { flags, refCount } = frames
  const list = lruvec.lists[lru]
  assert(nrToScan <= pages.length, "isolate_lru_pages: more than one cluster")
  const picky = sc.isolateUnmapped || sc.isolateClean
  const n = nrToScan < list.count ? nrToScan : list.count
  let taken = 0
  for (let i = 0; i < n; i++) {
    const pfn = list.popTail(frames)
    assert((flags[pfn] & PG_lru) !== 0 && refCount[pfn] > 0, "isolate_lru_pages: page is not on the list")
    if (picky && !suits(frames, pfn, sc)) {
      list.addHead(frames, pfn)
      continue
    }
    flags[pfn] = (flags[pfn] & ~PG_lru) | PG_isolated
    refCount[pfn]++
    pages[taken++] = pfn
  }
  sc.looked = n
  const file = lru >= 2 ? 1 : 0
  lruvec.zone.modState(NR_LRU_BASE + lru, -taken)
  lruvec.modIsolated(file, taken)
  lruvec.zone.pagesScanned += n
  const point = pgdat.trace.lruIsolate
  if (point.enabled) point.emit(task.process.group, 0, sc.order, nrToScan, n, taken, file)
  return taken
}

/** putback_inactive_pages: back to the head of the list that the flags name; a page nobody holds any more is freed. */
export const putbackInactivePages = (
  pgdat: Pgdat,
  task: Task,
  lruvec: LruVec,
  batch: ReclaimBatch
): void => {
  const { frames, lru: lists } = pgdat
  const { flags, refCount } = frames
  for (let i = 0; i < batch.nrKept; i++) {
    const pfn = batch.kept[i]
    const f = (flags[pfn] & ~PG_isolated) | PG_lru
    flags[pfn] = f
    const lru = pageLru(f)
    lruvec.addHead(frames, pfn, lru)
    if ((f & PG_active) !== 0) lruvec.recentRotated[(lru - LRU_ACTIVE) >> 1]++
    if (refCount[pfn] === 1) lists.release(task, pfn, true)
    else refCount[pfn]--
  }
}

/**
 * More pages of this kind are held by reclaimers than are left on the inactive list. kswapd is exempt; callers without
 * __GFP_IO or __GFP_FS are not.
 */
export const tooManyIsolated = (lruvec: LruVec, file: 0 | 1, sc: ScanControl): boolean =>
  !sc.isKswapd && lruvec.isolated[file] > lruvec.lists[file << 1].count
