// The swap cache: which page frame holds the content of a slot.
//
// Modelled: lookup, insertion and removal, and the counters of show_swap_cache_info.
// Not modelled here: the radix tree itself; its memory is in radix-nodes.ts. An open-addressing table holds the frame numbers
// only, the slot is `Frames.private`. It doubles when it is half full: 8 to 16 bytes for each page that was in the cache at a
// time, and none for the frames that never were.
// source: mm/swap_state.c:swapper_space, lookup_swap_cache, __add_to_swap_cache, __delete_from_swap_cache
import type { Frames } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"

/** No page. */
export const NOT_CACHED = -1

/** Entries of the table of a machine that has just booted. */
const FIRST_ENTRIES = 256

/** Hash table from slot to page frame. */
export class SwapCache {
  /** `total_swapcache_pages`. */
  pages = 0
  addTotal = 0
  delTotal = 0
  findTotal = 0
  findSuccess = 0
  readonly #frames: Frames
  #table: Int32Array = new Int32Array(FIRST_ENTRIES).fill(NOT_CACHED)

  constructor(frames: Frames) {
    this.#frames = frames
  }

  /** `find_get_page` without the reference: the frame, or `NOT_CACHED`. Does not count. */
  find(slot: number): number {
    const table = this.#table
    const slots = this.#frames.private
    let at = this.#home(slot)
    for (;;) {
      const pfn = table[at]
      if (pfn === NOT_CACHED || slots[pfn] === slot) return pfn
      if (++at === table.length) at = 0
    }
  }

  /** `lookup_swap_cache`: the same, counted. */
  lookup(slot: number): number {
    const pfn = this.find(slot)
    this.findTotal++
    if (pfn !== NOT_CACHED) this.findSuccess++
    return pfn
  }

  /** Inserts a page whose `private` is the slot. */
  insert(slot: number, pfn: number): void {
    assert(this.#frames.private[pfn] === slot, "a page enters the swap cache under another slot than its own")
    if (2 * this.pages >= this.#table.length) this.#grow()
    this.#put(slot, pfn)
    this.pages++
    this.addTotal++
  }

  /** Removes the page of the slot; `private` must still say so. */
  remove(slot: number): void {
    const table = this.#table
    const slots = this.#frames.private
    const length = table.length
    let hole = this.#home(slot)
    for (;;) {
      assert(table[hole] !== NOT_CACHED, "removing a page that is not in the swap cache")
      if (slots[table[hole]] === slot) break
      if (++hole === length) hole = 0
    }
    // close the gap: move back every entry of the run that may not lie behind it
    let at = hole
    for (;;) {
      if (++at === length) at = 0
      const pfn = table[at]
      if (pfn === NOT_CACHED) break
      const home = this.#home(slots[pfn])
      const stays = hole <= at ? home > hole && home <= at : home > hole || home <= at
      if (stays) continue
      table[hole] = pfn
      hole = at
    }
    table[hole] = NOT_CACHED
    this.pages--
    this.delTotal++
  }

  /** Frames in the cache, in the order of the table. */
  *[Symbol.iterator](): Generator<number, void, undefined> {
    for (const pfn of this.#table) if (pfn !== NOT_CACHED) yield pfn
  }

  checkInvariants(): void {
    let count = 0
    for (const pfn of this) {
      assert(this.find(this.#frames.private[pfn]) === pfn, "a page of the swap cache cannot be found")
      count++
    }
    assert(count === this.pages, "the swap cache was miscounted")
    assert(this.addTotal - this.delTotal === this.pages, "additions and removals of the swap cache do not add up")
  }

  #put(slot: number, pfn: number): void {
    const table = this.#table
    let at = this.#home(slot)
    while (table[at] !== NOT_CACHED) {
      assert(this.#frames.private[table[at]] !== slot, "two pages hold the same slot")
      if (++at === table.length) at = 0
    }
    table[at] = pfn
  }

  #grow(): void {
    const old = this.#table
    this.#table = new Int32Array(2 * old.length).fill(NOT_CACHED)
    for (const pfn of old) if (pfn !== NOT_CACHED) this.#put(this.#frames.private[pfn], pfn)
  }

  #home(slot: number): number {
    return Math.floor(((Math.imul(slot, 0x9e3779b1) >>> 0) * this.#table.length) / 4294967296)
  }
}
