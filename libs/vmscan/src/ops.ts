// The operations tables through which reclaim calls what lies above it: swap, the page tables, the block layer and the
// process table. In the kernel these are direct calls (mm/swap_state.c, mm/rmap.c, mm/page_io.c, mm/oom_kill.c); here
// the machine that boots the libraries plugs them in, so that this library imports nothing but the page allocator.
//
// Reference counts follow the kernel: each page table entry holds one reference, the swap or page cache holds one, and a
// page taken off its LRU list by reclaim carries one more (the isolation reference), as does a page in a pagevec.
import type { Context, Mempolicy, Task } from "@swaplab/page-alloc"
import type { Sleeps, WaitQueue } from "@swaplab/sim"

/** Results of `tryToUnmap` (include/linux/rmap.h). */
export const SWAP_SUCCESS = 0
/** A page table was locked by someone else: try again later. */
export const SWAP_AGAIN = 1
/** A page table entry was referenced meanwhile, or cannot be removed: the page goes back to the active list. */
export const SWAP_FAIL = 2
/** The page is mlocked: it goes to the unevictable list. */
export const SWAP_MLOCK = 3

/** Results of `tryPageout` and `pageout` (mm/vmscan.c:pageout_t); `tryPageout` may also say WOULD_SLEEP. */
export const PAGE_SUCCESS = 0
/** Could not be written now; still locked. */
export const PAGE_KEEP = 1
/** Could not be written and should not be tried again soon; still locked. */
export const PAGE_ACTIVATE = 2
/** Nothing to write; still locked. */
export const PAGE_CLEAN = 3

/** Set in the result of `pageReferenced` when one of the mappings is executable file text (VM_EXEC). */
export const REFERENCED_EXEC = 0x10000

/**
 * What reclaim calls in swap, page tables and caches. Every page handed over is isolated (on no list, isolation
 * reference held) and locked (PG_locked) unless a method says otherwise. Reclaim reads frames.flags (PG_dirty,
 * PG_writeback, PG_swapcache, PG_swapbacked) and frames.rmap (−1: not mapped) after every call, so the methods keep them.
 */
export interface ReclaimOps {
  /** Free slots of all swap areas (nr_swap_pages). */
  nrSwapPages(): number
  /** Slots of all swap areas, used or not (total_swap_pages); 0 while no swap is configured. */
  totalSwapPages(): number
  /** More than half of the swap is in use (vm_swap_full). */
  vmSwapFull(): boolean
  /**
   * page_referenced: how many page table entries have their young bit set; clears them. Add REFERENCED_EXEC where it
   * applies. Called for isolated pages of the active lists too, which are not locked.
   */
  pageReferenced(pfn: number): number
  /** pte_young: whether `pageReferenced` would count any. Changes nothing. */
  isYoung(pfn: number): boolean
  /** add_to_swap: takes a slot, inserts the page into the swap cache, sets PG_swapcache and PG_dirty. False: no slot or no memory. */
  addToSwap(ctx: Context, pfn: number): boolean
  /**
   * try_to_unmap: replaces the page table entries by swap entries, or clears those of a file page, drops their references and
   * sets frames.rmap to −1.
   */
  tryToUnmap(ctx: Context, pfn: number): number
  /**
   * The part of pageout() that talks to the backing store: clear PG_dirty, set PG_writeback, unlock, submit. Reclaim has
   * checked the reference count and set PG_reclaim before, and counts nr_vmscan_write after. Returns PAGE_SUCCESS with
   * the page unlocked, one of PAGE_KEEP, PAGE_ACTIVATE, PAGE_CLEAN with the page still locked, or WOULD_SLEEP with
   * nothing done at all: then `pageout` is called.
   */
  tryPageout(task: Task, pfn: number): number
  /** The same, sleeping for a bio or a request slot where it must. Never WOULD_SLEEP. */
  pageout(task: Task, pfn: number): Sleeps<number>
  /**
   * unlock_page: clears PG_locked and wakes the tasks that wait for it. Reclaim calls this for a page that it slept with, because
   * somebody may have come to wait; a page locked and unlocked in one go just has its flag cleared.
   */
  unlockPage(pfn: number): void
  /**
   * __remove_mapping: if the page is clean, not under writeback, and referenced by nobody but its cache and the
   * isolation (frames.refCount is 2), removes it from the cache, drops the cache's reference and says true; reclaim then
   * frees the page. Else changes nothing. Never called for a mapped page.
   */
  removeMapping(ctx: Context, pfn: number): boolean
  /** try_to_free_swap: gives up the swap slot of an activated page when nobody else needs it. */
  tryToFreeSwap(ctx: Context, pfn: number): boolean
  /**
   * blk_start_plug. A task that holds a plug already keeps that one (the kernel ignores nested plugs). A task that goes
   * to sleep under a plug must have it flushed: that is the dispatcher's or the block layer's job, not reclaim's.
   */
  startPlug(task: Task): void
  /** blk_finish_plug of the plug that `startPlug` made, if it did. */
  finishPlug(task: Task): Sleeps<void>
  /**
   * shrink_slab: asks the shrinkers to scan `scanned`/`lruPages` of their objects. Returns the objects freed; pages that
   * this gives back are not counted as reclaimed.
   */
  shrinkSlab(ctx: Context, gfp: number, scanned: number, lruPages: number): number
  /** NR_WRITEBACK + NR_UNSTABLE_NFS of the whole machine. */
  writebackPages(): number
  /** hard_dirty_limit of the dirty threshold, in pages: never below global_dirty_limit, which follows it downwards slowly. */
  hardDirtyLimit(): number
  /** wakeup_flusher_threads(nr_pages): writes back dirty file pages. */
  wakeFlushers(pages: number): void
}

/** State of the block devices as seen by waiters (mm/backing-dev.c). */
export interface Congestion {
  /** congestion_wqh[BLK_RW_ASYNC], named "congestion_wqh[async]": woken when a device leaves the congested state. */
  readonly wait: WaitQueue
  /** Is any device congested for asynchronous requests (nr_bdi_congested)? */
  anyCongested(): boolean
}

/** One process as the OOM killer sees it. Values are read afresh at each call of `candidates`. */
export interface OomCandidate {
  readonly pid: number
  readonly name: string
  /** Identity of its address space: processes with equal ids die together. */
  readonly mm: number
  readonly rssPages: number
  readonly pageTablePages: number
  readonly swapEntries: number
  /** −1000 (never) to 1000. */
  readonly oomScoreAdj: number
  /** CAP_SYS_ADMIN: gets 3 % of its points off. */
  readonly root: boolean
  /** PF_EXITING. */
  readonly exiting: boolean
  /** TIF_MEMDIE. */
  readonly memdie: boolean
  readonly children: ReadonlyArray<OomCandidate>
  /** Memory policy and cpuset of the task; absent: the default policy, and all nodes. */
  readonly mempolicy?: Mempolicy | null
  readonly memsAllowed?: number
}

/** The process table as the OOM killer needs it. Kernel threads and init are left out of `candidates`. */
export interface OomOps {
  candidates(): Iterable<OomCandidate>
  /** pid of the calling task. */
  pidOf(task: Task): number
  /** RAM + swap, in pages (totalpages); `ramPages`: what the request may use of the RAM, where that is not all. */
  totalPages(ramPages?: number): number
  /** Sets TIF_MEMDIE without a signal: the task is dying already and needs memory to do so. */
  giveMemdie(victim: OomCandidate): void
  /** Sets TIF_MEMDIE and sends SIGKILL to every process that shares the victim's mm. */
  kill(victim: OomCandidate, points: number): void
  /** There is nobody to kill: the machine stops. The calling task sleeps for ever afterwards. */
  panic(message: string): void
}
