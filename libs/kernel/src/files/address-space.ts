// The page cache of one file or block device: which of its pages are in memory, and how they are mapped.
//
// Each page has an entry: the frame that holds it, and what its page table entry says. Entries exist in pieces of 512 from
// the first use on, as many as a page-table page has. The frame points back: `Frames.private` is ~(first + page), where
// `first` tells the address spaces of a machine apart, so that it is negative where a swap slot or an index into written
// files is positive.
//
// Modelled: the radix tree's nodes, locked new pages, a second task that adds the same page, refaults (pages that come
//   back after reclaim has dropped them; kernels of 2012 keep no record of them, here they are counted and decide nothing).
// Not modelled: truncation, writing.
// source: mm/filemap.c:add_to_page_cache_locked, add_to_page_cache_lru, find_get_page; mm/vmscan.c:__remove_mapping
import {
  type Context,
  NO_PAGE,
  NR_FILE_PAGES,
  type PageAllocator,
  PG_dirty,
  PG_locked,
  PG_uptodate,
  PG_writeback
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { RadixNodes, type RadixPreloads } from "@swaplab/swap"
import type { Vmscan } from "@swaplab/vmscan"
import { PTRS_PER_PTE, STRETCH_SHIFT } from "../mm/page-table.ts"
import type { KernelTask } from "../task.ts"

/** The page is mapped. */
export const PTE_FILE_MAPPED = 1
/** pte_young. */
export const PTE_FILE_YOUNG = 2
/** Program text: VM_EXEC of the mapping. */
export const PTE_FILE_EXEC = 4
/** Reclaim has dropped the page, and it has not come back. */
const EVICTED = 8
const SHIFT = 4
const BITS = 2 ** SHIFT - 1

/** Results of `add`. */
export const ADDED = 0
/** Another task was faster. */
export const EEXIST = 1
/** No memory for the tree. */
export const ENOMEM = 2

/** The pieces that a page cache works with. */
export interface AddressSpaceParts {
  readonly pages: PageAllocator
  readonly vmscan: Pick<Vmscan, "lru">
  readonly preloads: RadixPreloads
}

/** `address_space`. */
export class AddressSpace {
  /** Pages in the cache (nrpages). */
  cached = 0
  /** Pages that reclaim dropped, and those of them that were read again. */
  evicted = 0
  refaults = 0
  readonly pages: number
  /** Number of its page 0 among the pages of all address spaces of the machine. */
  readonly first: number
  /** Entries in pieces of 512, null while nobody has used the piece. */
  readonly pieces: Array<Uint32Array | null>
  /**
   * How often a page of each piece has lost a bit. Who has found pages with the bits it wants need not look at them again until
   * this number has changed.
   */
  readonly losses: Uint32Array
  readonly #parts: AddressSpaceParts
  readonly #nodes: RadixNodes

  constructor(parts: AddressSpaceParts, pages: number, first: number) {
    this.#parts = parts
    this.pages = pages
    this.first = first
    this.pieces = Array.from({ length: Math.ceil(pages / PTRS_PER_PTE) }, () => null)
    this.losses = new Uint32Array(this.pieces.length)
    this.#nodes = new RadixNodes(pages, parts.preloads)
  }

  /** The frame that holds a page, or NO_PAGE. */
  find(page: number): number {
    const piece = this.pieces[page >>> 9]
    return piece === null ? NO_PAGE : (piece[page & 511] >>> SHIFT) - 1
  }

  /** The same with a reference for the caller (find_get_page). */
  findGet(page: number): number {
    const pfn = this.find(page)
    if (pfn !== NO_PAGE) this.#parts.pages.frames.refCount[pfn]++
    return pfn
  }

  /** PTE_FILE_ bits of a page. */
  bits(page: number): number {
    const piece = this.pieces[page >>> 9]
    return piece === null ? 0 : piece[page & 511] & BITS
  }

  setBits(page: number, bits: number): void {
    this.#piece(page)[page & 511] |= bits
  }

  clearBits(page: number, bits: number): void {
    this.#piece(page)[page & 511] &= ~bits
    this.losses[page >>> STRETCH_SHIFT]++
  }

  /** The page that a frame of this space holds. */
  pageOf(pfn: number): number {
    const page = ~this.#parts.pages.frames.private[pfn] - this.first
    assert(page >= 0 && page < this.pages, "a frame is not of this address space")
    return page
  }

  /**
   * `add_to_page_cache_lru`: a new frame becomes `page`, locked and on its way to the inactive list. ADDED, EEXIST or
   * ENOMEM; the caller keeps its own reference in each case.
   */
  *add(task: KernelTask, pfn: number, page: number, gfp: number): Sleeps<number> {
    const { pages, preloads, vmscan } = this.#parts
    const { frames } = pages
    if (!preloads.tryPreload(task, gfp) && !(yield* preloads.preload(task, gfp))) return ENOMEM
    const piece = this.#piece(page)
    const entry = piece[page & 511]
    if (entry >>> SHIFT !== 0) return EEXIST
    assert((frames.flags[pfn] & (PG_locked | PG_uptodate)) === 0, "a new page of a file is not new")
    frames.flags[pfn] |= PG_locked
    frames.refCount[pfn]++
    frames.private[pfn] = ~(this.first + page)
    if ((entry & EVICTED) !== 0) this.refaults++
    piece[page & 511] = ((pfn + 1) << SHIFT) | (entry & ~EVICTED & BITS)
    this.#nodes.insert(task, page)
    this.cached++
    pages.zoneOf(pfn).modState(NR_FILE_PAGES, 1)
    vmscan.lru.add(task, pfn, false)
    return ADDED
  }

  /** `__remove_mapping` of an unmapped page: drops it if it is clean and nobody else holds it. */
  removeMapping(ctx: Context, pfn: number): boolean {
    const { pages } = this.#parts
    const { frames } = pages
    if (frames.refCount[pfn] !== 2 || (frames.flags[pfn] & (PG_dirty | PG_writeback)) !== 0) return false
    const page = this.pageOf(pfn)
    const piece = this.#piece(page)
    assert(piece[page & 511] >>> SHIFT === pfn + 1, "a page of a file is not where its index says")
    assert((piece[page & 511] & PTE_FILE_MAPPED) === 0, "a mapped page leaves the page cache")
    piece[page & 511] = (piece[page & 511] & BITS) | EVICTED
    this.#nodes.remove(ctx, page)
    frames.private[pfn] = 0
    frames.refCount[pfn]--
    this.cached--
    this.evicted++
    pages.zoneOf(pfn).modState(NR_FILE_PAGES, -1)
    return true
  }

  /** Entries, frames and counters agree. Returns how many pages are mapped. */
  checkInvariants(): number {
    const { frames } = this.#parts.pages
    let cached = 0
    let mapped = 0
    for (let page = 0; page < this.pages; page++) {
      const pfn = this.find(page)
      const isMapped = (this.bits(page) & PTE_FILE_MAPPED) !== 0
      assert(pfn !== NO_PAGE || !isMapped, "a page of a file is mapped and not in memory")
      if (pfn === NO_PAGE) continue
      cached++
      assert(this.pageOf(pfn) === page, "a frame does not know which page of a file it holds")
      assert(frames.refCount[pfn] >= (isMapped ? 2 : 1), "a page of a file lost the reference of its cache or mapping")
      if (isMapped) mapped++
    }
    assert(cached === this.cached, "pages of a file were miscounted")
    this.#nodes.checkInvariants(cached)
    return mapped
  }

  #piece(page: number): Uint32Array {
    return this.pieces[page >>> 9] ??= new Uint32Array(PTRS_PER_PTE)
  }
}
