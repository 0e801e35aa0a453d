// Writing pages to their slots and reading them back.
//
// Modelled: one bio a page, GFP_NOIO for writes and GFP_KERNEL for reads, the asynchronous class for writes, the state of
// the page at every point where its task can sleep, what an error does; frontswap, which is asked before the device.
// Not modelled: swap files (a slot's sector is its number × 8), writes somebody waits for (WB_SYNC_ALL).
// source: mm/page_io.c:swap_writepage, swap_readpage, end_swap_bio_write, end_swap_bio_read; mm/filemap.c:end_page_writeback
import { SUBMITTED } from "@swaplab/blk"
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
import { type Frontswap, STORED } from "./frontswap.ts"
import { PAGE_CLEAN, PAGE_SUCCESS, SECTORS_PER_SLOT } from "./ops.ts"
import type { SwapDevice } from "./swap-device.ts"
import type { SwapState } from "./swap-state.ts"

/** KiB of a page: the unit of pgpgin and pgpgout. */
const KIB_PER_PAGE = 4

/** What reclaim and readahead ask of swap I/O: of the one area of a machine, or of whichever a page belongs to. */
export interface SwapIo {
  tryPageout(task: Task, pfn: number): number
  pageout(task: Task, pfn: number): Sleeps<number>
  tryRead(task: Task, pfn: number, slot: number): number
  read(task: Task, pfn: number): Sleeps<void>
}

/** No page. */
const NOBODY = -1

/** Page input and output of one swap area. */
export class PageIo implements SwapIo {
  /** Asked before the device. */
  frontswap: Frontswap | null = null
  /** Pages whose write, or read, failed. */
  failedWrites = 0
  failedReads = 0
  readonly #state: SwapState
  readonly #queue: SwapDevice
  readonly #device: string
  /** First slot of the area. */
  readonly #base: number
  /** Frontswap has just rejected this page, whose write must sleep for the device. */
  #rejected = NOBODY

  constructor(state: SwapState, queue: SwapDevice, device: readonly [major: number, minor: number], base = 0) {
    this.#state = state
    this.#queue = queue
    this.#device = `${device[0]}:${device[1]}`
    this.#base = base
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
    if (this.frontswap !== null && this.#rejected !== pfn) {
      const stored = this.frontswap.tryStore(task, this.#state.frames.private[pfn], pfn)
      if (stored === WOULD_SLEEP) return WOULD_SLEEP
      if (stored === STORED) return this.#stored(task, pfn)
      this.#rejected = pfn
    }
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
    this.#rejected = NOBODY
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
    const rejected = this.#rejected === pfn
    this.#rejected = NOBODY
    if (this.frontswap !== null && !rejected) {
      const stored = yield* this.frontswap.store(task, this.#state.frames.private[pfn], pfn)
      if (stored === STORED) return this.#stored(task, pfn)
    }
    yield* this.swapWritepage(task, pfn)
    return PAGE_SUCCESS
  }

  /** `__swap_writepage`: writes a locked page of the swap cache to the device. */
  *swapWritepage(task: Task, pfn: number): Sleeps<void> {
    const bio = yield* this.#queue.bios.alloc(task, GFP_NOIO)
    assert(bio >= 0, "a bio mempool failed a caller that may sleep")
    this.#queue.bios.init(bio, true, this.#sectorOf(pfn), pfn, false)
    this.#countWrite()
    this.#beginWriteback(pfn)
    this.#state.locks.unlock(pfn)
    yield* this.#queue.submitBio(task, bio)
  }

  /**
   * Starts the read of a locked page that is not in the cache yet, if that is possible without sleeping: `SUBMITTED` or
   * `WOULD_SLEEP`. The caller puts the page into the cache afterwards; no time passes in between.
   */
  tryRead(task: Task, pfn: number, slot: number): number {
    if (this.#loaded(task, pfn, slot)) return SUBMITTED
    const sector = (slot - this.#base) * SECTORS_PER_SLOT
    if (!this.#queue.maySubmit(task, false, sector, true)) return WOULD_SLEEP
    const bio = this.#queue.bios.tryAlloc(task, GFP_KERNEL)
    if (bio < 0) return WOULD_SLEEP
    this.#queue.bios.init(bio, false, sector, pfn, true)
    if (this.#queue.trySubmitBio(task, bio) !== SUBMITTED) {
      this.#queue.bios.free(task, bio)
      return WOULD_SLEEP
    }
    this.#countRead()
    return SUBMITTED
  }

  /** `swap_readpage`: reads a locked page of the swap cache. */
  *read(task: Task, pfn: number): Sleeps<void> {
    const sector = this.#sectorOf(pfn)
    if (this.#loaded(task, pfn, this.#state.frames.private[pfn])) return
    const bio = yield* this.#queue.bios.alloc(task, GFP_KERNEL)
    assert(bio >= 0, "a bio mempool failed a caller that may sleep")
    this.#queue.bios.init(bio, false, sector, pfn, true)
    this.#countRead()
    yield* this.#queue.submitBio(task, bio)
  }

  #sectorOf(pfn: number): number {
    const { flags } = this.#state.frames
    assert((flags[pfn] & PG_swapcache) !== 0, "swap I/O on a page without a slot")
    assert((flags[pfn] & PG_locked) !== 0, "swap I/O on a page that is not locked")
    return this.#sectorAt(pfn)
  }

  #sectorAt(pfn: number): number {
    return (this.#state.frames.private[pfn] - this.#base) * SECTORS_PER_SLOT
  }

  /** Frontswap has taken the page: its write is over before it began. */
  #stored(ctx: Context, pfn: number): number {
    this.#beginWriteback(pfn)
    this.#state.frames.flags[pfn] &= ~(PG_dirty | PG_locked)
    this.#endWriteback(ctx, pfn)
    this.#state.locks.wake(pfn)
    return PAGE_SUCCESS
  }

  /** Frontswap has filled the page. */
  #loaded(task: Task, pfn: number, slot: number): boolean {
    if (this.frontswap === null || !this.frontswap.load(task, slot, pfn)) return false
    this.#state.frames.flags[pfn] |= PG_uptodate
    this.#state.locks.unlock(pfn)
    return true
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
      this.failedWrites++
      flags[pfn] = (flags[pfn] | PG_error | PG_dirty) & ~PG_reclaim
      ops.log(`Write-error on swap-device (${this.#device}:${this.#sectorAt(pfn)})`)
    }
    this.#endWriteback(ctx, pfn)
  }

  /** `end_page_writeback`. */
  #endWriteback(ctx: Context, pfn: number): void {
    const { frames, ops } = this.#state
    const flags = frames.flags
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
      this.failedReads++
      frames.flags[pfn] = (frames.flags[pfn] | PG_error) & ~PG_uptodate
      ops.log(`Read-error on swap-device (${this.#device}:${this.#sectorAt(pfn)})`)
    } else {
      frames.flags[pfn] |= PG_uptodate
    }
    locks.unlock(pfn)
  }
}
