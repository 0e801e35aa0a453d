// An export for emulated clients: each page of 4096 bytes must consist of one token, 8 bytes over and over, and only the
// token is kept. A page of anything else is a corruption on the way: it is refused, and counted.
import { type ByteStore, CHUNK_PAGES, NbdError, PAGE_SIZE, TokenPages, TokenStore } from "@swaplab/nbd"

export class TokenPageStore implements ByteStore {
  /** Pages that were no token. */
  corrupt = 0
  readonly #tokens: TokenStore
  readonly #pages = new TokenPages(CHUNK_PAGES)

  /** `size` is a multiple of 4096, and so must be the minimum block size of the export. */
  constructor(size: number) {
    this.#tokens = new TokenStore(size / PAGE_SIZE)
  }

  /** Bytes of the export that were written, as a file would count them. */
  get allocatedBytes(): number {
    return this.#tokens.allocatedPages * PAGE_SIZE
  }

  read(offset: number, length: number, into: Uint8Array): number {
    const count = length / PAGE_SIZE
    this.#pages.reserve(count)
    this.#tokens.read(offset / PAGE_SIZE, count, this.#pages)
    const view = new DataView(into.buffer, into.byteOffset, length)
    for (let page = 0; page < count; page++) {
      const at = page * PAGE_SIZE
      view.setUint32(at, this.#pages.writer[page])
      view.setUint32(at + 4, this.#pages.version[page])
      for (let done = 8; done < PAGE_SIZE; done *= 2) into.copyWithin(at + done, at, at + done)
    }
    return NbdError.Ok
  }

  write(offset: number, length: number, from: Uint8Array): number {
    const count = length / PAGE_SIZE
    this.#pages.reserve(count)
    const view = new DataView(from.buffer, from.byteOffset, length)
    for (let page = 0; page < count; page++) {
      const at = page * PAGE_SIZE
      for (let i = 8; i < PAGE_SIZE; i++) {
        if (from[at + i] === from[at + i - 8]) continue
        this.corrupt++
        return NbdError.EIO
      }
      this.#pages.writer[page] = view.getUint32(at)
      this.#pages.version[page] = view.getUint32(at + 4)
    }
    this.#tokens.write(offset / PAGE_SIZE, count, this.#pages)
    return NbdError.Ok
  }

  flush(): number {
    return NbdError.Ok
  }

  trim(offset: number, length: number): number {
    return this.writeZeroes(offset, length)
  }

  writeZeroes(offset: number, length: number): number {
    this.#tokens.zero(offset / PAGE_SIZE, length / PAGE_SIZE)
    return NbdError.Ok
  }

  cache(): number {
    return NbdError.Ok
  }
}
