// Contents of an export as tokens: 8 bytes for each page of 4096.
// Modelled: which pages were ever written (a sparse file), and with what. Not modelled: parts of pages.
// Cost: 8 bytes a page, in chunks that are allocated when first written.
import { assert } from "../wire/assert.ts"
import { getU32, putU32 } from "../wire/bytes.ts"
import { TOKEN_BYTES } from "./carriage.ts"

/** Pages of a chunk: 2 MiB of the export, 4 KiB of host memory. */
export const CHUNK_PAGES = 512

/** The pages of one export. */
export class TokenStore {
  readonly pages: number
  /** Pages in chunks that were ever written: the memory that they take here. */
  allocatedPages = 0
  /** Writer and version of each page in turn; a missing chunk is a hole. */
  readonly #chunks: Array<Uint32Array | null>

  constructor(pages: number) {
    this.pages = pages
    this.#chunks = Array.from({ length: Math.ceil(pages / CHUNK_PAGES) }, () => null)
  }

  /** True for a page of a chunk that was never written: reading it needs no disk. */
  isHole(page: number): boolean {
    return this.#chunks[Math.floor(page / CHUNK_PAGES)] === null
  }

  /** Puts the tokens of pages into `into`, 8 bytes each. */
  read(page: number, count: number, into: Uint8Array): void {
    assert(page >= 0 && page + count <= this.pages, "reading past the end of a store")
    for (let i = 0; i < count; i++) {
      const chunk = this.#chunks[Math.floor((page + i) / CHUNK_PAGES)]
      const at = ((page + i) % CHUNK_PAGES) * 2
      putU32(into, i * TOKEN_BYTES, chunk === null ? 0 : chunk[at])
      putU32(into, i * TOKEN_BYTES + 4, chunk === null ? 0 : chunk[at + 1])
    }
  }

  /** Writes the tokens in `from`, 8 bytes each. */
  write(page: number, count: number, from: Uint8Array): void {
    assert(page >= 0 && page + count <= this.pages, "writing past the end of a store")
    for (let i = 0; i < count; i++) {
      const chunk = this.#chunkFor(page + i)
      const at = ((page + i) % CHUNK_PAGES) * 2
      chunk[at] = getU32(from, i * TOKEN_BYTES)
      chunk[at + 1] = getU32(from, i * TOKEN_BYTES + 4)
    }
  }

  /** How many of these pages hold nothing but zeroes: a sparse file takes no room for them. */
  missing(page: number, count: number): number {
    let missing = 0
    for (let i = page; i < page + count; i++) if (!this.#holds(i)) missing++
    return missing
  }

  /** Whole chunks become holes, other pages become pages of zeroes. */
  zero(page: number, count: number): void {
    assert(page >= 0 && page + count <= this.pages, "zeroing past the end of a store")
    const end = page + count
    while (page < end) {
      const index = Math.floor(page / CHUNK_PAGES)
      const chunkEnd = Math.min((index + 1) * CHUNK_PAGES, this.pages)
      const stop = Math.min(end, chunkEnd)
      const chunk = this.#chunks[index]
      if (chunk !== null) {
        if (page === index * CHUNK_PAGES && stop === chunkEnd) {
          this.#chunks[index] = null
          this.allocatedPages -= CHUNK_PAGES
        } else chunk.fill(0, (page % CHUNK_PAGES) * 2, ((stop - 1) % CHUNK_PAGES + 1) * 2)
      }
      page = stop
    }
  }

  #holds(page: number): boolean {
    const chunk = this.#chunks[Math.floor(page / CHUNK_PAGES)]
    const at = page % CHUNK_PAGES * 2
    return chunk !== null && (chunk[at] | chunk[at + 1]) !== 0
  }

  #chunkFor(page: number): Uint32Array {
    const index = Math.floor(page / CHUNK_PAGES)
    let chunk = this.#chunks[index]
    if (chunk === null) {
      chunk = new Uint32Array(CHUNK_PAGES * 2)
      this.#chunks[index] = chunk
      this.allocatedPages += CHUNK_PAGES
    }
    return chunk
  }
}
