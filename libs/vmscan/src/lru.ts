// Life of a page on the LRU lists, up to where reclaim takes it off (mm/swap.c).
//
// Modelled: the pagevecs. A page that is to be added, rotated or activated first waits in an array of 14 of the CPU it
// happened on. One that waits to be added is on no list, so reclaim cannot see it; each one holds a reference, so a page
// that waits to be rotated cannot be freed by reclaim either until its pagevec is drained. `drain` runs where Linux calls
// lru_add_drain: before reclaim takes pages off a list, and at the end of swap-in readahead.
// Not modelled: the pagevecs in which callers batch the release of pages, huge pages, lru_deactivate (file truncation).
// source: mm/swap.c:__lru_cache_add, __pagevec_lru_add_fn, rotate_reclaimable_page, activate_page, mark_page_accessed,
//   lru_add_drain_cpu, put_page
import {
  type Context,
  type Frames,
  type PageAllocator,
  PG_active,
  PG_dirty,
  PG_isolated,
  PG_locked,
  PG_lru,
  PG_reclaim,
  PG_referenced,
  PG_unevictable,
  PGACTIVATE,
  PGROTATED,
  UNEVICTABLE_PGS_CULLED,
  type VmStat
} from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { LRU_ACTIVE, LRU_FILE, LRU_UNEVICTABLE, NR_LRU_LISTS, PAGEVEC_SIZE } from "./constants.ts"
import { lruBase, LruVec, pageLru } from "./lruvec.ts"

/** Pagevecs of one CPU: one for each list to add to, then these two. */
const ROTATE = NR_LRU_LISTS
const ACTIVATE = NR_LRU_LISTS + 1
const PAGEVECS = NR_LRU_LISTS + 2

/** Zones start at multiples of 2^10 frames. */
const ZONE_SHIFT = 10

export class Lru {
  readonly frames: Frames
  /** Of the populated zones, lowest first. */
  readonly lruvecs: ReadonlyArray<LruVec>
  readonly cpus: number
  readonly #pages: PageAllocator
  readonly #vmstat: VmStat
  readonly #lruvecOfBlock: Array<LruVec> = []
  /** [cpu][pagevec][PAGEVEC_SIZE], flattened. */
  readonly #pvecPages: Int32Array
  readonly #pvecCount: Uint8Array

  constructor(pages: PageAllocator) {
    this.#pages = pages
    this.#vmstat = pages.vmstat
    this.frames = pages.frames
    this.lruvecs = pages.populatedZones.map((zone) => new LruVec(zone))
    this.cpus = pages.cpus
    this.#pvecPages = new Int32Array(this.cpus * PAGEVECS * PAGEVEC_SIZE)
    this.#pvecCount = new Uint8Array(this.cpus * PAGEVECS)
    for (const lruvec of this.lruvecs) {
      for (let block = lruvec.zone.start >> ZONE_SHIFT; block << ZONE_SHIFT < lruvec.zone.end; block++) {
        this.#lruvecOfBlock[block] = lruvec
      }
    }
  }

  /** The lists of the zone a page lies in. */
  lruvecOf(pfn: number): LruVec {
    return this.#lruvecOfBlock[pfn >> ZONE_SHIFT]
  }

  /** lru_cache_add_lru: the page goes to the head of the inactive or active list of its kind, by way of a pagevec. */
  add(ctx: Context, pfn: number, active: boolean): void {
    const flags = this.frames.flags
    assert((flags[pfn] & (PG_lru | PG_active | PG_unevictable | PG_isolated)) === 0, "lru: adding a page twice")
    this.#pagevecAdd(ctx, lruBase(flags[pfn]) + (active ? LRU_ACTIVE : 0), pfn)
  }

  /** add_page_to_unevictable_list: at once, past the pagevecs. */
  addUnevictable(pfn: number): void {
    const flags = this.frames.flags
    assert((flags[pfn] & (PG_lru | PG_active)) === 0, "lru: adding a page twice")
    flags[pfn] |= PG_lru | PG_unevictable
    this.lruvecOf(pfn).addHead(this.frames, pfn, LRU_UNEVICTABLE)
  }

  /**
   * rotate_reclaimable_page: the write of a page that reclaim waits for has ended; moves it to the tail of its inactive
   * list unless it is locked, dirty, active, or held by a reclaimer. `ctx` is the completion interrupt's.
   */
  rotateReclaimable(ctx: Context, pfn: number): void {
    const flags = this.frames.flags[pfn]
    if ((flags & (PG_locked | PG_dirty | PG_active | PG_unevictable | PG_lru)) === PG_lru) {
      this.#pagevecAdd(ctx, ROTATE, pfn)
    }
  }

  /** activate_page. */
  activate(ctx: Context, pfn: number): void {
    if ((this.frames.flags[pfn] & (PG_lru | PG_active | PG_unevictable)) === PG_lru) {
      this.#pagevecAdd(ctx, ACTIVATE, pfn)
    }
  }

  /** mark_page_accessed: unreferenced → referenced; referenced and inactive → active. */
  markAccessed(ctx: Context, pfn: number): void {
    const flags = this.frames.flags
    if ((flags[pfn] & (PG_active | PG_unevictable | PG_referenced | PG_lru)) === (PG_referenced | PG_lru)) {
      this.activate(ctx, pfn)
      flags[pfn] &= ~PG_referenced
    } else {
      flags[pfn] |= PG_referenced
    }
  }

  /** put_page: drops a reference; the last one takes the page off its list and frees it. */
  putPage(ctx: Context, pfn: number, cold = false): void {
    const refCount = this.frames.refCount
    assert(refCount[pfn] > 0, "put_page: the page has no reference")
    if (refCount[pfn] === 1) this.release(ctx, pfn, cold)
    else refCount[pfn]--
  }

  /** __put_single_page: frees a page whose reference count has just been brought to 0 by others. */
  putSinglePage(ctx: Context, pfn: number): void {
    assert(this.frames.refCount[pfn] === 0, "freeing a page in use")
    this.frames.refCount[pfn] = 1
    this.release(ctx, pfn, false)
  }

  /** Frees a page whose last reference is the caller's. */
  release(ctx: Context, pfn: number, cold: boolean): void {
    const flags = this.frames.flags
    const f = flags[pfn]
    assert(this.frames.refCount[pfn] === 1, "freeing a page in use")
    if ((f & PG_lru) !== 0) this.lruvecOf(pfn).remove(this.frames, pfn, pageLru(f))
    flags[pfn] = f & ~(PG_lru | PG_active | PG_unevictable | PG_isolated | PG_referenced | PG_reclaim)
    this.#pages.free(ctx, pfn, 0, cold)
  }

  /** isolate_lru_page: takes a page off its list with a reference of its own. False if it is on none. */
  isolate(pfn: number): boolean {
    const flags = this.frames.flags
    const f = flags[pfn]
    if ((f & PG_lru) === 0) return false
    this.lruvecOf(pfn).remove(this.frames, pfn, pageLru(f))
    flags[pfn] = f & ~PG_lru
    this.frames.refCount[pfn]++
    return true
  }

  /** putback_lru_page for a page that has turned out to be mlocked: onto the unevictable list. */
  putbackUnevictable(ctx: Context, pfn: number): void {
    this.frames.flags[pfn] &= ~(PG_active | PG_isolated)
    this.addUnevictable(pfn)
    this.#vmstat.inc(UNEVICTABLE_PGS_CULLED)
    this.putPage(ctx, pfn)
  }

  /** lru_add_drain: empties the pagevecs of the CPU of `ctx`. */
  drain(ctx: Context): void {
    this.drainCpu(ctx, ctx.cpu)
  }

  /** lru_add_drain_all, without the wait for the work items of the other CPUs. */
  drainAll(ctx: Context): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) this.drainCpu(ctx, cpu)
  }

  drainCpu(ctx: Context, cpu: number): void {
    const first = cpu * PAGEVECS
    for (let pvec = first; pvec < first + PAGEVECS; pvec++) {
      if (this.#pvecCount[pvec] !== 0) this.#flush(ctx, pvec)
    }
  }

  /** Pages that wait to be added to a list, and so are on none. */
  pagesInPagevecs(): number {
    let pages = 0
    for (let pvec = 0; pvec < this.#pvecCount.length; pvec++) {
      if (pvec % PAGEVECS < NR_LRU_LISTS) pages += this.#pvecCount[pvec]
    }
    return pages
  }

  checkInvariants(): void {
    for (const lruvec of this.lruvecs) lruvec.checkInvariants(this.frames)
    for (let pvec = 0; pvec < this.#pvecCount.length; pvec++) {
      assert(this.#pvecCount[pvec] < PAGEVEC_SIZE, "pagevec: full but not drained")
      for (let i = 0; i < this.#pvecCount[pvec]; i++) {
        const pfn = this.#pvecPages[pvec * PAGEVEC_SIZE + i]
        assert(this.frames.refCount[pfn] > 0, "pagevec: holds a free page")
        const kind = pvec % PAGEVECS
        assert(kind >= NR_LRU_LISTS || (this.frames.flags[pfn] & PG_lru) === 0, "pagevec: page is on a list already")
      }
    }
  }

  #pagevecAdd(ctx: Context, kind: number, pfn: number): void {
    const pvec = ctx.cpu * PAGEVECS + kind
    this.frames.refCount[pfn]++
    this.#pvecPages[pvec * PAGEVEC_SIZE + this.#pvecCount[pvec]++] = pfn
    if (this.#pvecCount[pvec] === PAGEVEC_SIZE) this.#flush(ctx, pvec)
  }

  /** pagevec_lru_move_fn: does what the pages wait for, then drops the references of the pagevec. */
  #flush(ctx: Context, pvec: number): void {
    const kind = pvec % PAGEVECS
    const first = pvec * PAGEVEC_SIZE
    const end = first + this.#pvecCount[pvec]
    this.#pvecCount[pvec] = 0
    for (let i = first; i < end; i++) {
      const pfn = this.#pvecPages[i]
      if (kind === ROTATE) this.#moveTail(pfn)
      else if (kind === ACTIVATE) this.#activateNow(pfn)
      else this.#addNow(pfn, kind)
      this.putPage(ctx, pfn)
    }
  }

  #addNow(pfn: number, lru: number): void {
    const lruvec = this.lruvecOf(pfn)
    const active = (lru & LRU_ACTIVE) !== 0
    const file = (lru & LRU_FILE) !== 0 ? 1 : 0
    this.frames.flags[pfn] |= active ? PG_lru | PG_active : PG_lru
    lruvec.addHead(this.frames, pfn, lru)
    lruvec.recentScanned[file]++
    if (active) lruvec.recentRotated[file]++
  }

  #moveTail(pfn: number): void {
    const flags = this.frames.flags[pfn]
    if ((flags & (PG_lru | PG_active | PG_unevictable)) !== PG_lru) return
    this.lruvecOf(pfn).lists[lruBase(flags)].moveToTail(this.frames, pfn)
    this.#vmstat.inc(PGROTATED)
  }

  #activateNow(pfn: number): void {
    const flags = this.frames.flags
    const f = flags[pfn]
    if ((f & (PG_lru | PG_active | PG_unevictable)) !== PG_lru) return
    const lruvec = this.lruvecOf(pfn)
    const lru = lruBase(f)
    const file = (lru & LRU_FILE) !== 0 ? 1 : 0
    lruvec.remove(this.frames, pfn, lru)
    flags[pfn] = f | PG_active
    lruvec.addHead(this.frames, pfn, lru + LRU_ACTIVE)
    this.#vmstat.inc(PGACTIVATE)
    lruvec.recentScanned[file]++
    lruvec.recentRotated[file]++
  }
}
