// The swap map: one byte a slot, and the search for a free one.
//
// Modelled: counts, the cache bit, the header in slot 0, clusters of 256, the search order on rotating and on solid-state
// media, reuse of slots that only the swap cache still holds when swap is more than half full, and the one slot that the
// search skips when it wraps (it looks at lowest_bit + 1 first; fixed after 3.6).
// Not modelled: shared pages with more than 62 users, discard, the CPU time of long searches (cond_resched inside them). The
// search for an empty cluster jumps instead of stepping: same result. A slot that could not be reused is tried once a search;
// Linux may try it again until its write ends.
// source: mm/swapfile.c:scan_swap_map, get_swap_page, swap_entry_free, __swap_duplicate; include/linux/swap.h
import type { Context } from "@swaplab/page-alloc"
import { assert, type Random } from "@swaplab/sim"
import { SlotBytes } from "./slot-bytes.ts"

export const SWAPFILE_CLUSTER = 256
/** Bit of the map: the slot is in the swap cache. */
export const SWAP_HAS_CACHE = 0x40
/** Value of the map: the slot cannot be used. */
export const SWAP_MAP_BAD = 0x3f
/** Most users that a slot can have. */
export const SWAP_MAP_MAX = 0x3e
/** No slot: slot 0 holds the header and is never handed out. */
export const NO_SLOT = 0

/** Results of `prepareCache`. */
export const PREPARED = 0
/** The slot is in the cache already (EEXIST). */
export const IN_CACHE = 1
/** Nobody uses the slot, or there is no such slot (ENOENT). */
export const NOT_IN_USE = 2

export interface SwapMapOptions {
  /** Slots of the area, the header included. */
  readonly slots: number
  /** SWP_SOLIDSTATE: the queue is non-rotational; allocation starts at a random slot. */
  readonly solidState: boolean
  readonly random: Random
}

/** What the rest of swap asks of the slots of a machine: of its one area, or of all of them together. */
export interface SlotMap {
  /** Numbers of slots are below this. */
  readonly max: number
  /** `total_swap_pages`, and those in use. */
  readonly pages: number
  readonly inusePages: number
  /** `nr_swap_pages`. */
  readonly nrSwapPages: number
  reclaimCacheOnly: (slot: number) => boolean
  vmSwapFull(): boolean
  /** `swp_type`: the number of the area of a slot. */
  typeOf(slot: number): number
  /** The slot holds the header of its area. */
  isHeader(slot: number): boolean
  byteOf(slot: number): number
  swapCount(slot: number): number
  getSwapPage(): number
  duplicate(slot: number): void
  prepareCache(slot: number): number
  freeCache(slot: number, ctx: Context): number
  free(slot: number, ctx: Context): number
  /** Slots with the cache bit. */
  cachedSlots(): number
  checkInvariants(): void
}

/** `swap_info_struct` of one swap area, with `nr_swap_pages` and `total_swap_pages` where it is the only one. */
export class SwapMap implements SlotMap {
  /** Slots, header included. */
  readonly max: number
  /** Usable slots (`total_swap_pages`). */
  readonly pages: number
  readonly map: SlotBytes
  inusePages = 0
  /** Slots handed out so far. */
  allocated = 0
  /** Times no slot was free. */
  failures = 0
  /** Times a new cluster was found, and times there was none. */
  clustersFound = 0
  clustersMissed = 0
  lowestBit = 1
  highestBit: number
  clusterNext = 1
  clusterNr = 0
  /** Tries to free a slot that only the cache holds (`__try_to_reclaim_swap`); plugged in by the swap cache. */
  reclaimCacheOnly: (slot: number) => boolean = () => false
  /** `swap_slot_free_notify` and `frontswap_invalidate_page`: the content of the slot is not wanted any more. */
  onFree: ((ctx: Context, slot: number) => void) | null = null
  /** All areas of the machine together; null: this is the only one. */
  all: Pick<SlotMap, "vmSwapFull"> | null = null
  /** Slots that only the cache holds. */
  #cacheOnly = 0
  readonly #solidState: boolean

  constructor(options: SwapMapOptions) {
    assert(options.slots >= 2, "a swap area needs a header and a slot")
    this.max = options.slots
    this.pages = options.slots - 1
    this.map = new SlotBytes(options.slots)
    this.map.set(0, SWAP_MAP_BAD)
    this.highestBit = options.slots - 1
    this.#solidState = options.solidState
    if (options.solidState) this.clusterNext = 1 + (options.random.u32() % this.highestBit)
  }

  /** `nr_swap_pages`: free slots. */
  get nrSwapPages(): number {
    return this.pages - this.inusePages
  }

  /** `vm_swap_full`: more than half of the slots are in use, of all areas. */
  vmSwapFull(): boolean {
    return this.all === null ? this.nrSwapPages * 2 < this.pages : this.all.vmSwapFull()
  }

  typeOf(_slot: number): number {
    return 0
  }

  isHeader(slot: number): boolean {
    return slot === 0
  }

  /** What the map says of a slot. */
  byteOf(slot: number): number {
    return this.map.at(slot)
  }

  /** Page table entries that hold slots of the area, counted. */
  users(): number {
    let count = 0
    for (let slot = 1; slot < this.max; slot++) if (this.map.at(slot) !== SWAP_MAP_BAD) count += this.swapCount(slot)
    return count
  }

  /** Nobody swaps to the area any more, which must be unused: its device is written by somebody else. As swapoff does, at no cost. */
  withhold(): void {
    assert(this.inusePages === 0, "an area that is in use cannot be withheld")
    this.map.fill(SWAP_MAP_BAD)
    this.inusePages = this.pages
    this.lowestBit = this.max
    this.highestBit = 0
  }

  /** Slots with the cache bit, counted. */
  cachedSlots(): number {
    let count = 0
    for (let slot = 1; slot < this.max; slot++) if ((this.map.at(slot) & SWAP_HAS_CACHE) !== 0) count++
    return count
  }

  /** `page_swapcount`: users of the slot, without the cache. */
  swapCount(slot: number): number {
    return this.map.at(slot) & ~SWAP_HAS_CACHE
  }

  /** `get_swap_page`: a slot with the cache bit set, or `NO_SLOT`. */
  getSwapPage(): number {
    const slot = this.nrSwapPages > 0 ? this.#scan() : NO_SLOT
    if (slot === NO_SLOT) this.failures++
    return slot
  }

  /** `swap_duplicate`: one more page table entry refers to the slot. */
  duplicate(slot: number): void {
    const value = this.map.at(slot)
    assert(value !== 0, "duplicating a slot that is free")
    assert((value & ~SWAP_HAS_CACHE) < SWAP_MAP_MAX, "a slot has too many users")
    if (value === SWAP_HAS_CACHE) this.#cacheOnly--
    this.map.set(slot, value + 1)
  }

  /** `swapcache_prepare`: sets the cache bit of a slot in use. */
  prepareCache(slot: number): number {
    if (slot >= this.max) return NOT_IN_USE
    const value = this.map.at(slot)
    if ((value & SWAP_HAS_CACHE) !== 0) return IN_CACHE
    if (value === 0 || value === SWAP_MAP_BAD) return NOT_IN_USE
    this.map.set(slot, value | SWAP_HAS_CACHE)
    return PREPARED
  }

  /** `swapcache_free`: the cache gives up the slot; it is free if nobody else uses it. What is left of its byte. */
  freeCache(slot: number, ctx: Context): number {
    const value = this.map.at(slot)
    assert((value & SWAP_HAS_CACHE) !== 0, "the cache gives up a slot that it does not hold")
    return this.#set(ctx, slot, value & ~SWAP_HAS_CACHE)
  }

  /** `swap_free`: one page table entry less refers to the slot. What is left of its byte. */
  free(slot: number, ctx: Context): number {
    const value = this.map.at(slot)
    const count = value & ~SWAP_HAS_CACHE
    assert(count > 0 && count <= SWAP_MAP_MAX, "freeing a slot that nobody uses")
    return this.#set(ctx, slot, value - 1)
  }

  checkInvariants(): void {
    let inuse = 0
    for (let slot = 1; slot < this.max; slot++) {
      if (this.map.at(slot) !== 0) inuse++
      else assert(slot >= this.lowestBit && slot <= this.highestBit, "a free slot lies outside the search bounds")
    }
    assert(inuse === this.inusePages, "swap slots were miscounted")
    let cacheOnly = 0
    for (let slot = 1; slot < this.max; slot++) if (this.map.at(slot) === SWAP_HAS_CACHE) cacheOnly++
    assert(cacheOnly === this.#cacheOnly, "slots that only the cache holds were miscounted")
    assert(this.map.at(0) === SWAP_MAP_BAD, "the header of the swap area was used")
  }

  #set(ctx: Context, slot: number, value: number): number {
    if (value === SWAP_HAS_CACHE) this.#cacheOnly++
    else if (this.map.at(slot) === SWAP_HAS_CACHE) this.#cacheOnly--
    this.map.set(slot, value)
    if (value === 0) {
      if (slot < this.lowestBit) this.lowestBit = slot
      if (slot > this.highestBit) this.highestBit = slot
      this.inusePages--
      if (this.onFree !== null) this.onFree(ctx, slot)
    }
    return value
  }

  #scan(): number {
    let base = this.clusterNext
    let offset = base
    if (this.clusterNr === 0) {
      this.clusterNr = SWAPFILE_CLUSTER - 1
      if (this.pages - this.inusePages >= SWAPFILE_CLUSTER) {
        if (!this.#solidState) base = this.lowestBit
        const cluster = this.#findCluster(base)
        if (cluster === NO_SLOT) this.clustersMissed++
        else this.clustersFound++
        offset = cluster === NO_SLOT ? base : cluster
      }
    } else {
      this.clusterNr--
    }
    if (this.#inVain(offset)) return NO_SLOT
    let wrapped = false
    for (;;) {
      if (this.highestBit === 0) return NO_SLOT
      if (offset > this.highestBit) base = offset = this.lowestBit
      if (this.map.at(offset) === 0) return this.#claim(offset)
      if (this.map.at(offset) === SWAP_HAS_CACHE && this.vmSwapFull() && this.reclaimCacheOnly(offset)) continue
      let next = this.#candidate(offset + 1, wrapped ? base - 1 : this.highestBit)
      if (next === NO_SLOT) {
        if (wrapped) return NO_SLOT
        wrapped = true
        // the lowest itself is passed over, as in Linux
        next = this.#candidate(this.lowestBit + 1, base - 1)
        if (next === NO_SLOT) return NO_SLOT
      }
      offset = next
    }
  }

  /** The only free slot is the lowest, which a search from `offset` passes over, and there is none to reuse. */
  #inVain(offset: number): boolean {
    return this.pages - this.inusePages === 1 && this.map.at(this.lowestBit) === 0 && this.lowestBit < offset &&
      offset <= this.highestBit && (this.#cacheOnly === 0 || !this.vmSwapFull())
  }

  /** The first slot of the range that is free or may be tried for reuse. */
  #candidate(from: number, to: number): number {
    const map = this.map
    const reuse = this.vmSwapFull() ? SWAP_HAS_CACHE : 0
    for (let offset = from; offset <= to; offset++) {
      if (map.at(offset) === 0 || map.at(offset) === reuse) return offset
    }
    return NO_SLOT
  }

  /** The first run of 256 free slots at or behind `from`, else the first one before it, else `NO_SLOT`. */
  #findCluster(from: number): number {
    const cluster = this.#runOfFree(from, this.highestBit)
    return cluster !== NO_SLOT ? cluster : this.#runOfFree(this.lowestBit, from - 1)
  }

  #runOfFree(from: number, last: number): number {
    const map = this.map
    let start = from
    while (start + SWAPFILE_CLUSTER - 1 <= last) {
      let offset = start + SWAPFILE_CLUSTER - 1
      while (offset >= start && map.at(offset) === 0) offset--
      if (offset < start) return start
      start = offset + 1
    }
    return NO_SLOT
  }

  #claim(offset: number): number {
    if (offset === this.lowestBit) this.lowestBit++
    if (offset === this.highestBit) this.highestBit--
    this.inusePages++
    this.allocated++
    if (this.inusePages === this.pages) {
      this.lowestBit = this.max
      this.highestBit = 0
    }
    this.map.set(offset, SWAP_HAS_CACHE)
    this.#cacheOnly++
    this.clusterNext = offset + 1
    return offset
  }
}
