// The other hosts of the LAN as one machine with a fast link: senders of datagrams and of TCP streams.
// Modelled: exponential gaps between datagrams; TCP with its windows, timers and probes; every packet takes its way through
//   the link, the switch and the client's receive path like any other.
// Not modelled: who they are and why they send; broadcasts (one copy per client is addressed to it); their memory and CPUs.
import { Cpus, KernelTask, type Machine, Softirqs } from "@swaplab/kernel"
import type { Link } from "@swaplab/lan"
import {
  cardOf,
  CARDS,
  type DatagramSocket,
  HostMemory,
  NetStack,
  Nic,
  type Packets,
  tcpMem,
  type Wire
} from "@swaplab/net-skb"
import { bootContext } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sim } from "@swaplab/sim"
import { connectTcp, TcpSocket } from "@swaplab/tcp"
import type { LanEnd } from "@swaplab/workload"
import type { Client } from "./client.ts"
import type { Network } from "./network.ts"

/** Memory that TCP sizes its buffers by: 4 GiB. */
const BUFFER_PAGES = 1_048_576

/** Writer of the pages that other hosts send: no client has this number. */
const TOKEN_WRITER = 0xffffffff

/** Sends datagrams to a socket of a client from `startNs` on. `link` leads from the other hosts to the switch. */
const startDatagrams = (
  sim: Sim,
  packets: Packets,
  link: Link,
  host: number,
  socket: DatagramSocket,
  machine: Machine,
  options: {
    readonly stream: string
    readonly packetsPerSecond: number
    readonly bytes: number
    readonly startNs: Nanoseconds
  }
): void => {
  const random = sim.stream(machine.name, options.stream)
  const meanGapNs = 1e9 / options.packetsPerSecond
  const kind = sim.queue.register(() => {
    link.send(packets.datagram(host, machine.spec.host, socket.port, options.bytes))
    sim.queue.after(Math.ceil(random.exponential(meanGapNs)), kind, 0)
    // it never depends on the client, so it is no work of the client's under way
  }, { retry: true })
  sim.queue.after(options.startNs + Math.ceil(random.exponential(meanGapNs)), kind, 0)
}

/** The machine that sends TCP streams. */
class OtherHosts {
  readonly nic: Nic
  readonly #sim: Sim
  readonly #group: number
  readonly #cpus: Cpus
  readonly net: NetStack

  constructor(sim: Sim, host: number, packets: Packets, wire: Wire) {
    this.#sim = sim
    this.#group = sim.group("other hosts")
    this.#cpus = new Cpus(sim, this.#group, 64, 0)
    this.net = new NetStack(sim, {
      host,
      group: this.#group,
      cpus: 64,
      memory: new HostMemory(),
      packets,
      costs: { rxPacketNs: 0, copyPerKiBNs: 0, txSkbNs: 0, syscallNs: 0 },
      tcpMem: tcpMem(BUFFER_PAGES)
    })
    const softirqs = new Softirqs(sim, "other hosts", this.#group, this.#cpus)
    this.nic = new Nic(this.net, wire, softirqs.perCpu[0], { ...CARDS.e1000, ring: 4096, txDescriptors: 4096 })
    this.nic.open(bootContext())
  }

  /** Sends pages over a new connection to the client, as fast as it takes them. Returns the client's end. */
  stream(machine: Machine, name: string, scatterGather: boolean, startNs: Nanoseconds): TcpSocket {
    const clientSocket = new TcpSocket(machine.net, {
      name: `${machine.name} ${name}`,
      freeBufferPages: machine.pages.presentPages,
      tso: scatterGather
    })
    const sender = new TcpSocket(this.net, {
      name: `other hosts ${machine.name} ${name}`,
      freeBufferPages: BUFFER_PAGES
    })
    connectTcp(clientSocket, sender)
    const task = new KernelTask(this.#sim, `other hosts ${machine.name} ${name}`, this.#group, this.#cpus)
    task.daemon = true
    this.#cpus.start(task, function*() {
      yield* task.hold(startNs + 1)
      for (let version = 1;; version++) {
        if ((yield* sender.sendPage(task, TOKEN_WRITER, version, true)) < 0) return
      }
    })
    return clientSocket
  }
}

/** Starts what needs the LAN on every client, with a cable to the other hosts where anything does. */
export const connectOthers = (
  sim: Sim,
  packets: Packets,
  network: Network,
  host: number,
  clients: ReadonlyArray<Client>
): void => {
  const reached = clients.filter(({ loads }) => loads.some(({ load }) => load.row.lan !== undefined))
  if (reached.length === 0) return
  const port = network.cable("other hosts", { rate: 10e9, latency: 20_000 }, host)
  const streams = reached.some(({ loads }) => loads.some(({ load }) => load.row.lan === "streams"))
  const hosts = streams ? new OtherHosts(sim, host, packets, port.wire) : null
  network.attach(port, hosts)
  for (const client of reached) {
    const end = lanEnd(sim, packets, port.up, host, hosts, client)
    for (const load of client.loads) {
      if (load.load.row.lan === undefined) continue
      load.lan = end
      load.start()
    }
  }
}

/** The other hosts as one client meets them. */
const lanEnd = (
  sim: Sim,
  packets: Packets,
  link: Link,
  host: number,
  hosts: OtherHosts | null,
  { machine, sockets, spec: { group }, startNs }: Client
): LanEnd => ({
  datagrams: (socket, options) => {
    startDatagrams(sim, packets, link, host, socket, machine, { ...options, startNs })
    sockets.push(socket)
  },
  stream: (name) => {
    assert(hosts !== null, "a workload that needs streams says so in its row")
    const socket = hosts.stream(machine, name, cardOf(group.nic.driver).scatterGather, startNs)
    sockets.push(socket)
    return socket
  }
})
