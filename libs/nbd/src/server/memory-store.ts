// An export of bytes in memory, sparse: blocks are allocated when first written.
import { toU64 } from "../wire/bytes.ts"
import { NbdError } from "../wire/constants.ts"
import type { Extent } from "../wire/reply.ts"
import type { ExportStore, ExtentSource } from "./dispatch.ts"

/** Bytes of a block. */
export const MEMORY_BLOCK = 32768

/** A sparse byte store; everything never written, trimmed or zeroed is a hole that reads as zeroes. */
export class MemoryStore implements ExportStore<Uint8Array, number>, ExtentSource {
  readonly size: number
  readonly #blocks = new Map<number, Uint8Array>()

  constructor(size: number) {
    this.size = size
  }

  /** Bytes of memory in use. */
  get allocatedBytes(): number {
    return this.#blocks.size * MEMORY_BLOCK
  }

  read(offset: number, length: number, into: Uint8Array): number {
    this.#each(offset, length, (block, at, start, bytes) => {
      const data = this.#blocks.get(block)
      if (data === undefined) into.fill(0, start, start + bytes)
      else into.set(data.subarray(at, at + bytes), start)
    })
    return NbdError.Ok
  }

  write(offset: number, length: number, from: Uint8Array): number {
    this.#each(offset, length, (block, at, start, bytes) => {
      let data = this.#blocks.get(block)
      if (data === undefined) this.#blocks.set(block, data = new Uint8Array(MEMORY_BLOCK))
      data.set(from.subarray(start, start + bytes), at)
    })
    return NbdError.Ok
  }

  flush(): number {
    return NbdError.Ok
  }

  trim(offset: number, length: number): number {
    return this.writeZeroes(offset, length)
  }

  writeZeroes(offset: number, length: number): number {
    this.#each(offset, length, (block, at, _start, bytes) => {
      if (bytes === MEMORY_BLOCK) this.#blocks.delete(block)
      else this.#blocks.get(block)?.fill(0, at, at + bytes)
    })
    return NbdError.Ok
  }

  cache(): number {
    return NbdError.Ok
  }

  extents(offset: number, length: number): ReadonlyArray<Extent> {
    const extents: Array<{ length: number; hole: boolean }> = []
    this.#each(offset, length, (block, _at, _start, bytes) => {
      const hole = !this.#blocks.has(block)
      const last = extents[extents.length - 1]
      if (last !== undefined && last.hole === hole) last.length += bytes
      else extents.push({ length: bytes, hole })
    })
    return extents.map((extent) => ({ length: toU64(extent.length), flags: { hi: 0, lo: extent.hole ? 3 : 0 } }))
  }

  /** Calls `visit(block, at, start, bytes)` for each piece: `at` in the block, `start` in the range. */
  #each(
    offset: number,
    length: number,
    visit: (block: number, at: number, start: number, bytes: number) => void
  ): void {
    for (let start = 0; start < length;) {
      const block = Math.floor((offset + start) / MEMORY_BLOCK)
      const at = (offset + start) % MEMORY_BLOCK
      const bytes = Math.min(MEMORY_BLOCK - at, length - start)
      visit(block, at, start, bytes)
      start += bytes
    }
  }
}
