import { assert } from "./assert.ts"

/** Bytes received and not yet understood. Chunks go in as they arrive, messages come out whole. */
export class ByteQueue {
  #buffer: Uint8Array = new Uint8Array(256)
  #head = 0
  #tail = 0
  /** Bytes still to be thrown away on arrival: an oversized message is skipped, never stored. */
  #skipping = 0

  /** Bytes ready to be taken. */
  get length(): number {
    return this.#tail - this.#head
  }

  /** True while bytes of a skipped message are still to come. */
  get skipping(): boolean {
    return this.#skipping > 0
  }

  /** Appends a copy of `chunk`. */
  push(chunk: Uint8Array): void {
    const skip = Math.min(this.#skipping, chunk.length)
    this.#skipping -= skip
    const added = chunk.length - skip
    if (added === 0) return
    if (this.#tail + added > this.#buffer.length) this.#makeRoom(added)
    this.#buffer.set(skip === 0 ? chunk : chunk.subarray(skip), this.#tail)
    this.#tail += added
  }

  /** A view of the first `bytes` bytes, valid until the next `push`; null when there are not that many. */
  peek(bytes: number): Uint8Array | null {
    return this.length < bytes ? null : this.#buffer.subarray(this.#head, this.#head + bytes)
  }

  /** Removes bytes; those that have not arrived are thrown away when they do. */
  skip(bytes: number): void {
    const present = Math.min(bytes, this.length)
    this.#head += present
    if (this.#head === this.#tail) this.#head = this.#tail = 0
    assert(this.#skipping === 0 || bytes === 0, "skipping twice")
    this.#skipping += bytes - present
  }

  /** Removes everything and returns it. */
  takeAll(): Uint8Array {
    const rest = this.#buffer.slice(this.#head, this.#tail)
    this.#head = this.#tail = 0
    return rest
  }

  #makeRoom(added: number): void {
    const length = this.length
    let capacity = this.#buffer.length
    while (capacity < length + added) capacity *= 2
    const buffer = capacity === this.#buffer.length ? this.#buffer : new Uint8Array(capacity)
    buffer.set(this.#buffer.subarray(this.#head, this.#tail))
    this.#buffer = buffer
    this.#head = 0
    this.#tail = length
  }
}
