import { type BlkMemory, BlockQueue } from "@swaplab/blk"
import { NbdDevice, type NbdOptions, type Transport } from "@swaplab/nbd-driver"
import {
  Command,
  decodeRequestHeader,
  encodeSimpleReply,
  NbdError,
  Request,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES
} from "@swaplab/nbd/wire"
import { bootContext, Frames, PAGE_SIZE, type PageToken, PF_KTHREAD, PF_MEMALLOC, type Task } from "@swaplab/page-alloc"
import { Process, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { Effect } from "effect"

/** A task that uses no CPU time. */
const task = (sim: Sim, name: string, flags = 0): Task => ({
  ...bootContext(),
  flags,
  process: new Process(sim, name),
  *condResched() {}
})

/** Starts a program as a task. */
export const start = (sim: Sim, name: string, program: (self: Task) => Sleeps<unknown>, flags = 0): Task => {
  const self = task(sim, name, flags)
  sim.spawn(
    self.process,
    Effect.gen(function*() {
      yield* program(self)
    })
  )
  return self
}

/** Objects without end. */
const plenty = (): BlkMemory => {
  let next = 0
  return {
    tryAlloc: () => next++,
    *alloc() {
      return next++
    },
    free: () => {}
  }
}

type Piece = Uint8Array | PageToken

/** One end of a connection that delays everything by the same time. */
export class ToySocket implements Transport {
  skAllocation = 0
  memalloc = false
  closed = false
  /** Sends sleep until the socket is shut down. */
  blocked = false
  /** The connection ends inside the next page received. */
  cutPage = false
  /** Masks and flags seen by each call. */
  readonly calls: Array<{ call: string; skAllocation: number; memalloc: boolean; more?: boolean }> = []
  /** Everything that was sent, as bytes (a page is its token). */
  readonly sent: Array<Piece> = []
  peer: ToySocket = this
  readonly #sim: Sim
  readonly #delayNs: number
  readonly #inbox: Array<Piece> = []
  readonly #readable: WaitQueue
  readonly #writable: WaitQueue
  readonly #wire: Array<Piece> = []
  readonly #arrival: number
  #peerClosed = false

  constructor(sim: Sim, name: string, delayNs: number) {
    this.#sim = sim
    this.#delayNs = delayNs
    this.#readable = new WaitQueue(sim, `${name} readable`)
    this.#writable = new WaitQueue(sim, `${name} writable`)
    this.#arrival = sim.queue.register(() => {
      const piece = this.#wire.shift()
      if (piece === undefined) this.peer.#peerClosed = true
      else this.peer.#inbox.push(piece)
      this.peer.#readable.wakeAll()
    })
  }

  setMemalloc(): void {
    this.memalloc = true
  }

  *sendBytes(self: Task, bytes: Uint8Array, more: boolean): Sleeps<number> {
    return yield* this.#send(self, "sendBytes", bytes.slice(), bytes.length, more)
  }

  *sendPage(self: Task, tokenWriter: number, tokenVersion: number, more: boolean): Sleeps<number> {
    return yield* this.#send(self, "sendPage", { tokenWriter, tokenVersion }, 4096, more)
  }

  *recvBytes(self: Task, into: Uint8Array): Sleeps<number> {
    const piece = yield* this.#receive(self, "recvBytes")
    if (typeof piece === "number") return piece
    if (!(piece instanceof Uint8Array)) throw new Error("bytes were expected where a page was sent")
    into.set(piece.subarray(0, into.length))
    if (piece.length > into.length) this.#inbox.unshift(piece.subarray(into.length))
    return Math.min(piece.length, into.length)
  }

  *recvPage(self: Task, out: PageToken): Sleeps<number> {
    const piece = yield* this.#receive(self, "recvPage")
    if (typeof piece === "number") return piece
    if (this.cutPage) {
      this.#inbox.length = 0
      this.#peerClosed = true
      return 1000
    }
    if (piece instanceof Uint8Array) throw new Error("a page was expected where bytes were sent")
    out.tokenWriter = piece.tokenWriter
    out.tokenVersion = piece.tokenVersion
    return 4096
  }

  shutdown(): void {
    if (this.closed) return
    this.closed = true
    this.#readable.wakeAll()
    this.#writable.wakeAll()
    this.#sim.queue.after(this.#delayNs, this.#arrival, 0)
  }

  *#send(self: Task, call: string, piece: Piece, bytes: number, more: boolean): Sleeps<number> {
    this.calls.push({
      call,
      skAllocation: this.skAllocation,
      memalloc: (self.flags & PF_MEMALLOC) !== 0,
      more
    })
    while (this.blocked && !this.closed) {
      if (self.process.killed) return -4
      yield* this.#writable.sleep(self.process, "interruptible")
    }
    if (this.closed || this.#peerClosed) return -32
    this.sent.push(piece)
    this.#wire.push(piece)
    this.#sim.queue.after(this.#delayNs, this.#arrival, 0)
    return bytes
  }

  *#receive(self: Task, call: string): Sleeps<Piece | number> {
    this.calls.push({ call, skAllocation: this.skAllocation, memalloc: (self.flags & PF_MEMALLOC) !== 0 })
    for (;;) {
      if (this.closed) return -32
      const piece = this.#inbox.shift()
      if (piece !== undefined) return piece
      if (this.#peerClosed) return 0
      if (self.process.killed) return -4
      yield* this.#readable.sleep(self.process, "interruptible")
    }
  }
}

/** Two connected ends. */
export const connection = (
  sim: Sim,
  name: string,
  delayNs = 50_000
): readonly [client: ToySocket, server: ToySocket] => {
  const client = new ToySocket(sim, `${name} client`, delayNs)
  const server = new ToySocket(sim, `${name} server`, delayNs)
  client.peer = server
  server.peer = client
  return [client, server]
}

/** Time that the toy server takes for a request. */
export const SERVICE_NS = 40_000

/** A server of one export of tokens: one request of a connection after the other, each in the same time. */
export class ToyServer {
  errors = 0
  readonly #pages: ReadonlyArray<PageToken>

  constructor(bytes: number) {
    this.#pages = Array.from({ length: bytes / PAGE_SIZE }, () => ({ tokenWriter: 0, tokenVersion: 0 }))
  }

  /** Serves a connection until it ends. */
  *serve(self: Task, socket: ToySocket): Sleeps<void> {
    const header = new Uint8Array(REQUEST_BYTES)
    const reply = new Uint8Array(SIMPLE_REPLY_BYTES)
    const request = new Request()
    while ((yield* socket.recvBytes(self, header)) === REQUEST_BYTES) {
      if (!decodeRequestHeader(header, 0, false, request)) throw new Error("the driver sent what is no request")
      const { cookieHi, cookieLo, length, offset, type } = request
      if (type === Command.Disc) break
      const first = offset / PAGE_SIZE
      const count = length / PAGE_SIZE
      const error = first + count > this.#pages.length ? NbdError.ENOSPC : NbdError.Ok
      if (error !== NbdError.Ok) this.errors++
      if (type === Command.Write) {
        for (let page = first; page < first + count; page++) {
          const token = error === NbdError.Ok ? this.#pages[page] : { tokenWriter: 0, tokenVersion: 0 }
          if ((yield* socket.recvPage(self, token)) < PAGE_SIZE) return
        }
      }
      yield* self.process.hold(SERVICE_NS)
      encodeSimpleReply(reply, 0, error, cookieHi, cookieLo)
      const pages = type === Command.Read && error === NbdError.Ok ? this.#pages.slice(first, first + count) : []
      if ((yield* socket.sendBytes(self, reply, pages.length > 0)) <= 0) break
      for (const { tokenVersion, tokenWriter } of pages) {
        if ((yield* socket.sendPage(self, tokenWriter, tokenVersion, true)) < PAGE_SIZE) break
      }
    }
    socket.shutdown()
  }
}

/** A client's disk: block queue, driver with its two tasks, and what ended. */
export class ToyClient {
  readonly frames: Frames
  readonly queue: BlockQueue
  readonly device: NbdDevice
  readonly user: Task
  readonly receiver: Task
  readonly ended: Array<{ pfn: number; write: boolean; error: number }> = []
  readonly #sim: Sim
  readonly #socketSet: WaitQueue

  constructor(sim: Sim, name: string, pages = 256, options: Partial<NbdOptions> = {}) {
    this.#sim = sim
    this.#socketSet = new WaitQueue(sim, `${name} disconnected`, "nbd-client connects again")
    this.frames = new Frames(pages)
    this.queue = new BlockQueue(sim, name, plenty(), plenty())
    this.queue.onBioEnd = (_ctx, pfn, write, error) => this.ended.push({ pfn, write, error })
    this.device = new NbdDevice(sim, this.queue, this.frames, {
      name,
      memallocXmit: true,
      appendSent: true,
      ...options
    })
    this.user = task(sim, `${name} user`)
    start(sim, `${name} sender`, (self) => this.device.sender(self), PF_KTHREAD)
    this.receiver = start(sim, `${name} nbd-client`, (self) => this.#persist(self))
  }

  /** nbd-client -persist: DO_IT, and again whenever there is a new socket, until it is killed outside of `sock_xmit`. */
  *#persist(self: Task): Sleeps<void> {
    while (!self.process.killed) {
      if (this.device.connected) yield* this.device.doIt(self)
      else yield* this.#socketSet.sleep(self.process, "interruptible")
    }
  }

  /** Connects to a server by a new connection; returns the two ends. */
  connect(server: ToyServer, delayNs?: number): readonly [client: ToySocket, server: ToySocket] {
    const ends = connection(this.#sim, this.device.name, delayNs)
    start(this.#sim, `${this.device.name} worker`, (self) => server.serve(self, ends[1]))
    this.device.connect(ends[0])
    this.#socketSet.wakeAll()
    return ends
  }

  /** Submits pages to consecutive slots as one plugged batch. */
  submit(write: boolean, slot: number, pfns: ReadonlyArray<number>): void {
    this.queue.plug(this.user)
    pfns.forEach((pfn, i) => {
      if (this.queue.trySubmitPage(this.user, write, (slot + i) * 8, pfn, !write) !== 1) throw new Error("no slot")
    })
    this.queue.unplug(this.user)
  }

  setToken(pfn: number, writer: number, version: number): void {
    this.frames.tokenWriter[pfn] = writer
    this.frames.tokenVersion[pfn] = version
  }

  token(pfn: number): readonly [writer: number, version: number] {
    return [this.frames.tokenWriter[pfn], this.frames.tokenVersion[pfn]]
  }

  check(): void {
    this.queue.checkInvariants()
    this.device.checkInvariants()
  }
}
