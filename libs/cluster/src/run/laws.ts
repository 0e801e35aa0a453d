// Laws that every run must keep: conservation of pages and packets, Little's law, and the content of swapped pages.
import type { Machine } from "@swaplab/kernel"
import type { Lan, Switch } from "@swaplab/lan"
import { PG_buddy, PG_isolated, PG_lru, PG_slab } from "@swaplab/page-alloc"
import { waitingSegments } from "@swaplab/tcp"
import type { Client } from "./client.ts"
import { dropsOf, type Station, totalDrops } from "./drop-sites.ts"
import type { LawResult, ServerResult } from "./result.ts"
import { connectionsOf } from "./server.ts"

/** How far Little's law may be off. Both sides count the requests that are inside at the end. */
const LITTLE_TOLERANCE = 0.02

/** Where the pages of a machine are. `other` are pages that a sleeping task holds in its hands. */
export interface PageCensus {
  readonly free: number
  readonly pcp: number
  readonly lru: number
  readonly isolated: number
  readonly slab: number
  readonly pageTables: number
  readonly net: number
  /** Kernel stacks of processes that were forked. */
  readonly stacks: number
  readonly other: number
  readonly present: number
}

/** Counts every page frame of a machine once, by what it is. */
export const pageCensus = (machine: Machine): PageCensus => {
  const { frames, populatedZones, presentPages } = machine.pages
  let free = 0
  let pcp = 0
  for (const zone of populatedZones) {
    free += zone.free
    for (const lists of zone.pcp) pcp += lists.count
  }
  let lru = 0
  let isolated = 0
  let slab = 0
  let inUse = 0
  for (let pfn = 0; pfn < frames.count; pfn++) {
    const flags = frames.flags[pfn]
    if (frames.refCount[pfn] === 0 || (flags & PG_buddy) !== 0) continue
    const size = 1 << frames.order[pfn]
    inUse += size
    if ((flags & PG_slab) !== 0) slab += size
    else if ((flags & PG_lru) !== 0) lru++
    else if ((flags & PG_isolated) !== 0) isolated++
  }
  let pageTables = machine.root?.pageTablePages ?? 0
  for (const pfn of machine.mm.tables.tablePages) if (pfn >= 0) pageTables++
  const net = machine.net.skbs.pages.inUse
  const stacks = machine.processTable?.stackPages ?? 0
  return {
    free,
    pcp,
    lru,
    isolated,
    slab,
    pageTables,
    net,
    stacks,
    other: inUse - lru - isolated - slab - pageTables - net - stacks,
    present: presentPages
  }
}

/** free + pcp + LRU + isolated + slab + page tables + network + stacks + other = present, with nothing counted twice. */
export const pagesConserved = (machine: Machine): LawResult => {
  const census = pageCensus(machine)
  const { free, pcp, lru, isolated, slab, pageTables, net, stacks, other, present } = census
  const sum = free + pcp + lru + isolated + slab + pageTables + net + stacks + other
  // pages in pagevecs, those allocated to be read ahead, and one page in the hands of a task that sleeps between allocating
  // and mapping it
  const hands = machine.vmscan.lru.pagesInPagevecs() + (machine.root?.reader.pooled ?? 0) +
    machine.userTasks.filter((task) => !task.finished).length
  return {
    law: "pages conserved",
    subject: machine.name,
    holds: sum === present && other >= 0 && other <= hands && slab === machine.objects.slabPages(),
    detail:
      `free ${free} + pcp ${pcp} + LRU ${lru} + isolated ${isolated} + slab ${slab} + page tables ${pageTables} + ` +
      `network ${net} + stacks ${stacks} + other ${other} = ${sum}, present ${present}`
  }
}

/** On every link: sent + duplicated = delivered + dropped + in flight. */
export const packetsConserved = (lan: Lan): ReadonlyArray<LawResult> =>
  lan.links.map((link) => ({
    law: "packets conserved",
    subject: link.name,
    holds: link.sentFrames + link.duplicatedFrames === link.deliveredFrames + link.droppedFrames + link.inFlight,
    detail:
      `sent ${link.sentFrames} + duplicated ${link.duplicatedFrames} = delivered ${link.deliveredFrames} + dropped ${link.droppedFrames} + ` +
      `in flight ${link.inFlight}`
  }))

/** What came into the switch went out, or was dropped there. */
export const switchConserved = (fabric: Switch): LawResult => ({
  law: "packets conserved",
  subject: fabric.name,
  holds: fabric.receivedFrames === fabric.forwardedFrames + fabric.droppedFrames,
  detail: `received ${fabric.receivedFrames} = forwarded ${fabric.forwardedFrames} + dropped ${fabric.droppedFrames}`
})

/**
 * On every machine: frames that the cable delivered = frames in the ring + packets that a socket got + packets dropped below
 * the sockets, each by its place.
 */
export const receivedConserved = (station: Station): ReadonlyArray<LawResult> => {
  const { net, nic, port } = station
  if (nic === null || net === null) return []
  const { cardDown, noSocket, reserveProtocol, rxMissed, rxNoBuffer } = dropsOf(station)
  const below = cardDown + rxMissed + rxNoBuffer + reserveProtocol + noSocket
  let sockets = 0
  for (const socket of net.sockets()) sockets += socket.packets
  const sum = nic.rx.arrived + sockets + below
  return [{
    law: "packets conserved",
    subject: `${port.name}, received`,
    holds: sum === port.down.deliveredFrames,
    detail: `delivered ${port.down.deliveredFrames} = in the ring ${nic.rx.arrived} + to sockets ${sockets} + ` +
      `dropped below them ${below}`
  }]
}

/**
 * Nothing is sent again without a cause: a segment that was sent again has arrived twice, or one of its copies was dropped at a
 * place that counts, on the path of the client or of the server, or is still on its way.
 */
export const retransmitsExplained = ({ connection, station }: Client, server: Station): LawResult => {
  const sockets = connectionsOf(connection).flatMap(({ clientSocket, serverSocket }) => [clientSocket, serverSocket])
  const again = sockets.reduce((sum, { retransmitted }) => sum + retransmitted, 0)
  const twice = sockets.reduce((sum, { duplicates }) => sum + duplicates, 0)
  const dropped = totalDrops(dropsOf(station)) + totalDrops(dropsOf(server))
  let under = 0
  for (const { nic, port } of [station, server]) {
    under += port.up.inFlight + port.down.inFlight
    if (nic !== null) under += nic.rx.arrived + nic.tx.inRing + nic.tx.inQueue
  }
  for (const socket of sockets) under += waitingSegments(socket)
  return {
    law: "retransmits explained",
    subject: station.port.name,
    holds: again <= twice + dropped + under,
    detail: `sent again ${again} <= arrived twice ${twice} + dropped ${dropped} + on their way ${under}`
  }
}

/** L = λ·W at the server: the integral of the requests inside against the sum of their times inside. */
export const littlesLaw = (server: ServerResult): LawResult => {
  const product = server.throughputPerSecond * server.meanResidenceNs / 1e9
  const off = server.meanInSystem === 0 ? 0 : Math.abs(product - server.meanInSystem) / server.meanInSystem
  return {
    law: "Little's law",
    subject: "server",
    holds: off <= LITTLE_TOLERANCE,
    detail: `L ${server.meanInSystem.toFixed(4)}, λ·W ${product.toFixed(4)}, off by ${(off * 100).toFixed(2)} %`
  }
}

/** Every page that came back from swap was what had been written. */
export const swapTokens = (machine: Machine): LawResult => {
  const wrong = machine.corruptions.find(({ of }) => of === "swap")
  return {
    law: "swap tokens",
    subject: machine.name,
    holds: wrong === undefined,
    detail: wrong?.message ?? `${machine.swap.counters.readsEnded} pages read, all as written`
  }
}

/** Every page of the root image was what the image has there. */
export const imageTokens = (machine: Machine): ReadonlyArray<LawResult> => {
  if (machine.root === null) return []
  const wrong = machine.corruptions.find(({ of }) => of === "image")
  return [{
    law: "image tokens",
    subject: machine.name,
    holds: wrong === undefined,
    detail: wrong?.message ?? `${machine.root.device.counters.readsEnded} pages read, all as in the image`
  }]
}
