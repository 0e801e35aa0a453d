// What reclaim calls, put together from the page tables, swap and the page cache of one machine.
// Modelled: the dirty threshold of throttle_vm_writeout, never below global_dirty_limit, which is the threshold at boot:
//   without it a machine whose swap is full would stop reclaim for a few pages under writeback, because anonymous pages
//   are not dirtyable then. Not modelled: update_dirty_limit (only writers of file pages and flushers call it).
// source: mm/vmscan.c (callees), mm/page-writeback.c:global_dirtyable_memory, hard_dirty_limit, writeback_set_ratelimit
import {
  type Context,
  NONE,
  NR_FREE_PAGES,
  NR_WRITEBACK,
  type PageAllocator,
  PG_swapcache,
  type Task
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import type { Swap } from "@swaplab/swap"
import { PAGE_SUCCESS, type ReclaimOps, type Vmscan } from "@swaplab/vmscan"
import type { Dcache } from "../files/dcache.ts"
import type { FileCache } from "../files/file-cache.ts"
import type { PageCache } from "../files/page-cache.ts"
import type { RootImage } from "../files/root-image.ts"
import type { Writeback } from "../files/writeback.ts"
import type { Mm } from "./mm.ts"

/** vm_dirty_ratio. */
const DIRTY_RATIO = 20
/** dirty_background_ratio. */
const DIRTY_BACKGROUND_RATIO = 10

/** The pieces that reclaim works with. Those that may be null appear when a load first needs them. */
export interface ReclaimParts {
  readonly pages: PageAllocator
  readonly vmscan: Pick<Vmscan, "lru">
  readonly swap: Swap
  readonly mm: Pick<Mm, "isYoung" | "pageReferenced" | "tryToUnmap">
  readonly pageCache: Pick<PageCache, "removeMapping">
  readonly files: Pick<FileCache, "pageout" | "removeMapping"> | null
  readonly root: Pick<RootImage, "firstMapping" | "isYoung" | "pageReferenced" | "removeMapping" | "tryToUnmap"> | null
  readonly dcache: Pick<Dcache, "shrink"> | null
  readonly writeback: Pick<Writeback, "wake"> | null
}

/** The operations table of one machine. */
export class MachineReclaimOps implements ReclaimOps {
  readonly #parts: ReclaimParts
  /** global_dirty_limit: set at boot, when nearly all memory is free and no zone holds anything back. */
  readonly globalDirtyLimit: number

  constructor(parts: ReclaimParts) {
    this.#parts = parts
    this.globalDirtyLimit = Math.floor((parts.pages.vmstat.items[NR_FREE_PAGES] * DIRTY_RATIO) / 100)
  }

  nrSwapPages(): number {
    return this.#parts.swap.nrSwapPages()
  }

  totalSwapPages(): number {
    return this.#parts.swap.slots.pages
  }

  unlockPage(pfn: number): void {
    this.#parts.swap.locks.unlock(pfn)
  }

  vmSwapFull(): boolean {
    return this.#parts.swap.vmSwapFull()
  }

  pageReferenced(pfn: number): number {
    return this.#mappingOf(pfn).pageReferenced(pfn)
  }

  isYoung(pfn: number): boolean {
    return this.#mappingOf(pfn).isYoung(pfn)
  }

  addToSwap(ctx: Context, pfn: number): boolean {
    return this.#parts.swap.addToSwap(ctx, pfn)
  }

  tryToUnmap(ctx: Context, pfn: number): number {
    return this.#mappingOf(pfn).tryToUnmap(ctx, pfn)
  }

  tryPageout(task: Task, pfn: number): number {
    const { files, pages } = this.#parts
    if (files !== null && (pages.frames.flags[pfn] & PG_swapcache) === 0) {
      files.pageout(pfn)
      return PAGE_SUCCESS
    }
    return this.#parts.swap.tryPageout(task, pfn)
  }

  pageout(task: Task, pfn: number): Sleeps<number> {
    return this.#parts.swap.pageout(task, pfn)
  }

  removeMapping(ctx: Context, pfn: number): boolean {
    const frames = this.#parts.pages.frames
    assert(frames.rmap[pfn] === NONE, "a mapped page cannot leave its cache")
    if ((frames.flags[pfn] & PG_swapcache) !== 0) return this.#parts.swap.removeMapping(ctx, pfn)
    const { files, pageCache, root } = this.#parts
    const index = frames.private[pfn]
    // pages of the root image have a negative index, those of written files a positive one, the clean pages of the boot none
    if (index < 0) {
      assert(root !== null, "a page of a root image that does not exist")
      return root.removeMapping(ctx, pfn)
    }
    return files !== null && index !== 0 ? files.removeMapping(ctx, pfn) : pageCache.removeMapping(pfn)
  }

  tryToFreeSwap(ctx: Context, pfn: number): boolean {
    return this.#parts.swap.state.tryToFreeSwap(ctx, pfn)
  }

  startPlug(task: Task): void {
    this.#parts.swap.startPlug(task)
  }

  finishPlug(task: Task): Sleeps<void> {
    return this.#parts.swap.finishPlug(task)
  }

  /** Only the caches of file names have a shrinker, and only loads that use many files have such caches. */
  shrinkSlab(ctx: Context, gfp: number, scanned: number, lruPages: number): number {
    return this.#parts.dcache?.shrink(ctx, gfp, scanned, lruPages) ?? 0
  }

  writebackPages(): number {
    return this.#parts.pages.vmstat.items[NR_WRITEBACK]
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
    this.#parts.writeback?.wake(pages)
  }

  /** Who maps the page: mappings of files are numbered after those of anonymous memory. */
  #mappingOf(pfn: number): Pick<Mm, "isYoung" | "pageReferenced" | "tryToUnmap"> {
    const { mm, pages, root } = this.#parts
    return root !== null && pages.frames.rmap[pfn] >= root.firstMapping ? root : mm
  }

  #dirtyableMemory(): number {
    const { pages, vmscan, swap } = this.#parts
    const swapAvailable = swap.nrSwapPages() > 0
    let available = pages.vmstat.items[NR_FREE_PAGES]
    for (const lruvec of vmscan.lru.lruvecs) {
      available += lruvec.reclaimablePages(swapAvailable) - lruvec.zone.dirtyBalanceReserve
    }
    return Math.max(0, available) + 1
  }
}
