// The emulated NBD server: exports of page tokens behind a page cache and a disk. Its connections are in worker.ts.
// Modelled: the CPU time of the server by kind and size of request; sparse exports on a disk that may be full (a write that
// finds no room gets ENOSPC at once, as a file system that reserves room for delayed writes answers); the page cache.
// Not modelled: option haggling beyond its bytes and round trips (negotiation.ts), requests that are not whole pages (EINVAL
// by the minimum block of 4096).
import { Command, exportInfo, IMAGE_EXPORT_FLAGS, ReplyBuffer } from "@swaplab/nbd"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sim } from "@swaplab/sim"
import { ImageExport, type Place, SwapExport } from "./exports.ts"
import type { PageCache } from "./page-cache.ts"
import type { RequestTap } from "./request-tap.ts"
import { ServerErrors } from "./server-errors.ts"
import { ServerLife } from "./server-life.ts"
import { ServerStats } from "./server-stats.ts"
import type { ServerCpu } from "./stations.ts"

/** CPU time of the server per request. */
export interface ServerCosts {
  readonly readNs: number
  readonly readNsPerKiB: number
  readonly writeNs: number
  readonly writeNsPerKiB: number
  /** Flush, trim and the like, and requests that are refused. */
  readonly otherNs: number
}

/** nbd-server 3.24 on one 2.5-GHz core, loopback, page cache. */
export const NBD_SERVER_COSTS: ServerCosts = {
  readNs: 22_000,
  readNsPerKiB: 300,
  writeNs: 42_000,
  writeNsPerKiB: 550,
  otherNs: 22_000
}

/** CPU time of one request of `bytes`. */
export const requestCpuNs = (costs: ServerCosts, type: number, bytes: number): Nanoseconds => {
  if (type === Command.Read) return costs.readNs + costs.readNsPerKiB * bytes / 1024
  if (type === Command.Write) return costs.writeNs + costs.writeNsPerKiB * bytes / 1024
  return costs.otherNs
}

/** One emulated server machine, as far as NBD is concerned. */
export class SwapServer {
  readonly stats = new ServerStats()
  readonly life = new ServerLife()
  /** Errors that are put in on purpose. */
  readonly errors: ServerErrors
  /** Swap of the clients, and images by their names. */
  readonly swaps: Array<SwapExport> = []
  readonly images = new Map<string, ImageExport>()
  readonly sim: Sim
  readonly cpu: ServerCpu
  /** Null: everything is in memory for good (tmpfs). */
  readonly cache: PageCache | null
  readonly costs: ServerCosts
  /** Where the engines of all connections write their replies; each worker takes its own out at once. */
  readonly replies = new ReplyBuffer()
  /** What the files of all exports may take together. */
  capacityPages: number
  /** Pages of them that hold something: a sparse file takes room for these only. */
  usedPages = 0
  /** Hears of its requests; null: nobody does. */
  tap: RequestTap | null = null
  #nextPosition = 0

  constructor(
    sim: Sim,
    cpu: ServerCpu,
    cache: PageCache | null,
    costs: ServerCosts = NBD_SERVER_COSTS,
    capacityBytes = Number.POSITIVE_INFINITY,
    name = "server"
  ) {
    this.sim = sim
    this.cpu = cpu
    this.errors = new ServerErrors(() => sim.stream(name, "errors"))
    this.cache = cache
    this.costs = costs
    this.capacityPages = Math.floor(capacityBytes / PAGE_SIZE)
  }

  /** A new sparse export of `bytes`, a multiple of 4096. A connection to it has that rate; null: none. */
  addExport(name: string, bytes: number, bytesPerSecond: number | null = null): SwapExport {
    const served = new SwapExport(this.place(name, bytes), bytes / PAGE_SIZE, bytesPerSecond)
    this.swaps.push(served)
    return served
  }

  /** A place for an export of swap, of `bytes`, a multiple of 4096. */
  place(name: string, bytes: number): Place {
    const info = exportInfo({ name, size: bytes, minimumBlock: PAGE_SIZE })
    return { server: this, info, cacheIndex: this.#place(bytes) }
  }

  /**
   * The image of that name: the first call makes it, of `bytes`, a multiple of 4096. Its pages hold the tokens of `writer`. All
   * of it takes room on the disk. `readaheadPages`: read_ahead_kb of the disk.
   */
  image(name: string, bytes: number, writer: number, readaheadPages: number): ImageExport {
    const known = this.images.get(name)
    if (known !== undefined) return known
    const pages = bytes / PAGE_SIZE
    const info = exportInfo({ name, size: bytes, minimumBlock: PAGE_SIZE, flags: IMAGE_EXPORT_FLAGS })
    const place = { server: this, info, cacheIndex: this.#place(bytes) }
    const served = new ImageExport(place, pages, writer, readaheadPages)
    this.usedPages += pages
    this.images.set(name, served)
    return served
  }

  /** A place on the disk. Returns the number of the file in the page cache. */
  #place(bytes: number): number {
    assert(bytes % PAGE_SIZE === 0, "an export is a whole number of pages")
    const position = this.#nextPosition
    this.#nextPosition += bytes
    return this.cache === null ? 0 : this.cache.addExport(bytes / PAGE_SIZE, position)
  }

  /** Host memory of the contents, in pages of the exports. */
  get allocatedPages(): number {
    return this.swaps.reduce((sum, { tokens }) => sum + tokens.allocatedPages, 0)
  }
}
