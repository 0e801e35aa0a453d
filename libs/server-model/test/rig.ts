// A client without a kernel: requests one by one over a connection that delays everything by the same time.
import { decodeSimpleReply, encodeRequest, Reply, REQUEST_BYTES, SIMPLE_REPLY_BYTES } from "@swaplab/nbd"
import { bootContext, PAGE_SIZE, type PageToken, type Task } from "@swaplab/page-alloc"
import { type EmulatedExport, serveConnection, type WorkerSocket } from "@swaplab/server-model"
import { Process, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"

/** Starts a program as a task that uses no CPU time. */
export const start = (sim: Sim, name: string, program: (self: Task) => Sleeps<unknown>): Task => {
  const self: Task = { ...bootContext(), process: new Process(sim, name), *condResched() {} }
  sim.spawn(
    self.process,
    self.process.program(function*() {
      yield* program(self)
    })
  )
  return self
}

type Piece = Uint8Array | readonly [writer: number, version: number]

/** One end of a connection. */
export class ToySocket implements WorkerSocket {
  closed = false
  peer: ToySocket = this
  readonly #sim: Sim
  readonly #delayNs: number
  readonly #inbox: Array<Piece> = []
  readonly #wire: Array<Piece> = []
  readonly #readable: WaitQueue
  readonly #arrival: number
  #peerClosed = false

  constructor(sim: Sim, name: string, delayNs: number) {
    this.#sim = sim
    this.#delayNs = delayNs
    this.#readable = new WaitQueue(sim, `${name} readable`)
    this.#arrival = sim.queue.register(() => {
      const piece = this.#wire.shift()
      if (piece === undefined) this.peer.#peerClosed = true
      else this.peer.#inbox.push(piece)
      this.peer.#readable.wakeAll()
    })
  }

  *sendBytes(_self: Task, bytes: Uint8Array): Sleeps<number> {
    return this.#send(bytes.slice(), bytes.length)
  }

  *sendPage(_self: Task, writer: number, version: number): Sleeps<number> {
    return this.#send([writer, version], PAGE_SIZE)
  }

  *recvBytes(self: Task, into: Uint8Array): Sleeps<number> {
    const piece = yield* this.#receive(self)
    if (piece === null) return 0
    if (!(piece instanceof Uint8Array)) throw new Error("bytes were expected where a page was sent")
    into.set(piece.subarray(0, into.length))
    if (piece.length > into.length) this.#inbox.unshift(piece.subarray(into.length))
    return Math.min(piece.length, into.length)
  }

  *recvPage(self: Task, out: PageToken): Sleeps<number> {
    const piece = yield* this.#receive(self)
    if (piece === null) return 0
    if (piece instanceof Uint8Array) throw new Error("a page was expected where bytes were sent")
    out.tokenWriter = piece[0]
    out.tokenVersion = piece[1]
    return PAGE_SIZE
  }

  shutdown(): void {
    if (this.closed) return
    this.closed = true
    this.#sim.queue.after(this.#delayNs, this.#arrival, 0)
  }

  #send(piece: Piece, bytes: number): number {
    if (this.closed || this.#peerClosed) return -32
    this.#wire.push(piece)
    this.#sim.queue.after(this.#delayNs, this.#arrival, 0)
    return bytes
  }

  *#receive(self: Task): Sleeps<Piece | null> {
    for (;;) {
      const piece = this.#inbox.shift()
      if (piece !== undefined) return piece
      if (this.#peerClosed) return null
      yield* this.#readable.sleep(self.process)
    }
  }
}

/** What the server answered to a request, and how long that took. */
export interface Answer {
  readonly error: number
  readonly tokens: ReadonlyArray<readonly [writer: number, version: number]>
  readonly ns: number
}

/** A client of one export. */
export class ToyClient {
  readonly socket: ToySocket
  readonly #sim: Sim
  #cookie = 0

  constructor(sim: Sim, name: string, served: EmulatedExport, delayNs = 0) {
    this.#sim = sim
    this.socket = new ToySocket(sim, `${name} client`, delayNs)
    const serverEnd = new ToySocket(sim, `${name} server`, delayNs)
    this.socket.peer = serverEnd
    serverEnd.peer = this.socket
    start(sim, `${name} worker`, (self) => serveConnection(self, serverEnd, served))
  }

  /** Sends a request and waits for its answer. `token`: what each page of a WRITE carries. */
  *ask(
    self: Task,
    type: number,
    page: number,
    count: number,
    options: { readonly token?: readonly [writer: number, version: number]; readonly flags?: number } = {}
  ): Sleeps<Answer> {
    const { socket } = this
    const before = this.#sim.now
    const cookie = ++this.#cookie
    const header = new Uint8Array(REQUEST_BYTES)
    encodeRequest(header, 0, options.flags ?? 0, type, 0, cookie, page * PAGE_SIZE, count * PAGE_SIZE)
    yield* socket.sendBytes(self, header)
    const { token } = options
    if (token !== undefined) { for (let i = 0; i < count; i++) yield* socket.sendPage(self, token[0], token[1]) }
    const bytes = new Uint8Array(SIMPLE_REPLY_BYTES)
    yield* socket.recvBytes(self, bytes)
    const reply = new Reply()
    if (!decodeSimpleReply(bytes, 0, reply) || reply.cookieLo !== cookie) throw new Error("no reply to this request")
    const tokens: Array<readonly [number, number]> = []
    const into = { tokenWriter: 0, tokenVersion: 0 }
    for (let i = 0; type === 0 && reply.error === 0 && i < count; i++) {
      yield* socket.recvPage(self, into)
      tokens.push([into.tokenWriter, into.tokenVersion])
    }
    return { error: reply.error, tokens, ns: this.#sim.now - before }
  }
}
