// The exports of the emulated server: swap of one client each, and images that many clients read.
import { type ExportInfo, type ExportStore, ImageTokens, TokenStore } from "@swaplab/nbd"
import type { Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { ImageStore } from "./image-store.ts"
import { FileReadahead } from "./readahead.ts"
import { ReadsUnderWay } from "./reads-under-way.ts"
import type { ServerCosts, SwapServer } from "./swap-server.ts"
import { SwapStore } from "./swap-store.ts"

/** The contents of an export as one task works on them. Data are tokens, 8 bytes a page. */
export type TaskStore = ExportStore<Uint8Array, Sleeps<number>>

/** What a store says instead of an error: the request gets no answer, because the connection is over. */
export const UNANSWERED = -2

/** An export as one connection has opened it. */
export interface OpenExport {
  /** The contents, for a task that works on the connection. */
  store(task: Task): TaskStore
  /** Sleeps until requests can be performed; false: they never can. Without it: they can. */
  ready?(task: Task): Sleeps<boolean>
  /** The connection is over. */
  close?(): void
  /** Requests that it can perform side by side, in threads that are started as they are needed; without it as many as the server. */
  readonly threads?: number
}

/** What of an export was served. */
export class ExportStats {
  requests = 0
  pagesRead = 0
  pagesWritten = 0
  /** Pages that a read found in the page cache, had to fetch from the disk, and found on their way for somebody else. */
  hits = 0
  misses = 0
  shared = 0
}

/** An export of the emulated server. */
export interface EmulatedExport {
  readonly server: SwapServer
  readonly info: ExportInfo
  readonly stats: ExportStats
  /** What a connection to it may read and write a second, together; null: as much as it can. */
  readonly bytesPerSecond: number | null
  /** CPU time of its requests. */
  readonly costs: ServerCosts
  /** Opens its file for a connection. */
  open(): OpenExport
}

/** Where an export has its place. */
export interface Place {
  readonly server: SwapServer
  readonly info: ExportInfo
  /** Number in the page cache. */
  readonly cacheIndex: number
}

/** The swap of one client: a sparse file. */
export class SwapExport implements EmulatedExport {
  readonly server: SwapServer
  readonly info: ExportInfo
  readonly stats = new ExportStats()
  readonly bytesPerSecond: number | null
  readonly tokens: TokenStore
  /** For each page that the server has forgotten and nobody has written since, the number of the event; null: never. */
  forgotten: Uint32Array | null = null
  readonly #cacheIndex: number

  constructor({ cacheIndex, info, server }: Place, pages: number, bytesPerSecond: number | null) {
    this.server = server
    this.info = info
    this.bytesPerSecond = bytesPerSecond
    this.tokens = new TokenStore(pages)
    this.#cacheIndex = cacheIndex
  }

  get costs(): ServerCosts {
    return this.server.costs
  }

  open(): OpenExport {
    return { store: (task) => new SwapStore(task, this, this.#cacheIndex) }
  }

  /**
   * With that event the server forgets what it had: all, or what the disk does not have. The rest is in the page cache no more.
   * Returns how many pages were forgotten.
   */
  forget(event: number, all = true): number {
    const { tokens: { pages }, server: { cache } } = this
    const forgotten = this.forgotten ?? new Uint32Array(pages)
    let count = 0
    for (let page = 0; page < pages; page++) {
      if (this.tokens.missing(page, 1) === 1 || !(all || cache?.isDirty(this.#cacheIndex, page) === true)) continue
      forgotten[page] = event
      this.tokens.zero(page, 1)
      count++
    }
    if (count > 0) this.forgotten = forgotten
    if (all) this.tokens.zero(0, pages)
    this.server.usedPages -= count
    cache?.drop(this.#cacheIndex, 0, pages)
    return count
  }
}

/** An image that clients read: a whole file, with read-ahead for each connection. */
export class ImageExport implements EmulatedExport {
  readonly server: SwapServer
  readonly info: ExportInfo
  readonly stats = new ExportStats()
  /** Images are shared by all clients, and have no limit. */
  readonly bytesPerSecond = null
  readonly tokens: ImageTokens
  readonly #reads: ReadsUnderWay | null
  readonly #cacheIndex: number
  readonly #readaheadPages: number

  constructor({ cacheIndex, info, server }: Place, pages: number, writer: number, readaheadPages: number) {
    this.server = server
    this.info = info
    this.tokens = new ImageTokens(pages, writer)
    this.#cacheIndex = cacheIndex
    this.#readaheadPages = readaheadPages
    const { cache, sim } = server
    this.#reads = cache === null ? null : new ReadsUnderWay(sim, `server ${info.name}`, cache, cacheIndex)
  }

  get costs(): ServerCosts {
    return this.server.costs
  }

  /** The memory of the server's machine was lost. */
  dropCache(): void {
    this.server.cache?.drop(this.#cacheIndex, 0, this.tokens.pages)
  }

  open(): OpenExport {
    const readahead = new FileReadahead(this.#readaheadPages)
    const { server: { cache }, stats, tokens } = this
    const cached = cache === null || this.#reads === null
      ? null
      : { cache, owner: this.#cacheIndex, reads: this.#reads, readahead }
    return { store: (task) => new ImageStore(task, tokens, stats, cached) }
  }
}
