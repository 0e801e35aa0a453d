// Page cache of files that are written and read: what iozone and a database do to memory.
// Modelled: pages on the file LRU with their radix-tree nodes, marked dirty, written back in file order by a flusher or
//   page by page by kswapd in trouble, stable while they are written; read-ahead of 128 KiB; dropping clean pages.
// Not modelled: metadata, journals, buffer heads, mapped files; read-ahead has one fixed window.
// source: mm/filemap.c:grab_cache_page_write_begin, add_to_page_cache_lru, do_generic_file_read; mm/readahead.c
import {
  __GFP_COLD,
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_WRITE,
  bootContext,
  type Context,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  NO_PAGE,
  NR_DIRTIED,
  NR_DIRTY,
  NR_FILE_PAGES,
  NR_WRITEBACK,
  NR_WRITTEN,
  type PageAllocator,
  PG_dirty,
  PG_locked,
  PG_reclaim,
  PG_uptodate,
  PG_writeback
} from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { Swap } from "@swaplab/swap"
import type { Vmscan } from "@swaplab/vmscan"
import type { Costs } from "../costs.ts"
import { KIB_PER_PAGE } from "../kib.ts"
import type { CacheMemory } from "../mm/cache-memory.ts"
import type { KernelTask } from "../task.ts"
import type { LocalDisk } from "./local-disk.ts"

/** Pages of a request, read or written: 128 KiB. */
export const REQUEST_PAGES = 32
const PAGES_PER_NODE = 64

/** The pieces that the page cache of files works with. */
export interface FileCacheParts {
  readonly sim: Sim
  readonly pages: PageAllocator
  readonly vmscan: Pick<Vmscan, "lru">
  /** Its page locks are those of all pages. */
  readonly swap: Pick<Swap, "locks">
  readonly radixTreeNodes: CacheMemory
  readonly costs: Pick<Costs, "perKiBNs">
}

/** The files of one machine, as one row of pages. */
export class FileCache {
  /** Dirty pages, and pages under writeback. */
  dirty = 0
  underWriteback = 0
  /** Pages written by reclaim itself. */
  writtenByReclaim = 0
  /** Woken at the end of every write. */
  readonly written: WaitQueue
  readonly disk: LocalDisk
  readonly #parts: FileCacheParts
  /** pfn of each page of the files, or NO_PAGE. */
  readonly #pfns: Int32Array
  readonly #nodes: Float64Array
  readonly #nodePages: Uint8Array
  readonly #interrupt: Context = { ...bootContext() }

  constructor(parts: FileCacheParts, pages: number, disk: LocalDisk) {
    this.#parts = parts
    this.disk = disk
    this.#pfns = new Int32Array(pages).fill(NO_PAGE)
    const nodes = Math.ceil(pages / PAGES_PER_NODE)
    this.#nodes = new Float64Array(nodes)
    this.#nodePages = new Uint8Array(nodes)
    this.written = new WaitQueue(parts.sim, "file writeback", "the local disk")
  }

  /** Pages that all files have together. */
  get pages(): number {
    return this.#pfns.length
  }

  /** Writes a whole page. False: no memory. */
  *write(task: KernelTask, index: number): Sleeps<boolean> {
    const { flags } = this.#parts.pages.frames
    for (;;) {
      const pfn = this.#pfns[index] === NO_PAGE ? yield* this.#add(task, index) : this.#pfns[index]
      if (pfn < 0) return false
      if ((flags[pfn] & (PG_writeback | PG_locked)) === 0) {
        task.ns += KIB_PER_PAGE * this.#parts.costs.perKiBNs
        flags[pfn] |= PG_uptodate
        this.#setDirty(pfn)
        this.#parts.vmscan.lru.markAccessed(task, pfn)
        return true
      }
      // wait_on_page_writeback: a page must not change while it is being written
      yield* this.written.sleepTimeout(task, this.#parts.sim.tickNs)
    }
  }

  /** Reads a page, with what follows it up to `end`. False: no memory. */
  *read(task: KernelTask, index: number, end: number): Sleeps<boolean> {
    const { frames } = this.#parts.pages
    if (this.#pfns[index] === NO_PAGE) yield* this.#readahead(task, index, Math.min(end, index + REQUEST_PAGES))
    const pfn = this.#pfns[index]
    if (pfn === NO_PAGE) return false
    frames.refCount[pfn]++
    yield* this.#parts.swap.locks.waitUnlocked(task, pfn)
    task.ns += KIB_PER_PAGE * this.#parts.costs.perKiBNs
    this.#parts.vmscan.lru.markAccessed(task, pfn)
    this.#parts.vmscan.lru.putPage(task, pfn)
    return true
  }

  /** Starts writing up to REQUEST_PAGES dirty pages of [from, to). Returns how many. */
  writePages(from: number, to: number): number {
    const { flags } = this.#parts.pages.frames
    const pfns: Array<number> = []
    for (let index = from; index < to && pfns.length < REQUEST_PAGES; index++) {
      const pfn = this.#pfns[index]
      if (pfn === NO_PAGE || (flags[pfn] & (PG_dirty | PG_locked)) !== PG_dirty) continue
      pfns.push(pfn)
    }
    if (pfns.length > 0) this.#submit(pfns)
    return pfns.length
  }

  /** First dirty page of [from, to), or −1. */
  firstDirty(from: number, to: number): number {
    const { flags } = this.#parts.pages.frames
    for (let index = from; index < to; index++) {
      if (this.#pfns[index] !== NO_PAGE && (flags[this.#pfns[index]] & PG_dirty) !== 0) return index
    }
    return -1
  }

  /** pageout() of a file page: it is locked, and unlocked when this returns. */
  pageout(pfn: number): void {
    this.writtenByReclaim++
    this.#submit([pfn])
    this.#parts.swap.locks.unlock(pfn)
  }

  /** __remove_mapping: drops a clean page that nobody else holds. */
  removeMapping(ctx: Context, pfn: number): boolean {
    const { frames } = this.#parts.pages
    if (frames.refCount[pfn] !== 2 || (frames.flags[pfn] & (PG_dirty | PG_writeback)) !== 0) return false
    const index = frames.private[pfn] - 1
    assert(this.#pfns[index] === pfn, "a file page is not where its index says")
    this.#pfns[index] = NO_PAGE
    frames.private[pfn] = 0
    frames.refCount[pfn]--
    this.#dropFromNode(ctx, index)
    this.#parts.pages.zoneOf(pfn).modState(NR_FILE_PAGES, -1)
    return true
  }

  /** A new page in the cache, or a negative value. */
  *#add(task: KernelTask, index: number, gfp = GFP_HIGHUSER_MOVABLE | __GFP_WRITE): Sleeps<number> {
    const { pages, vmscan, radixTreeNodes } = this.#parts
    const pfn = yield* pages.alloc(task, gfp, 0)
    if (pfn < 0) return NO_PAGE
    const node = Math.floor(index / PAGES_PER_NODE)
    if (this.#nodePages[node] === 0) {
      const object = yield* radixTreeNodes.alloc(task, GFP_KERNEL)
      if (object < 0) {
        pages.free(task, pfn, 0)
        return NO_PAGE
      }
      this.#nodes[node] = object
    }
    assert(this.#pfns[index] === NO_PAGE, "two tasks write one file")
    this.#nodePages[node]++
    this.#pfns[index] = pfn
    pages.frames.private[pfn] = index + 1
    pages.zoneOf(pfn).modState(NR_FILE_PAGES, 1)
    vmscan.lru.add(task, pfn, false)
    return pfn
  }

  *#readahead(task: KernelTask, from: number, to: number): Sleeps<void> {
    const { locks } = this.#parts.swap
    const pfns: Array<number> = []
    for (let index = from; index < to && this.#pfns[index] === NO_PAGE; index++) {
      // the page that is asked for may reclaim as hard as it takes, those after it may not
      const gfp = index === from
        ? GFP_HIGHUSER_MOVABLE | __GFP_COLD
        : GFP_HIGHUSER_MOVABLE | __GFP_COLD | __GFP_NORETRY | __GFP_NOWARN
      const pfn = yield* this.#add(task, index, gfp)
      if (pfn < 0) break
      const locked = locks.tryLock(pfn)
      assert(locked, "a new page is locked by nobody")
      pfns.push(pfn)
    }
    if (pfns.length === 0) return
    this.disk.submit(pfns.length, () => {
      for (const pfn of pfns) {
        this.#parts.pages.frames.flags[pfn] |= PG_uptodate
        locks.unlock(pfn)
      }
    })
  }

  #setDirty(pfn: number): void {
    const { pages } = this.#parts
    if ((pages.frames.flags[pfn] & PG_dirty) !== 0) return
    pages.frames.flags[pfn] |= PG_dirty
    pages.zoneOf(pfn).modState(NR_DIRTY, 1)
    pages.zoneOf(pfn).modState(NR_DIRTIED, 1)
    this.dirty++
  }

  #submit(pfns: ReadonlyArray<number>): void {
    const { pages } = this.#parts
    for (const pfn of pfns) {
      pages.frames.flags[pfn] = (pages.frames.flags[pfn] & ~PG_dirty) | PG_writeback
      pages.zoneOf(pfn).modState(NR_DIRTY, -1)
      pages.zoneOf(pfn).modState(NR_WRITEBACK, 1)
    }
    this.dirty -= pfns.length
    this.underWriteback += pfns.length
    this.disk.submit(pfns.length, () => this.#endWrite(pfns))
  }

  /** end_page_writeback, in the interrupt of the disk. */
  #endWrite(pfns: ReadonlyArray<number>): void {
    const { pages, vmscan } = this.#parts
    const { flags } = pages.frames
    for (const pfn of pfns) {
      assert((flags[pfn] & PG_writeback) !== 0, "a write ended for a page that is not being written")
      if ((flags[pfn] & PG_reclaim) !== 0) {
        flags[pfn] &= ~PG_reclaim
        vmscan.lru.rotateReclaimable(this.#interrupt, pfn)
      }
      flags[pfn] &= ~PG_writeback
      pages.zoneOf(pfn).modState(NR_WRITEBACK, -1)
      pages.zoneOf(pfn).modState(NR_WRITTEN, 1)
    }
    this.underWriteback -= pfns.length
    this.written.wakeAll()
  }

  #dropFromNode(ctx: Context, index: number): void {
    const node = Math.floor(index / PAGES_PER_NODE)
    if (--this.#nodePages[node] === 0) this.#parts.radixTreeNodes.free(ctx, this.#nodes[node])
  }
}
