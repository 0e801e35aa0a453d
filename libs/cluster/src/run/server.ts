// The shared NBD server as a machine of the cluster: CPUs, a network card, one worker per connection, page cache, disk.
// Modelled: its CPUs as a resource that workers share, its receive ring and interrupts, its TCP, its queue at the disk.
// Not modelled: its memory (sockets of the server never lack any), and the CPU time of its packets, which the measured cost
//   of a request contains already.
// What that costs: a server that starves for socket memory cannot be studied.
import { bootContext } from "@swaplab/blk"
import { Cpus, KernelTask, Softirqs } from "@swaplab/kernel"
import type { Machine } from "@swaplab/kernel"
import {
  Disk,
  diskShapes,
  type EmulatedExport,
  PageCache,
  serveConnection,
  type ServerCpu,
  SwapServer
} from "@swaplab/nbd"
import { CARDS, HostMemory, type NetCosts, NetStack, Nic, type Packets, tcpMem, type Wire } from "@swaplab/net-skb"
import { PAGE_SIZE, type Task } from "@swaplab/page-alloc"
import type { Sim, Sleeps } from "@swaplab/sim"
import { connectTcp, TcpSocket } from "@swaplab/tcp"
import type { ServerConfig } from "../scenario/machines.ts"

/** Memory that the server's TCP sizes its buffers by: 4 GiB, so that the limits of tcp_rmem and tcp_wmem apply. */
const SERVER_BUFFER_PAGES = 1_048_576

/** A request's cost was measured with its packets. */
const NO_COSTS: NetCosts = { rxPacketNs: 0, copyPerKiBNs: 0, txSkbNs: 0, syscallNs: 0 }

/** Workers use CPU time like tasks of any machine. */
const taskCpu: ServerCpu = {
  *use(task: Task, ns: number): Sleeps<void> {
    const worker = task as KernelTask
    worker.ns += ns
    yield* worker.settle()
  }
}

/** One connection: an export and the two ends of its socket. */
export interface Connection {
  readonly machine: Machine
  readonly served: EmulatedExport
  readonly clientSocket: TcpSocket
  readonly serverSocket: TcpSocket
  /** Who serves it. */
  readonly worker: KernelTask
}

/** The server owes this client something: its worker does not sleep in recv, or data waits to be read. */
export const serverBusy = ({ serverSocket, worker }: Connection): boolean =>
  worker.waitingOn !== serverSocket.receiveData || serverSocket.readable > 0

/** The server machine. */
export class ServerMachine {
  readonly group: number
  readonly cpus: Cpus
  readonly net: NetStack
  readonly nic: Nic
  readonly disk: Disk
  readonly cache: PageCache | null
  readonly server: SwapServer
  readonly #sim: Sim

  constructor(sim: Sim, host: number, packets: Packets, wire: Wire, config: ServerConfig) {
    this.#sim = sim
    this.group = sim.group("server")
    this.cpus = new Cpus(sim, this.group, config.cpus, 0)
    const softirqs = new Softirqs(sim, "server", this.group, this.cpus)
    this.net = new NetStack(sim, {
      host,
      group: this.group,
      cpus: config.cpus,
      memory: new HostMemory(),
      packets,
      costs: NO_COSTS,
      tcpMem: tcpMem(SERVER_BUFFER_PAGES)
    })
    this.nic = new Nic(this.net, wire, softirqs.perCpu[0], { ...CARDS.e1000, ring: 1024, txDescriptors: 1024 })
    this.nic.open(bootContext())
    this.disk = new Disk(sim, "server", diskShapes[config.disk])
    this.cache = config.disk === "memory"
      ? null
      : new PageCache(sim, "server", this.disk, { capacityBytes: config.pageCache })
    this.server = new SwapServer(sim, taskCpu, this.cache, {
      readNs: config.read.base,
      readNsPerKiB: config.read.perKiB,
      writeNs: config.write.base,
      writeNsPerKiB: config.write.perKiB,
      otherNs: config.read.base
    })
    const { cache } = this
    if (cache !== null) {
      const flusher = this.#task("flush")
      this.cpus.start(flusher, () => cache.flusher(flusher))
    }
  }

  /**
   * Makes the export of a client and connects the two. `scatterGather`: the client's card takes skbs in fragments and cuts
   * them into segments itself (NETIF_F_SG, NETIF_F_TSO).
   */
  connect(machine: Machine, swapBytes: number, scatterGather: boolean): Connection {
    const { name } = machine
    const served = this.server.addExport(name, Math.floor(swapBytes / PAGE_SIZE) * PAGE_SIZE)
    const clientSocket = new TcpSocket(machine.net, {
      name: `${name} nbd0`,
      freeBufferPages: machine.pages.presentPages,
      noDelay: true,
      tso: scatterGather
    })
    const serverSocket = new TcpSocket(this.net, {
      name: `server ${name}`,
      freeBufferPages: SERVER_BUFFER_PAGES,
      noDelay: true
    })
    connectTcp(clientSocket, serverSocket)
    const worker = this.#task(`nbd-server ${name}`)
    this.cpus.start(worker, () => serveConnection(worker, serverSocket, served))
    return { machine, served, clientSocket, serverSocket, worker }
  }

  #task(comm: string): KernelTask {
    const task = new KernelTask(this.#sim, `server ${comm}`, this.group, this.cpus)
    task.daemon = true
    return task
  }
}
