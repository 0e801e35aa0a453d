// A stream of pages from the server of a client, or to it, in operations at given times.
// Modelled: operations that come at their times whatever became of those before them, so that what the network cannot carry
//   queues up and makes the later ones late; the latency of each, from when it was due until its last page has arrived. What a
//   connection that broke has not delivered is done again on the next one, as on a hard mount of NFS; until then it waits.
// Not modelled: requests, protocol headers and encryption; CPU time and disks of the server for them; the client's page cache
//   of what was read (files of a home stay cached for a while, a player's buffer is memory): what counts on the client are
//   sockets.
// What that costs: reads that a client's cache would answer go over the network; its memory is that much emptier.
import { OTHER_HOSTS_WRITER, type PageToken, type Task } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sleeps } from "@swaplab/sim"
import { letGo, type TcpSocket } from "@swaplab/tcp"
import type { WorkloadHost } from "../plug-in/host.ts"

/** The operations of one stream. */
interface Stream {
  readonly name: string
  /** Pages of an operation. */
  readonly pages: number
  /** From one operation to the next. */
  readonly gap: () => Nanoseconds
}

type Served = Pick<WorkloadHost, "client" | "daemon" | "lan" | "operations">

/** The operations of a stream that were due and have not arrived, and its two ends. */
class Service {
  /** When they were due, oldest first. */
  readonly #due: Array<Nanoseconds> = []
  /** Of them, those whose first page was sent on the connection that stands. */
  #sent = 0
  /** When the operation after them is due. */
  #next: Nanoseconds
  readonly #host: Served
  readonly #stream: Stream

  constructor(host: Served, stream: Stream) {
    this.#host = host
    this.#stream = stream
    this.#next = host.client.sim.now + host.lan.startsIn() + stream.gap()
  }

  /** Sends one operation after the other. Ends with the connection. */
  *send(task: Task, socket: TcpSocket): Sleeps<void> {
    const { client: { sim } } = this.#host
    const { gap, pages } = this.#stream
    this.#sent = 0
    for (;;) {
      if (this.#sent === this.#due.length) {
        if (this.#next > sim.now) yield* task.process.hold(this.#next - sim.now)
        // there may be another connection by now
        if (socket.error !== 0) return
        this.#due.push(this.#next)
        this.#next += gap()
      }
      this.#sent++
      for (let page = 1; page <= pages; page++) {
        if ((yield* socket.sendPage(task, OTHER_HOSTS_WRITER, page, page < pages)) < 0) return
        yield* task.condResched()
      }
    }
  }

  /** Takes what arrives. Ends with the connection, of which the rest is lost: there may be another one by now. */
  *receive(task: Task, socket: TcpSocket): Sleeps<void> {
    const { client: { sim }, operations } = this.#host
    const { pages } = this.#stream
    const token: PageToken = { tokenWriter: 0, tokenVersion: 0 }
    for (let page = 1;; page++) {
      if ((yield* socket.recvPage(task, token)) <= 0) return
      yield* task.condResched()
      if (socket.error !== 0) return
      if (page % pages !== 0) continue
      const due = this.#due.shift()
      assert(due !== undefined && this.#sent > 0, "an operation arrived that nobody has sent")
      this.#sent--
      operations.done++
      operations.latency.record(sim.now - due)
    }
  }
}

/** One end of the stream works at its socket. */
type End = (task: Task, socket: TcpSocket) => Sleeps<void>

/** Opens a connection, and another one whenever it is lost. */
const open = (host: Served, name: string, server: End, client: End): void => {
  const socket = host.lan.serve(name, server, () => open(host, name, server, client))
  host.daemon(name, function*(task) {
    yield* client(task, socket)
    letGo(socket, task)
  })
}

/** The server sends, a process of the client reads. */
export const fromServer = (host: Served, stream: Stream): void => {
  const service = new Service(host, stream)
  open(host, stream.name, (task, far) => service.send(task, far), (task, near) => service.receive(task, near))
}

/** A process of the client sends, the server reads. */
export const toServer = (host: Served, stream: Stream): void => {
  const service = new Service(host, stream)
  open(host, stream.name, (task, far) => service.receive(task, far), (task, near) => service.send(task, near))
}
