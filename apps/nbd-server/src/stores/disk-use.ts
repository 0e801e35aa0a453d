// What a file takes on the disk, as du counts it: the blocks of the file, asked of the kernel, and what was claimed since for
// writes that the count may not contain. So it is right after a restart, a crash, a change of size and a copy, whatever these
// left of the file; no second file has to be right for it.
import { fstatSync } from "node:fs"

/** Blocks of stat(2). */
const STAT_BLOCK = 512
/** The kernel is asked again after so many bytes: it also counts what the file system needs to find the blocks. */
const RECOUNT_BYTES = 2 ** 20

/** Asks how many blocks of 512 bytes a file has. */
export type CountBlocks = (fd: number) => number

const countBlocks: CountBlocks = (fd) => fstatSync(fd).blocks

export class DiskUse {
  readonly #fd: number
  readonly #count: CountBlocks
  #counted = 0
  /** Bytes of writes that have not ended. */
  #pending = 0
  /** Bytes claimed since the last count. */
  #since = 0
  #isStale = true

  constructor(fd: number, count: CountBlocks = countBlocks) {
    this.#fd = fd
    this.#count = count
    this.recount()
  }

  /** Bytes at most. */
  get bytes(): number {
    return this.#counted + this.#since
  }

  /** So many bytes may become blocks now. `written` follows. */
  claim(bytes: number): void {
    this.#pending += bytes
    this.#since += bytes
    this.#isStale = true
  }

  /** The write that claimed so many bytes has ended. */
  written(bytes: number): void {
    this.#pending -= bytes
    if (this.#since - this.#pending >= RECOUNT_BYTES) this.recount()
  }

  /** Blocks were given back. */
  freed(): void {
    this.#isStale = true
  }

  /** Asks the kernel, unless nothing has changed since. */
  recount(): void {
    if (!this.#isStale) return
    this.#counted = this.#count(this.#fd) * STAT_BLOCK
    this.#since = this.#pending
    this.#isStale = this.#pending > 0
  }
}
