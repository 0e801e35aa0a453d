// A large WRITE on its way into a store that lends its memory: what comes is put where it belongs, and is not gathered in
// front of the store first. A connection that is lost meanwhile leaves a part of it there, of a WRITE that was never answered.
import { assert } from "../wire/assert.ts"
import { NbdError } from "../wire/constants.ts"
import type { ByteStore } from "./served-export.ts"

export class Placement {
  /** Bytes that are still to come; 0: no WRITE is on its way. */
  left = 0
  /** What the WRITE will be answered by. After an error its bytes are thrown away. */
  error: number = NbdError.Ok
  #store: ByteStore | null = null
  #offset = 0

  begin(store: ByteStore, offset: number, length: number, error: number): void {
    assert(this.left === 0, "two placements at a time")
    this.#store = store
    this.#offset = offset
    this.left = length
    this.error = error
  }

  /** Memory for the next bytes, 1 to `left` of them, or null when they go nowhere. */
  room(): Uint8Array | null {
    if (this.error !== NbdError.Ok || this.left === 0) return null
    const room = this.#store?.room?.(this.#offset, this.left) ?? null
    if (room === null) this.error = NbdError.ENOSPC
    return room
  }

  /** So many bytes have come. */
  advance(bytes: number): void {
    assert(bytes <= this.left, "more than a WRITE has")
    this.left -= bytes
    this.#offset += bytes
  }

  /** Places what is there of [at, to); returns where it stopped. */
  take(bytes: Uint8Array, at: number, to: number): number {
    while (at < to && this.left > 0) {
      const room = this.room()
      const count = Math.min(to - at, room === null ? this.left : room.length)
      if (room !== null) room.set(bytes.subarray(at, at + count))
      this.advance(count)
      at += count
    }
    return at
  }
}
