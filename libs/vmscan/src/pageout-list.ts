// The pageout list, as Christoph Lameter proposed it on 2007-08-08: a page whose write needs I/O frees nothing at once, so
// reclaim does not start the write but puts the page aside, and writes what was put aside when it is done, without
// PF_MEMALLOC, so that these writes may reclaim themselves.
//
// The mail is two paragraphs. What it leaves open was chosen so: each session of reclaim has a list of its own, of 32 pages;
// pages on it are isolated; a session ends when pages reclaimed and pages put aside are 32 together, or at priority 0; then
// its own task goes through the list with shrink_page_list, this time with writing. (Read to the letter, "when reclaim has
// reclaimed enough", a load without clean pages would never write anything.) Reclaim that such a write enters writes
// nothing itself: otherwise it would nest without end.
// source: the mail; mm/vmscan.c:shrink_page_list
import { PF_MEMALLOC, PGSTEAL_DIRECT_DMA, PGSTEAL_KSWAPD_DMA, type Task } from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { type ReclaimBatch, ScanControl } from "./batch.ts"
import { LRU_INACTIVE_ANON, SWAP_CLUSTER_MAX } from "./constants.ts"
import { putbackInactivePages } from "./isolate.ts"
import type { LruVec } from "./lruvec.ts"
import type { Pgdat } from "./pgdat.ts"
import { shrinkPageList } from "./shrink-page-list.ts"

/** The pages that one session has put aside, by zone. */
export class PageoutList {
  /** Pages put aside now. */
  count = 0
  readonly #batches = new Map<LruVec, ReclaimBatch>()

  /** Puts an isolated, unlocked page aside. False: the list is full. */
  add(pgdat: Pgdat, lruvec: LruVec, pfn: number): boolean {
    if (this.count >= SWAP_CLUSTER_MAX) return false
    let batch = this.#batches.get(lruvec)
    if (batch === undefined) {
      batch = pgdat.takeBatch()
      batch.reset()
      this.#batches.set(lruvec, batch)
    }
    batch.pages[batch.taken++] = pfn
    this.count++
    return true
  }

  /** Hands the batches over and is empty again. */
  take(): ReadonlyArray<readonly [LruVec, ReclaimBatch]> {
    const batches = [...this.#batches]
    this.#batches.clear()
    this.count = 0
    return batches
  }
}

/** A list for a new session, or null: without the switch, and for a task that is writing out a list. */
export const newPageoutList = (pgdat: Pgdat, task: Task): PageoutList | null =>
  pgdat.switches.pageoutList && !pgdat.pageoutWriters.has(task) ? new PageoutList() : null

/** Writes what the session has put aside, without PF_MEMALLOC, and puts the pages back. Adds to sc.nrReclaimed. */
export function* writePageoutList(pgdat: Pgdat, task: Task, sc: ScanControl): Sleeps<void> {
  if (sc.pageoutList === null || sc.pageoutList.count === 0) return
  assert(!pgdat.pageoutWriters.has(task), "a pageout list is written by a task that writes one already")
  const flags = task.flags
  pgdat.pageoutWriters.add(task)
  task.flags &= ~PF_MEMALLOC
  pgdat.mm.startPlug(task)
  for (const [lruvec, batch] of sc.pageoutList.take()) {
    const { taken } = batch
    pgdat.pageoutListed += taken
    const writing = new ScanControl(sc.gfp, sc.order, SWAP_CLUSTER_MAX, sc.priority, sc.isKswapd)
    const reclaimed = yield* shrinkPageList(pgdat, task, batch, lruvec, writing)
    sc.nrReclaimed += reclaimed
    pgdat.vmstat.inc((sc.isKswapd ? PGSTEAL_KSWAPD_DMA : PGSTEAL_DIRECT_DMA) + lruvec.zone.index, reclaimed)
    putbackInactivePages(pgdat, task, lruvec, batch)
    lruvec.modIsolated(LRU_INACTIVE_ANON, -taken)
    pgdat.giveBatch(batch)
  }
  yield* pgdat.mm.finishPlug(task)
  task.flags |= flags & PF_MEMALLOC
  pgdat.pageoutWriters.delete(task)
}
