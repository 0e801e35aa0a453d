// Anonymous memory of the processes of one machine: page faults, reverse mapping, unmapping.
// Modelled: anonymous private mappings of whole pages, page-table pages, minor, major and write-protect faults,
//   the accessed and dirty bits, reuse of swap-cache pages, content tokens.
// Not modelled: shared mappings and fork (every page has one mapping at most), mlock, huge pages, mmap_sem (a process
//   here has one thread, so nobody else ever takes it), the zero page of read faults (usemem writes before it reads).
// What that costs: try_to_unmap never fails for contention, and page_mapcount is 0 or 1. A fault that waits for a page lock
//   is one fault here and keeps its reference to the page; Linux drops it and enters the fault again, so pgfault counts such
//   faults once where Linux counts each entry. The wait in a write-protect fault is killable here.
// source: mm/memory.c:do_anonymous_page, do_swap_page, do_wp_page; mm/rmap.c
import {
  __GFP_NOTRACK,
  __GFP_REPEAT,
  __GFP_ZERO,
  type Context,
  type Frames,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  NO_PAGE,
  NONE,
  NR_ANON_PAGES,
  NR_PAGE_TABLE_PAGES,
  type PageAllocator,
  PG_dirty,
  PG_swapbacked,
  PG_swapcache,
  PG_uptodate,
  PGFAULT,
  PGMAJFAULT
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { NOT_CACHED, type Swap } from "@swaplab/swap"
import { SWAP_SUCCESS, type Vmscan } from "@swaplab/vmscan"
import type { Costs } from "../costs.ts"
import type { KernelTask } from "../task.ts"
import {
  PageTables,
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_PRESENT,
  PTE_SWAP,
  PTE_WRITE,
  ptePage,
  pteSwap,
  pteValue
} from "./page-table.ts"

const GFP_ANON = GFP_HIGHUSER_MOVABLE | __GFP_ZERO
/** Mask of a page-table page. */
export const GFP_PGTABLE = GFP_KERNEL | __GFP_NOTRACK | __GFP_REPEAT | __GFP_ZERO

/** How a fault ended. */
export const FAULT_DONE = 0
/** No memory, and the process is to be killed or has been. */
export const FAULT_OOM = 1
/** The page could not be read back from swap. */
export const FAULT_SIGBUS = 2

/** The pieces that page faults work with. */
export interface MmParts {
  readonly pages: PageAllocator
  readonly vmscan: Vmscan
  readonly swap: Swap
  readonly costs: Costs
  /** A major fault took that long, from the access to the mapped page. */
  readonly onMajorFault: (ns: number) => void
}

/** Anonymous memory of one machine. */
export class Mm {
  readonly tables: PageTables
  readonly #parts: MmParts
  readonly #frames: Frames
  /** Its last attempt in `tryFault` failed by order: the fault that follows has no memory. */
  #refused: KernelTask | null = null
  /** Pages mapped, and swap entries held, per process: the OOM killer's rss and swapents. */
  readonly rss: Int32Array
  readonly swapEntries: Int32Array

  constructor(tables: PageTables, parts: MmParts) {
    this.tables = tables
    this.#parts = parts
    this.#frames = parts.pages.frames
    this.rss = new Int32Array(tables.processes)
    this.swapEntries = new Int32Array(tables.processes)
  }

  /** The slot in each swap entry of all page tables. */
  *swapSlots(): Generator<number, void, undefined> {
    for (const entry of this.tables.entries) if ((entry & PTE_SWAP) !== 0) yield pteValue(entry)
  }

  /** Page-table pages of one process. */
  pageTablePages(process: number): number {
    let pages = 0
    const { tables } = this
    for (let i = tables.firstTable(process); i < tables.firstTable(process + 1); i++) {
      if (tables.tablePages[i] !== NO_PAGE) pages++
    }
    return pages
  }

  /**
   * A fault that needs neither to sleep nor to read: a new anonymous page, or a write to a page it may keep.
   * False: nothing was done, call `fault`.
   */
  tryFault(task: KernelTask, index: number, write: boolean): boolean {
    const entry = this.tables.entries.at(index)
    if ((entry & PTE_PRESENT) !== 0) return this.#tryWriteProtectFault(task, index, entry)
    if ((entry & PTE_SWAP) !== 0 || this.tables.tablePages[this.tables.table(index)] === NO_PAGE) return false
    const { mempolicy } = task
    if (mempolicy !== null) mempolicy.faultPage = index
    const pfn = this.#parts.pages.tryAlloc(task, GFP_ANON, 0)
    if (mempolicy !== null) mempolicy.faultPage = -1
    if (pfn < 0) {
      // an order-0 allocation that may wait fails without waiting only where fault injection says so
      if (pfn === NO_PAGE) this.#refused = task
      return false
    }
    this.#mapNew(task, index, pfn, write)
    return true
  }

  /**
   * A page fault: returns FAULT_DONE with the page mapped as asked for, or why it could not be. Without memory it calls
   * the OOM killer and tries again, until somebody, perhaps this task, has been killed.
   */
  *fault(task: KernelTask, index: number, write: boolean): Sleeps<number> {
    for (;;) {
      const refused = this.#refused === task
      if (refused) this.#refused = null
      const { mempolicy } = task
      if (mempolicy !== null) mempolicy.faultPage = index
      const result = refused ? FAULT_OOM : yield* this.#handleFault(task, index, write)
      if (mempolicy !== null) mempolicy.faultPage = -1
      if (result !== FAULT_OOM || task.killed) return result
      yield* this.#parts.vmscan.pagefaultOutOfMemory(task)
    }
  }

  /** handle_mm_fault. */
  *#handleFault(task: KernelTask, index: number, write: boolean): Sleeps<number> {
    const entry = this.tables.entries.at(index)
    if ((entry & PTE_PRESENT) !== 0) return yield* this.#writeProtectFault(task, index)
    if ((entry & PTE_SWAP) !== 0) return yield* this.#swapFault(task, index, write)
    if (!(yield* this.#allocTable(task, index))) return FAULT_OOM
    const pfn = yield* this.#parts.pages.alloc(task, GFP_ANON, 0)
    if (pfn === NO_PAGE) return FAULT_OOM
    this.#mapNew(task, index, pfn, write)
    return FAULT_DONE
  }

  /** page_referenced: tests and clears the young bit of the page's only mapping. */
  pageReferenced(pfn: number): number {
    const index = this.#frames.rmap[pfn]
    if (index === NONE) return 0
    const entry = this.tables.entries.at(index)
    if ((entry & PTE_ACCESSED) === 0) return 0
    this.tables.replace(index, entry & ~PTE_ACCESSED)
    return 1
  }

  /** pte_young: the young bit of the page's only mapping. */
  isYoung(pfn: number): boolean {
    const index = this.#frames.rmap[pfn]
    return index !== NONE && (this.tables.entries.at(index) & PTE_ACCESSED) !== 0
  }

  /** try_to_unmap: the entry becomes a swap entry; a dirty entry makes the page dirty. */
  tryToUnmap(_ctx: Context, pfn: number): number {
    const frames = this.#frames
    const index = frames.rmap[pfn]
    assert(index !== NONE, "unmapping a page that is not mapped")
    const entry = this.tables.entries.at(index)
    assert(pteValue(entry) === pfn && (entry & PTE_PRESENT) !== 0, "reverse map and page table disagree")
    assert((frames.flags[pfn] & PG_swapcache) !== 0, "an anonymous page is unmapped only into swap")
    const slot = frames.private[pfn]
    if ((entry & PTE_DIRTY) !== 0) frames.flags[pfn] |= PG_dirty
    this.#parts.swap.swapDuplicate(slot)
    this.tables.replace(index, pteSwap(slot))
    frames.rmap[pfn] = NONE
    frames.refCount[pfn]--
    assert(frames.refCount[pfn] > 0, "a page was unmapped that nobody else held")
    const process = this.tables.owner(index)
    this.rss[process]--
    this.swapEntries[process]++
    this.#parts.pages.zoneOf(pfn).modState(NR_ANON_PAGES, -1)
    return SWAP_SUCCESS
  }

  /** exit_mmap: unmaps everything of a process and frees its page tables. */
  exit(ctx: Context, process: number): void {
    const { entries, tablePages } = this.tables
    const base = this.tables.base(process)
    for (let index = base; index < this.tables.base(process + 1); index++) {
      const entry = entries.at(index)
      if (entry === 0) continue
      this.tables.replace(index, 0)
      if ((entry & PTE_PRESENT) !== 0) this.#zap(ctx, pteValue(entry))
      else this.#parts.swap.freeSwapAndCache(ctx, pteValue(entry))
    }
    for (let table = this.tables.firstTable(process); table < this.tables.firstTable(process + 1); table++) {
      if (tablePages[table] === NO_PAGE) continue
      this.#parts.pages.free(ctx, tablePages[table], 0)
      this.#parts.pages.zoneOf(tablePages[table]).modState(NR_PAGE_TABLE_PAGES, -1)
      tablePages[table] = NO_PAGE
    }
    this.rss[process] = 0
    this.swapEntries[process] = 0
  }

  /** free_page_and_swap_cache, for one mapped page of an exiting process. */
  #zap(ctx: Context, pfn: number): void {
    this.#frames.rmap[pfn] = NONE
    this.#parts.pages.zoneOf(pfn).modState(NR_ANON_PAGES, -1)
    this.#parts.swap.freeSwapCache(ctx, pfn)
    this.#parts.vmscan.lru.putPage(ctx, pfn)
  }

  #mapNew(task: KernelTask, index: number, pfn: number, write: boolean): void {
    const frames = this.#frames
    frames.flags[pfn] |= PG_swapbacked | PG_uptodate
    frames.tokenWriter[pfn] = 0
    frames.tokenVersion[pfn] = 0
    this.#map(index, pfn, write ? PTE_WRITE | PTE_DIRTY : 0)
    this.#parts.pages.vmstat.inc(PGFAULT)
    this.#parts.vmscan.lru.add(task, pfn, true)
    const { costs, pages } = this.#parts
    task.ns += costs.minorFaultNs
    if (pages.numa !== null) task.ns += pages.numa.remoteNs(task, pages.zoneOf(pfn), costs.pageAccessNs)
  }

  #map(index: number, pfn: number, bits: number): void {
    this.#frames.rmap[pfn] = index
    this.tables.entries.set(index, ptePage(pfn, PTE_ACCESSED | bits))
    this.rss[this.tables.owner(index)]++
    this.#parts.pages.zoneOf(pfn).modState(NR_ANON_PAGES, 1)
  }

  *#allocTable(task: KernelTask, index: number): Sleeps<boolean> {
    const table = this.tables.table(index)
    if (this.tables.tablePages[table] !== NO_PAGE) return true
    const pfn = yield* this.#parts.pages.alloc(task, GFP_PGTABLE, 0)
    if (pfn === NO_PAGE) return false
    this.tables.tablePages[table] = pfn
    this.#parts.pages.zoneOf(pfn).modState(NR_PAGE_TABLE_PAGES, 1)
    return true
  }

  /** do_wp_page. False: the page is locked. */
  #tryWriteProtectFault(task: KernelTask, index: number, entry: number): boolean {
    const { pages, swap, costs } = this.#parts
    const pfn = pteValue(entry)
    assert(this.#frames.rmap[pfn] === index, "a present page is not mapped where its entry says")
    if (!swap.locks.tryLock(pfn)) return false
    const reuse = swap.reuseSwapPage(task, pfn)
    assert(reuse, "a page with one mapping can always be reused")
    swap.locks.unlock(pfn)
    this.tables.entries.mark(index, PTE_WRITE | PTE_DIRTY | PTE_ACCESSED)
    pages.vmstat.inc(PGFAULT)
    task.ns += costs.minorFaultNs
    return true
  }

  *#writeProtectFault(task: KernelTask, index: number): Sleeps<number> {
    for (;;) {
      const entry = this.tables.entries.at(index)
      // reclaim took the page while the task waited for its lock
      if ((entry & PTE_PRESENT) === 0) return yield* this.#swapFault(task, index, true)
      if (this.#tryWriteProtectFault(task, index, entry)) return FAULT_DONE
      const pfn = pteValue(entry)
      // held, so that it cannot become another page meanwhile
      this.#frames.refCount[pfn]++
      const unlocked = yield* this.#parts.swap.locks.waitUnlockedKillable(task, pfn)
      this.#parts.vmscan.lru.putPage(task, pfn)
      if (!unlocked) return FAULT_OOM
    }
  }

  /** do_swap_page. */
  *#swapFault(task: KernelTask, index: number, write: boolean): Sleeps<number> {
    const { pages, swap, vmscan, costs } = this.#parts
    const frames = this.#frames
    const start = task.sim.now
    const slot = pteValue(this.tables.entries.at(index))
    let major = false
    let pfn = NOT_CACHED
    task.ns += costs.minorFaultNs
    for (;;) {
      pfn = swap.lookupSwapCache(slot)
      if (pfn === NOT_CACHED) {
        pfn = yield* swap.swapinReadahead(task, slot)
        if (pfn === NO_PAGE) return FAULT_OOM
        if (!major) pages.vmstat.inc(PGMAJFAULT)
        major = true
      } else {
        frames.refCount[pfn]++
      }
      while (!swap.locks.tryLock(pfn)) {
        if (!(yield* swap.locks.waitUnlockedKillable(task, pfn))) {
          vmscan.lru.putPage(task, pfn)
          return FAULT_OOM
        }
      }
      // it may have been reclaimed, and even read again into another page, while the task waited
      if ((frames.flags[pfn] & PG_swapcache) !== 0 && frames.private[pfn] === slot) break
      swap.locks.unlock(pfn)
      vmscan.lru.putPage(task, pfn)
    }
    if ((frames.flags[pfn] & PG_uptodate) === 0) {
      swap.locks.unlock(pfn)
      vmscan.lru.putPage(task, pfn)
      return FAULT_SIGBUS
    }
    pages.vmstat.inc(PGFAULT)
    if (write) swap.reuseSwapPage(task, pfn)
    // the reference of the lookup becomes that of the page table entry
    this.#map(index, pfn, write ? PTE_WRITE | PTE_DIRTY : 0)
    this.swapEntries[this.tables.owner(index)]--
    swap.swapFree(slot, task)
    if (swap.vmSwapFull()) swap.state.tryToFreeSwap(task, pfn)
    swap.locks.unlock(pfn)
    if (major) this.#parts.onMajorFault(task.sim.now - start + task.ns)
    return FAULT_DONE
  }
}
