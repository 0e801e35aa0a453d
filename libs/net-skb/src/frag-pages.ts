// Pages that carry packet data, counted by reference: one page is shared by several fragments, skbs and caches.
// Modelled: the reference count of such a page and its pfmemalloc mark at the time of its allocation.
// source: include/linux/mm.h:get_page, put_page
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { SocketMemory } from "./memory.ts"

/** No page. */
export const NO_FRAG_PAGE = -1

/** The packet pages of one machine: rows, not page frame numbers, so that a host without emulated pages has them too. */
export class FragPages {
  pfn: Int32Array
  refs: Int32Array
  pfmemalloc: Uint8Array
  /** Pages held. */
  inUse = 0
  readonly #memory: SocketMemory
  #next: Int32Array
  #free = 0
  #capacity = 256

  constructor(memory: SocketMemory) {
    this.#memory = memory
    this.pfn = new Int32Array(this.#capacity)
    this.refs = new Int32Array(this.#capacity)
    this.pfmemalloc = new Uint8Array(this.#capacity)
    this.#next = new Int32Array(this.#capacity)
    for (let i = 0; i < this.#capacity; i++) this.#next[i] = i + 1
  }

  /** Takes over a page that was just allocated, with one reference. */
  adopt(pfn: number): number {
    if (this.#free === this.#capacity) this.#grow()
    const page = this.#free
    this.#free = this.#next[page]
    this.pfn[page] = pfn
    this.refs[page] = 1
    this.pfmemalloc[page] = this.#memory.pagePfmemalloc(pfn) ? 1 : 0
    this.inUse++
    return page
  }

  get(page: number): void {
    assert(this.refs[page] > 0, "get_page of a page that is free")
    this.refs[page]++
  }

  put(ctx: Context, page: number): void {
    assert(this.refs[page] > 0, "put_page of a page that is free")
    if (--this.refs[page] !== 0) return
    this.#next[page] = this.#free
    this.#free = page
    this.inUse--
    this.#memory.freePage(ctx, this.pfn[page])
  }

  checkInvariants(): void {
    let held = 0
    for (let page = 0; page < this.#capacity; page++) if (this.refs[page] > 0) held++
    assert(held === this.inUse, "packet pages miscounted")
  }

  #grow(): void {
    const n = this.#capacity * 2
    const pfn = new Int32Array(n)
    const refs = new Int32Array(n)
    const pfmemalloc = new Uint8Array(n)
    const next = new Int32Array(n)
    pfn.set(this.pfn)
    refs.set(this.refs)
    pfmemalloc.set(this.pfmemalloc)
    next.set(this.#next)
    for (let i = this.#capacity; i < n; i++) next[i] = i + 1
    this.pfn = pfn
    this.refs = refs
    this.pfmemalloc = pfmemalloc
    this.#next = next
    this.#capacity = n
  }
}
