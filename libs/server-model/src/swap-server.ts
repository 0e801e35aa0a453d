// The emulated NBD server: exports of page tokens behind a page cache and a disk. Its connections are in worker.ts.
// Modelled: the CPU time of the server by kind and size of request; sparse exports on a disk that may be full (a write that
// finds no room gets ENOSPC at once, as a file system that reserves room for delayed writes answers); the page cache.
// Not modelled: option haggling (a connection starts in the transmission phase), requests that are not whole pages (EINVAL
// by the minimum block of 4096).
import { Command, type ExportInfo, exportInfo, ReplyBuffer, TokenStore } from "@swaplab/nbd"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sim } from "@swaplab/sim"
import type { PageCache } from "./page-cache.ts"
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

/** Requests inside the server: arrivals, departures, and the two sides of Little's law. */
export class ServerStats {
  arrivals = 0
  departures = 0
  reads = 0
  writes = 0
  errors = 0
  /** Of them: writes that found no room on the disk. */
  noSpace = 0
  pagesRead = 0
  pagesWritten = 0
  /** Requests inside: their header has been read, their answer is not with the socket yet. */
  resident = 0
  /** Sum of the time that each departed request was inside. */
  residenceNs = 0
  /** Integral of `resident` over time, up to the last change. Equal to the sum when nobody is inside. */
  residentAreaNs = 0
  #changedAt: Nanoseconds = 0
  /** Sum of the arrival times of those inside. */
  #insideSince = 0

  arrive(now: Nanoseconds): void {
    this.#advance(now)
    this.arrivals++
    this.resident++
    this.#insideSince += now
  }

  depart(now: Nanoseconds, arrivedAt: Nanoseconds): void {
    this.#advance(now)
    assert(this.resident > 0, "a request left the server that was not inside")
    this.departures++
    this.resident--
    this.residenceNs += now - arrivedAt
    this.#insideSince -= arrivedAt
  }

  /** Requests inside on average until now: L of Little's law, from the integral over time. */
  meanResident(now: Nanoseconds): number {
    return now === 0 ? 0 : (this.residentAreaNs + this.resident * (now - this.#changedAt)) / now
  }

  /** Time inside per arrival until now, of those still inside too: W of Little's law, from the requests one by one. */
  meanResidenceNs(now: Nanoseconds): Nanoseconds {
    if (this.arrivals === 0) return 0
    return (this.residenceNs + this.resident * now - this.#insideSince) / this.arrivals
  }

  #advance(now: Nanoseconds): void {
    this.residentAreaNs += this.resident * (now - this.#changedAt)
    this.#changedAt = now
  }
}

/** An export of the emulated server. */
export interface EmulatedExport {
  readonly server: SwapServer
  readonly info: ExportInfo
  readonly tokens: TokenStore
  /** Number in the page cache. */
  readonly cacheIndex: number
}

/** One emulated server machine, as far as NBD is concerned. */
export class SwapServer {
  readonly stats = new ServerStats()
  readonly exports: Array<EmulatedExport> = []
  readonly sim: Sim
  readonly cpu: ServerCpu
  /** Null: everything is in memory for good (tmpfs). */
  readonly cache: PageCache | null
  readonly costs: ServerCosts
  /** Where the engines of all connections write their replies; each worker takes its own out at once. */
  readonly replies = new ReplyBuffer()
  /** What the files of all exports may take together. */
  readonly capacityPages: number
  /** Pages of them that hold something: a sparse file takes room for these only. */
  usedPages = 0
  #nextPosition = 0

  constructor(
    sim: Sim,
    cpu: ServerCpu,
    cache: PageCache | null,
    costs: ServerCosts = NBD_SERVER_COSTS,
    capacityBytes = Number.POSITIVE_INFINITY
  ) {
    this.sim = sim
    this.cpu = cpu
    this.cache = cache
    this.costs = costs
    this.capacityPages = Math.floor(capacityBytes / PAGE_SIZE)
  }

  /** A new sparse export of `bytes`, a multiple of 4096. */
  addExport(name: string, bytes: number): EmulatedExport {
    assert(bytes % PAGE_SIZE === 0, "an export is a whole number of pages")
    const served: EmulatedExport = {
      server: this,
      info: exportInfo({ name, size: bytes, minimumBlock: PAGE_SIZE }),
      tokens: new TokenStore(bytes / PAGE_SIZE),
      cacheIndex: this.cache === null ? 0 : this.cache.addExport(bytes / PAGE_SIZE, this.#nextPosition)
    }
    this.#nextPosition += bytes
    this.exports.push(served)
    return served
  }

  /** Host memory of the contents, in pages of the exports. */
  get allocatedPages(): number {
    return this.exports.reduce((sum, { tokens }) => sum + tokens.allocatedPages, 0)
  }
}
