// An export for emulated clients: each page of 4096 bytes must consist of one token, 8 bytes over and over, and only the
// token is kept. A page of anything else is a corruption on the way: it is refused, and counted.
import {
  type ByteStore,
  CHUNK_PAGES,
  getU32,
  isTokenBlock,
  NbdError,
  putTokenBlock,
  TOKEN_BLOCK,
  TOKEN_BYTES,
  TokenStore
} from "@swaplab/nbd"
import type { Why } from "./refusals.ts"

export class TokenPageStore implements ByteStore {
  /** Pages that were no token. */
  corrupt = 0
  readonly #tokens: TokenStore
  readonly #note: (why: Why) => void
  #pages = new Uint8Array(CHUNK_PAGES * TOKEN_BYTES)

  /** `size` is a multiple of 4096, and so must be the minimum block size of the export. `note` is told why a page is refused. */
  constructor(size: number, note: (why: Why) => void) {
    this.#note = note
    this.#tokens = new TokenStore(size / TOKEN_BLOCK)
  }

  /** Bytes of the export that were written, as a file would count them. */
  get allocatedBytes(): number {
    return this.#tokens.allocatedPages * TOKEN_BLOCK
  }

  read(offset: number, length: number, into: Uint8Array): number {
    const count = length / TOKEN_BLOCK
    const tokens = this.#room(count)
    this.#tokens.read(offset / TOKEN_BLOCK, count, tokens)
    for (let page = 0; page < count; page++) {
      const at = page * TOKEN_BYTES
      putTokenBlock(into, page * TOKEN_BLOCK, getU32(tokens, at), getU32(tokens, at + 4))
    }
    return NbdError.Ok
  }

  write(offset: number, length: number, from: Uint8Array): number {
    const count = length / TOKEN_BLOCK
    const tokens = this.#room(count)
    for (let page = 0; page < count; page++) {
      const at = page * TOKEN_BLOCK
      if (!isTokenBlock(from, at)) {
        this.corrupt++
        this.#note("no token")
        return NbdError.EIO
      }
      for (let i = 0; i < TOKEN_BYTES; i++) tokens[page * TOKEN_BYTES + i] = from[at + i]
    }
    this.#tokens.write(offset / TOKEN_BLOCK, count, tokens)
    return NbdError.Ok
  }

  flush(): number {
    return NbdError.Ok
  }

  trim(offset: number, length: number): number {
    return this.writeZeroes(offset, length)
  }

  writeZeroes(offset: number, length: number): number {
    this.#tokens.zero(offset / TOKEN_BLOCK, length / TOKEN_BLOCK)
    return NbdError.Ok
  }

  cache(): number {
    return NbdError.Ok
  }

  /** Room for the tokens of so many pages. */
  #room(pages: number): Uint8Array {
    if (pages * TOKEN_BYTES > this.#pages.length) this.#pages = new Uint8Array(pages * TOKEN_BYTES)
    return this.#pages
  }
}
