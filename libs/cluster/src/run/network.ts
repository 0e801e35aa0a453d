// The wires of a cluster: its switches, the cables between them, and one cable or several to each machine.
import { Aggregate, Lan, Link, Switch } from "@swaplab/lan"
import {
  type BondLinks,
  type FlowAddresses,
  frameHash,
  type NetStack,
  type Nic,
  type Packets,
  type Wire,
  xmitHash
} from "@swaplab/net-skb"
import type { Sim } from "@swaplab/sim"
import type { LanConfig, LinkConfig } from "../scenario/machines.ts"
import {
  type BondConfig,
  cableNames,
  switchesOf,
  switchNumber,
  type SwitchSpec,
  type UplinkSpec
} from "../scenario/switches.ts"
import { FIRST_BOOT, type Port, type Station } from "./drop-sites.ts"

/** The cables of a machine, as the machine needs them. */
export interface Cable {
  /** The machine. */
  readonly name: string
  /** One, or those of a bond. */
  readonly ports: ReadonlyArray<Port>
  readonly fabric: SwitchNode
  /** The near end of each, as a network card uses it. */
  readonly wires: ReadonlyArray<Wire>
  /** How the cards of a bond share what is sent. */
  readonly bond?: BondLinks
}

/** One switch. */
export interface SwitchNode {
  readonly spec: SwitchSpec
  readonly device: Switch
  /** The cables to the switch above, as ports of that one, and the same cables' ports here; none: it is the first. */
  readonly uplink: ReadonlyArray<Port>
  readonly ownPorts: ReadonlyArray<number>
  /** What the switch routes to for everything above, and the one above for everything below this one. */
  readonly upRoute: number
  readonly downRoute: number
}

/** The network between the machines. */
export class Network {
  readonly lan: Lan
  /** In the order of the scenario. */
  readonly switches: Array<SwitchNode> = []
  /** Every machine at its ports, in the order in which they were attached. */
  readonly stations: Array<Station> = []
  readonly #sim: Sim
  readonly #packets: Packets
  readonly #config: LanConfig
  readonly #addresses: FlowAddresses
  /** Last bytes of MAC addresses, by host. */
  readonly #macs: Array<number> = []

  constructor(sim: Sim, packets: Packets, config: LanConfig) {
    this.#sim = sim
    this.#packets = packets
    this.#config = config
    this.lan = new Lan(sim, packets.frameOps)
    this.#addresses = {
      mac: (host) => this.#macs[host],
      portSecret: sim.stream("ephemeral ports").u32()
    }
    for (const spec of switchesOf(config)) this.#addSwitch(spec)
  }

  /** Connects the host of that address to the switch of that name; without one to the first. */
  cable(name: string, config: LinkConfig, host: number, at?: string, bond?: BondConfig): Cable {
    const fabric = this.switches[switchNumber(this.switches.map(({ spec }) => spec), at)]
    const { device, spec } = fabric
    const ports = this.#plug(name, bond?.links ?? 1, config, spec.name, device)
    this.#macs[host] = this.#sim.stream("MAC address", name).below(256)
    const route = bond === undefined ? ports[0].port : this.#join(device, ports, bond.switchHash)
    this.#routeTo(host, fabric, route)
    const cable = { name, ports, fabric, wires: ports.map(({ up }) => wireTo(up)) }
    if (bond === undefined || ports.length === 1) return cable
    const members = ports.map(({ down, up }) => ({ out: up, back: down }))
    const ends = new Aggregate(this.lan, members, { miimonNs: bond.miimon })
    return {
      ...cable,
      bond: { hash: xmitHash(bond.xmitHashPolicy, this.#addresses), choose: (hash) => ends.choose(hash) }
    }
  }

  /** Puts a machine at its end of its cables. One that only sends datagrams has no card. */
  attach({ fabric, name, ports }: Cable, machine: Booted | null): Station {
    const station: Station = { name, ports, fabric: fabric.device, nics: [], net: null, before: FIRST_BOOT() }
    if (machine !== null) boot(station, machine)
    this.stations.push(station)
    return station
  }

  /** The switches whose uplinks are on the way from one switch to any of some others. */
  uplinksBetween(from: Switch, to: ReadonlyArray<Switch>): ReadonlyArray<SwitchNode> {
    const mine = this.#upwards(from)
    const theirs = to.map((device) => this.#upwards(device))
    // an uplink is crossed by whoever has it above on one side only
    return this.switches.filter((node) => theirs.some((others) => mine.includes(node) !== others.includes(node)))
  }

  /** The switch above, of one that has an uplink. */
  above({ spec }: SwitchNode): SwitchNode {
    return this.switches[spec.uplink?.to ?? 0]
  }

  /** Everything from a switch to the first. */
  #upwards(device: Switch): ReadonlyArray<SwitchNode> {
    const path = this.switches.filter((node) => node.device === device)
    for (let at = path[0]; at.spec.uplink !== null; at = this.above(at)) path.push(this.above(at))
    return path
  }

  #addSwitch(spec: SwitchSpec): void {
    const { alpha, buffer, ecnMark, latency, name, portLimit, portReserve, uplink } = spec
    const device = new Switch(this.lan, {
      name,
      forwardingLatencyNs: latency,
      bufferBytes: buffer,
      flowControl: this.#config.flowControl,
      alpha,
      portReserveBytes: portReserve,
      ...(portLimit === undefined ? {} : { portLimitBytes: portLimit }),
      ...(ecnMark === undefined ? {} : { ecnMarkBytes: ecnMark })
    })
    this.switches.push({ spec, device, ...(uplink === null ? NO_UPLINK : this.#uplink(device, uplink)) })
  }

  #uplink(device: Switch, spec: UplinkSpec): Omit<SwitchNode, "spec" | "device"> {
    const { device: above, spec: { name: to } } = this.switches[spec.to]
    const uplink = this.#plug(spec.name, spec.links, spec, to, above)
    const own = uplink.map(({ down, up }) => device.addPort(down, up))
    return {
      uplink,
      ownPorts: own,
      upRoute: own.length === 1 ? own[0] : device.aggregate(own, frameHash(spec.hash, this.#addresses, this.#packets)),
      downRoute: this.#join(above, uplink, spec.hash)
    }
  }

  /** Cables from a machine or a switch to ports of a switch. No queue at either end: a card has its own, a switch its buffer. */
  #plug(name: string, count: number, config: LinkConfig, to: string, device: Switch): ReadonlyArray<Port> {
    return cableNames(name, count).map((of) => {
      const options = { bitsPerSecond: config.rate, latencyNs: config.latency, loss: this.#config.loss }
      const up = new Link(this.lan, { ...options, name: `${of} to ${to}` })
      const down = new Link(this.lan, { ...options, name: `${to} to ${of}` })
      return { name: of, port: device.addPort(up, down), up, down }
    })
  }

  /** What a switch routes to for these ports together. */
  #join(device: Switch, ports: ReadonlyArray<Port>, hash: UplinkSpec["hash"]): number {
    if (ports.length === 1) return ports[0].port
    return device.aggregate(ports.map(({ port }) => port), frameHash(hash, this.#addresses, this.#packets))
  }

  /** Every switch learns the way to a host that is at one of them. */
  #routeTo(host: number, leaf: SwitchNode, route: number): void {
    leaf.device.route(host, route)
    // from the leaf upwards each switch has it below, all others above
    const below = new Map<SwitchNode, number>()
    for (let at = leaf; at.spec.uplink !== null; at = this.above(at)) {
      below.set(this.above(at), at.downRoute)
    }
    for (const node of this.switches) {
      if (node !== leaf) node.device.route(host, below.get(node) ?? node.upRoute)
    }
  }
}

const NO_UPLINK = { uplink: [], ownPorts: [], upRoute: -1, downRoute: -1 } as const

/** A machine that has booted: its cards, one for each of its cables. */
interface Booted {
  readonly nics: ReadonlyArray<Nic>
  readonly net: NetStack
}

/** The machine at a station boots: from now on it gets what its cables deliver. */
export const boot = (station: Station, { net, nics }: Booted): void => {
  station.nics = nics
  station.net = net
  station.ports.forEach(({ down }, i) => {
    down.plug(nics[i])
    nics[i].plug(down)
  })
}

/** A machine with one card. */
export const withCard = ({ net, nic }: { readonly nic: Nic; readonly net: NetStack }): Booted => ({ net, nics: [nic] })

const wireTo = (link: Link): Wire => ({
  transmit: (frame) => link.send(frame),
  get departedFrames() {
    return link.departedFrames
  }
})
