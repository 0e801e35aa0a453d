// An export of bytes in memory, sparse: blocks are allocated when first written. A WRITE of a whole span of blocks gets them
// in one piece, so that large requests find their data in few pieces; it is freed when all its blocks are holes. Memory in
// use never moves: data of a WRITE may be on its way into it while other requests are served.
import { toU64 } from "../wire/bytes.ts"
import { CommandFlag, ExtentFlag, NbdError } from "../wire/constants.ts"
import type { Extent } from "../wire/reply.ts"
import type { ExtentSource } from "./dispatch.ts"
import type { ByteStore } from "./served-export.ts"

/** Bytes of a block: it is a hole, or it is in memory. */
export const MEMORY_BLOCK = 32768
/** Blocks, and bytes, that can be one piece of memory. */
const SPAN_BLOCKS = 4
const SPAN = SPAN_BLOCKS * MEMORY_BLOCK

/** Blocks of a group, 8 MiB of the export: a group of holes only costs nothing. */
const GROUP_BLOCKS = 256

/** What a hole reads as. */
const ZEROES = new Uint8Array(MEMORY_BLOCK)

class Group {
  /** A block that is larger than MEMORY_BLOCK is a span: then all its blocks are that same memory. */
  readonly blocks: Array<Uint8Array | null> = Array.from({ length: GROUP_BLOCKS }, () => null)
  /** 1 for a hole, with memory in a span or without. */
  readonly isHole = new Uint8Array(GROUP_BLOCKS).fill(1)
}

/**
 * A sparse store of bytes in memory; what was never written, trimmed or zeroed is a hole that reads as zeroes.
 *
 * **When to use.** As the `store`, and the `extents`, of an export that need not outlive the process.
 *
 * **Details.** Memory comes in blocks of 32 KiB, or 128 KiB for a large WRITE. Methods return 0 or one of `NbdError`;
 * beyond `limitBytes` a write gets ENOSPC. Memory is never used again for another store: what one client wrote cannot
 * show up at another.
 *
 * **Gotchas.** Ranges are not checked here: a transmission has done so. A write that gets ENOSPC may have stored its
 * beginning. `view` and `room` give the memory itself, not a copy. Part of a block that is trimmed is zeroed and stays
 * in memory.
 */
export class MemoryStore implements ByteStore, ExtentSource {
  readonly size: number
  readonly #limitBytes: () => number
  readonly #groups: Array<Group | null>
  #allocated = 0

  /** `limitBytes` tells how much memory it may use altogether; beyond, writes get ENOSPC. */
  constructor(size: number, limitBytes: () => number = () => Number.POSITIVE_INFINITY) {
    this.size = size
    this.#limitBytes = limitBytes
    this.#groups = Array.from({ length: Math.ceil(size / MEMORY_BLOCK / GROUP_BLOCKS) }, () => null)
  }

  /** Bytes of memory that are held. */
  get allocatedBytes(): number {
    return this.#allocated * MEMORY_BLOCK
  }

  view(offset: number, length: number): Uint8Array {
    return piece(this.#block(Math.floor(offset / MEMORY_BLOCK)) ?? ZEROES, offset, length)
  }

  room(offset: number, length: number): Uint8Array | null {
    const index = Math.floor(offset / MEMORY_BLOCK)
    const group = this.#groups[Math.floor(index / GROUP_BLOCKS)] ??= new Group()
    const at = index % GROUP_BLOCKS
    let block = group.blocks[at]
    if (block === null) {
      if (offset % SPAN === 0 && length >= SPAN) block = this.#newSpan(group, at)
      block ??= this.#newBlock(group, at)
      if (block === null) return null
    }
    const room = piece(block, offset, length)
    const last = at + Math.floor((offset % MEMORY_BLOCK + room.length - 1) / MEMORY_BLOCK)
    for (let i = at; i <= last; i++) group.isHole[i] = 0
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
      const block = this.#block(index)
      const next = Math.min(end, (index + 1) * MEMORY_BLOCK)
      if (block !== null) {
        const whole = next - at === MEMORY_BLOCK
        if (!whole || block.length === SPAN) piece(block, at, next - at).fill(0)
        if (whole) this.#drop(index)
      }
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
      if (!this.#isHoleAt(index)) return false
    }
    return true
  }

  extents(offset: number, length: number, most = Number.POSITIVE_INFINITY): ReadonlyArray<Extent> {
    const extents: Array<{ length: number; hole: boolean }> = []
    for (let start = 0; start < length;) {
      const bytes = Math.min(MEMORY_BLOCK - (offset + start) % MEMORY_BLOCK, length - start)
      const hole = this.#isHoleAt(Math.floor((offset + start) / MEMORY_BLOCK))
      const last = extents[extents.length - 1]
      if (last !== undefined && last.hole === hole) last.length += bytes
      else if (extents.length === most) break
      else extents.push({ length: bytes, hole })
      start += bytes
    }
    return extents.map((extent) => ({
      length: toU64(extent.length),
      flags: { hi: 0, lo: extent.hole ? ExtentFlag.Hole | ExtentFlag.Zero : 0 }
    }))
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

  #block(index: number): Uint8Array | null {
    const group = this.#groups[Math.floor(index / GROUP_BLOCKS)]
    return group === null ? null : group.blocks[index % GROUP_BLOCKS]
  }

  #isHoleAt(index: number): boolean {
    const group = this.#groups[Math.floor(index / GROUP_BLOCKS)]
    return group === null || group.isHole[index % GROUP_BLOCKS] === 1
  }

  #newBlock(group: Group, at: number): Uint8Array | null {
    if (this.allocatedBytes + MEMORY_BLOCK > this.#limitBytes()) return null
    const block = new Uint8Array(MEMORY_BLOCK)
    group.blocks[at] = block
    this.#allocated++
    return block
  }

  /** Null when a block of it is in use, or there is no memory for all of them. */
  #newSpan({ blocks }: Group, at: number): Uint8Array | null {
    if (this.allocatedBytes + SPAN > this.#limitBytes()) return null
    for (let i = 1; i < SPAN_BLOCKS; i++) if (blocks[at + i] !== null) return null
    const span = new Uint8Array(SPAN)
    blocks.fill(span, at, at + SPAN_BLOCKS)
    this.#allocated += SPAN_BLOCKS
    return span
  }

  /** A block in memory becomes a hole. The memory of a span goes with its last block. */
  #drop(index: number): void {
    const group = this.#groups[Math.floor(index / GROUP_BLOCKS)]
    if (group === null) return
    const { blocks, isHole } = group
    const at = index % GROUP_BLOCKS
    isHole[at] = 1
    const count = blocks[at]?.length === SPAN ? SPAN_BLOCKS : 1
    const first = at - at % count
    for (let i = first; i < first + count; i++) if (isHole[i] === 0) return
    blocks.fill(null, first, first + count)
    this.#allocated -= count
  }
}

/** From `offset` on, what of a block or span there is of `length` bytes. */
const piece = (block: Uint8Array, offset: number, length: number): Uint8Array => {
  const at = offset % block.length
  return at === 0 && length >= block.length ? block : block.subarray(at, Math.min(block.length, at + length))
}
