// Replies on their way out: small ones are written behind each other into one buffer that is used again and again, large
// data goes along as views of where it is. What is sent at once is a list of pieces, for one writev.
import { assert } from "../wire/assert.ts"
import { copyBytes } from "../wire/bytes.ts"

/** Bytes of replies that are gathered before they are sent. */
export const REPLY_BUFFER_BYTES = 262144

/** Buffers kept for later at most. */
const SPARE_BUFFERS = 32

/** Replies that have not been sent yet. One can serve many connections in turn, each sends before the next one writes. */
export class ReplyBuffer {
  /** Where replies are written; replaced by `renew`. */
  bytes: Uint8Array = new Uint8Array(REPLY_BUFFER_BYTES)
  /** Where the next reply goes in `bytes`. */
  at = 0
  /** Bytes in `pieces` that are views of other memory. */
  #viewed = 0
  #from = 0
  #pieces: Array<Uint8Array> = []
  readonly #spare: Array<Uint8Array> = []

  /** Bytes to be sent. */
  get length(): number {
    return this.at + this.#viewed
  }

  /** True when so many bytes can be written at `at`. */
  fits(bytes: number): boolean {
    return this.at + bytes <= this.bytes.length
  }

  /** Puts memory in line that stays where it is. It may change until it is sent, as data under a READ may. */
  view(data: Uint8Array): void {
    if (this.at > this.#from) this.#pieces.push(this.bytes.subarray(this.#from, this.at))
    this.#from = this.at
    this.#pieces.push(data)
    this.#viewed += data.length
  }

  /** Puts a whole reply in line. */
  append(reply: Uint8Array): void {
    if (!this.fits(reply.length)) return this.view(reply)
    copyBytes(this.bytes, this.at, reply, 0, reply.length)
    this.at += reply.length
  }

  /** Everything in line, in order. */
  pieces(): ReadonlyArray<Uint8Array> {
    if (this.at > this.#from) {
      this.#pieces.push(this.bytes.subarray(this.#from, this.at))
      this.#from = this.at
    }
    return this.#pieces
  }

  /** Everything in line, in order, in memory that is not this buffer's; for few bytes that will have to wait. */
  copies(): ReadonlyArray<Uint8Array> {
    return this.pieces().map((piece) => piece.buffer === this.bytes.buffer ? piece.slice() : piece)
  }

  /** Copies everything in line to `target`, and begins anew. */
  moveTo(target: Uint8Array): void {
    assert(target.length >= this.length, "no room for what is in line")
    if (this.#viewed === 0) copyBytes(target, 0, this.bytes, 0, this.at)
    else {
      let at = 0
      for (const piece of this.pieces()) {
        target.set(piece, at)
        at += piece.length
      }
    }
    this.renew(false)
  }

  /**
   * Begins anew after the pieces were handed over. `kept` when their memory is still being read: then the buffer that they
   * are in is returned, to be given back by `giveBack`.
   */
  renew(kept: boolean): Uint8Array | null {
    const lent = kept && this.at > 0 ? this.bytes : null
    if (lent !== null) this.bytes = this.#spare.pop() ?? new Uint8Array(REPLY_BUFFER_BYTES)
    this.at = 0
    this.#from = 0
    this.#viewed = 0
    if (this.#pieces.length > 0) this.#pieces = []
    assert(this.length === 0, "a renewed buffer is empty")
    return lent
  }

  /** Takes back a buffer whose contents have been sent. */
  giveBack(lent: Uint8Array): void {
    assert(lent !== this.bytes && lent.length === REPLY_BUFFER_BYTES, "a buffer that was not lent")
    if (this.#spare.length < SPARE_BUFFERS) this.#spare.push(lent)
  }
}
