// The wires of a cluster: a switch, and a cable to each machine.
import { Lan, Link, Switch } from "@swaplab/lan"
import type { NetStack, Nic, Packets, Wire } from "@swaplab/net-skb"
import type { Sim } from "@swaplab/sim"
import type { LanConfig, LinkConfig } from "../scenario/machines.ts"
import type { Station } from "./drop-sites.ts"

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

/** A port, as the machine at its other end needs it. */
export interface Cable extends Port {
  /** The near end of `up`, as a network card uses it. */
  readonly wire: Wire
}

/** The network between the machines. */
export class Network {
  readonly lan: Lan
  readonly fabric: Switch
  /** Every machine at its port, in the order in which they were attached. */
  readonly stations: Array<Station> = []
  readonly #config: LanConfig

  constructor(sim: Sim, packets: Packets, config: LanConfig) {
    const { buffer, latency, portLimit } = config.switch
    this.#config = config
    this.lan = new Lan(sim, packets.frameOps)
    this.fabric = new Switch(this.lan, {
      name: "switch",
      forwardingLatencyNs: latency,
      bufferBytes: buffer,
      flowControl: config.flowControl,
      ...(portLimit === undefined ? {} : { portLimitBytes: portLimit })
    })
  }

  /** Connects the host of that address. */
  cable(name: string, config: LinkConfig, host: number): Cable {
    const options = { bitsPerSecond: config.rate, latencyNs: config.latency, loss: this.#config.loss }
    // no queue at either end of a cable: a card has its ring and queue in front of the wire (net-skb), the switch its buffer
    const up = new Link(this.lan, { ...options, name: `${name} to switch` })
    const down = new Link(this.lan, { ...options, name: `switch to ${name}` })
    const port = this.fabric.addPort(up, down)
    this.fabric.route(host, port)
    return { name, port, up, down, wire: wireTo(up) }
  }

  /** Puts a machine at its end of a cable. One that only sends datagrams has no card. */
  attach(port: Port, machine: { readonly nic: Nic; readonly net: NetStack } | null): Station {
    if (machine !== null) port.down.receive = (frame) => machine.nic.receive(frame)
    const station = { port, fabric: this.fabric, nic: machine?.nic ?? null, net: machine?.net ?? null }
    this.stations.push(station)
    return station
  }
}

const wireTo = (link: Link): Wire => ({
  transmit: (frame) => link.send(frame),
  get departedFrames() {
    return link.departedFrames
  }
})
