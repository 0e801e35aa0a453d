// What a device of a client has at the server: an export, and one connection to it after the other.
// Modelled: the processes of nbd-server that serve a connection, that is a worker and its threads, and their end: the kernel
//   closes their socket when the last of them has gone.
import type { NetStack } from "@swaplab/net-skb"
import type { Task } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { addMib, TcpMib, TcpSocket, waitingSegments } from "@swaplab/tcp"
import type { EmulatedExport } from "./exports.ts"
import type { ThreadPool } from "./thread-pool.ts"

/** The client's side of a connection. */
export interface ServerClient {
  readonly name: string
  readonly net: NetStack
  /** Memory that its TCP sizes its buffers by. */
  readonly bufferPages: number
}

/** One connection: the two ends of its socket, and who serves it. */
export interface ServerSession {
  readonly clientSocket: TcpSocket
  readonly serverSocket: TcpSocket
  /** The task that serves it. */
  readonly worker: Task
  /** Its threads; null: the worker performs requests itself. */
  readonly pool: ThreadPool | null
  /** Worker and threads that have not ended. */
  readonly tasks: Set<Task>
}

/** One end of all connections that a device has had, one after the other: its sockets, and what they have counted. */
export class ConnectionEnd {
  /** Since the client's last boot. */
  readonly sockets: Array<TcpSocket> = []
  /** What those of before had counted. */
  #retransmitted = 0
  #timeouts = 0
  #duplicates = 0
  #waiting = 0
  readonly #mib = new TcpMib()

  /** Segments that were sent again. */
  get retransmitted(): number {
    let sum = this.#retransmitted
    for (const socket of this.sockets) sum += socket.retransmitted
    return sum
  }

  get timeouts(): number {
    let sum = this.#timeouts
    for (const socket of this.sockets) sum += socket.timeouts
    return sum
  }

  get duplicates(): number {
    let sum = this.#duplicates
    for (const socket of this.sockets) sum += socket.duplicates
    return sum
  }

  /** What their recoveries have come to. */
  get mib(): TcpMib {
    const sum = new TcpMib()
    addMib(sum, this.#mib)
    for (const socket of this.sockets) addMib(sum, socket.mib)
    return sum
  }

  /** Segments that wait in it. */
  get waiting(): number {
    let sum = this.#waiting
    for (const socket of this.sockets) sum += waitingSegments(socket)
    return sum
  }

  /** Its sockets are no more; what they have counted stays. */
  forget(): void {
    const { duplicates, retransmitted, timeouts, waiting } = this
    this.#retransmitted = retransmitted
    this.#timeouts = timeouts
    this.#duplicates = duplicates
    this.#waiting = waiting
    for (const socket of this.sockets) addMib(this.#mib, socket.mib)
    this.sockets.length = 0
  }
}

/** An export and the connections that one device of a client has had to it, one after the other. */
export class ServerConnection<Served extends EmulatedExport = EmulatedExport> {
  /** Another one when the client boots again. */
  client: ServerClient
  /** nbd0 or nbd1. */
  readonly device: string
  /** Of the worker, for its name: "client-3", "client-3 root". */
  readonly name: string
  readonly served: Served
  readonly clientEnd = new ConnectionEnd()
  readonly serverEnd = new ConnectionEnd()
  /** A socket whose connect failed: the next attempt needs no new one. */
  spare: TcpSocket | null = null
  #session: ServerSession | null = null

  constructor(client: ServerClient, device: string, name: string, served: Served) {
    this.client = client
    this.device = device
    this.name = name
    this.served = served
  }

  /** The last connection, which may have ended. */
  get session(): ServerSession {
    assert(this.#session !== null, "a device without any connection")
    return this.#session
  }

  set session(session: ServerSession) {
    this.#session = session
    this.clientEnd.sockets.push(session.clientSocket)
    this.serverEnd.sockets.push(session.serverSocket)
  }

  /** A socket of the client for the next connection. */
  newSocket(): TcpSocket {
    const { bufferPages, name, net } = this.client
    return new TcpSocket(net, {
      name: `${name} ${this.device}`,
      freeBufferPages: bufferPages,
      noDelay: true
    })
  }

  /** The client has lost its power: its sockets are no more, and the server does not know. */
  clientGone(): void {
    for (const end of this.ends) end.forget()
    this.spare = null
  }

  get ends(): ReadonlyArray<ConnectionEnd> {
    return [this.clientEnd, this.serverEnd]
  }

  get clientSocket(): TcpSocket {
    return this.session.clientSocket
  }

  get serverSocket(): TcpSocket {
    return this.session.serverSocket
  }

  get worker(): Task {
    return this.session.worker
  }

  get pool(): ThreadPool | null {
    return this.session.pool
  }
}

/**
 * The server owes this client something: it performs a request, its worker does not sleep in recv, or data waits to be read.
 * A server process that is gone owes nothing; one that is stopped, or a connection that is being made, does.
 */
export const serverBusy = ({ session: { pool, serverSocket, tasks, worker } }: ServerConnection): boolean =>
  tasks.size > 0 &&
  (worker.process.waitingOn !== serverSocket.receiveData || serverSocket.readable > 0 || (pool?.pending ?? 0) > 0)
