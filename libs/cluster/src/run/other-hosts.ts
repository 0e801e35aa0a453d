// The other hosts of the LAN as one machine with a fast link: senders of datagrams and of TCP streams.
// Modelled: exponential gaps between datagrams; TCP with its windows, timers and probes; every packet takes its way through
//   the link, the switch and the client's receive path like any other.
// Not modelled: who they are and why they send; broadcasts (one copy per client is addressed to it); their memory and CPUs.
import { Cpus, KernelTask, type Machine, Softirqs } from "@swaplab/kernel"
import type { Link } from "@swaplab/lan"
import { CARDS, HostMemory, NetStack, Nic, NO_COSTS, type Packets, tcpMem, type Wire } from "@swaplab/net-skb"
import { bootContext, OTHER_HOSTS_WRITER } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sim } from "@swaplab/sim"
import { connectTcp, TcpSocket } from "@swaplab/tcp"
import type { LanEnd } from "@swaplab/workload"
import type { Client } from "./client.ts"
import type { Port } from "./drop-sites.ts"
import { type Network, withCard } from "./network.ts"
import { serveStream } from "./served-stream.ts"

/** Memory that TCP sizes its buffers by: 4 GiB. */
const BUFFER_PAGES = 1_048_576

/** Where datagrams go. */
interface DatagramGoal {
  readonly host: number
  readonly port: number
  /** Payload of each. */
  readonly bytes: number
}

/**
 * Sends datagrams over `link`, which leads from the host of that number to the switch: the first after `first`, each next one
 * after what `nextGap` says. Returns what ends it.
 */
export const startDatagrams = (
  sim: Sim,
  packets: Packets,
  link: Link,
  host: number,
  to: DatagramGoal,
  nextGap: () => Nanoseconds,
  first: Nanoseconds
): () => void => {
  let on = true
  const kind = sim.queue.register(() => {
    if (!on) return
    link.send(packets.datagram(host, to.host, to.port, to.bytes))
    sim.queue.after(nextGap(), kind, 0)
    // it never depends on the client, so it is no work of the client's under way
  }, { name: "datagram of another host", retry: true })
  sim.queue.after(first, kind, 0)
  return () => {
    on = false
  }
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
      costs: NO_COSTS,
      tcpMem: tcpMem(BUFFER_PAGES)
    })
    const softirqs = new Softirqs(sim, "other hosts", this.#group, this.#cpus)
    this.nic = new Nic(this.net, wire, softirqs.perCpu[0], { ...CARDS.e1000, ring: 4096, txDescriptors: 4096 })
    this.nic.open(bootContext())
  }

  /** Sends pages over a new connection to the client, as fast as it takes them. Returns the client's end. */
  stream(machine: Machine, name: string, startNs: Nanoseconds): TcpSocket {
    const clientSocket = new TcpSocket(machine.net, {
      name: `${machine.name} ${name}`,
      freeBufferPages: machine.pages.presentPages
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
        if ((yield* sender.sendPage(task, OTHER_HOSTS_WRITER, version, true)) < 0) return
      }
    })
    return clientSocket
  }
}

/** The other hosts at their port. */
export interface OtherHostsPort {
  readonly port: Port
  readonly host: number
}

/**
 * Starts what needs the LAN on every client, with a cable to the other hosts where anything does, or where `wanted`: then also
 * returns it.
 */
export const connectOthers = (
  sim: Sim,
  packets: Packets,
  network: Network,
  host: number,
  clients: ReadonlyArray<Client>,
  wanted: boolean
): OtherHostsPort | null => {
  const needs = clients.flatMap(({ loads }) => loads.flatMap(({ load }) => load.row.lan ?? []))
  const present = wanted || needs.some((need) => need !== "server")
  const cable = present ? network.cable("other hosts", { rate: 10e9, latency: 20_000 }, host) : null
  const hosts = cable !== null && needs.includes("streams")
    ? new OtherHosts(sim, host, packets, cable.wires[0])
    : null
  if (cable !== null) network.attach(cable, hosts === null ? null : withCard(hosts))
  const port = cable?.ports[0] ?? null
  for (const client of clients) {
    const end = lanEnd(sim, packets, port?.up ?? null, host, hosts, client)
    for (const load of client.loads) {
      if (load.load.row.lan === undefined) continue
      load.lan = end
      load.start()
    }
  }
  return port === null ? null : { port, host }
}

/** The other hosts and its server as one client meets them, whatever machine it has booted last. */
const lanEnd = (
  sim: Sim,
  packets: Packets,
  link: Link | null,
  host: number,
  hosts: OtherHosts | null,
  client: Client
): LanEnd => {
  const { senders, sockets, spec: { name }, startNs } = client
  const wait = (): Nanoseconds => Math.max(0, startNs - sim.now)
  return {
    startsIn: wait,
    serve: (of, program, lost) => serveStream(client, of, program, lost),
    datagrams: (socket, { bytes, packetsPerSecond, stream }) => {
      assert(link !== null, "a workload that needs datagrams says so in its row")
      const random = sim.stream(name, stream)
      const gap = (): Nanoseconds => Math.ceil(random.exponential(1e9 / packetsPerSecond))
      const to = { host: client.machine.spec.host, port: socket.port, bytes }
      senders.push(startDatagrams(sim, packets, link, host, to, gap, wait() + gap()))
      sockets.push(socket)
    },
    stream: (of) => {
      assert(hosts !== null, "a workload that needs streams says so in its row")
      const socket = hosts.stream(client.machine, of, wait())
      sockets.push(socket)
      return socket
    }
  }
}
