// An export of bytes in memory, sparse: blocks are allocated when first written.
import { toU64 } from "../wire/bytes.ts"
import { NbdError } from "../wire/constants.ts"
import type { Extent } from "../wire/reply.ts"
import type { ExtentSource } from "./dispatch.ts"
import type { ByteStore } from "./served-export.ts"

/** Bytes of a block. */
export const MEMORY_BLOCK = 32768

/** What a hole reads as. */
const ZEROES = new Uint8Array(MEMORY_BLOCK)

/**
 * A sparse byte store; everything never written, trimmed or zeroed is a hole that reads as zeroes. Blocks are never used
 * again for another store: what one client wrote cannot show up at another.
 */
export class MemoryStore implements ByteStore, ExtentSource {
  readonly size: number
  readonly #limitBytes: () => number
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
    const at = offset % MEMORY_BLOCK
    const block = this.#blocks[Math.floor(offset / MEMORY_BLOCK)] ?? ZEROES
    return at === 0 && length >= MEMORY_BLOCK ? block : block.subarray(at, Math.min(MEMORY_BLOCK, at + length))
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
      const index = Math.floor((offset + start) / MEMORY_BLOCK)
      const at = (offset + start) % MEMORY_BLOCK
      const bytes = Math.min(MEMORY_BLOCK - at, length - start)
      let block = this.#blocks[index]
      if (block === null) {
        if (this.allocatedBytes + MEMORY_BLOCK > this.#limitBytes()) return NbdError.ENOSPC
        this.#blocks[index] = block = new Uint8Array(MEMORY_BLOCK)
        this.#allocated++
      }
      block.set(bytes === from.length ? from : from.subarray(start, start + bytes), at)
      start += bytes
    }
    return NbdError.Ok
  }

  flush(): number {
    return NbdError.Ok
  }

  trim(offset: number, length: number): number {
    return this.writeZeroes(offset, length)
  }

  writeZeroes(offset: number, length: number): number {
    for (let start = 0; start < length;) {
      const index = Math.floor((offset + start) / MEMORY_BLOCK)
      const at = (offset + start) % MEMORY_BLOCK
      const bytes = Math.min(MEMORY_BLOCK - at, length - start)
      const block = this.#blocks[index]
      if (block !== null && bytes === MEMORY_BLOCK) {
        this.#blocks[index] = null
        this.#allocated--
      } else block?.fill(0, at, at + bytes)
      start += bytes
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
}
