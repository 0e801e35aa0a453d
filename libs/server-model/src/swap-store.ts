// The swap of one client as a task of its connection reads and writes it. Data are tokens, 8 bytes a page.
import { CommandFlag, NbdError, putU32, TOKEN_BYTES, type TokenStore } from "@swaplab/nbd"
import { LOST_WRITER, PAGE_SIZE, type Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { SwapExport, TaskStore } from "./exports.ts"
import type { PageCache } from "./page-cache.ts"
import type { SwapServer } from "./swap-server.ts"

export class SwapStore implements TaskStore {
  readonly #task: Task
  readonly #tokens: TokenStore
  readonly #cache: PageCache | null
  readonly #owner: number
  readonly #server: SwapServer
  readonly #served: SwapExport

  constructor(task: Task, served: SwapExport, owner: number) {
    this.#task = task
    this.#served = served
    this.#server = served.server
    this.#tokens = served.tokens
    this.#cache = served.server.cache
    this.#owner = owner
  }

  *read(offset: number, length: number, into: Uint8Array): Sleeps<number> {
    const page = offset / PAGE_SIZE
    const count = length / PAGE_SIZE
    if (this.#cache !== null) yield* this.#bring(this.#cache, page, page + count)
    this.#tokens.read(page, count, into)
    const { forgotten } = this.#served
    if (forgotten !== null) this.#markLost(forgotten, page, count, into)
    return NbdError.Ok
  }

  *write(offset: number, length: number, from: Uint8Array, flags: number): Sleeps<number> {
    const page = offset / PAGE_SIZE
    const count = length / PAGE_SIZE
    const server = this.#server
    // pages that hold something are overwritten in place
    const added = this.#tokens.missing(page, count)
    if (server.usedPages + added > server.capacityPages) {
      server.stats.noSpace++
      return NbdError.ENOSPC
    }
    this.#tokens.write(page, count, from)
    this.#served.forgotten?.fill(0, page, page + count)
    server.usedPages += added - this.#tokens.missing(page, count)
    return yield* this.#changed(offset, length, flags)
  }

  *flush(): Sleeps<number> {
    if (this.#cache !== null) yield* this.#cache.sync(this.#task, this.#owner)
    return NbdError.Ok
  }

  *trim(offset: number, length: number): Sleeps<number> {
    this.#zero(offset, length)
    this.#cache?.drop(this.#owner, offset / PAGE_SIZE, length / PAGE_SIZE)
    return NbdError.Ok
  }

  *writeZeroes(offset: number, length: number, flags: number): Sleeps<number> {
    this.#zero(offset, length)
    return yield* this.#changed(offset, length, flags)
  }

  *cache(offset: number, length: number): Sleeps<number> {
    if (this.#cache !== null) yield* this.#bring(this.#cache, offset / PAGE_SIZE, (offset + length) / PAGE_SIZE)
    return NbdError.Ok
  }

  #zero(offset: number, length: number): void {
    const page = offset / PAGE_SIZE
    const count = length / PAGE_SIZE
    this.#server.usedPages -= count - this.#tokens.missing(page, count)
    this.#tokens.zero(page, count)
    this.#served.forgotten?.fill(0, page, page + count)
  }

  /** The bytes of a forgotten page are zeroes; its token says whose fault that is. */
  #markLost(forgotten: Uint32Array, page: number, count: number, into: Uint8Array): void {
    for (let i = 0; i < count; i++) {
      if (forgotten[page + i] === 0) continue
      putU32(into, i * TOKEN_BYTES, LOST_WRITER)
      putU32(into, i * TOKEN_BYTES + 4, forgotten[page + i])
    }
  }

  *#changed(offset: number, length: number, flags: number): Sleeps<number> {
    if (this.#cache === null) return NbdError.Ok
    yield* this.#cache.write(this.#task, this.#owner, offset / PAGE_SIZE, length / PAGE_SIZE)
    if ((flags & CommandFlag.Fua) !== 0) yield* this.#cache.sync(this.#task, this.#owner)
    return NbdError.Ok
  }

  /** Reads what is missing, in runs; holes of the sparse file need no disk. */
  *#bring(cache: PageCache, page: number, end: number): Sleeps<void> {
    while (page < end) {
      if (this.#tokens.isHole(page) || cache.lookup(this.#owner, page)) {
        page++
        continue
      }
      let count = 1
      while (page + count < end && !this.#tokens.isHole(page + count) && !cache.has(this.#owner, page + count)) {
        cache.misses++
        count++
      }
      yield* cache.fill(this.#task, this.#owner, page, count)
      page += count
    }
  }
}
