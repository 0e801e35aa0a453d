// Several swap areas of one machine: which one a page goes to, and the numbers of their slots.
//
// A swap entry is one number: the slots of the first area come first, then those of the second, and so on; each area begins
// at a multiple of 64, as a type in the high bits of an entry would make it. A machine with one area has a `SwapMap` alone,
// whose slots have the same numbers, and none of this.
//
// Areas stand in a list, highest priority first. The next page goes to the area that the cursor of the list shows: with equal
// priorities it moves on after each page (round robin), else it goes back to the first. A slot that becomes free in an area of
// higher priority than that of the cursor calls the cursor back. Once all areas of the highest priority are full, the others
// take turns whatever their priorities are, because the search moves the cursor on after it has come round (until 3.15).
//
// Modelled: the list, the cursor, priorities that nobody gave (−1, −2, …), vm_swap_full over all areas.
// Not modelled: swapoff. Costs nothing: an area stays for the whole run.
// source: mm/swapfile.c:get_swap_page, swap_entry_free, sys_swapon
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { NO_SLOT, NOT_IN_USE, type SlotMap, type SwapMap } from "./swap-map.ts"

/** Slots at whose multiples areas begin: a radix tree node never holds slots of two. */
const ALIGN = 64

/** Most slots that fit a page table entry. */
export const MAX_SLOTS = 2 ** 27

/** `SWAP_FLAG_PRIO_MASK`. */
const MAX_PRIORITY = 0x7fff

/** An area as it is switched on. */
export interface ListedArea {
  readonly map: SwapMap
  /** `swapon -p`; null: lower than all given so far. */
  readonly priority: number | null
}

/** Priorities of areas in the order of their `swapon`: those without one count down from −1. */
export const prioritiesOf = (given: ReadonlyArray<number | null>): ReadonlyArray<number> => {
  let least = 0
  for (const priority of given) {
    assert(priority === null || (priority >= 0 && priority <= MAX_PRIORITY), "swapon takes no such priority")
  }
  return given.map((priority) => priority ?? --least)
}

/** First slots of areas with so many slots each, and behind the last of them. */
const basesOf = (slots: ReadonlyArray<number>): ReadonlyArray<number> => {
  const bases = [0]
  for (const count of slots) bases.push(Math.ceil((bases[bases.length - 1] + count) / ALIGN) * ALIGN)
  return bases
}

/** Numbers of the slots of areas with so many slots each are below this. */
export const slotNumbersOf = (slots: ReadonlyArray<number>): number =>
  slots.length === 0 ? 0 : basesOf(slots)[slots.length - 1] + slots[slots.length - 1]

/** `swap_info` and `swap_list`. */
export class SwapAreas implements SlotMap {
  readonly max: number
  readonly pages: number
  /** By type: in the order of their swapon. */
  readonly maps: ReadonlyArray<SwapMap>
  readonly bases: ReadonlyArray<number>
  readonly priorities: ReadonlyArray<number>
  /** Times no area had a slot. */
  failures = 0
  readonly #nextOf: Int32Array
  #head = -1
  #next = -1
  #reclaimCacheOnly: (slot: number) => boolean = () => false

  constructor(areas: ReadonlyArray<ListedArea>) {
    this.maps = areas.map(({ map }) => map)
    this.priorities = prioritiesOf(areas.map(({ priority }) => priority))
    const slots = this.maps.map(({ max }) => max)
    this.bases = basesOf(slots)
    this.max = slotNumbersOf(slots)
    this.pages = this.maps.reduce((sum, { pages }) => sum + pages, 0)
    this.#nextOf = new Int32Array(areas.length).fill(-1)
    const last = this.maps.length - 1
    assert(this.max <= MAX_SLOTS, "swap entries do not fit page table entries")
    for (let type = 0; type <= last; type++) {
      this.#insert(type)
      this.maps[type].all = this
      const base = this.bases[type]
      this.maps[type].reclaimCacheOnly = (offset) => this.#reclaimCacheOnly(base + offset)
    }
  }

  get inusePages(): number {
    let sum = 0
    for (const map of this.maps) sum += map.inusePages
    return sum
  }

  get nrSwapPages(): number {
    return this.pages - this.inusePages
  }

  get reclaimCacheOnly(): (slot: number) => boolean {
    return this.#reclaimCacheOnly
  }
  set reclaimCacheOnly(reclaim: (slot: number) => boolean) {
    this.#reclaimCacheOnly = reclaim
  }

  /** `swp_type`: the area of a slot. */
  typeOf(slot: number): number {
    let type = this.maps.length - 1
    while (slot < this.bases[type]) type--
    return type
  }

  vmSwapFull(): boolean {
    return this.nrSwapPages * 2 < this.pages
  }

  isHeader(slot: number): boolean {
    return this.bases[this.typeOf(slot)] === slot
  }

  byteOf(slot: number): number {
    const type = this.typeOf(slot)
    return this.maps[type].byteOf(slot - this.bases[type])
  }

  swapCount(slot: number): number {
    const type = this.typeOf(slot)
    return this.maps[type].swapCount(slot - this.bases[type])
  }

  /** `get_swap_page`: a slot of the first area that has one, with the cache bit set, or `NO_SLOT`. */
  getSwapPage(): number {
    if (this.nrSwapPages > 0) {
      let next = -1
      let wrapped = 0
      for (let type = this.#next; type >= 0 && wrapped < 2; type = next) {
        next = this.#nextOf[type]
        if (next < 0 || (wrapped === 0 && this.priorities[type] !== this.priorities[next])) {
          next = this.#head
          wrapped++
        }
        if (this.maps[type].nrSwapPages === 0) continue
        this.#next = next
        const offset = this.maps[type].getSwapPage()
        if (offset !== NO_SLOT) return this.bases[type] + offset
        // the search may have freed slots
        next = this.#next
      }
    }
    this.failures++
    return NO_SLOT
  }

  duplicate(slot: number): void {
    const type = this.typeOf(slot)
    this.maps[type].duplicate(slot - this.bases[type])
  }

  prepareCache(slot: number): number {
    if (slot >= this.max) return NOT_IN_USE
    const type = this.typeOf(slot)
    return this.maps[type].prepareCache(slot - this.bases[type])
  }

  freeCache(slot: number, ctx: Context): number {
    const type = this.typeOf(slot)
    return this.#freed(type, this.maps[type].freeCache(slot - this.bases[type], ctx))
  }

  free(slot: number, ctx: Context): number {
    const type = this.typeOf(slot)
    return this.#freed(type, this.maps[type].free(slot - this.bases[type], ctx))
  }

  cachedSlots(): number {
    return this.maps.reduce((sum, map) => sum + map.cachedSlots(), 0)
  }

  checkInvariants(): void {
    for (const map of this.maps) map.checkInvariants()
    let listed = 0
    for (let type = this.#head; type >= 0; type = this.#nextOf[type]) {
      listed++
      const next = this.#nextOf[type]
      assert(next < 0 || this.priorities[next] <= this.priorities[type], "the list of swap areas is out of order")
    }
    assert(listed === this.maps.length, "a swap area is not in the list")
  }

  /** A new area goes before others of its priority. */
  #insert(type: number): void {
    const priority = this.priorities[type]
    let before = -1
    let at = this.#head
    while (at >= 0 && priority < this.priorities[at]) {
      before = at
      at = this.#nextOf[at]
    }
    this.#nextOf[type] = at
    if (before < 0) this.#head = this.#next = type
    else this.#nextOf[before] = type
  }

  /** A slot that is free now: an area of higher priority than the next one comes first again. */
  #freed(type: number, left: number): number {
    if (left === 0 && this.#next >= 0 && this.priorities[type] > this.priorities[this.#next]) this.#next = type
    return left
  }
}
