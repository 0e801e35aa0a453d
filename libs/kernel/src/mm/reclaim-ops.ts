// What reclaim calls, put together from the page tables, swap and the page cache of one machine.
// Modelled: the dirty threshold of throttle_vm_writeout, never below global_dirty_limit, which is the threshold at boot:
//   without it a machine whose swap is full would stop reclaim for a few pages under writeback, because anonymous pages
//   are not dirtyable then. Not modelled: update_dirty_limit (only writers of file pages and flushers call it).
// source: mm/vmscan.c (callees), mm/page-writeback.c:global_dirtyable_memory, hard_dirty_limit, writeback_set_ratelimit
import { type Context, NONE, NR_FREE_PAGES, NR_WRITEBACK, PG_swapcache, type Task } from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { PAGE_SUCCESS, type ReclaimOps } from "@swaplab/vmscan"
import type { Machine } from "../machine.ts"

/** vm_dirty_ratio. */
const DIRTY_RATIO = 20
/** dirty_background_ratio. */
const DIRTY_BACKGROUND_RATIO = 10

/** The operations table of one machine. */
export class MachineReclaimOps implements ReclaimOps {
  readonly #machine: Machine
  /** global_dirty_limit: set at boot, when nearly all memory is free and no zone holds anything back. */
  readonly globalDirtyLimit: number

  constructor(machine: Machine) {
    this.#machine = machine
    this.globalDirtyLimit = Math.floor((machine.pages.vmstat.items[NR_FREE_PAGES] * DIRTY_RATIO) / 100)
  }

  nrSwapPages(): number {
    return this.#machine.swap.nrSwapPages()
  }

  totalSwapPages(): number {
    return this.#machine.swap.map.pages
  }

  unlockPage(pfn: number): void {
    this.#machine.swap.locks.unlock(pfn)
  }

  vmSwapFull(): boolean {
    return this.#machine.swap.vmSwapFull()
  }

  pageReferenced(pfn: number): number {
    return this.#machine.mm.pageReferenced(pfn)
  }

  addToSwap(ctx: Context, pfn: number): boolean {
    return this.#machine.swap.addToSwap(ctx, pfn)
  }

  tryToUnmap(ctx: Context, pfn: number): number {
    return this.#machine.mm.tryToUnmap(ctx, pfn)
  }

  tryPageout(task: Task, pfn: number): number {
    const { files, pages } = this.#machine
    if (files !== null && (pages.frames.flags[pfn] & PG_swapcache) === 0) {
      files.pageout(pfn)
      return PAGE_SUCCESS
    }
    return this.#machine.swap.tryPageout(task, pfn)
  }

  pageout(task: Task, pfn: number): Sleeps<number> {
    return this.#machine.swap.pageout(task, pfn)
  }

  removeMapping(ctx: Context, pfn: number): boolean {
    const frames = this.#machine.pages.frames
    assert(frames.rmap[pfn] === NONE, "a mapped page cannot leave its cache")
    if ((frames.flags[pfn] & PG_swapcache) !== 0) return this.#machine.swap.removeMapping(ctx, pfn)
    const { files, pageCache } = this.#machine
    // the pages of the read-only root have no index
    return files !== null && frames.private[pfn] !== 0 ? files.removeMapping(ctx, pfn) : pageCache.removeMapping(pfn)
  }

  tryToFreeSwap(ctx: Context, pfn: number): boolean {
    return this.#machine.swap.state.tryToFreeSwap(ctx, pfn)
  }

  startPlug(task: Task): void {
    this.#machine.swap.startPlug(task)
  }

  finishPlug(task: Task): Sleeps<void> {
    return this.#machine.swap.finishPlug(task)
  }

  /** Only the caches of file names have a shrinker, and only loads that use many files have such caches. */
  shrinkSlab(ctx: Context, gfp: number, scanned: number, lruPages: number): number {
    return this.#machine.dcache?.shrink(ctx, gfp, scanned, lruPages) ?? 0
  }

  writebackPages(): number {
    return this.#machine.pages.vmstat.items[NR_WRITEBACK]
  }

  hardDirtyLimit(): number {
    return Math.max(this.dirtyThreshold(), this.globalDirtyLimit)
  }

  /** global_dirty_limits: 20 % of free and reclaimable pages, without what the watermarks and lowmem_reserve keep. */
  dirtyThreshold(): number {
    return Math.floor((this.#dirtyableMemory() * DIRTY_RATIO) / 100)
  }

  /** 10 % of the same. */
  dirtyBackgroundThreshold(): number {
    return Math.floor((this.#dirtyableMemory() * DIRTY_BACKGROUND_RATIO) / 100)
  }

  wakeFlushers(pages: number): void {
    this.#machine.writeback?.wake(pages)
  }

  #dirtyableMemory(): number {
    const { pages, vmscan, swap } = this.#machine
    const swapAvailable = swap.nrSwapPages() > 0
    let available = pages.vmstat.items[NR_FREE_PAGES]
    for (const lruvec of vmscan.pgdat.lruvecs) {
      available += lruvec.reclaimablePages(swapAvailable) - lruvec.zone.dirtyBalanceReserve
    }
    return Math.max(0, available) + 1
  }
}
