// A set of pages of an export, as bits. Memory for pages that were never added costs address space only.

/** Bytes of a page: the block of most file systems, and the page of clients that swap. */
export const PAGE = 4096

/** All pages of [offset, offset + length), those that it touches only in part included. */
export const endPage = (offset: number, length: number): number => Math.ceil((offset + length) / PAGE)
export const firstPage = (offset: number): number => Math.floor(offset / PAGE)

const popCount = (word: number): number => {
  word -= (word >>> 1) & 0x55555555
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Bits of word `index` that lie in pages [first, end). */
const mask = (index: number, first: number, end: number): number => {
  const from = Math.max(0, first - index * 32)
  const to = Math.min(32, end - index * 32)
  return (to === 32 ? -1 : (1 << to) - 1) & ~((1 << from) - 1)
}

export class PageSet {
  /** Pages in it. */
  count = 0
  readonly #words: Uint32Array

  constructor(pages: number) {
    this.#words = new Uint32Array(Math.ceil(pages / 32))
  }

  has(page: number): boolean {
    return (this.#words[Math.floor(page / 32)] >>> (page % 32) & 1) === 1
  }

  add(first: number, end: number): void {
    for (let i = Math.floor(first / 32); i * 32 < end; i++) {
      const added = mask(i, first, end) & ~this.#words[i]
      this.#words[i] |= added
      this.count += popCount(added)
    }
  }

  remove(first: number, end: number): void {
    if (this.count === 0) return
    for (let i = Math.floor(first / 32); i * 32 < end; i++) {
      const removed = mask(i, first, end) & this.#words[i]
      this.#words[i] &= ~removed
      this.count -= popCount(removed)
    }
  }

  /** How many of [first, end) are in it. */
  countIn(first: number, end: number): number {
    if (this.count === 0) return 0
    let count = 0
    for (let i = Math.floor(first / 32); i * 32 < end; i++) count += popCount(mask(i, first, end) & this.#words[i])
    return count
  }

  hasAll(first: number, end: number): boolean {
    for (let i = Math.floor(first / 32); i * 32 < end; i++) {
      const wanted = mask(i, first, end)
      if ((wanted & this.#words[i]) !== wanted) return false
    }
    return true
  }

  hasAny(first: number, end: number): boolean {
    if (this.count === 0) return false
    for (let i = Math.floor(first / 32); i * 32 < end; i++) {
      if ((mask(i, first, end) & this.#words[i]) !== 0) return true
    }
    return false
  }

  /** The first page of [at, end) that is in it (`wanted`) or is not; `end` when there is none. */
  next(at: number, end: number, wanted: boolean): number {
    const flip = wanted ? 0 : -1
    for (let i = Math.floor(at / 32); i * 32 < end; i++) {
      const found = (this.#words[i] ^ flip) & mask(i, at, end)
      if (found !== 0) return i * 32 + 31 - Math.clz32(found & -found)
    }
    return end
  }
}
