// The worker of one connection of the emulated server. Requests, replies and errors are those of `Transmission`, the engine
// that the real server runs; what is modelled here is the time: when the bytes come, what the request costs, when the page
// cache and the disk are done with it.
// Modelled: a worker that reads a request, performs it, answers, and goes on, as a process of nbd-server does.
// Not modelled: worker threads within a connection. Data is tokens (carriage.ts of libs/nbd).
import {
  Command,
  CommandFlag,
  dispatch,
  type ExportStore,
  getU32,
  type Job,
  NbdError,
  putU32,
  type ReplyBuffer,
  type Request,
  REQUEST_BYTES,
  SIMPLE_MODE,
  SIMPLE_REPLY_BYTES,
  TOKEN_BYTES,
  tokenised,
  type TokenStore,
  Transmission,
  type TransmissionHost,
  type WaitingStore
} from "@swaplab/nbd"
import { PAGE_SIZE, type PageToken, type Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { TcpSocket } from "@swaplab/tcp"
import type { PageCache } from "./page-cache.ts"
import { type EmulatedExport, requestCpuNs, type ServerStats } from "./swap-server.ts"

/** The calls of a socket that a worker makes. */
export type WorkerSocket = Pick<TcpSocket, "sendBytes" | "sendPage" | "recvBytes" | "recvPage" | "shutdown">

/** The contents of an export as one worker task sees them. Data are tokens, 8 bytes a page. */
class WorkerStore implements ExportStore<Uint8Array, Sleeps<number>> {
  readonly #task: Task
  readonly #tokens: TokenStore
  readonly #cache: PageCache | null
  readonly #owner: number
  readonly #served: EmulatedExport

  constructor(task: Task, served: EmulatedExport) {
    this.#task = task
    this.#served = served
    this.#tokens = served.tokens
    this.#cache = served.server.cache
    this.#owner = served.cacheIndex
  }

  *read(offset: number, length: number, into: Uint8Array): Sleeps<number> {
    const page = offset / PAGE_SIZE
    const count = length / PAGE_SIZE
    if (this.#cache !== null) yield* this.#bring(this.#cache, page, page + count)
    this.#tokens.read(page, count, into)
    return NbdError.Ok
  }

  *write(offset: number, length: number, from: Uint8Array, flags: number): Sleeps<number> {
    const page = offset / PAGE_SIZE
    const count = length / PAGE_SIZE
    const { server } = this.#served
    // pages that hold something are overwritten in place
    const added = this.#tokens.missing(page, count)
    if (server.usedPages + added > server.capacityPages) {
      server.stats.noSpace++
      return NbdError.ENOSPC
    }
    this.#tokens.write(page, count, from)
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
    this.#served.server.usedPages -= count - this.#tokens.missing(page, count)
    this.#tokens.zero(page, count)
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

/** What the engine of a connection is to its worker: at most one job to do, at most one reply to send. */
class Desk implements TransmissionHost, WaitingStore {
  readonly waits = true as const
  /** The request that was admitted and is to be performed, or null. */
  job: Job | null = null
  /** The reply: 16 bytes, then the tokens of a READ. */
  reply: Uint8Array = new Uint8Array(SIMPLE_REPLY_BYTES + 32 * TOKEN_BYTES)
  replyBytes = 0
  readonly #stats: ServerStats

  constructor(stats: ServerStats) {
    this.#stats = stats
  }

  tryStart(): boolean {
    return true
  }

  perform(job: Job): void {
    this.job = job
  }

  jobTaken(): void {}

  replyReady(): void {}

  /** Takes the reply out of the buffer that all connections share. */
  send(replies: ReplyBuffer): void {
    this.replyBytes = replies.length
    if (this.replyBytes > this.reply.length) this.reply = new Uint8Array(this.replyBytes)
    replies.moveTo(this.reply)
  }

  answered({ type }: Request, error: number, bytes: number): void {
    const stats = this.#stats
    if (error !== NbdError.Ok) stats.errors++
    else if (type === Command.Read) {
      stats.reads++
      stats.pagesRead += bytes / PAGE_SIZE
    } else if (type === Command.Write) {
      stats.writes++
      stats.pagesWritten += bytes / PAGE_SIZE
    }
  }
}

/**
 * The worker of one connection: reads a request, performs it, answers, next. Returns when the client disconnects, the
 * connection breaks, or what it says is no NBD.
 */
export function* serveConnection(task: Task, socket: WorkerSocket, served: EmulatedExport): Sleeps<void> {
  const { server, info } = served
  const { costs, cpu, replies, sim, stats } = server
  const store = new WorkerStore(task, served)
  const desk = new Desk(stats)
  const engine = new Transmission({ info, store: desk, extents: null }, SIMPLE_MODE, replies, desk, "tokens")
  const header = new Uint8Array(REQUEST_BYTES)
  const replyHeader = new Uint8Array(SIMPLE_REPLY_BYTES)
  const token: PageToken = { tokenWriter: 0, tokenVersion: 0 }
  let payload = new Uint8Array(32 * TOKEN_BYTES)

  while (yield* receive(task, socket, header)) {
    engine.receive(header)
    if (engine.ended !== null) break
    const arrivedAt = sim.now
    stats.arrive(arrivedAt)
    const answered = yield* answer()
    stats.depart(sim.now, arrivedAt)
    if (!answered) break
    yield* task.condResched()
  }
  socket.shutdown()

  /** Performs the request and answers it. False when the connection broke. */
  function* answer(): Sleeps<boolean> {
    const cut = engine.cutRequest
    if (cut !== null && !(yield* receivePayload(cut.payloadBytes))) return false
    const { job } = desk
    desk.job = null
    if (job === null) yield* cpu.use(task, requestCpuNs(costs, -1, 0))
    else {
      const { request } = job
      yield* cpu.use(task, requestCpuNs(costs, request.type, request.length))
      job.finish(yield* dispatch(store, request, job.bytes))
      desk.send(replies)
    }
    const { reply, replyBytes } = desk
    for (let i = 0; i < SIMPLE_REPLY_BYTES; i++) replyHeader[i] = reply[i]
    if ((yield* socket.sendBytes(task, replyHeader, replyBytes > SIMPLE_REPLY_BYTES)) <= 0) return false
    for (let at = SIMPLE_REPLY_BYTES; at < replyBytes; at += TOKEN_BYTES) {
      const more = at + TOKEN_BYTES < replyBytes
      const sent = yield* socket.sendPage(task, getU32(reply, at), getU32(reply, at + 4), more)
      if (sent < PAGE_SIZE) return false
    }
    return true
  }

  /** Gives the engine what a WRITE carries. */
  function* receivePayload(bytes: number): Sleeps<boolean> {
    const whole = tokenised(bytes)
    const rest = bytes % PAGE_SIZE
    if (whole > payload.length) payload = new Uint8Array(whole)
    for (let at = 0; at < whole - rest; at += TOKEN_BYTES) {
      if ((yield* socket.recvPage(task, token)) < PAGE_SIZE) return false
      putU32(payload, at, token.tokenWriter)
      putU32(payload, at + 4, token.tokenVersion)
    }
    if (rest > 0 && !(yield* receive(task, socket, payload.subarray(whole - rest, whole)))) return false
    engine.receive(payload, 0, whole)
    return true
  }
}

/** Receives all of `into`. False when the connection is over. */
function* receive(task: Task, socket: WorkerSocket, into: Uint8Array): Sleeps<boolean> {
  for (let at = 0; at < into.length;) {
    const got = yield* socket.recvBytes(task, at === 0 ? into : into.subarray(at))
    if (got <= 0) return false
    at += got
  }
  return true
}
