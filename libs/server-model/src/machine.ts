// The shared NBD server as a machine of the cluster: a network card, one worker per connection, page cache, disk.
// Modelled: its receive ring and interrupts, its TCP, its queue at the disk. Its CPUs are those of the `ServerHost`.
// Not modelled: its memory (sockets of the server never lack any), and the CPU time of its packets, which the measured cost
//   of a request contains already.
// What that costs: a server that starves for socket memory cannot be studied.
import {
  CARDS,
  HostMemory,
  type NetCosts,
  NetStack,
  Nic,
  type NicOptions,
  type Packets,
  tcpMem,
  type Wire
} from "@swaplab/net-skb"
import { bootContext, PAGE_SIZE, type Task } from "@swaplab/page-alloc"
import type { Sim } from "@swaplab/sim"
import { connectTcp, TcpSocket } from "@swaplab/tcp"
import { Disk } from "./disk.ts"
import type { DiskShape } from "./disks.ts"
import type { EmulatedExport, ImageExport, SwapExport } from "./exports.ts"
import type { ServerHost } from "./host.ts"
import { PageCache } from "./page-cache.ts"
import { type ServerCosts, SwapServer } from "./swap-server.ts"
import { ThreadPool } from "./thread-pool.ts"
import { serveConnection } from "./worker.ts"

/** Memory that the server's TCP sizes its buffers by: 4 GiB, so that the limits of tcp_rmem and tcp_wmem apply. */
const SERVER_BUFFER_PAGES = 1_048_576

const wholePages = (bytes: number): number => Math.floor(bytes / PAGE_SIZE) * PAGE_SIZE

/** A request's cost was measured with its packets. */
const NO_COSTS: NetCosts = { rxPacketNs: 0, copyPerKiBNs: 0, txSkbNs: 0, syscallNs: 0 }

/** What a server consists of. */
export interface ServerMachineOptions {
  /** Its card is an e1000 with these lengths. */
  readonly nic: Pick<NicOptions, "ring" | "txDescriptors" | "txQueueLength">
  readonly disk: DiskShape
  /** Memory for swap data. */
  readonly pageCacheBytes: number
  readonly costs: ServerCosts
  /** Threads that perform the requests of a connection. 1: its worker does, one after the other. */
  readonly threads: number
  /** read_ahead_kb of the disk, in pages: for images. */
  readonly readaheadPages: number
}

/** The client's side of a new connection. */
export interface ServerClient {
  readonly name: string
  readonly net: NetStack
  /** Memory that its TCP sizes its buffers by. */
  readonly bufferPages: number
  /** Its card takes skbs in fragments and cuts them into segments itself (NETIF_F_SG, NETIF_F_TSO). */
  readonly scatterGather: boolean
}

/** An image that clients read. */
export interface ServerImage {
  readonly name: string
  /** Rounded down to whole pages. */
  readonly bytes: number
  /** Writer of its tokens. */
  readonly writer: number
}

/** One connection: an export and the two ends of its socket. */
export interface ServerConnection<Served extends EmulatedExport = EmulatedExport> {
  readonly served: Served
  readonly clientSocket: TcpSocket
  readonly serverSocket: TcpSocket
  /** The task that serves it. */
  readonly worker: Task
  /** Its threads; null: the worker performs requests itself. */
  readonly pool: ThreadPool | null
}

/** The server owes this client something: it performs a request, its worker does not sleep in recv, or data waits to be read. */
export const serverBusy = ({ pool, serverSocket, worker }: ServerConnection): boolean =>
  worker.process.waitingOn !== serverSocket.receiveData || serverSocket.readable > 0 || (pool?.pending ?? 0) > 0

/** The server machine. */
export class ServerMachine {
  readonly net: NetStack
  readonly nic: Nic
  readonly disk: Disk
  /** Null: there is none before this kind of disk. */
  readonly cache: PageCache | null
  readonly server: SwapServer
  readonly host: ServerHost
  readonly #sim: Sim
  readonly #threads: number
  readonly #readaheadPages: number

  /** `address` is that of its card on the LAN. */
  constructor(
    sim: Sim,
    host: ServerHost,
    address: number,
    packets: Packets,
    wire: Wire,
    options: ServerMachineOptions
  ) {
    this.host = host
    this.#sim = sim
    this.#threads = options.threads
    this.#readaheadPages = options.readaheadPages
    this.net = new NetStack(sim, {
      host: address,
      group: host.group,
      cpus: host.cpus,
      memory: new HostMemory(),
      packets,
      costs: NO_COSTS,
      tcpMem: tcpMem(SERVER_BUFFER_PAGES)
    })
    this.nic = new Nic(this.net, wire, host.softirq, { ...CARDS.e1000, ...options.nic })
    this.nic.open(bootContext())
    this.disk = new Disk(sim, "server", options.disk)
    const cache = options.disk.cached
      ? new PageCache(sim, "server", this.disk, { capacityBytes: options.pageCacheBytes })
      : null
    this.cache = cache
    this.server = new SwapServer(sim, host, cache, options.costs, options.disk.capacityBytes)
    if (cache !== null) host.start("flush", (task) => cache.flusher(task))
  }

  /** Makes the swap export of a client, of so many bytes rounded down to whole pages, and connects the two. */
  connectSwap(client: ServerClient, bytes: number): ServerConnection<SwapExport> {
    return this.#connect(client, "nbd0", client.name, this.server.addExport(client.name, wholePages(bytes)))
  }

  /** Connects a client to an image. Clients of one image share it; each has a connection of its own. */
  connectImage(client: ServerClient, image: ServerImage): ServerConnection<ImageExport> {
    const served = this.server.image(image.name, wholePages(image.bytes), image.writer, this.#readaheadPages)
    return this.#connect(client, "nbd1", `${client.name} ${image.name}`, served)
  }

  #connect<Served extends EmulatedExport>(
    client: ServerClient,
    device: string,
    name: string,
    served: Served
  ): ServerConnection<Served> {
    const clientSocket = new TcpSocket(client.net, {
      name: `${client.name} ${device}`,
      freeBufferPages: client.bufferPages,
      noDelay: true,
      tso: client.scatterGather
    })
    const serverSocket = new TcpSocket(this.net, {
      name: `server ${name}`,
      freeBufferPages: SERVER_BUFFER_PAGES,
      noDelay: true
    })
    connectTcp(clientSocket, serverSocket)
    const { host } = this
    const pool = this.#threads === 1
      ? null
      : new ThreadPool(
        this.#sim,
        `server ${name}`,
        this.#threads,
        (program) => host.start(`nbd-server ${name}`, program)
      )
    const worker = host.start(`nbd-server ${name}`, (task) => serveConnection(task, serverSocket, served, pool))
    return { served, clientSocket, serverSocket, worker, pool }
  }
}
