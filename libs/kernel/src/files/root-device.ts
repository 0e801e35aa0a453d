// Reading pages of a root image from its block device.
// Modelled: one bio a page, GFP_KERNEL or the mask of buffers, merging in the queue, the lock that the read ends, the content
//   token of every page that was read, errors.
// Not modelled: bios of many pages (mpage_readpages builds such): costs a bio object for each page while it is read.
//   The kernel logs one line for a request that failed, here it is one for each of its pages.
// source: fs/mpage.c:mpage_readpages, mpage_end_io; fs/buffer.c:ll_rw_block, end_buffer_read_sync;
//   block/blk-core.c:blk_update_request
import { type BlockQueue, SUBMITTED } from "@swaplab/blk"
import {
  type Context,
  type Frames,
  type PageAllocator,
  PG_error,
  PG_locked,
  PG_uptodate,
  PGPGIN,
  type Task
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import type { PageLocks } from "@swaplab/swap"
import { KIB_PER_PAGE } from "../kib.ts"

const SECTORS_PER_PAGE = 8

/** The pieces that reading works with. */
export interface RootDeviceParts {
  readonly pages: Pick<PageAllocator, "frames" | "vmstat">
  readonly locks: PageLocks
  readonly log: (message: string) => void
  /** A page came with another content than it was written with. */
  readonly corrupted: (message: string) => void
}

/** What was read so far. */
export interface RootCounters {
  /** Pages whose read was submitted, and whose read has ended. */
  readsSubmitted: number
  readsEnded: number
  readErrors: number
}

/** The block device under an image. */
export class RootDevice {
  readonly queue: BlockQueue
  readonly counters: RootCounters = { readsSubmitted: 0, readsEnded: 0, readErrors: 0 }
  readonly #parts: RootDeviceParts
  readonly #frames: Frames
  readonly #tokenWriter: number

  /** The queue calls back into this device from now on. */
  constructor(parts: RootDeviceParts, queue: BlockQueue, tokenWriter: number) {
    this.#parts = parts
    this.#frames = parts.pages.frames
    this.queue = queue
    this.#tokenWriter = tokenWriter
    queue.onBioEnd = (ctx, pfn, write, error) => {
      assert(!write, "a root image is never written")
      this.#endRead(ctx, pfn, error)
    }
  }

  /** Starts the read of device page `page` into a locked frame. */
  *read(task: Task, page: number, pfn: number, gfp: number): Sleeps<void> {
    assert((this.#frames.flags[pfn] & PG_locked) !== 0, "reading into a page that is not locked")
    const sector = page * SECTORS_PER_PAGE
    this.counters.readsSubmitted++
    this.#parts.pages.vmstat.inc(PGPGIN, KIB_PER_PAGE)
    if (this.queue.trySubmitPage(task, false, sector, pfn, true, gfp) === SUBMITTED) return
    yield* this.queue.submitPage(task, false, sector, pfn, true, gfp)
  }

  /** The content that a page of the image must have; its frame says which page it is. */
  setToken(pfn: number): void {
    this.#frames.tokenWriter[pfn] = this.#tokenWriter
    this.#frames.tokenVersion[pfn] = this.#version(pfn)
  }

  /** Does the frame hold what it must? If not, that is reported. */
  checkToken(pfn: number): void {
    const { tokenVersion, tokenWriter } = this.#frames
    if (tokenWriter[pfn] === this.#tokenWriter && tokenVersion[pfn] === this.#version(pfn)) return
    this.#parts.corrupted(
      `page ${this.#version(pfn) - 1} of ${this.queue.name}: expected ${this.#tokenWriter} v${this.#version(pfn)}, ` +
        `found ${tokenWriter[pfn]} v${tokenVersion[pfn]}`
    )
  }

  #version(pfn: number): number {
    return ~this.#frames.private[pfn] + 1
  }

  #endRead(_ctx: Context, pfn: number, error: number): void {
    const { flags } = this.#frames
    assert((flags[pfn] & PG_locked) !== 0, "a read ended for a page that is not locked")
    this.counters.readsEnded++
    if (error === 0) {
      this.checkToken(pfn)
      flags[pfn] |= PG_uptodate
    } else {
      this.counters.readErrors++
      flags[pfn] = (flags[pfn] | PG_error) & ~PG_uptodate
      const sector = (this.#version(pfn) - 1) * SECTORS_PER_PAGE
      this.#parts.log(`end_request: I/O error, dev ${this.queue.name}, sector ${sector}`)
    }
    this.#parts.locks.unlock(pfn)
  }
}
