// A shortcut: a batch with none of whose pages this session can do anything. Reclaim would take each page off the tail of its
// list, see that it is under writeback, or belongs to swap in a session without __GFP_IO, and put it back at the head. One cut
// of the list does the same.
//
// Modelled: every state and count that the long way leaves behind. Reclaim that has run out of pages to free meets nothing
// but such batches, millions of pages a second.
// source: mm/vmscan.c:shrink_inactive_list
import {
  __GFP_IO,
  type Frames,
  needResched,
  NO_PAGE,
  type PageList,
  PG_locked,
  PG_reclaim,
  PG_referenced,
  PG_swapbacked,
  PG_swapcache,
  PG_writeback,
  type Task
} from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { ReclaimBatch, ScanControl } from "./batch.ts"
import type { LruVec } from "./lruvec.ts"
import type { Pgdat } from "./pgdat.ts"

/** Anonymous memory that nobody has used and that has no swap slot: it stays where a session may not start I/O. */
const NEEDS_IO = PG_swapbacked
const NEEDS_IO_MASK = PG_swapbacked | PG_swapcache | PG_referenced

/** The first of the last `n` pages of the list, if the long way would find nothing to do with any of them; else NO_PAGE. */
const allStay = (pgdat: Pgdat, list: PageList, n: number, sc: ScanControl): number => {
  const { flags, prev } = pgdat.frames
  const ioAllowed = (sc.gfp & __GFP_IO) !== 0
  let first = NO_PAGE
  let pfn = list.tail
  for (let i = 0; i < n; i++) {
    const f = flags[pfn]
    if ((f & PG_locked) !== 0) return NO_PAGE
    if ((f & PG_writeback) === 0) {
      if (ioAllowed || (f & NEEDS_IO_MASK) !== NEEDS_IO || pgdat.mm.isYoung(pfn)) return NO_PAGE
    }
    first = pfn
    pfn = prev[pfn]
  }
  return first
}

/** What the long way notes about each page, from `first` to the end of the list. */
const note = (frames: Frames, first: number, batch: ReclaimBatch, sc: ScanControl, marksReclaim: boolean): void => {
  const { flags, next, rmap } = frames
  for (let pfn = first; pfn >= 0; pfn = next[pfn]) {
    const f = flags[pfn]
    sc.nrScanned += rmap[pfn] >= 0 || (f & PG_swapcache) !== 0 ? 2 : 1
    if ((f & PG_writeback) === 0) continue
    batch.nrWriteback++
    if (marksReclaim) flags[pfn] = f | PG_reclaim
  }
}

/**
 * Moves at most `nrToScan` pages from the tail of an inactive list to its head, if all of them would stay and the task keeps
 * its CPU meanwhile. False when it has done nothing; else `batch` tells how many pages and what they were.
 */
export const tryRotateBatch = (
  pgdat: Pgdat,
  task: Task,
  lruvec: LruVec,
  lru: number,
  nrToScan: number,
  batch: ReclaimBatch,
  sc: ScanControl
): boolean => {
  assert(sc.mayUnmap, "rotate batch: a session that may not unmap counts mapped pages otherwise")
  const list = lruvec.lists[lru]
  const n = nrToScan < list.count ? nrToScan : list.count
  if (n === 0 || pgdat.trace.lruIsolate.enabled) return false
  const first = allStay(pgdat, list, n, sc)
  if (first === NO_PAGE) return false

  // a task that has to let its time pass does so while it holds the pages, which others see
  const before = task.ns
  task.ns += n * pgdat.costs.scanPageNs
  if (needResched(task)) {
    task.ns = before
    return false
  }
  batch.taken = n
  note(pgdat.frames, first, batch, sc, pgdat.switches.writebackMarksReclaim)
  list.rotate(pgdat.frames, first, n)
  lruvec.zone.pagesScanned += n
  return true
}
