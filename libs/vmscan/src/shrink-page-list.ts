// What reclaim does with each page it has isolated. Anonymous memory takes two visits: the first gives the page a swap
// slot, unmaps it and starts the write; the end of the write rotates it to the tail of the inactive list; the second
// visit finds it clean and frees it.
//
// Modelled: the decisions in the kernel's order. `scanPages` is one plain loop over the batch that stops only at a page
// whose write must sleep. Not modelled: buffer heads, huge pages, memcg reclaim (which would wait for writeback),
// mlock is noticed by try_to_unmap only, not at the start; cond_resched per page: it runs
// once a batch, so that the pages of a batch that need no sleep are handled at one instant (some 100 µs of CPU time at most).
// source: mm/vmscan.c:shrink_page_list, page_check_references, pageout
import {
  __GFP_FS,
  __GFP_IO,
  NO_PAGE,
  NR_VMSCAN_IMMEDIATE_RECLAIM,
  NR_VMSCAN_WRITE,
  PG_active,
  PG_dirty,
  PG_isolated,
  PG_locked,
  PG_lru,
  PG_reclaim,
  PG_referenced,
  PG_swapbacked,
  PG_swapcache,
  PG_writeback,
  PGACTIVATE,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import type { ReclaimBatch, ScanControl } from "./batch.ts"
import { DEF_PRIORITY } from "./constants.ts"
import type { LruVec } from "./lruvec.ts"
import {
  PAGE_ACTIVATE,
  PAGE_CLEAN,
  PAGE_KEEP,
  PAGE_SUCCESS,
  REFERENCED_EXEC,
  SWAP_AGAIN,
  SWAP_FAIL,
  SWAP_MLOCK
} from "./ops.ts"
import type { Pgdat } from "./pgdat.ts"
import { RECLAIM_WB_ANON, RECLAIM_WB_ASYNC, RECLAIM_WB_FILE } from "./tracepoints.ts"

const PAGEREF_RECLAIM = 0
const PAGEREF_RECLAIM_CLEAN = 1
const PAGEREF_KEEP = 2
const PAGEREF_ACTIVATE = 3

/** page_check_references. */
const checkReferences = (pgdat: Pgdat, pfn: number): number => {
  const flags = pgdat.frames.flags
  const referenced = pgdat.mm.pageReferenced(pfn)
  const f = flags[pfn]
  const wasReferenced = (f & PG_referenced) !== 0
  const swapBacked = (f & PG_swapbacked) !== 0
  flags[pfn] = f & ~PG_referenced
  if (referenced !== 0) {
    if (swapBacked) return PAGEREF_ACTIVATE
    flags[pfn] |= PG_referenced
    const executable = (referenced & REFERENCED_EXEC) !== 0
    const ptes = referenced & ~REFERENCED_EXEC
    return wasReferenced || ptes > 1 || executable ? PAGEREF_ACTIVATE : PAGEREF_KEEP
  }
  return wasReferenced && !swapBacked ? PAGEREF_RECLAIM_CLEAN : PAGEREF_RECLAIM
}

const keep = (batch: ReclaimBatch, pfn: number): void => {
  batch.kept[batch.nrKept++] = pfn
}

const keepLocked = (pgdat: Pgdat, batch: ReclaimBatch, pfn: number): void => {
  pgdat.frames.flags[pfn] &= ~PG_locked
  keep(batch, pfn)
}

const activateLocked = (pgdat: Pgdat, task: Task, batch: ReclaimBatch, pfn: number): void => {
  const flags = pgdat.frames.flags
  if ((flags[pfn] & PG_swapcache) !== 0 && pgdat.mm.vmSwapFull()) pgdat.mm.tryToFreeSwap(task, pfn)
  assert((flags[pfn] & PG_active) === 0, "shrink_page_list: an isolated page became active")
  flags[pfn] |= PG_active
  batch.nrActivated++
  keepLocked(pgdat, batch, pfn)
}

/** cull_mlocked. */
const cull = (pgdat: Pgdat, task: Task, pfn: number): void => {
  const flags = pgdat.frames.flags
  if ((flags[pfn] & PG_swapcache) !== 0) pgdat.mm.tryToFreeSwap(task, pfn)
  flags[pfn] &= ~PG_locked
  pgdat.lru.putbackUnevictable(task, pfn)
}

/** The last step: the page is clean and locked. */
const removeOrKeep = (pgdat: Pgdat, task: Task, batch: ReclaimBatch, pfn: number): void => {
  // a fault may have mapped it again while its write slept
  if (pgdat.frames.rmap[pfn] >= 0 || !pgdat.mm.removeMapping(task, pfn)) {
    keepLocked(pgdat, batch, pfn)
    return
  }
  assert(pgdat.frames.refCount[pfn] === 1, "removeMapping: somebody else still holds the page")
  pgdat.frames.flags[pfn] &= ~PG_locked
  batch.freed[batch.nrFreed++] = pfn
}

/** What follows the result of pageout(). `slept`: somebody may wait for the page's lock. */
const afterPageout = (
  pgdat: Pgdat,
  task: Task,
  batch: ReclaimBatch,
  zone: LruVec["zone"],
  pfn: number,
  result: number,
  slept: boolean
): void => {
  const { frames, trace } = pgdat
  const flags = frames.flags
  if (result === PAGE_SUCCESS) {
    const f = flags[pfn]
    if ((f & PG_writeback) === 0) flags[pfn] = f & ~PG_reclaim
    if (trace.writepage.enabled) {
      const kind = (f & PG_swapbacked) !== 0 ? RECLAIM_WB_ANON : RECLAIM_WB_FILE
      trace.writepage.emit(task.process.group, pfn, pfn, kind | RECLAIM_WB_ASYNC)
    }
    zone.modState(NR_VMSCAN_WRITE, 1)
    // under writeback, dirty again, or locked by who waited: put back without the lock, which the write has released
    if ((f & (PG_writeback | PG_dirty | PG_locked)) !== 0) {
      keep(batch, pfn)
      return
    }
    flags[pfn] |= PG_locked
    removeOrKeep(pgdat, task, batch, pfn)
    return
  }
  assert((flags[pfn] & PG_locked) !== 0, "pageout: unlocked a page that it did not write")
  if (slept) {
    pgdat.mm.unlockPage(pfn)
    // a waiter runs later: reclaim still has the page to itself for what follows
    flags[pfn] |= PG_locked
  }
  if (result === PAGE_KEEP) {
    batch.nrCongested++
    keepLocked(pgdat, batch, pfn)
  } else if (result === PAGE_ACTIVATE) {
    flags[pfn] &= ~PG_reclaim
    activateLocked(pgdat, task, batch, pfn)
  } else {
    assert(result === PAGE_CLEAN, "pageout: unknown result")
    removeOrKeep(pgdat, task, batch, pfn)
  }
}

/**
 * Goes through the batch from where it stands. Returns NO_PAGE at the end, or the page whose pageout must sleep; then
 * the caller sleeps, reports the result with `afterPageout`, and calls again.
 */
const scanPages = (pgdat: Pgdat, task: Task, batch: ReclaimBatch, lruvec: LruVec, sc: ScanControl): number => {
  const { frames, mm, costs } = pgdat
  const { flags, rmap, refCount } = frames
  const ioAllowed = (sc.gfp & __GFP_IO) !== 0
  const fsAllowed = (sc.gfp & __GFP_FS) !== 0
  while (batch.next < batch.taken) {
    const pfn = batch.pages[batch.next++]
    const f = flags[pfn]
    if ((f & PG_locked) !== 0) {
      keep(batch, pfn)
      continue
    }
    assert((f & (PG_active | PG_lru | PG_isolated)) === PG_isolated, "shrink_page_list: page is not isolated")
    flags[pfn] = f | PG_locked
    sc.nrScanned++
    if (rmap[pfn] >= 0 && !sc.mayUnmap) {
      keepLocked(pgdat, batch, pfn)
      continue
    }
    // double the slab pressure for mapped and swap cache pages
    if (rmap[pfn] >= 0 || (f & PG_swapcache) !== 0) sc.nrScanned++
    let mayEnterFs = fsAllowed || ((f & PG_swapcache) !== 0 && ioAllowed)

    if ((f & PG_writeback) !== 0) {
      if (pgdat.switches.writebackMarksReclaim) flags[pfn] |= PG_reclaim
      batch.nrWriteback++
      keepLocked(pgdat, batch, pfn)
      continue
    }

    const references = checkReferences(pgdat, pfn)
    if (references === PAGEREF_ACTIVATE) {
      activateLocked(pgdat, task, batch, pfn)
      continue
    }
    if (references === PAGEREF_KEEP) {
      keepLocked(pgdat, batch, pfn)
      continue
    }

    if ((f & (PG_swapbacked | PG_swapcache)) === PG_swapbacked) {
      // its owner went away while this batch slept: putting it back frees it. Linux would give it a slot first, to the
      // same end
      if (refCount[pfn] === 1 || !ioAllowed) {
        keepLocked(pgdat, batch, pfn)
        continue
      }
      task.ns += costs.swapOutPageNs
      if (!mm.addToSwap(task, pfn)) {
        activateLocked(pgdat, task, batch, pfn)
        continue
      }
      mayEnterFs = true
    }

    if (rmap[pfn] >= 0) {
      task.ns += costs.unmapPageNs
      const unmapped = mm.tryToUnmap(task, pfn)
      if (unmapped === SWAP_FAIL) {
        activateLocked(pgdat, task, batch, pfn)
        continue
      }
      if (unmapped === SWAP_AGAIN) {
        keepLocked(pgdat, batch, pfn)
        continue
      }
      if (unmapped === SWAP_MLOCK) {
        cull(pgdat, task, pfn)
        continue
      }
      assert(rmap[pfn] < 0, "tryToUnmap: the page is still mapped")
    }

    if ((flags[pfn] & PG_dirty) !== 0) {
      batch.nrDirty++
      const file = (f & PG_swapbacked) === 0
      // only kswapd writes file pages, and only in trouble
      if (file && (!sc.isKswapd || sc.priority >= DEF_PRIORITY - 2)) {
        lruvec.zone.modState(NR_VMSCAN_IMMEDIATE_RECLAIM, 1)
        flags[pfn] |= PG_reclaim
        keepLocked(pgdat, batch, pfn)
        continue
      }
      if (references === PAGEREF_RECLAIM_CLEAN || !mayEnterFs || !sc.mayWritepage) {
        keepLocked(pgdat, batch, pfn)
        continue
      }
      // is_page_cache_freeable: nobody but the cache and the isolation holds it
      if (refCount[pfn] !== 2) {
        batch.nrCongested++
        keepLocked(pgdat, batch, pfn)
        continue
      }
      if (sc.pageoutList !== null && !file) {
        flags[pfn] &= ~PG_locked
        if (sc.pageoutList.add(pgdat, lruvec, pfn)) batch.nrListed++
        else keep(batch, pfn)
        continue
      }
      flags[pfn] |= PG_reclaim
      const result = mm.tryPageout(task, pfn)
      if (result === WOULD_SLEEP) return pfn
      afterPageout(pgdat, task, batch, lruvec.zone, pfn, result, false)
      continue
    }
    removeOrKeep(pgdat, task, batch, pfn)
  }
  return NO_PAGE
}

/** shrink_page_list: returns the number of pages reclaimed; they are free when it returns. */
export function* shrinkPageList(
  pgdat: Pgdat,
  task: Task,
  batch: ReclaimBatch,
  lruvec: LruVec,
  sc: ScanControl
): Sleeps<number> {
  task.ns += batch.taken * pgdat.costs.scanPageNs
  yield* task.condResched()
  let pfn = scanPages(pgdat, task, batch, lruvec, sc)
  while (pfn !== NO_PAGE) {
    const result = yield* pgdat.mm.pageout(task, pfn)
    assert(result !== WOULD_SLEEP, "pageout: may not say that it would sleep")
    afterPageout(pgdat, task, batch, lruvec.zone, pfn, result, true)
    pfn = scanPages(pgdat, task, batch, lruvec, sc)
  }
  // every dirty page met was turned away: let reclaimers back off
  if (batch.nrDirty !== 0 && batch.nrDirty === batch.nrCongested) lruvec.zone.congested = true
  return freeBatch(pgdat, task, batch)
}

/** The same for a session that neither unmaps nor writes, all at once: pages that are clean and unmapped are dropped. */
export const dropCleanPages = (
  pgdat: Pgdat,
  task: Task,
  batch: ReclaimBatch,
  lruvec: LruVec,
  sc: ScanControl
): number => {
  assert(!sc.mayUnmap && !sc.mayWritepage, "dropCleanPages: a session that may write may sleep")
  task.ns += batch.taken * pgdat.costs.scanPageNs
  const asleep = scanPages(pgdat, task, batch, lruvec, sc)
  assert(asleep === NO_PAGE, "dropCleanPages: nothing is written, so nothing sleeps")
  return freeBatch(pgdat, task, batch)
}

const freeBatch = (pgdat: Pgdat, task: Task, batch: ReclaimBatch): number => {
  for (let i = 0; i < batch.nrFreed; i++) pgdat.lru.release(task, batch.freed[i], true)
  if (batch.nrActivated !== 0) pgdat.vmstat.inc(PGACTIVATE, batch.nrActivated)
  return batch.nrFreed
}
