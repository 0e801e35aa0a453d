// The wires of a cluster: a switch, and a cable to each machine.
import { Lan, Link, Switch } from "@swaplab/lan"
import type { NetStack, Nic, Packets, Wire } from "@swaplab/net-skb"
import type { Sim } from "@swaplab/sim"
import type { LanConfig, LinkConfig } from "../scenario/machines.ts"
import { FIRST_BOOT, type Port, type Station } from "./drop-sites.ts"

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
    const { alpha, buffer, latency, portLimit, portReserve } = config.switch
    this.#config = config
    this.lan = new Lan(sim, packets.frameOps)
    this.fabric = new Switch(this.lan, {
      name: "switch",
      forwardingLatencyNs: latency,
      bufferBytes: buffer,
      flowControl: config.flowControl,
      alpha,
      portReserveBytes: portReserve,
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
    const station = { port, fabric: this.fabric, nic: null, net: null, before: FIRST_BOOT() }
    if (machine !== null) boot(station, machine)
    this.stations.push(station)
    return station
  }
}

/** The machine at a station boots: from now on it gets what the cable delivers. */
export const boot = (station: Station, machine: { readonly nic: Nic; readonly net: NetStack }): void => {
  station.nic = machine.nic
  station.net = machine.net
  station.port.down.plug(machine.nic)
  machine.nic.plug(station.port.down)
}

const wireTo = (link: Link): Wire => ({
  transmit: (frame) => link.send(frame),
  get departedFrames() {
    return link.departedFrames
  }
})
