// The entries of page tables, by the index of a virtual page.
// They take host memory by stretches of 512, once one of them is written: a process that has just started has used few.

const SHIFT = 9
const MASK = (1 << SHIFT) - 1
/** What no entry was ever written of. */
const EMPTY = new Uint32Array(1 << SHIFT)

/** A column of entries, all 0 at first. An index at or beyond `length` is not checked. */
export class PageTableEntries implements Iterable<number> {
  readonly length: number
  readonly #stretches: Array<Uint32Array>

  constructor(length: number) {
    this.length = length
    this.#stretches = Array.from({ length: Math.ceil(length / (MASK + 1)) }, () => EMPTY)
  }

  /** Bytes of the host. */
  get byteLength(): number {
    return this.#stretches.reduce((sum, stretch) => stretch === EMPTY ? sum : sum + stretch.byteLength, 0)
  }

  at(index: number): number {
    return this.#stretches[index >>> SHIFT][index & MASK]
  }

  set(index: number, entry: number): void {
    let stretch = this.#stretches[index >>> SHIFT]
    if (stretch === EMPTY) stretch = this.#stretches[index >>> SHIFT] = new Uint32Array(MASK + 1)
    stretch[index & MASK] = entry
  }

  /** Sets bits of an entry. */
  mark(index: number, bits: number): void {
    this.set(index, this.at(index) | bits)
  }

  /** Index of the first entry that is so, or −1. */
  findIndex(is: (entry: number, index: number) => boolean): number {
    for (let index = 0; index < this.length; index++) if (is(this.at(index), index)) return index
    return -1
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let index = 0; index < this.length; index++) yield this.at(index)
  }
}
