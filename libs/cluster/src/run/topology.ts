// The cluster of a scenario: machines, cables, switch, server, put together for one kernel and one seed.
import { type KernelSpec, Machine, nbdSwitches } from "@swaplab/kernel"
import { Lan, Link, Switch } from "@swaplab/lan"
import { NbdDevice } from "@swaplab/nbd"
import { type DatagramSocket, Packets, type Wire } from "@swaplab/net-skb"
import { Sim } from "@swaplab/sim"
import { NIC_DRIVER, scatterGather } from "../scenario/cards.ts"
import { clientsOf, type ClientSpec, usememBytes } from "../scenario/clients.ts"
import type { LinkConfig } from "../scenario/machines.ts"
import type { Scenario } from "../scenario/scenario.ts"
import { startNoise } from "./noise.ts"
import { type Connection, ServerMachine } from "./server.ts"

const PAGE_SIZE = 4096
const SERVER_HOST = 0
const NOISE_HOST = 1
const FIRST_CLIENT_HOST = 2

/** A port that holds more than this share of the buffer is told to pause, and to go on below the second one. */
const PAUSE = { xoff: 0.5, xon: 0.25 }

/** The near end of a link, as a network card uses it. */
const wireTo = (link: Link): Wire => ({
  transmit: (frame) => link.send(frame),
  get departedFrames() {
    return link.departedFrames
  }
})

/** One client with what belongs to it. */
export interface Client {
  readonly spec: ClientSpec
  readonly machine: Machine
  readonly connection: Connection
  /** From the client to the switch, and back. */
  readonly up: Link
  readonly down: Link
  readonly processes: number
  /** Where its background traffic ends; null on a quiet network. */
  noise: DatagramSocket | null
}

/** Everything that one simulation consists of. */
export interface Cluster {
  readonly sim: Sim
  readonly lan: Lan
  readonly packets: Packets
  readonly fabric: Switch
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
  const { buffer, latency } = scenario.lan.switch
  const fabric = new Switch(lan, {
    name: "switch",
    forwardingLatencyNs: latency,
    bufferBytes: buffer,
    ...(scenario.lan.flowControl
      ? { flowControl: { xoffBytes: PAUSE.xoff * buffer, xonBytes: PAUSE.xon * buffer } }
      : {})
  })
  const cable = (name: string, config: LinkConfig, host: number): { readonly up: Link; readonly down: Link } => {
    const options = {
      bitsPerSecond: config.rate,
      latencyNs: config.latency,
      loss: scenario.lan.loss
    }
    // a network card has its own queue in front of the wire (net-skb); the switch has its buffer and this limit
    const up = new Link(lan, { ...options, name: `${name} to switch` })
    const down = new Link(lan, { ...options, name: `switch to ${name}`, queueBytes: config.queue })
    fabric.route(host, fabric.addPort(up, down))
    return { up, down }
  }

  const { up: serverOut, down: serverIn } = cable("server", scenario.server.link, SERVER_HOST)
  const server = new ServerMachine(
    sim,
    SERVER_HOST,
    packets,
    wireTo(serverOut),
    scenario.server
  )
  serverIn.receive = (frame) => server.nic.receive(frame)

  const specs = clientsOf(scenario, cellKernel)
  const clients = specs.map((spec, index): Client => {
    const host = FIRST_CLIENT_HOST + index
    const { group } = spec
    const { up, down } = cable(spec.name, group.link, host)
    const processes = group.workload.usemem.processesPerCpu * group.cpus
    const machine = new Machine(sim, {
      name: spec.name,
      index,
      host,
      kernel: scenario.kernels[spec.kernel] as KernelSpec,
      ramBytes: group.ram,
      cpus: group.cpus,
      thp: group.thp,
      minFreeKbytes: group.minFree === "auto" ? null : Math.floor(group.minFree / 1024),
      pageCachePages: Math.floor(group.pageCache * group.ram / PAGE_SIZE),
      swapSlots: Math.floor(group.swap / PAGE_SIZE),
      nic: {
        driver: NIC_DRIVER[group.nic.driver],
        rxRing: group.nic.rxRing,
        txRing: group.nic.txRing,
        interruptGapNs: group.nic.interruptModeration
      },
      processes,
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
    const connection = server.connect(machine, group.swap, scatterGather(group.nic.driver))
    const device = new NbdDevice(sim, machine.disk, machine.pages.frames, nbdSwitches(machine.spec.kernel))
    device.connect(connection.clientSocket)
    machine.attachSwap(device)
    return { spec, machine, connection, up, down, processes, noise: null }
  })

  const noisy = clients.filter(({ spec }) => spec.group.background.packetsPerSecond > 0)
  if (noisy.length > 0) {
    const { up } = cable("other hosts", { rate: 10e9, latency: 20_000, queue: buffer }, NOISE_HOST)
    for (const client of noisy) {
      const { background, start } = client.spec.group
      client.noise = startNoise(sim, packets, up, NOISE_HOST, client.machine, { ...background, startNs: start })
    }
  }
  return { sim, lan, packets, fabric, server, serverIn, serverOut, clients }
}
