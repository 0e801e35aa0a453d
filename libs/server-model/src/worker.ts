// The worker of one connection of the emulated server. Requests, replies and errors are those of `Transmission`, the engine
// that the real server runs; what is modelled here is the time: when the bytes come, what the request costs, when the page
// cache and the disk are done with it.
// Modelled: a worker that reads a request, performs it, answers, and goes on, as a process of nbd-server does; or, with a pool
// of threads, a worker that reads requests and leaves the rest to the threads (thread-pool.ts); a limit of bytes a second,
// after which the connection's next request is not read until the debt is paid.
// Not modelled: a limit of requests a second, one bucket for several connections.
// Data is tokens (carriage.ts of libs/nbd).
import {
  Command,
  dispatch,
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
  TokenBucket,
  tokenised,
  Transmission,
  type TransmissionHost,
  type WaitingStore
} from "@swaplab/nbd"
import { PAGE_SIZE, type PageToken, type Task } from "@swaplab/page-alloc"
import type { Nanoseconds, Sleeps } from "@swaplab/sim"
import type { TcpSocket } from "@swaplab/tcp"
import { type EmulatedExport, type ExportStats, type OpenExport, type TaskStore, UNANSWERED } from "./exports.ts"
import type { ServerStats } from "./server-stats.ts"
import { requestCpuNs } from "./swap-server.ts"
import type { ThreadPool } from "./thread-pool.ts"

/** The calls of a socket that a worker makes. */
export type WorkerSocket = Pick<TcpSocket, "sendBytes" | "sendPage" | "recvBytes" | "recvPage" | "shutdown">

/** What the engine of a connection is to its worker: at most one job to take, at most one reply to send. */
class Desk implements TransmissionHost, WaitingStore {
  readonly waits = true as const
  /** The request that was admitted and is to be performed, or null. */
  job: Job | null = null
  /** Who sends the next reply. */
  hand: Hand
  readonly #stats: ServerStats
  readonly #ofExport: ExportStats

  constructor(stats: ServerStats, ofExport: ExportStats, hand: Hand) {
    this.#stats = stats
    this.#ofExport = ofExport
    this.hand = hand
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
    const { hand } = this
    hand.replyBytes = replies.length
    if (hand.replyBytes > hand.reply.length) hand.reply = new Uint8Array(hand.replyBytes)
    replies.moveTo(hand.reply)
  }

  answered({ type }: Request, error: number, bytes: number): void {
    const stats = this.#stats
    const ofExport = this.#ofExport
    ofExport.requests++
    if (error !== NbdError.Ok) stats.errors++
    else if (type === Command.Read) {
      stats.reads++
      stats.pagesRead += bytes / PAGE_SIZE
      ofExport.pagesRead += bytes / PAGE_SIZE
    } else if (type === Command.Write) {
      stats.writes++
      stats.pagesWritten += bytes / PAGE_SIZE
      ofExport.pagesWritten += bytes / PAGE_SIZE
    }
  }
}

/** Who sends replies: the worker, or a thread of its pool. Each has memory for one reply. */
class Hand {
  readonly task: Task
  readonly store: TaskStore
  reply: Uint8Array = new Uint8Array(SIMPLE_REPLY_BYTES + 32 * TOKEN_BYTES)
  replyBytes = 0
  readonly header = new Uint8Array(SIMPLE_REPLY_BYTES)

  constructor(task: Task, store: TaskStore) {
    this.task = task
    this.store = store
  }
}

/** A limit as the real nbd-server keeps it: a tenth of a second may come at once. */
const bucketOf = (bytesPerSecond: number | null, now: Nanoseconds): TokenBucket | null =>
  bytesPerSecond === null
    ? null
    : new TokenBucket({ perSecond: bytesPerSecond, burst: bytesPerSecond / 10, second: 1e9 }, now)

/**
 * The worker of one connection: reads a request, performs it, answers, next. With a pool of threads it reads requests, and
 * the threads perform and answer them. Returns when the client disconnects, the connection breaks, the process is killed, or
 * what the client says is no NBD. `unanswered`: a request was read and is not answered. `file`: the export, opened for it.
 */
export function* serveConnection(
  task: Task,
  socket: WorkerSocket,
  served: EmulatedExport,
  pool: ThreadPool | null = null,
  unanswered: () => void = () => {},
  file: OpenExport = served.open()
): Sleeps<void> {
  const { costs, info, server } = served
  const { cpu, errors, replies, sim, stats } = server
  const worker = new Hand(task, file.store(task))
  const desk = new Desk(stats, served.stats, worker)
  const engine = new Transmission({ info, store: desk, extents: null }, SIMPLE_MODE, replies, desk, "tokens")
  const header = new Uint8Array(REQUEST_BYTES)
  const token: PageToken = { tokenWriter: 0, tokenVersion: 0 }
  let payload = new Uint8Array(32 * TOKEN_BYTES)
  const limit = bucketOf(served.bytesPerSecond, sim.now)
  let broken = false
  pool?.start((self) => {
    const hand = new Hand(self, file.store(self))
    return (job, arrivedAt) => perform(hand, job, arrivedAt)
  })

  while ((yield* receive(task, socket, header)) && !task.process.killed) {
    engine.receive(header)
    if (engine.ended !== null) break
    const arrivedAt = sim.now
    stats.arrive(arrivedAt)
    // the debt is paid; what was earned beyond the burst is lost
    limit?.wait(arrivedAt)
    const cut = engine.cutRequest
    if (cut !== null && !(yield* receivePayload(cut.payloadBytes))) {
      stats.depart(sim.now, arrivedAt)
      break
    }
    const { job } = desk
    desk.job = null
    if (job !== null && server.tap !== null) {
      server.tap.taken(info.name, job.request.type, job.request.offset, job.request.length)
    }
    if (pool !== null && job !== null) pool.put(job, arrivedAt)
    else yield* perform(worker, job, arrivedAt)
    if (broken) break
    yield* task.condResched()
    if (limit === null || job === null) continue
    // what the client sends meanwhile waits in the socket buffers and then at the client
    limit.take(job.request.length)
    const wait = Math.ceil(limit.wait(sim.now))
    if (wait === 0) continue
    stats.rateWaits++
    stats.rateWaitedNs += wait
    yield* task.process.hold(wait)
  }
  // a process that was killed says nothing more: its kernel closes the socket
  if (!task.process.killed) socket.shutdown()

  /** Performs a request and answers it; without a job it is answered already. */
  function* perform(hand: Hand, job: Job | null, arrivedAt: Nanoseconds): Sleeps<void> {
    const { task: self } = hand
    if (job === null) {
      yield* cpu.use(self, requestCpuNs(costs, -1, 0))
      if (pool !== null) yield* pool.sending.lock(self)
    } else {
      const { request } = job
      const { type } = request
      yield* cpu.use(self, requestCpuNs(costs, type, request.length))
      if (self.process.killed) {
        unanswered()
        broken = true
        stats.depart(sim.now, arrivedAt)
        return
      }
      const injected = errors.draw(request.type)
      const error = injected !== 0 ? injected : yield* dispatch(hand.store, request, job.bytes)
      if (error === UNANSWERED) {
        unanswered()
        broken = true
        stats.depart(sim.now, arrivedAt)
        return
      }
      if (pool !== null) yield* pool.sending.lock(self)
      desk.hand = hand
      job.finish(error)
      desk.send(replies)
      desk.hand = worker
      server.tap?.answered(type, sim.now - arrivedAt)
    }
    if (!(yield* sendReply(hand))) {
      unanswered()
      broken = true
    }
    if (pool !== null) pool.sending.unlock(self)
    stats.depart(sim.now, arrivedAt)
  }

  function* sendReply({ header: head, reply, replyBytes, task: self }: Hand): Sleeps<boolean> {
    for (let i = 0; i < SIMPLE_REPLY_BYTES; i++) head[i] = reply[i]
    if ((yield* socket.sendBytes(self, head, replyBytes > SIMPLE_REPLY_BYTES)) <= 0) return false
    for (let at = SIMPLE_REPLY_BYTES; at < replyBytes; at += TOKEN_BYTES) {
      const more = at + TOKEN_BYTES < replyBytes
      const sent = yield* socket.sendPage(self, getU32(reply, at), getU32(reply, at + 4), more)
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
