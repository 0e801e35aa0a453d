// The emulated NBD server: exports of page tokens behind a page cache and a disk.
// Modelled: one worker per connection that reads a request, performs it, answers, and goes on (nbd-server); its CPU time
// by kind and size of request; sparse exports; the page cache.
// Not modelled: option haggling (a connection starts in the transmission phase), worker threads within a connection,
// requests that are not whole pages (EINVAL by the minimum block of 4096).
import type { Task } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sim, type Sleeps } from "@swaplab/sim"
import type { PageToken, Transport } from "../client/transport.ts"
import { admit } from "../server/admit.ts"
import { dispatch, type ExportStore } from "../server/dispatch.ts"
import { type ExportInfo, exportInfo, SIMPLE_MODE } from "../server/export.ts"
import { Command, CommandFlag, MAX_PAYLOAD, NbdError, REQUEST_BYTES, SIMPLE_REPLY_BYTES } from "../wire/constants.ts"
import { encodeSimpleReply } from "../wire/reply.ts"
import { decodeRequestHeader, Request } from "../wire/request.ts"
import type { PageCache } from "./page-cache.ts"
import type { ServerCpu } from "./stations.ts"
import { PAGE_SIZE, TokenPages, TokenStore } from "./token-store.ts"

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
  #nextPosition = 0

  constructor(sim: Sim, cpu: ServerCpu, cache: PageCache | null, costs: ServerCosts = NBD_SERVER_COSTS) {
    this.sim = sim
    this.cpu = cpu
    this.cache = cache
    this.costs = costs
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

  /** Pages that clients have written: the size of the sparse files. */
  get allocatedPages(): number {
    return this.exports.reduce((sum, { tokens }) => sum + tokens.allocatedPages, 0)
  }
}

/** The contents of an export as one worker task sees them. */
class WorkerStore implements ExportStore<TokenPages, Sleeps<number>> {
  readonly #task: Task
  readonly #tokens: TokenStore
  readonly #cache: PageCache | null
  readonly #owner: number

  constructor(task: Task, served: EmulatedExport) {
    this.#task = task
    this.#tokens = served.tokens
    this.#cache = served.server.cache
    this.#owner = served.cacheIndex
  }

  *read(offset: number, length: number, into: TokenPages): Sleeps<number> {
    const page = offset / PAGE_SIZE
    const count = length / PAGE_SIZE
    if (this.#cache !== null) yield* this.#bring(this.#cache, page, page + count)
    this.#tokens.read(page, count, into)
    return NbdError.Ok
  }

  *write(offset: number, length: number, from: TokenPages, flags: number): Sleeps<number> {
    this.#tokens.write(offset / PAGE_SIZE, length / PAGE_SIZE, from)
    return yield* this.#changed(offset, length, flags)
  }

  *flush(): Sleeps<number> {
    if (this.#cache !== null) yield* this.#cache.sync(this.#task, this.#owner)
    return NbdError.Ok
  }

  *trim(offset: number, length: number): Sleeps<number> {
    this.#tokens.zero(offset / PAGE_SIZE, length / PAGE_SIZE)
    this.#cache?.drop(this.#owner, offset / PAGE_SIZE, length / PAGE_SIZE)
    return NbdError.Ok
  }

  *writeZeroes(offset: number, length: number, flags: number): Sleeps<number> {
    this.#tokens.zero(offset / PAGE_SIZE, length / PAGE_SIZE)
    return yield* this.#changed(offset, length, flags)
  }

  *cache(offset: number, length: number): Sleeps<number> {
    if (this.#cache !== null) yield* this.#bring(this.#cache, offset / PAGE_SIZE, (offset + length) / PAGE_SIZE)
    return NbdError.Ok
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

/**
 * The worker of one connection: reads a request, performs it, answers, next. Returns when the client disconnects, the
 * connection breaks, or what it says is no NBD.
 */
export function* serveConnection(task: Task, transport: Transport, served: EmulatedExport): Sleeps<void> {
  const { server, info } = served
  const { stats, sim } = server
  const store = new WorkerStore(task, served)
  const header = new Uint8Array(REQUEST_BYTES)
  const replyBytes = new Uint8Array(SIMPLE_REPLY_BYTES)
  const request = new Request()
  const pages = new TokenPages(32)
  const token: PageToken = { tokenWriter: 0, tokenVersion: 0 }

  for (;;) {
    const known = (yield* receive(task, transport, header)) && decodeRequestHeader(header, 0, false, request)
    if (!known || request.type === Command.Disc || request.payloadBytes > MAX_PAYLOAD) break
    const arrivedAt = sim.now
    stats.arrive(arrivedAt)
    const answered = yield* answer()
    stats.depart(sim.now, arrivedAt)
    if (!answered) break
    yield* task.condResched()
  }
  transport.shutdown()

  /** Performs the request and answers it. False when the connection broke. */
  function* answer(): Sleeps<boolean> {
    const payload = request.payloadBytes
    const count = Math.floor(payload / PAGE_SIZE)
    pages.reserve(count)
    for (let i = 0; i < count; i++) {
      if ((yield* transport.recvPage(task, token)) < PAGE_SIZE) return false
      pages.writer[i] = token.tokenWriter
      pages.version[i] = token.tokenVersion
    }
    if (payload % PAGE_SIZE !== 0 && !(yield* receive(task, transport, new Uint8Array(payload % PAGE_SIZE)))) {
      return false
    }
    let error = admit(info, SIMPLE_MODE, request)
    const { type } = request
    const bytes = error === NbdError.Ok ? request.length : 0
    yield* server.cpu.use(task, requestCpuNs(server.costs, error === NbdError.Ok ? type : -1, bytes))
    const read = type === Command.Read
    if (read) pages.reserve(bytes / PAGE_SIZE)
    if (error === NbdError.Ok) error = yield* dispatch(store, request, pages)
    if (error !== NbdError.Ok) stats.errors++
    else if (read) {
      stats.reads++
      stats.pagesRead += bytes / PAGE_SIZE
    } else if (type === Command.Write) {
      stats.writes++
      stats.pagesWritten += count
    }
    encodeSimpleReply(replyBytes, 0, error, request.cookieHi, request.cookieLo)
    const replyPages = read && error === NbdError.Ok ? bytes / PAGE_SIZE : 0
    if ((yield* transport.sendBytes(task, replyBytes, replyPages > 0)) <= 0) return false
    for (let i = 0; i < replyPages; i++) {
      if ((yield* transport.sendPage(task, pages.writer[i], pages.version[i], i + 1 < replyPages)) < PAGE_SIZE) {
        return false
      }
    }
    return true
  }
}

/** Receives all of `into`. False when the connection is over. */
function* receive(task: Task, transport: Transport, into: Uint8Array): Sleeps<boolean> {
  for (let at = 0; at < into.length;) {
    const got = yield* transport.recvBytes(task, at === 0 ? into : into.subarray(at))
    if (got <= 0) return false
    at += got
  }
  return true
}
