// The bytes of a swap map.
// They take host memory by stretches of 1024 slots, once one of them is written: most of a swap area is never used.

const SHIFT = 10
const MASK = (1 << SHIFT) - 1
/** What no slot was ever written of. */
const EMPTY = new Uint8Array(MASK + 1)

/** One byte a slot, all 0 at first. An index at or beyond `length` is not checked. */
export class SlotBytes {
  readonly length: number
  readonly #stretches: Array<Uint8Array>

  constructor(length: number) {
    this.length = length
    this.#stretches = Array.from({ length: Math.ceil(length / (MASK + 1)) }, () => EMPTY)
  }

  at(slot: number): number {
    return this.#stretches[slot >>> SHIFT][slot & MASK]
  }

  set(slot: number, value: number): void {
    let stretch = this.#stretches[slot >>> SHIFT]
    if (stretch === EMPTY) stretch = this.#stretches[slot >>> SHIFT] = new Uint8Array(MASK + 1)
    stretch[slot & MASK] = value
  }

  fill(value: number): void {
    for (let slot = 0; slot < this.length; slot++) this.set(slot, value)
  }
}
