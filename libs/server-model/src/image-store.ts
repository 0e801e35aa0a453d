// An image as one task of a connection reads it. Data are tokens, 8 bytes a page.
import { type ImageTokens, NbdError } from "@swaplab/nbd"
import { PAGE_SIZE, type Task } from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import type { ExportStats, TaskStore } from "./exports.ts"
import type { PageCache } from "./page-cache.ts"
import type { FileReadahead } from "./readahead.ts"
import type { ReadsUnderWay } from "./reads-under-way.ts"

/** The page cache as an open file meets it. */
export interface CachedFile {
  readonly cache: PageCache
  readonly owner: number
  readonly reads: ReadsUnderWay
  readonly readahead: FileReadahead
}

const readOnly = (): never => {
  assert(false, "a change of an image was admitted")
}

export class ImageStore implements TaskStore {
  readonly write = readOnly
  readonly trim = readOnly
  readonly writeZeroes = readOnly
  readonly #task: Task
  readonly #tokens: ImageTokens
  readonly #stats: ExportStats
  readonly #file: CachedFile | null

  constructor(task: Task, tokens: ImageTokens, stats: ExportStats, file: CachedFile | null) {
    this.#task = task
    this.#tokens = tokens
    this.#stats = stats
    this.#file = file
  }

  *read(offset: number, length: number, into: Uint8Array): Sleeps<number> {
    const page = offset / PAGE_SIZE
    const count = length / PAGE_SIZE
    if (this.#file === null) this.#stats.hits += count
    else yield* this.#bring(this.#file, page, page + count)
    this.#tokens.read(page, count, into)
    return NbdError.Ok
  }

  *cache(offset: number, length: number): Sleeps<number> {
    if (this.#file !== null) yield* this.#bring(this.#file, offset / PAGE_SIZE, (offset + length) / PAGE_SIZE)
    return NbdError.Ok
  }

  *flush(): Sleeps<number> {
    return NbdError.Ok
  }

  /** Waits until each page is in the cache, or was read. */
  *#bring({ cache, owner, readahead, reads }: CachedFile, page: number, end: number): Sleeps<void> {
    const stats = this.#stats
    while (page < end) {
      if (cache.lookup(owner, page)) {
        stats.hits++
        this.#ahead(reads, readahead, page)
        page++
        continue
      }
      const shared = reads.has(page)
      if (!shared) reads.start(page, Math.min(readahead.miss(page, end - page), this.#tokens.pages - page))
      this.#ahead(reads, readahead, page)
      // what came is read, even where the cache had no room to keep it
      const after = Math.min(yield* reads.wait(this.#task, page), end)
      cache.misses += after - page - 1
      if (shared) stats.shared += after - page
      else stats.misses += after - page
      page = after
    }
    readahead.ended(end - 1)
  }

  /** Starts the next window of read-ahead where this page is the mark. */
  #ahead(reads: ReadsUnderWay, readahead: FileReadahead, page: number): void {
    const next = readahead.hit(page)
    if (next !== null) reads.start(next.page, Math.min(next.count, this.#tokens.pages - next.page))
  }
}
