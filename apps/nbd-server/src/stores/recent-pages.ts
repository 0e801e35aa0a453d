// Pages of a file that this server read or wrote within the last minute or two, and that the page cache of the kernel
// therefore holds unless memory is short. Two sets age: a page that is used goes into the new one, and every minute the new
// one becomes the old one. Node cannot ask the kernel: mincore and preadv2 with RWF_NOWAIT are out of its reach.
import { PageSet } from "./page-set.ts"

/** A page that is not used is forgotten after one to two times this. The kernel drops first what was not used for longest. */
const AGE_MS = 60_000

export class RecentPages {
  readonly #pages: number
  #new: PageSet
  #old: PageSet
  #sinceMs = 0

  constructor(pages: number) {
    this.#pages = pages
    this.#new = new PageSet(pages)
    this.#old = new PageSet(pages)
  }

  /** All of [first, end) were used lately. */
  has(first: number, end: number): boolean {
    for (let page = first; page < end; page++) if (!this.#new.has(page) && !this.#old.has(page)) return false
    return true
  }

  /** [first, end) are used now. */
  add(first: number, end: number, nowMs: number): void {
    const age = nowMs - this.#sinceMs
    if (age >= AGE_MS) {
      this.#old = age < 2 * AGE_MS ? this.#new : new PageSet(this.#pages)
      this.#new = new PageSet(this.#pages)
      this.#sinceMs = nowMs
    }
    this.#new.add(first, end)
  }
}
