// Writing pages to their slots and reading them back.
//
// Modelled: one bio a page, GFP_NOIO for writes and GFP_KERNEL for reads, the asynchronous class for writes, the state of
// the page at every point where its task can sleep, what an error does.
// Not modelled: swap files (a slot's sector is its number × 8), frontswap, writes somebody waits for (WB_SYNC_ALL).
// source: mm/page_io.c:swap_writepage, swap_readpage, end_swap_bio_write, end_swap_bio_read; mm/filemap.c:end_page_writeback
import { type BlockQueue, SUBMITTED } from "@swaplab/blk"
import {
  type Context,
  GFP_KERNEL,
  GFP_NOIO,
  NR_WRITEBACK,
  NR_WRITTEN,
  PG_dirty,
  PG_error,
  PG_locked,
  PG_reclaim,
  PG_swapcache,
  PG_uptodate,
  PG_writeback,
  PGPGIN,
  PGPGOUT,
  PSWPIN,
  PSWPOUT,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { PAGE_CLEAN, PAGE_SUCCESS, SECTORS_PER_SLOT } from "./ops.ts"
import type { SwapState } from "./swap-state.ts"

/** KiB of a page: the unit of pgpgin and pgpgout. */
const KIB_PER_PAGE = 4

/** Page input and output of the swap area. */
export class PageIo {
  readonly #state: SwapState
  readonly #queue: BlockQueue
  readonly #device: string

  constructor(state: SwapState, queue: BlockQueue, device: readonly [major: number, minor: number]) {
    this.#state = state
    this.#queue = queue
    this.#device = `${device[0]}:${device[1]}`
    queue.onBioEnd = (ctx, pfn, write, error) => {
      if (write) this.#endWrite(ctx, pfn, error)
      else this.#endRead(pfn, error)
    }
  }

  /**
   * Reclaim's pageout() of a swap-cache page, as far as it goes without sleeping: `PAGE_SUCCESS` with the page unlocked
   * and (usually) under writeback, `PAGE_CLEAN` with the page as it was, or `WOULD_SLEEP` with nothing done.
   */
  tryPageout(task: Task, pfn: number): number {
    const flags = this.#state.frames.flags
    if ((flags[pfn] & PG_dirty) === 0) return PAGE_CLEAN
    if (this.#dropIfUnused(task, pfn)) return PAGE_SUCCESS
    const sector = this.#sectorOf(pfn)
    if (!this.#queue.maySubmit(task, true, sector, false)) return WOULD_SLEEP
    const bio = this.#queue.bios.tryAlloc(task, GFP_NOIO)
    if (bio < 0) return WOULD_SLEEP
    this.#queue.bios.init(bio, true, sector, pfn, false)
    this.#beginWriteback(pfn)
    // unlocked before it is submitted: a driver may end the write at once
    flags[pfn] &= ~(PG_dirty | PG_locked)
    if (this.#queue.trySubmitBio(task, bio) !== SUBMITTED) {
      this.#cancelWriteback(pfn)
      flags[pfn] |= PG_dirty | PG_locked
      this.#queue.bios.free(task, bio)
      return WOULD_SLEEP
    }
    this.#countWrite()
    this.#state.locks.wake(pfn)
    return PAGE_SUCCESS
  }

  /** The same, sleeping for a bio (the page stays locked) or a request (it is under writeback and unlocked by then). */
  *pageout(task: Task, pfn: number): Sleeps<number> {
    const result = this.tryPageout(task, pfn)
    return result !== WOULD_SLEEP ? result : yield* this.#pageoutSlow(task, pfn)
  }

  *#pageoutSlow(task: Task, pfn: number): Sleeps<number> {
    this.#state.frames.flags[pfn] &= ~PG_dirty
    const bio = yield* this.#queue.bios.alloc(task, GFP_NOIO)
    assert(bio >= 0, "a bio mempool failed a caller that may sleep")
    this.#queue.bios.init(bio, true, this.#sectorOf(pfn), pfn, false)
    this.#countWrite()
    this.#beginWriteback(pfn)
    this.#state.locks.unlock(pfn)
    yield* this.#queue.submitBio(task, bio)
    return PAGE_SUCCESS
  }

  /**
   * Starts the read of a locked page that is not in the cache yet, if that is possible without sleeping: `SUBMITTED` or
   * `WOULD_SLEEP`. The caller puts the page into the cache afterwards; no time passes in between.
   */
  tryRead(task: Task, pfn: number, slot: number): number {
    const result = this.#queue.trySubmitPage(task, false, slot * SECTORS_PER_SLOT, pfn, true, GFP_KERNEL)
    if (result === SUBMITTED) this.#countRead()
    return result
  }

  /** `swap_readpage`: reads a locked page of the swap cache. */
  *read(task: Task, pfn: number): Sleeps<void> {
    const sector = this.#sectorOf(pfn)
    const bio = yield* this.#queue.bios.alloc(task, GFP_KERNEL)
    assert(bio >= 0, "a bio mempool failed a caller that may sleep")
    this.#queue.bios.init(bio, false, sector, pfn, true)
    this.#countRead()
    yield* this.#queue.submitBio(task, bio)
  }

  #sectorOf(pfn: number): number {
    const { flags, private: slots } = this.#state.frames
    assert((flags[pfn] & PG_swapcache) !== 0, "swap I/O on a page without a slot")
    assert((flags[pfn] & PG_locked) !== 0, "swap I/O on a page that is not locked")
    return slots[pfn] * SECTORS_PER_SLOT
  }

  /** Nobody uses the slot any more: the page leaves the cache instead of being written. */
  #dropIfUnused(ctx: Context, pfn: number): boolean {
    if (!this.#state.tryToFreeSwap(ctx, pfn)) return false
    this.#state.counters.writesDropped++
    this.#state.frames.flags[pfn] &= ~PG_reclaim
    this.#state.locks.unlock(pfn)
    return true
  }

  #countWrite(): void {
    this.#state.counters.writesSubmitted++
    this.#state.ops.vmstat.inc(PSWPOUT)
    this.#state.ops.vmstat.inc(PGPGOUT, KIB_PER_PAGE)
  }

  #countRead(): void {
    this.#state.counters.readsSubmitted++
    this.#state.ops.vmstat.inc(PSWPIN)
    this.#state.ops.vmstat.inc(PGPGIN, KIB_PER_PAGE)
  }

  #beginWriteback(pfn: number): void {
    const flags = this.#state.frames.flags
    assert((flags[pfn] & PG_writeback) === 0, "a page is written twice at a time")
    flags[pfn] |= PG_writeback
    this.#state.ops.modZoneState(pfn, NR_WRITEBACK, 1)
  }

  #cancelWriteback(pfn: number): void {
    this.#state.frames.flags[pfn] &= ~PG_writeback
    this.#state.ops.modZoneState(pfn, NR_WRITEBACK, -1)
  }

  /** `end_swap_bio_write`: runs where the request ends, a softirq or the receiver of nbd. */
  #endWrite(ctx: Context, pfn: number, error: number): void {
    const { frames, ops, counters } = this.#state
    const flags = frames.flags
    assert((flags[pfn] & PG_writeback) !== 0, "a write ended for a page that is not being written")
    assert((flags[pfn] & PG_swapcache) !== 0, "a page left the swap cache while it was written")
    counters.writesEnded++
    if (error !== 0) {
      counters.writeErrors++
      flags[pfn] = (flags[pfn] | PG_error | PG_dirty) & ~PG_reclaim
      ops.log(`Write-error on swap-device (${this.#device}:${frames.private[pfn] * SECTORS_PER_SLOT})`)
    }
    if ((flags[pfn] & PG_reclaim) !== 0) {
      flags[pfn] &= ~PG_reclaim
      ops.rotateReclaimable(ctx, pfn)
    }
    flags[pfn] &= ~PG_writeback
    ops.modZoneState(pfn, NR_WRITEBACK, -1)
    ops.modZoneState(pfn, NR_WRITTEN, 1)
  }

  /** `end_swap_bio_read`: on an error the page stays out of date; the fault that waits for it gets SIGBUS. */
  #endRead(pfn: number, error: number): void {
    const { frames, ops, counters, locks } = this.#state
    assert((frames.flags[pfn] & PG_locked) !== 0, "a read ended for a page that is not locked")
    counters.readsEnded++
    if (error !== 0) {
      counters.readErrors++
      frames.flags[pfn] = (frames.flags[pfn] | PG_error) & ~PG_uptodate
      const slot = frames.private[pfn]
      ops.log(`Read-error on swap-device (${this.#device}:${slot * SECTORS_PER_SLOT})`)
    } else {
      frames.flags[pfn] |= PG_uptodate
    }
    locks.unlock(pfn)
  }
}
