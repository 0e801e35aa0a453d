// nbd-server as processes: one that listens, and for each connection a worker with its threads. What may happen to them.
//
//   runs → stop: killed; sockets closed with FIN, or RST where data was unread → nobody listens: RST for each SYN → start
//        → pause (SIGSTOP): nobody gets a CPU, the kernel acknowledges and queues → resume
//        → powerOff: nothing is sent, whatever comes vanishes → powerOn: RST for segments of connections of before
//
// Modelled: the above; SIGKILL, which a process in an uninterruptible sleep (a disk) takes when that ends; what the exports
//   held that did not outlive it: all, or what the page cache had not written back when the power went. A stopped process is
//   one that gets no CPU from its next wake-up on.
//   Its sockets have SO_KEEPALIVE, so that a worker whose client has vanished ends after 7200 + 9 × 75 s, if not before.
// Not modelled: the boot of the machine and of the process (no time passes), SO_LINGER of 10 s, for which close(2) waits. A page
//   that a power cut catches in the page cache reads as zeroes afterwards, where a disk may have an older version of it.
// What that costs: the first seconds after a power cut are too fast.
// source: nbd-server.c:serveloop, dosockopts; kernel/exit.c:do_exit (closing of files)
import type { NetStack, Nic } from "@swaplab/net-skb"
import { servicePort } from "@swaplab/net-skb"
import { bootContext, ECONNRESET, type Task } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sleeps } from "@swaplab/sim"
import { connectTcp, letGo, TcpListener, TcpSocket } from "@swaplab/tcp"
import type { ServerConnection } from "./connection.ts"
import { type EmulatedExport, SwapExport } from "./exports.ts"
import type { ServerHost } from "./host.ts"
import { acceptNegotiation } from "./negotiation.ts"
import type { ServerLife, StoreFate } from "./server-life.ts"
import type { SwapServer } from "./swap-server.ts"
import { ThreadPool } from "./thread-pool.ts"
import { serveConnection } from "./worker.ts"

/** Memory that the server's TCP sizes its buffers by: 4 GiB, so that the limits of tcp_rmem and tcp_wmem apply. */
export const SERVER_BUFFER_PAGES = 1_048_576

/** The port that nbd-server listens on. */
export const NBD_PORT = servicePort(10809)

/** kept: one file for each client. fresh: removed, made again and mkswapped at each connection, as LTSP 5's nbdswapd does. */
export type SwapFiles = "kept" | "fresh"

interface ServiceOptions {
  /** Of the server, for the names of its sockets. */
  readonly name: string
  readonly threads: number
  readonly swapFiles: SwapFiles
}

/** The processes of nbd-server on one machine. */
export class NbdService {
  readonly life: ServerLife
  readonly connections: Array<ServerConnection> = []
  /** The device behind a socket that asks for a connection. */
  readonly dialling = new WeakMap<TcpSocket, ServerConnection>()
  readonly net: NetStack
  readonly #server: SwapServer
  readonly #nics: ReadonlyArray<Nic>
  readonly #host: ServerHost
  readonly #options: ServiceOptions
  readonly #listener: TcpListener
  /** The processes of each connection, of those that have not all ended. */
  readonly #processes = new Set<Set<Task>>()
  readonly #waitForPower: Array<() => void> = []

  constructor(server: SwapServer, net: NetStack, nics: ReadonlyArray<Nic>, host: ServerHost, options: ServiceOptions) {
    this.#server = server
    this.life = server.life
    this.net = net
    this.#nics = nics
    this.#host = host
    this.#options = options
    this.#listener = new TcpListener(net, NBD_PORT, {
      options: (peer) => this.#socketOptions(this.#connectionOf(peer).name),
      accept: (socket, peer) => this.#accept(socket, peer)
    })
    this.#listener.open()
  }

  /** Connections made over the network. */
  get accepted(): number {
    return this.#listener.accepted
  }

  /** A connection that stands when the machines have booted: no packet is exchanged for it. */
  connect<Served extends EmulatedExport>(connection: ServerConnection<Served>): ServerConnection<Served> {
    const clientSocket = connection.newSocket()
    const serverSocket = new TcpSocket(this.net, this.#socketOptions(connection.name))
    connectTcp(clientSocket, serverSocket)
    this.connections.push(connection)
    this.#serve(connection, clientSocket, serverSocket, false)
    return connection
  }

  stop(store: StoreFate): void {
    if (!this.life.runs) return
    this.life.runs = false
    this.#listener.close(bootContext())
    this.#kill()
    this.#happened("server stopped", store)
  }

  start(store: StoreFate): void {
    if (this.life.runs) return
    this.life.runs = true
    this.#happened("server started", store)
    this.#listen()
  }

  /** Who connects meanwhile has a worker that is stopped, too, because nobody calls accept. */
  pause(stopped: boolean): void {
    if (this.life.state !== (stopped ? "running" : "paused")) return
    this.life.paused = stopped
    for (const tasks of this.#processes) for (const task of tasks) this.#host.setStopped(task, stopped)
    this.#happened(stopped ? "server paused" : "server resumed", "kept")
  }

  powerOff(store: StoreFate): void {
    if (!this.life.powered) return
    this.life.powered = false
    const ctx = bootContext()
    this.#listener.close(ctx)
    for (const nic of this.#nics) nic.close(ctx)
    for (const socket of this.net.sockets()) {
      if (!(socket instanceof TcpSocket)) continue
      if (socket.orphan) socket.close(ctx)
      else socket.die(ctx, ECONNRESET)
    }
    this.net.timewait?.purge(ctx)
    this.#kill()
    this.#happened("power lost", store === "lost" ? "lost" : "on disk")
    for (const image of this.#server.images.values()) image.dropCache()
  }

  powerOn(): void {
    if (this.life.powered) return
    this.life.powered = true
    for (const nic of this.#nics) nic.open(bootContext())
    this.#happened("power back", "kept")
    this.#listen()
    for (const run of this.#waitForPower.splice(0)) run()
  }

  /** Calls `run` now, or when the power is back. */
  whenPowered(run: () => void): void {
    if (this.life.powered) run()
    else this.#waitForPower.push(run)
  }

  #listen(): void {
    if (this.life.runs && this.life.powered) this.#listener.open()
  }

  /** SIGKILL reaches stopped processes too. */
  #kill(): void {
    this.life.paused = false
    for (const tasks of this.#processes) {
      let killed = 0
      for (const task of tasks) {
        if (!task.process.killed) killed = 1
        task.process.kill()
        this.#host.setStopped(task, false)
      }
      this.life.connectionsKilled += killed
    }
  }

  /** "on disk": what the page cache had not written back is gone. */
  #happened(what: string, store: StoreFate | "on disk"): void {
    const { life } = this
    let pagesLost = 0
    if (store !== "kept") {
      for (const served of this.#server.swaps) pagesLost += served.forget(life.nextEvent, store === "lost")
    }
    life.happened({ atNs: this.#server.sim.now, what, pagesLost })
  }

  #socketOptions(name: string) {
    // dosockopts of nbd-server gives its listener SO_KEEPALIVE, which the sockets of connections inherit
    return {
      name: `${this.#options.name} ${name}`,
      freeBufferPages: SERVER_BUFFER_PAGES,
      noDelay: true,
      keepAlive: true
    }
  }

  #connectionOf(peer: TcpSocket): ServerConnection {
    const connection = this.dialling.get(peer)
    assert(connection !== undefined, "a connection of nobody's device")
    return connection
  }

  #accept(socket: TcpSocket, peer: TcpSocket): void {
    const connection = this.#connectionOf(peer)
    const { served } = connection
    if (this.#options.swapFiles === "fresh" && served instanceof SwapExport) {
      const pagesLost = served.forget(this.life.nextEvent)
      const what = `fresh swap file for ${connection.client.name}`
      this.life.happened({ atNs: this.#server.sim.now, what, pagesLost })
    }
    const worker = this.#serve(connection, peer, socket, true)
    if (this.life.paused) this.#host.setStopped(worker, true)
  }

  #serve(connection: ServerConnection, clientSocket: TcpSocket, serverSocket: TcpSocket, negotiate: boolean): Task {
    const { name, served } = connection
    const comm = `nbd-server ${name}`
    const processes = this.#processes
    const tasks = new Set<Task>()
    processes.add(tasks)
    const fork = (program: (task: Task) => Sleeps<void>): Task => {
      const task = this.#host.start(comm, function*(self) {
        yield* program(self)
        tasks.delete(self)
        if (tasks.size > 0) return
        processes.delete(tasks)
        pool?.abandon(lost)
        letGo(serverSocket, self)
      })
      tasks.add(task)
      return task
    }
    const file = served.open()
    const threads = file.threads ?? this.#options.threads
    const grows = file.threads !== undefined
    const pool = threads === 1
      ? null
      : new ThreadPool(this.#server.sim, `${this.#options.name} ${name}`, threads, fork, grows)
    const unanswered = (): void => {
      this.life.unanswered++
    }
    const { sim, stats } = this.#server
    const lost = (arrivedAt: Nanoseconds): void => {
      unanswered()
      stats.depart(sim.now, arrivedAt)
    }
    const worker = fork(function*(task) {
      const ready = file.ready === undefined || (yield* file.ready(task))
      if (ready && (!negotiate || (yield* acceptNegotiation(task, serverSocket, served)))) {
        yield* serveConnection(task, serverSocket, served, pool, unanswered, file)
      }
      file.close?.()
      // the process ends, and with it its threads
      for (const other of tasks) if (other !== task) other.process.kill()
    })
    connection.session = { clientSocket, serverSocket, worker, pool, tasks }
    return worker
  }
}
