// Columns of a table in one piece of memory.

/**
 * Cuts typed arrays out of one buffer: a table of twenty short columns is one allocation of the host instead of twenty, each of
 * which costs 200 bytes beside its content. Take the widest columns first, so that each begins where its type may; anything else
 * throws a RangeError.
 */
export class ColumnBuffer {
  readonly #buffer: ArrayBuffer
  #at = 0

  constructor(bytes: number) {
    this.#buffer = new ArrayBuffer(bytes)
  }

  float64(rows: number): Float64Array {
    return new Float64Array(this.#buffer, this.#take(8 * rows), rows)
  }

  int32(rows: number): Int32Array {
    return new Int32Array(this.#buffer, this.#take(4 * rows), rows)
  }

  uint32(rows: number): Uint32Array {
    return new Uint32Array(this.#buffer, this.#take(4 * rows), rows)
  }

  uint16(rows: number): Uint16Array {
    return new Uint16Array(this.#buffer, this.#take(2 * rows), rows)
  }

  uint8(rows: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#take(rows), rows)
  }

  #take(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    return at
  }
}
