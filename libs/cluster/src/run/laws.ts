// Laws that every run must keep: those of each machine, conservation of packets, and Little's law.
import type { Machine } from "@swaplab/kernel"
import type { Lan, Switch } from "@swaplab/lan"
import type { Client } from "./client.ts"
import { uplinkFrames } from "./collect-network.ts"
import { connectionsOf } from "./connection.ts"
import { deliveredTo, dropsOf, dropsSinceBoot, type Station, totalDrops } from "./drop-sites.ts"
import { machineLaws } from "./machine-laws.ts"
import type { LawResult } from "./result.ts"
import type { ServerResult } from "./server-result.ts"
import type { Cluster } from "./topology.ts"

/** How far Little's law may be off. Both sides count the requests that are inside at the end. */
const LITTLE_TOLERANCE = 0.02

/** On every link: sent + duplicated = delivered + dropped + in flight. */
const packetsConserved = (lan: Lan): ReadonlyArray<LawResult> =>
  lan.links.map((link) => ({
    law: "packets conserved",
    subject: link.name,
    holds: link.sentFrames + link.duplicatedFrames === link.deliveredFrames + link.droppedFrames + link.inFlight,
    detail:
      `sent ${link.sentFrames} + duplicated ${link.duplicatedFrames} = delivered ${link.deliveredFrames} + dropped ${link.droppedFrames} + ` +
      `in flight ${link.inFlight}`
  }))

/** What came into the switch went out, or was dropped there. */
const switchConserved = (fabric: Switch): LawResult => ({
  law: "packets conserved",
  subject: fabric.name,
  holds: fabric.receivedFrames === fabric.forwardedFrames + fabric.droppedFrames,
  detail: `received ${fabric.receivedFrames} = forwarded ${fabric.forwardedFrames} + dropped ${fabric.droppedFrames}`
})

/**
 * On every machine: frames that the cable delivered = frames in the ring + packets that a socket got + packets dropped below
 * the sockets, each by its place.
 */
const receivedConserved = (station: Station): ReadonlyArray<LawResult> => {
  const { name, net, nics } = station
  if (net === null) return []
  const { cardDown, cpuBacklog, noSocket, reserveProtocol, rxMissed, rxNoBuffer } = dropsSinceBoot(station)
  // since its last boot: a machine without power gets nothing
  const delivered = deliveredTo(station) - station.before.deliveredFrames
  const below = cardDown + rxMissed + rxNoBuffer + cpuBacklog + reserveProtocol + noSocket
  let sockets = net.gone.packets + net.services.packets
  for (const socket of net.sockets()) sockets += socket.packets
  const inCard = nics.reduce((of, { rx }) => of + rx.arrived + rx.gro.heldSegments, 0)
  const sum = inCard + sockets + below
  return [{
    law: "packets conserved",
    subject: `${name}, received`,
    holds: sum === delivered,
    detail: `delivered ${delivered} = in the ring ${inCard} + to sockets ${sockets} + ` +
      `dropped below them ${below}`
  }]
}

/**
 * Nothing is sent again without a cause: a segment that was sent again has arrived twice, or one of its copies was dropped at a
 * place that counts, on the path of the client or of one of its servers, or is still on its way.
 */
export const retransmitsExplained = ({ network }: Cluster, { connection, servers, station }: Client): LawResult => {
  const ends = [station, ...servers.map((server) => server.station)]
  const sockets = connectionsOf(connection).flatMap((at) => at.ends)
  const again = sockets.reduce((sum, { retransmitted }) => sum + retransmitted, 0)
  const twice = sockets.reduce((sum, { duplicates }) => sum + duplicates, 0)
  const uplinks = network.uplinksBetween(station.fabric, servers.map((server) => server.station.fabric)).map((node) =>
    uplinkFrames(node, network.above(node))
  )
  const dropped = ends.reduce((sum, end) => sum + totalDrops(dropsOf(end)), 0) +
    uplinks.reduce((sum, { lost }) => sum + lost, 0)
  let under = uplinks.reduce((sum, uplink) => sum + uplink.under, 0)
  for (const { nics, ports } of ends) {
    for (const { down, up } of ports) under += up.inFlight + down.inFlight
    for (const nic of nics) under += nic.rx.arrived + nic.rx.gro.heldSegments + nic.tx.inRing + nic.tx.inQueue
  }
  for (const socket of sockets) under += socket.waiting
  return {
    law: "retransmits explained",
    subject: station.name,
    holds: again <= twice + dropped + under,
    detail: `sent again ${again} <= arrived twice ${twice} + dropped ${dropped} + on their way ${under}`
  }
}

/** L = λ·W at a server: the integral of the requests inside against the sum of their times inside. */
export const littlesLaw = (server: ServerResult): LawResult => {
  const product = server.throughputPerSecond * (server.meanResidenceNs ?? 0) / 1e9
  const off = server.meanInSystem === 0 ? 0 : Math.abs(product - server.meanInSystem) / server.meanInSystem
  return {
    law: "Little's law",
    subject: server.name,
    holds: off <= LITTLE_TOLERANCE,
    detail: `L ${server.meanInSystem.toFixed(4)}, λ·W ${product.toFixed(4)}, off by ${(off * 100).toFixed(2)} %`
  }
}

/** Machines that have power: of a client without any they were checked when it lost it. */
const machinesOf = ({ applications, clients }: Cluster): ReadonlyArray<Machine> => [
  ...clients.filter(({ power }) => power.on).map(({ machine }) => machine),
  ...(applications === null ? [] : [applications.machine])
]

/** All laws that hold at any moment, those of clients that lost their power before it among them. */
export const clusterLaws = (cluster: Cluster): ReadonlyArray<LawResult> => [
  ...cluster.clients.flatMap(({ power }) => power.laws),
  ...machinesOf(cluster).flatMap(machineLaws),
  ...packetsConserved(cluster.lan),
  ...cluster.stations.flatMap(receivedConserved),
  ...cluster.network.switches.map(({ device }) => switchConserved(device)),
  ...cluster.clients.map((client) => retransmitsExplained(cluster, client))
]
