// An export of bytes in memory, sparse: blocks are allocated when first written. A WRITE of a whole span of blocks gets them
// in one piece, so that large requests find their data in few pieces; it is freed when all its blocks are holes. Memory in
// use never moves: data of a WRITE may be on its way into it while other requests are served.
import { toU64 } from "../wire/bytes.ts"
import { CommandFlag, NbdError } from "../wire/constants.ts"
import type { Extent } from "../wire/reply.ts"
import type { ExtentSource } from "./dispatch.ts"
import type { ByteStore } from "./served-export.ts"

/** Bytes of a block: it is a hole, or it is in memory. */
export const MEMORY_BLOCK = 32768
/** Blocks, and bytes, that can be one piece of memory. */
const SPAN_BLOCKS = 4
const SPAN = SPAN_BLOCKS * MEMORY_BLOCK

/** What a hole reads as. */
const ZEROES = new Uint8Array(MEMORY_BLOCK)

/**
 * A sparse byte store; everything never written, trimmed or zeroed is a hole that reads as zeroes. Blocks are never used
 * again for another store: what one client wrote cannot show up at another.
 */
export class MemoryStore implements ByteStore, ExtentSource {
  readonly size: number
  readonly #limitBytes: () => number
  /** A block that is larger than MEMORY_BLOCK is a span: then all its blocks are that same memory. */
  readonly #blocks: Array<Uint8Array | null>
  /** 1 for a hole, with memory in a span or without. */
  readonly #isHole: Uint8Array
  #allocated = 0

  /** `limitBytes` tells how much memory it may use altogether; beyond, writes get ENOSPC. */
  constructor(size: number, limitBytes: () => number = () => Number.POSITIVE_INFINITY) {
    this.size = size
    this.#limitBytes = limitBytes
    this.#blocks = Array.from({ length: Math.ceil(size / MEMORY_BLOCK) }, () => null)
    this.#isHole = new Uint8Array(this.#blocks.length).fill(1)
  }

  /** Bytes of memory that are held. */
  get allocatedBytes(): number {
    return this.#allocated * MEMORY_BLOCK
  }

  view(offset: number, length: number): Uint8Array {
    return piece(this.#blocks[Math.floor(offset / MEMORY_BLOCK)] ?? ZEROES, offset, length)
  }

  room(offset: number, length: number): Uint8Array | null {
    const index = Math.floor(offset / MEMORY_BLOCK)
    let block = this.#blocks[index]
    if (block === null) {
      block = offset % SPAN === 0 && length >= SPAN
        ? this.#newSpan(index) ?? this.#newBlock(index)
        : this.#newBlock(index)
      if (block === null) return null
    }
    const room = piece(block, offset, length)
    const last = Math.floor((offset + room.length - 1) / MEMORY_BLOCK)
    for (let i = index; i <= last; i++) this.#isHole[i] = 0
    return room
  }

  read(offset: number, length: number, into: Uint8Array): number {
    for (let start = 0; start < length;) {
      const view = this.view(offset + start, length - start)
      into.set(view, start)
      start += view.length
    }
    return NbdError.Ok
  }

  write(offset: number, length: number, from: Uint8Array): number {
    for (let start = 0; start < length;) {
      const room = this.room(offset + start, length - start)
      if (room === null) return NbdError.ENOSPC
      room.set(room.length === from.length ? from : from.subarray(start, start + room.length))
      start += room.length
    }
    return NbdError.Ok
  }

  flush(): number {
    return NbdError.Ok
  }

  trim(offset: number, length: number): number {
    return this.writeZeroes(offset, length)
  }

  /** Whole blocks become holes, unless the client wants their room (NO_HOLE). */
  writeZeroes(offset: number, length: number, flags = 0): number {
    if ((flags & CommandFlag.NoHole) !== 0) return this.#fill(offset, length)
    const end = offset + length
    for (let at = offset; at < end;) {
      const index = Math.floor(at / MEMORY_BLOCK)
      const block = this.#blocks[index]
      const next = Math.min(end, (index + 1) * MEMORY_BLOCK)
      if (block !== null && next - at === MEMORY_BLOCK) {
        if (block.length === SPAN) {
          piece(block, at, MEMORY_BLOCK).fill(0)
          this.#dropFromSpan(index)
        } else {
          this.#isHole[index] = 1
          this.#blocks[index] = null
          this.#allocated--
        }
      } else if (block !== null) piece(block, at, next - at).fill(0)
      at = next
    }
    return NbdError.Ok
  }

  cache(): number {
    return NbdError.Ok
  }

  isHole(offset: number, length: number): boolean {
    const end = Math.floor((offset + length - 1) / MEMORY_BLOCK)
    for (let index = Math.floor(offset / MEMORY_BLOCK); index <= end; index++) {
      if (this.#isHole[index] === 0) return false
    }
    return true
  }

  extents(offset: number, length: number): ReadonlyArray<Extent> {
    const extents: Array<{ length: number; hole: boolean }> = []
    for (let start = 0; start < length;) {
      const bytes = Math.min(MEMORY_BLOCK - (offset + start) % MEMORY_BLOCK, length - start)
      const hole = this.#isHole[Math.floor((offset + start) / MEMORY_BLOCK)] === 1
      const last = extents[extents.length - 1]
      if (last !== undefined && last.hole === hole) last.length += bytes
      else extents.push({ length: bytes, hole })
      start += bytes
    }
    return extents.map((extent) => ({ length: toU64(extent.length), flags: { hi: 0, lo: extent.hole ? 3 : 0 } }))
  }

  #fill(offset: number, length: number): number {
    for (let start = 0; start < length;) {
      const room = this.room(offset + start, length - start)
      if (room === null) return NbdError.ENOSPC
      room.fill(0)
      start += room.length
    }
    return NbdError.Ok
  }

  #newBlock(index: number): Uint8Array | null {
    if (this.allocatedBytes + MEMORY_BLOCK > this.#limitBytes()) return null
    const block = new Uint8Array(MEMORY_BLOCK)
    this.#blocks[index] = block
    this.#allocated++
    return block
  }

  /** Null when a block of it is in use, or there is no memory for all of them. */
  #newSpan(index: number): Uint8Array | null {
    if (this.allocatedBytes + SPAN > this.#limitBytes()) return null
    for (let i = 1; i < SPAN_BLOCKS; i++) if (this.#blocks[index + i] !== null) return null
    const span = new Uint8Array(SPAN)
    this.#blocks.fill(span, index, index + SPAN_BLOCKS)
    this.#allocated += SPAN_BLOCKS
    return span
  }

  /** A block of a span becomes a hole. Its memory goes with that of the span, and that with its last block. */
  #dropFromSpan(index: number): void {
    this.#isHole[index] = 1
    const first = index - index % SPAN_BLOCKS
    for (let i = first; i < first + SPAN_BLOCKS; i++) if (this.#isHole[i] === 0) return
    this.#blocks.fill(null, first, first + SPAN_BLOCKS)
    this.#allocated -= SPAN_BLOCKS
  }
}

/** From `offset` on, what of a block or span there is of `length` bytes. */
const piece = (block: Uint8Array, offset: number, length: number): Uint8Array => {
  const at = offset % block.length
  return at === 0 && length >= block.length ? block : block.subarray(at, Math.min(block.length, at + length))
}
