// Puts the figures of the network together: ports of machines, switches, and cables that are looked at by themselves.
import { DropReason, type Link, type Switch } from "@swaplab/lan"
import { dropsOf, type Station } from "./drop-sites.ts"
import type { CableResult, DirectionResult, NetworkResult, PortResult } from "./network-result.ts"
import type { SwitchNode } from "./network.ts"
import type { Cluster } from "./topology.ts"

/** Figures of one machine. */
export const portResult = (station: Station): PortResult => {
  const { fabric, name, ports } = station
  const sum = (of: (port: Station["ports"][number]) => number): number =>
    ports.reduce((total, port) => total + of(port), 0)
  return {
    name,
    drops: dropsOf(station),
    switchDroppedBytes: sum(({ port }) => fabric.portDroppedBytes[port]),
    queueHighWaterBytes: Math.max(...ports.map(({ down }) => down.maxQueuedBytes)),
    pauseFrames: sum(({ port }) => fabric.pauseFramesTo(port)),
    pausedNs: Math.max(...ports.map(({ up }) => up.pausedNs))
  }
}

/** A port of a switch. */
export interface At {
  readonly device: Switch
  readonly port: number
}

/** One direction of a cable: `from` is the switch in front of it, `into` the one behind it; a machine is null. */
const direction = (link: Link, to: string, from: At | null, into: At | null, now: number): DirectionResult => ({
  to,
  deliveredFrames: link.deliveredFrames,
  deliveredBytes: link.deliveredBytes,
  utilisation: link.busyNs / now,
  noRoom: from === null ? 0 : from.device.portDrops[from.port],
  noRoomBytes: from === null ? 0 : from.device.portDroppedBytes[from.port],
  lost: link.dropped[DropReason.Loss],
  unplugged: link.dropped[DropReason.LinkDown],
  queueHighWaterBytes: from === null ? 0 : link.maxQueuedBytes,
  pauseFrames: into === null ? 0 : into.device.pauseFramesTo(into.port),
  pausedNs: link.pausedNs
})

const uplinkResults = (
  { device, ownPorts, spec, uplink }: SwitchNode,
  switches: ReadonlyArray<SwitchNode>,
  now: number
): ReadonlyArray<CableResult> =>
  uplink.map(({ down, name, port, up }, i) => {
    const above = switches[spec.uplink?.to ?? 0]
    const here = { device, port: ownPorts[i] }
    const there = { device: above.device, port }
    return {
      name,
      bitsPerSecond: up.bitsPerSecond,
      up: direction(up, above.spec.name, here, there, now),
      down: direction(down, spec.name, there, here, now)
    }
  })

/** Cables of a machine that has several. */
const memberResults = ({ fabric, name: machine, ports }: Station, now: number): ReadonlyArray<CableResult> =>
  ports.length === 1 ? [] : ports.map(({ down, name, port, up }) => {
    const at = { device: fabric, port }
    return {
      name,
      bitsPerSecond: up.bitsPerSecond,
      up: direction(up, fabric.name, null, at, now),
      down: direction(down, machine, at, null, now)
    }
  })

export const networkResult = (
  { applicationStation, clients, network, servers, sim, stations }: Cluster
): NetworkResult => {
  const others = stations.filter((station) => station !== applicationStation)
  const last = others[servers.length + clients.length]
  const now = Math.max(1, sim.now)
  return {
    switches: network.switches.map(({ device: { bufferBytes, maxUsedBytes, name } }) => ({
      name,
      bufferBytes,
      bufferHighWaterBytes: maxUsedBytes
    })),
    uplinks: network.switches.flatMap((node) => uplinkResults(node, network.switches, now)),
    members: stations.flatMap((station) => memberResults(station, now)),
    servers: servers.map(({ station }) => portResult(station)),
    applications: applicationStation === null ? null : portResult(applicationStation),
    otherHosts: last === undefined ? null : portResult(last)
  }
}

/** Frames that an uplink has lost, both directions, and frames that are on it. */
export const uplinkFrames = (
  node: SwitchNode,
  above: SwitchNode
): { readonly lost: number; readonly under: number } => {
  let lost = 0
  let under = 0
  node.uplink.forEach(({ down, port, up }, i) => {
    lost += up.droppedFrames + down.droppedFrames + node.device.portDrops[node.ownPorts[i]] +
      above.device.portDrops[port]
    under += up.inFlight + down.inFlight
  })
  return { lost, under }
}
