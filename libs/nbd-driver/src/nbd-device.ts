// The NBD block driver of Linux 3.5 and 3.6: one socket, a sending kernel thread, a receiving user task.
// Modelled: waiting_queue and queue_head, tx_lock, one header and then page by page with MSG_MORE, replies matched by
// cookie and read straight into the request's pages, all error paths. Calls into the socket are in sock-xmit.ts.
// Not modelled: the lock around the queues (nothing runs in parallel), ioctls but DO_IT, SET_SOCK and DISCONNECT
// (SET_TIMEOUT, READ_ONLY are options), sysfs. One sender lives for ever; Linux starts a thread with each DO_IT.
// source: drivers/block/nbd.c:do_nbd_request, nbd_thread, nbd_handle_req, nbd_send_req, nbd_read_stat, nbd_do_it
import { type BlockDriver, type BlockQueue, NO_REQUEST } from "@swaplab/blk"
import {
  Command,
  decodeSimpleReply,
  encodeRequest,
  NbdError,
  Reply,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES
} from "@swaplab/nbd/wire"
import {
  bootContext,
  type Context,
  EBADR,
  EINTR,
  EPIPE,
  EPROTO,
  type Frames,
  PAGE_SIZE,
  type Task
} from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { DeadConnection } from "./dead-connection.ts"
import { DriverRequests } from "./driver-requests.ts"
import type { Mutex } from "./mutex.ts"
import { type NbdCosts, nbdCounters, type NbdOptions } from "./nbd-options.ts"
import { RequestPages } from "./request-pages.ts"
import { SockXmit } from "./sock-xmit.ts"
import type { Transport } from "./transport.ts"

/** The high half of a kernel pointer: cookies are the addresses of requests in Linux, here their numbers. */
const COOKIE_HI = 0xffff8800

/**
 * **When to use.** One /dev/nbdN, the driver of a block queue: spawn `sender`, `connect` a transport, run `doIt`.
 *
 * **Details.** `doIt` returns when the connection has ended: a negative errno or 0. Times are nanoseconds.
 *
 * **Gotchas.** Requests then end with EIO (in Linux the disk has size 0), unless they wait for a new connection.
 */
export class NbdDevice implements BlockDriver {
  readonly name: string
  readonly queue: BlockQueue
  readonly counters = nbdCounters()
  /** When the last request ended, 0 before the first one. */
  lastCompletionNs: Nanoseconds = 0
  /** When a byte of a reply was last received. */
  lastReplyNs: Nanoseconds = 0
  /** Why the connection ended, a negative errno or 0. */
  harderror = 0
  readonly txLock: Mutex
  /** Where the sender waits for requests. */
  readonly waitingWq: WaitQueue
  /** Where the receiver waits for the request being sent. */
  readonly activeWq: WaitQueue
  readonly #sim: Sim
  readonly #xmit: SockXmit
  readonly #readOnly: boolean
  readonly #costs: NbdCosts
  readonly #requests: DriverRequests
  readonly #pages: RequestPages
  readonly #senderDone: WaitQueue
  /** Runs the block request function, which nobody passes a context. */
  readonly #nobody: Context = bootContext()
  readonly #header = new Uint8Array(REQUEST_BYTES)
  readonly #replyBytes = new Uint8Array(SIMPLE_REPLY_BYTES)
  readonly #reply = new Reply()
  /** Requests wait for a new socket when the old one is dead; null: they fail. */
  readonly #dead: DeadConnection | null
  #receiving = false
  #stopping = false

  /** Drives `queue` from now on; tokens of pages are those of `frames`. */
  constructor(sim: Sim, queue: BlockQueue, frames: Frames, options: NbdOptions) {
    this.name = options.name ?? "nbd0"
    this.queue = queue
    this.#sim = sim
    this.#readOnly = options.readOnly ?? false
    this.#costs = options.costs ?? { requestNs: 500, replyNs: 500 }
    this.#requests = new DriverRequests(queue.requests, options.appendSent)
    this.#xmit = new SockXmit(sim, this.name, options, this.counters)
    this.#pages = new RequestPages(queue, frames, this.#xmit, this.counters)
    this.txLock = this.#xmit.txLock
    this.waitingWq = new WaitQueue(sim, `${this.name} waiting_wq`, "a request for the disk")
    this.activeWq = new WaitQueue(sim, `${this.name} active_wq`, "the sender finishes the request")
    this.#senderDone = new WaitQueue(sim, `${this.name} kthread_stop`, "the sender works off its queue")
    const { deadConnTimeoutNs = 0, group = 0 } = options
    this.#dead = deadConnTimeoutNs === 0
      ? null
      : new DeadConnection(sim, deadConnTimeoutNs, group, () => this.#clearQueues(this.#nobody))
    queue.driver = this
  }

  // — for reports —

  /** There is a socket, or DO_IT has not given back the one it had. */
  get connected(): boolean {
    return this.#xmit.transport !== null || this.#receiving
  }
  /** Requests that the sender has not taken. */
  get waitingCount(): number {
    return this.#requests.waitingCount
  }
  /** Requests sent and not answered. */
  get sentCount(): number {
    return this.#requests.sentCount
  }
  /** The request being sent, or `NO_REQUEST`. */
  get activeRequest(): number {
    return this.#requests.active
  }
  /** Requests with the driver. */
  get outstanding(): number {
    return this.#requests.outstanding
  }

  // — what the block layer calls —

  /** `do_nbd_request`: all queued requests go to the sender. */
  requestFn(queue: BlockQueue): void {
    let woken = false
    for (let rq = queue.fetch(); rq !== NO_REQUEST; rq = queue.fetch()) {
      if (this.#xmit.transport === null && !this.#keepsRequests) {
        // "Attempted send on closed socket"
        this.counters.refused++
        this.#end(this.#nobody, rq, NbdError.EIO)
        continue
      }
      this.#requests.wait(rq)
      woken = true
    }
    if (woken) this.waitingWq.wakeUp()
  }

  // — connecting —

  /** NBD_SET_SOCK: the socket that a following `doIt` (or the waiting receiver) uses. */
  connect(transport: Transport): void {
    assert(!this.connected, "the device has a socket already")
    this.#xmit.transport = transport
    this.#dead?.connected()
  }

  /** NBD_DISCONNECT: tells the server to close once it has answered everything. */
  *disconnect(task: Task): Sleeps<void> {
    const header = new Uint8Array(REQUEST_BYTES)
    encodeRequest(header, 0, 0, Command.Disc, 0, 0, 0, 0)
    yield* this.txLock.lock(task)
    const { transport } = this.#xmit
    if (transport !== null) yield* this.#xmit.sendBytes(task, transport, header, false)
    this.txLock.unlock(task)
  }

  /**
   * Other switches from now on. A connection that is under way becomes a memalloc socket as a new one would; a call into
   * the socket that is under way ends with the rights it began with.
   */
  setSwitches(switches: Pick<NbdOptions, "memallocXmit" | "appendSent">): void {
    this.#requests.appendSent = switches.appendSent
    this.#xmit.memalloc = switches.memallocXmit
    const { transport } = this.#xmit
    if (switches.memallocXmit && transport !== null && this.#receiving && !transport.memalloc) transport.setMemalloc()
  }

  // — the two tasks —

  /** `nbd_thread`: the kernel thread that sends. */
  *sender(task: Task): Sleeps<never> {
    for (;;) {
      const rq = this.#mayTake ? this.#requests.takeWaiting() : NO_REQUEST
      if (rq !== NO_REQUEST) {
        yield* this.#handleRequest(task, rq)
        yield* task.condResched()
      } else {
        if (this.#stopping) this.#senderDone.wakeAll()
        yield* this.waitingWq.sleep(task.process, "interruptible")
      }
    }
  }

  /**
   * NBD_DO_IT: receives until the connection ends, then fails whatever is left, unless it is kept for a new connection.
   * Returns `harderror`.
   */
  *doIt(task: Task): Sleeps<number> {
    const transport = this.#xmit.transport
    assert(transport !== null && !this.#receiving, "DO_IT without a socket, or twice")
    this.#receiving = true
    this.harderror = 0
    if (this.#xmit.memalloc) transport.setMemalloc()
    // requests may have come between SET_SOCK and DO_IT
    if (this.#requests.waitingCount > 0) this.waitingWq.wakeUp()
    for (;;) {
      const rq = yield* this.#readStat(task, transport)
      if (rq === NO_REQUEST) break
      yield* task.condResched()
    }
    // kthread_stop: the sender first works off its queue, however long its sends take
    this.#stopping = true
    while ((this.#dead === null && this.#requests.waitingCount > 0) || this.#requests.active !== NO_REQUEST) {
      this.waitingWq.wakeUp()
      yield* this.#senderDone.sleep(task.process)
    }
    this.#stopping = false
    yield* this.txLock.lock(task)
    this.#xmit.sockShutdown()
    this.#receiving = false
    this.counters.disconnects++
    if (this.#dead === null) this.#clearQueues(task)
    else this.#requests.requeueSent()
    this.#dead?.lost()
    this.txLock.unlock(task)
    return this.harderror
  }

  checkInvariants(): void {
    this.#requests.checkInvariants()
  }

  // — sending —

  /** Requests without a socket are kept: from the moment it is dropped, which DO_IT has yet to learn, until patience ends. */
  get #keepsRequests(): boolean {
    return this.#dead !== null && (this.#receiving || this.#dead.waiting)
  }

  /** Requests that are to wait for a new socket stay where they are. */
  get #mayTake(): boolean {
    return this.#dead === null || (this.#xmit.transport !== null && !this.#stopping)
  }

  /** `nbd_handle_req`. */
  *#handleRequest(task: Task, rq: number): Sleeps<void> {
    task.ns += this.#costs.requestNs
    this.#requests.beginSend(rq)
    const write = this.queue.rqWrite[rq] === 1
    if (write && this.#readOnly) {
      this.#requests.active = NO_REQUEST
      this.#end(task, rq, NbdError.EIO)
      return
    }
    yield* this.txLock.lock(task)
    const transport = this.#xmit.transport
    const result = transport === null ? -EPIPE : yield* this.#sendRequest(task, transport, rq, write)
    this.#requests.active = NO_REQUEST
    // "Request send failed"
    if (result >= 0) this.#requests.sent(rq)
    else if (this.#dead === null) this.#end(task, rq, NbdError.EIO)
    else this.#requests.requeue(rq)
    this.txLock.unlock(task)
    this.activeWq.wakeAll()
  }

  /** `nbd_send_req`: the header, then the pages. Returns 0 or a negative errno. */
  *#sendRequest(task: Task, transport: Transport, rq: number, write: boolean): Sleeps<number> {
    const queue = this.queue
    const pages = queue.rqPages[rq]
    const sector = queue.rqSector[rq]
    const type = write ? Command.Write : Command.Read
    encodeRequest(this.#header, 0, 0, type, COOKIE_HI, rq, sector * 512, pages * PAGE_SIZE)
    const result = yield* this.#xmit.sendBytes(task, transport, this.#header, write)
    if (result < 0) return result
    if (!write) {
      this.counters.sentReads++
      return 0
    }
    this.counters.sentWrites++
    return yield* this.#pages.send(task, transport, rq)
  }

  // — receiving —

  /** `nbd_read_stat`, and the end of the request: the request that was answered, or `NO_REQUEST`: give up. */
  *#readStat(task: Task, transport: Transport): Sleeps<number> {
    const bytes = this.#replyBytes
    const reply = this.#reply
    const result = yield* this.#xmit.recvBytes(task, transport, bytes)
    if (result < 0) {
      // "Receive control failed"
      this.harderror = result
      return NO_REQUEST
    }
    this.lastReplyNs = this.#sim.now
    task.ns += this.#costs.replyNs
    if (!decodeSimpleReply(bytes, 0, reply)) {
      // "Wrong magic"
      this.harderror = -EPROTO
      return NO_REQUEST
    }
    const { cookieHi, cookieLo: rq, error } = reply
    const known = cookieHi === COOKIE_HI && this.#requests.isNumber(rq)
    // the reply can overtake the end of the send; the request must not end while it is being sent
    while (known && this.#requests.active === rq) {
      if (task.process.killed) {
        this.harderror = -EINTR
        return NO_REQUEST
      }
      yield* this.activeWq.sleep(task.process, "interruptible")
    }
    if (!known || !this.#requests.isSent(rq)) {
      // "Unexpected reply"
      this.harderror = -EBADR
      return NO_REQUEST
    }
    this.#requests.beginReceive(rq)
    let failed = error !== NbdError.Ok
    if (!failed && this.queue.rqWrite[rq] === 0) {
      failed = !(yield* this.#pages.receive(task, transport, rq))
      if (!failed) this.lastReplyNs = this.#sim.now
    }
    // a page that did not come whole is asked for again
    if (failed && error === NbdError.Ok && this.#dead !== null) this.#requests.requeue(rq)
    else this.#end(task, rq, failed ? NbdError.EIO : NbdError.Ok)
    return rq
  }

  // — ending —

  /** `nbd_end_request`. */
  #end(ctx: Context, rq: number, error: number): void {
    this.#requests.end(rq)
    if (error === NbdError.Ok) this.counters.completed++
    else this.counters.failed++
    this.lastCompletionNs = this.#sim.now
    this.queue.endRequest(ctx, rq, error)
  }

  /** `nbd_clear_que`: what was sent, and what waits, ends with an error. Ending may bring new requests: they are refused. */
  #clearQueues(ctx: Context): void {
    const requests = this.#requests
    assert(requests.active === NO_REQUEST, "clearing the queues while a request is being sent")
    for (let rq = requests.takeSent(); rq !== NO_REQUEST; rq = requests.takeSent()) this.#end(ctx, rq, NbdError.EIO)
    for (let rq = requests.takeWaiting(); rq !== NO_REQUEST; rq = requests.takeWaiting()) {
      this.#end(ctx, rq, NbdError.EIO)
    }
  }
}
