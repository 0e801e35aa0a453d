// Reading the files of an image into the page cache: read-ahead, read(2), and the page that a fault needs.
// Modelled: pages of a window are allocated before the first of them is read, with a mask that gives up early; the plug
//   around a window; the second try for a page whose read failed; killable waits.
// Not modelled: files of other sizes than whole pages, O_DIRECT, fadvise, madvise. A page that a read had to allocate alone
//   and that failed is tried once more here; Linux gives up at once.
// source: mm/readahead.c:__do_page_cache_readahead, read_pages, max_sane_readahead, page_cache_async_readahead;
//   mm/filemap.c:do_generic_file_read, page_cache_read
import { BLK_RW_SYNC } from "@swaplab/blk"
import {
  __GFP_COLD,
  __GFP_NORETRY,
  __GFP_NOWARN,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  NO_PAGE,
  NR_FREE_PAGES,
  NR_INACTIVE_FILE,
  type PageAllocator,
  PG_error,
  PG_reclaim,
  PG_uptodate
} from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { PageLocks } from "@swaplab/swap"
import type { Vmscan } from "@swaplab/vmscan"
import type { Costs } from "../costs.ts"
import { KIB_PER_PAGE } from "../kib.ts"
import type { KernelTask } from "../task.ts"
import { ADDED, type AddressSpace, ENOMEM } from "./address-space.ts"
import type { ImageFormat } from "./image-format.ts"
import { mmapReadAround, ondemandReadahead, type RaState, READ_NOTHING, READ_WINDOW } from "./readahead.ts"
import type { RootDevice } from "./root-device.ts"
import type { RootFile } from "./root-file.ts"

/** The flag that marks a page for read-ahead: both have one bit, since a page that is read is never written. */
const PG_readahead = PG_reclaim
/** page_cache_alloc_cold, page_cache_alloc_readahead. */
const GFP_COLD = GFP_HIGHUSER_MOVABLE | __GFP_COLD
const GFP_READAHEAD = GFP_COLD | __GFP_NORETRY | __GFP_NOWARN

/** The pieces that reading works with. */
export interface RootReaderParts {
  readonly pages: PageAllocator
  readonly vmscan: Pick<Vmscan, "lru">
  readonly locks: PageLocks
  readonly costs: Pick<Costs, "perKiBNs">
  readonly device: RootDevice
  readonly files: AddressSpace
  readonly format: ImageFormat
}

/** Readers of one image. */
export class RootReader {
  /** Pages allocated for a window and not in the cache yet. */
  pooled = 0
  /** Windows read, pages in them, and of these the ones that somebody else had added meanwhile. */
  windows = 0
  readaheadPages = 0
  readaheadInVain = 0
  readonly #parts: RootReaderParts

  constructor(parts: RootReaderParts) {
    this.#parts = parts
  }

  /** `page_cache_sync_readahead`: page `page` of the image is not cached and `request` pages from it on are wanted. */
  *syncReadahead(task: KernelTask, file: RootFile, ra: RaState, page: number, request: number): Sleeps<void> {
    if (ra.raPages > 0) yield* this.#ondemand(task, file, ra, false, page, request)
  }

  /** Before a cached page is used: reads the next window when the page is marked. */
  *asyncReadahead(
    task: KernelTask,
    file: RootFile,
    ra: RaState,
    page: number,
    pfn: number,
    request: number
  ): Sleeps<void> {
    const { flags } = this.#parts.pages.frames
    if ((flags[pfn] & PG_readahead) === 0 || ra.raPages === 0) return
    flags[pfn] &= ~PG_readahead
    // not while the device is congested with reads
    if (this.#parts.device.queue.slots.congested[BLK_RW_SYNC] !== 0) return
    yield* this.#ondemand(task, file, ra, true, page, request)
  }

  /** `do_sync_mmap_readahead`. */
  *readAround(task: KernelTask, file: RootFile, page: number): Sleeps<void> {
    const ra = file.mapped
    if (mmapReadAround(ra, page - file.from, this.#saneReadahead(ra.raPages)) === READ_NOTHING) return
    yield* this.#readWindow(task, file, ra.start, ra.size, ra.asyncSize)
  }

  /** `page_cache_read`: a page whose read has been started, held; NO_PAGE without memory. */
  *pageCacheRead(task: KernelTask, file: RootFile, page: number): Sleeps<number> {
    const { files, format, pages, vmscan } = this.#parts
    const cached = files.findGet(page)
    if (cached !== NO_PAGE) return cached
    const pfn = yield* pages.alloc(task, GFP_COLD, 0)
    if (pfn < 0) return NO_PAGE
    const added = yield* files.add(task, pfn, page, GFP_KERNEL)
    if (added === ADDED) {
      yield* format.readPage(task, file, page, pfn)
      return pfn
    }
    vmscan.lru.putPage(task, pfn)
    return added === ENOMEM ? NO_PAGE : yield* this.pageCacheRead(task, file, page)
  }

  /** A page that is locked, not up to date and held: reads it once more, and waits. False: that failed, too. */
  *readAgain(task: KernelTask, file: RootFile, page: number, pfn: number): Sleeps<boolean> {
    const { format, locks, pages: { frames } } = this.#parts
    frames.flags[pfn] &= ~PG_error
    yield* format.readPage(task, file, page, pfn)
    yield* locks.waitUnlocked(task, pfn)
    return (frames.flags[pfn] & PG_uptodate) !== 0
  }

  /** `do_generic_file_read` of the pages [from, to) of the image, which lie in `file`. False: not all could be read. */
  *read(task: KernelTask, file: RootFile, from: number, to: number): Sleeps<boolean> {
    const ra = file.opened
    let previous = ra.prevPage
    let complete = true
    for (let page = from; page < to && complete; page++) {
      complete = yield* this.#readPage(task, file, page, to - page, previous)
      if (complete) previous = page - file.from
    }
    // read-ahead looks at where the call before this one has ended
    ra.prevPage = previous
    return complete
  }

  /** One turn of it; `request` pages from this one on are wanted, and page `previous` of the file was read before. */
  *#readPage(task: KernelTask, file: RootFile, page: number, request: number, previous: number): Sleeps<boolean> {
    const { costs, device, files, pages: { frames }, vmscan } = this.#parts
    const ra = file.opened
    yield* task.condResched()
    let pfn = files.findGet(page)
    if (pfn === NO_PAGE) {
      yield* this.syncReadahead(task, file, ra, page, request)
      pfn = yield* this.pageCacheRead(task, file, page)
      if (pfn === NO_PAGE) return false
    }
    yield* this.asyncReadahead(task, file, ra, page, pfn, request)
    if ((frames.flags[pfn] & PG_uptodate) === 0 && !(yield* this.#makeUptodate(task, file, page, pfn))) {
      vmscan.lru.putPage(task, pfn)
      return false
    }
    device.checkToken(pfn)
    // the page that the last read ended with has been marked by that one
    if (previous !== page - file.from) vmscan.lru.markAccessed(task, pfn)
    task.ns += KIB_PER_PAGE * costs.perKiBNs
    vmscan.lru.putPage(task, pfn)
    return true
  }

  /** Waits for the read under way; reads again what has failed. False: killed, or it failed again. */
  *#makeUptodate(task: KernelTask, file: RootFile, page: number, pfn: number): Sleeps<boolean> {
    const { locks, pages: { frames } } = this.#parts
    while (!locks.tryLock(pfn)) if (!(yield* locks.waitUnlockedKillable(task, pfn))) return false
    if ((frames.flags[pfn] & PG_uptodate) !== 0) {
      locks.unlock(pfn)
      return true
    }
    if (yield* this.readAgain(task, file, page, pfn)) return true
    this.shrinkReadahead(file.opened)
    return false
  }

  /** `shrink_readahead_size_eio`. */
  shrinkReadahead(ra: RaState): void {
    ra.raPages = Math.floor(ra.raPages / 4)
  }

  *#ondemand(
    task: KernelTask,
    file: RootFile,
    ra: RaState,
    hitMarker: boolean,
    page: number,
    request: number
  ): Sleeps<void> {
    const offset = page - file.from
    const what = ondemandReadahead(ra, file, hitMarker, offset, request, this.#saneReadahead(ra.raPages))
    if (what === READ_NOTHING) return
    if (what === READ_WINDOW) yield* this.#readWindow(task, file, ra.start, ra.size, ra.asyncSize)
    else yield* this.#readWindow(task, file, offset, request, 0)
  }

  /** `max_sane_readahead`. */
  #saneReadahead(pages: number): number {
    const { items } = this.#parts.pages.vmstat
    return Math.min(pages, Math.floor((items[NR_INACTIVE_FILE] + items[NR_FREE_PAGES]) / 2))
  }

  /** `__do_page_cache_readahead`: pages of the file that are not cached; the one `lookahead` before the end is marked. */
  *#readWindow(task: KernelTask, file: RootFile, offset: number, count: number, lookahead: number): Sleeps<void> {
    const { device: { queue }, files, pages } = this.#parts
    const pool: Array<readonly [page: number, pfn: number]> = []
    const end = Math.min(file.from + offset + count, file.to)
    for (let page = file.from + offset; page < end; page++) {
      if (files.find(page) !== NO_PAGE) continue
      const pfn = yield* pages.alloc(task, GFP_READAHEAD, 0)
      if (pfn < 0) break
      this.pooled++
      pool.push([page, pfn])
      if (page - file.from - offset === count - lookahead) pages.frames.flags[pfn] |= PG_readahead
    }
    if (pool.length === 0) return
    this.windows++
    this.readaheadPages += pool.length
    queue.plug(task)
    for (const [page, pfn] of pool) yield* this.#readPooled(task, file, page, pfn)
    queue.unplug(task)
  }

  /** One turn of `read_pages`. */
  *#readPooled(task: KernelTask, file: RootFile, page: number, pfn: number): Sleeps<void> {
    const { files, format, pages: { frames }, vmscan } = this.#parts
    const added = yield* files.add(task, pfn, page, GFP_KERNEL)
    this.pooled--
    if (added === ADDED) {
      yield* format.readPage(task, file, page, pfn)
    } else {
      this.readaheadInVain++
      frames.flags[pfn] &= ~PG_readahead
    }
    vmscan.lru.putPage(task, pfn)
  }
}
