// An export of bytes in memory, sparse: blocks are allocated when first written. A WRITE of a whole span of blocks gets them
// in one piece, so that large requests find their data in few pieces; when one block of it becomes a hole, the others get
// memory of their own. What is held is therefore what is in use, block by block.
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
  #allocated = 0

  /** `limitBytes` tells how much memory it may use altogether; beyond, writes get ENOSPC. */
  constructor(size: number, limitBytes: () => number = () => Number.POSITIVE_INFINITY) {
    this.size = size
    this.#limitBytes = limitBytes
    this.#blocks = Array.from({ length: Math.ceil(size / MEMORY_BLOCK) }, () => null)
  }

  /** Bytes of memory in use. */
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
    return piece(block, offset, length)
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
        if (block.length === SPAN) this.#split(index, block, Math.floor(end / MEMORY_BLOCK))
        this.#blocks[index] = null
        this.#allocated--
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
      if (this.#blocks[index] !== null) return false
    }
    return true
  }

  extents(offset: number, length: number): ReadonlyArray<Extent> {
    const extents: Array<{ length: number; hole: boolean }> = []
    for (let start = 0; start < length;) {
      const bytes = Math.min(MEMORY_BLOCK - (offset + start) % MEMORY_BLOCK, length - start)
      const hole = this.#blocks[Math.floor((offset + start) / MEMORY_BLOCK)] === null
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

  /** Gives the blocks of a span memory of their own; those from `index` up to `end` are about to go and get none to speak of. */
  #split(index: number, span: Uint8Array, end: number): void {
    const first = index - index % SPAN_BLOCKS
    for (let i = 0; i < SPAN_BLOCKS; i++) {
      const goes = first + i >= index && first + i < end
      this.#blocks[first + i] = goes ? ZEROES : span.slice(i * MEMORY_BLOCK, (i + 1) * MEMORY_BLOCK)
    }
  }
}

/** From `offset` on, what of a block or span there is of `length` bytes. */
const piece = (block: Uint8Array, offset: number, length: number): Uint8Array => {
  const at = offset % block.length
  return at === 0 && length >= block.length ? block : block.subarray(at, Math.min(block.length, at + length))
}
