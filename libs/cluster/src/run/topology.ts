// The cluster of a scenario: machines, cables, switch, server, put together for one kernel and one seed.
import { Machine, nbdSwitches } from "@swaplab/kernel"
import { Lan, Link, Switch } from "@swaplab/lan"
import { NbdDevice } from "@swaplab/nbd-driver"
import { cardOf, DatagramSocket, Packets, type Socket, type Wire } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { type ServerCosts, ServerMachine } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import { startTcpReader, startUdpReader } from "@swaplab/workload"
import type { BackgroundConfig } from "../scenario/background.ts"
import { clientsOf, type ClientSpec, kernelOf, usememBytes } from "../scenario/clients.ts"
import { diskOf } from "../scenario/disks.ts"
import type { LinkConfig, ServerConfig } from "../scenario/machines.ts"
import type { Scenario } from "../scenario/scenario.ts"
import { Background, backgroundProcesses } from "./background.ts"
import type { Station } from "./drop-sites.ts"
import { OtherHosts, startDatagrams } from "./other-hosts.ts"
import { type Connection, KernelServerHost } from "./server.ts"

const SERVER_HOST = 0
const OTHER_HOSTS = 1
const FIRST_CLIENT_HOST = 2

/** The near end of a link, as a network card uses it. */
const wireTo = (link: Link): Wire => ({
  transmit: (frame) => link.send(frame),
  get departedFrames() {
    return link.departedFrames
  }
})

const serverCosts = ({ read, write }: ServerConfig): ServerCosts => ({
  readNs: read.base,
  readNsPerKiB: read.perKiB,
  writeNs: write.base,
  writeNsPerKiB: write.perKiB,
  otherNs: read.base
})

/** A port of the switch with its cable. */
export interface Port {
  /** The machine at the other end: `client-1`, `server`, `other hosts`. */
  readonly name: string
  /** Its number at the switch. */
  readonly port: number
  /** From the machine to the switch, and back. */
  readonly up: Link
  readonly down: Link
}

/** One client with what belongs to it. */
export interface Client {
  readonly spec: ClientSpec
  readonly machine: Machine
  readonly connection: Connection
  /** From the client to the switch, and back. */
  readonly up: Link
  readonly down: Link
  readonly station: Station
  readonly processes: number
  /** Where traffic from other hosts ends. */
  readonly sockets: Array<Socket>
  readonly background: Background
}

/** Everything that one simulation consists of. */
export interface Cluster {
  readonly sim: Sim
  readonly lan: Lan
  readonly packets: Packets
  readonly fabric: Switch
  /** Every port of the switch with its machine: the server, the clients, then the other hosts if there are any. */
  readonly stations: ReadonlyArray<Station>
  readonly server: ServerMachine
  readonly serverIn: Link
  readonly serverOut: Link
  readonly clients: ReadonlyArray<Client>
}

/** Builds and boots the cluster. Nothing has happened yet on its virtual time. */
export const buildCluster = (scenario: Scenario, cellKernel: string, seed: number): Cluster => {
  const sim = new Sim({ seed, hz: scenario.hz })
  const packets = new Packets()
  const lan = new Lan(sim, packets.frameOps)
  const { buffer, latency, portLimit } = scenario.lan.switch
  const fabric = new Switch(lan, {
    name: "switch",
    forwardingLatencyNs: latency,
    bufferBytes: buffer,
    flowControl: scenario.lan.flowControl,
    ...(portLimit === undefined ? {} : { portLimitBytes: portLimit })
  })
  const stations: Array<Station> = []
  const cable = (name: string, config: LinkConfig, host: number): Port => {
    const options = {
      bitsPerSecond: config.rate,
      latencyNs: config.latency,
      loss: scenario.lan.loss
    }
    // no queue at either end of a cable: a card has its ring and queue in front of the wire (net-skb), the switch its buffer
    const up = new Link(lan, { ...options, name: `${name} to switch` })
    const down = new Link(lan, { ...options, name: `switch to ${name}` })
    const port = fabric.addPort(up, down)
    fabric.route(host, port)
    return { name, port, up, down }
  }

  const serverPort = cable("server", scenario.server.link, SERVER_HOST)
  const { up: serverOut, down: serverIn } = serverPort
  const { cpus, nic, pageCache } = scenario.server
  const server = new ServerMachine(sim, new KernelServerHost(sim, cpus), SERVER_HOST, packets, wireTo(serverOut), {
    disk: diskOf(scenario.server),
    pageCacheBytes: pageCache,
    nic: { ring: nic.rxRing, txDescriptors: nic.txRing, txQueueLength: nic.txQueue },
    costs: serverCosts(scenario.server)
  })
  serverIn.receive = (frame) => server.nic.receive(frame)
  stations.push({ port: serverPort, fabric, nic: server.nic, net: server.net })

  const specs = clientsOf(scenario, cellKernel)
  const clients = specs.map((spec, index): Client => {
    const host = FIRST_CLIENT_HOST + index
    const { group } = spec
    const port = cable(spec.name, group.link, host)
    const { up, down } = port
    const processes = group.workload.usemem.processesPerCpu * group.cpus
    const machine = new Machine(sim, {
      name: spec.name,
      index,
      host,
      kernel: kernelOf(scenario, spec.kernel),
      ramBytes: group.ram,
      cpus: group.cpus,
      thp: group.thp,
      minFreeKbytes: group.minFree === "auto" ? null : Math.floor(group.minFree / 1024),
      pageCachePages: Math.floor(group.pageCache * group.ram / PAGE_SIZE),
      swapSlots: Math.floor(group.swap / PAGE_SIZE),
      nic: {
        driver: group.nic.driver,
        rxRing: group.nic.rxRing,
        txRing: group.nic.txRing,
        txQueue: group.nic.txQueue,
        interruptGapNs: group.nic.interruptModeration
      },
      processes,
      otherProcesses: backgroundProcesses(group.background),
      pagesPerProcess: Math.floor(usememBytes(group) / PAGE_SIZE / processes),
      costs: {
        minorFaultNs: scenario.costs.minorFault,
        touchNs: scenario.costs.touch,
        scanPageNs: scenario.costs.scanPage,
        unmapPageNs: scenario.costs.unmapPage,
        swapOutPageNs: scenario.costs.swapOutPage,
        packetNs: scenario.costs.packet,
        perKiBNs: scenario.costs.perKiB,
        contextSwitchNs: scenario.costs.contextSwitch
      }
    }, { packets, wire: wireTo(up) })
    down.receive = (frame) => machine.nic.receive(frame)
    const station = { port, fabric, nic: machine.nic, net: machine.net }
    stations.push(station)
    const connection = {
      machine,
      ...server.connect({
        name: spec.name,
        net: machine.net,
        bufferPages: machine.pages.presentPages,
        scatterGather: cardOf(group.nic.driver).scatterGather,
        swapBytes: group.swap
      })
    }
    const device = new NbdDevice(sim, machine.disk, machine.pages.frames, nbdSwitches(machine.spec.kernel))
    device.connect(connection.clientSocket)
    machine.attachSwap(device)
    return { spec, machine, connection, station, up, down, processes, sockets: [], background: new Background() }
  })

  const reached = clients.filter(({ spec }) => hasTraffic(spec.group.background))
  if (reached.length > 0) {
    const port = cable("other hosts", { rate: 10e9, latency: 20_000 }, OTHER_HOSTS)
    const { up, down } = port
    const streams = reached.some(({ spec }) => hasStreams(spec.group.background))
    const hosts = streams ? new OtherHosts(sim, OTHER_HOSTS, packets, wireTo(up)) : null
    if (hosts !== null) down.receive = (frame) => hosts.nic.receive(frame)
    stations.push({ port, fabric, nic: hosts?.nic ?? null, net: hosts?.net ?? null })
    for (const client of reached) connectTraffic(sim, packets, up, hosts, client)
  }
  return { sim, lan, packets, fabric, stations, server, serverIn, serverOut, clients }
}

const hasStreams = ({ tcpFlood, netperf }: BackgroundConfig): boolean => tcpFlood + netperf.tcpStreams > 0

const hasTraffic = (background: BackgroundConfig): boolean =>
  background.packetsPerSecond + background.netperf.udpPacketsPerSecond > 0 || hasStreams(background)

/** What other hosts send to one client, and who reads it there. */
const connectTraffic = (sim: Sim, packets: Packets, link: Link, hosts: OtherHosts | null, client: Client): void => {
  const { machine, spec: { group }, sockets, background } = client
  const { packetsPerSecond, bytes, netperf, tcpFlood } = group.background
  const startNs = group.start
  if (packetsPerSecond > 0) {
    const socket = new DatagramSocket(machine.net, machine.net.udpMemory)
    startDatagrams(sim, packets, link, OTHER_HOSTS, socket, machine, {
      stream: "background",
      packetsPerSecond,
      bytes,
      startNs
    })
    sockets.push(socket)
  }
  if (netperf.udpPacketsPerSecond > 0) {
    const { load, socket } = startUdpReader(machine)
    startDatagrams(sim, packets, link, OTHER_HOSTS, socket, machine, {
      stream: "netperf",
      packetsPerSecond: netperf.udpPacketsPerSecond,
      bytes: netperf.udpBytes,
      startNs
    })
    background.add(load)
    sockets.push(socket)
  }
  if (hosts === null) return
  const gather = cardOf(group.nic.driver).scatterGather
  for (let i = 1; i <= tcpFlood; i++) sockets.push(hosts.stream(machine, `flood-${i}`, gather, startNs))
  for (let i = 1; i <= netperf.tcpStreams; i++) {
    const socket = hosts.stream(machine, `netperf-${i}`, gather, startNs)
    background.add(startTcpReader(machine, socket))
    sockets.push(socket)
  }
}
