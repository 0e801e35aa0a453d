// Where a packet can end before its receiver has it: one row for every place of the path that counts what it drops. The
// result, the report, the metrics and the laws loop over this table, so that a place without a row does not exist for them.
import { DropReason, type Switch } from "@swaplab/lan"
import type { NetStack, Nic, Socket } from "@swaplab/net-skb"
import type { Port } from "./network.ts"

/** A machine at a port of the switch. Senders of datagrams that are nothing else have no card. */
export interface Station {
  readonly port: Port
  readonly fabric: Switch
  readonly nic: Nic | null
  readonly net: NetStack | null
}

/** One place. */
interface Site {
  /** Of whose packets: those that the machine sends, or those that are for it. */
  readonly direction: "sent" | "received"
  /** In a few words, for tables. */
  readonly label: string
  /** What happened there, for the reference. */
  readonly meaning: string
  readonly of: (station: Station) => number
}

const card = (of: (nic: Nic) => number) => ({ nic }: Station): number => nic === null ? 0 : of(nic)

const sockets = (of: (socket: Socket) => number) => ({ net }: Station): number => {
  let sum = 0
  if (net === null) return sum
  for (const socket of net.sockets()) sum += of(socket)
  return sum
}

/** Every place, in the order in which a packet passes it. */
export const DROP_SITES = {
  txQueue: {
    direction: "sent",
    label: "transmit queue full",
    meaning: "the card's transmit queue was full (NET_XMIT_DROP)",
    of: card((nic) => nic.tx.dropped)
  },
  lostOut: {
    direction: "sent",
    label: "by chance, to the switch",
    meaning: "lost by chance on the cable to the switch",
    of: ({ port }) => port.up.dropped[DropReason.Loss]
  },
  unplugged: {
    direction: "sent",
    label: "cable out",
    meaning: "the cable was out, in either direction",
    of: ({ port }) => port.up.dropped[DropReason.LinkDown] + port.down.dropped[DropReason.LinkDown]
  },
  switchBuffer: {
    direction: "received",
    label: "no room in the switch",
    meaning: "the switch had no room for the port, by its buffer or by the port's limit",
    of: ({ fabric, port }) => fabric.portDrops[port.port] + port.down.dropped[DropReason.QueueFull]
  },
  lostIn: {
    direction: "received",
    label: "by chance, from the switch",
    meaning: "lost by chance on the cable from the switch",
    of: ({ port }) => port.down.dropped[DropReason.Loss]
  },
  cardDown: {
    direction: "received",
    label: "card down",
    meaning: "the card was down",
    of: card((nic) => nic.rxWhileDown)
  },
  rxMissed: {
    direction: "received",
    label: "no receive descriptor",
    meaning: "no receive descriptor had a buffer (rx_missed)",
    of: card((nic) => nic.rxMissed)
  },
  rxNoBuffer: {
    direction: "received",
    label: "no new receive buffer",
    meaning: "the driver could not replace the buffer",
    of: card((nic) => nic.rx.dropped)
  },
  reserveProtocol: {
    direction: "received",
    label: "reserve, other protocol",
    meaning: "made of the reserve and of a protocol that may not use it",
    of: card((nic) => nic.rxDropped)
  },
  noSocket: {
    direction: "received",
    label: "no socket",
    meaning: "no protocol or no socket for it",
    of: ({ net }) => net === null ? 0 : net.noSocket + net.otherProtocols
  },
  skFilter: {
    direction: "received",
    label: "by sk_filter",
    meaning: "made of the reserve and discarded by sk_filter",
    of: sockets((socket) => socket.pfmemallocDrops)
  },
  backlog: {
    direction: "received",
    label: "backlog full",
    meaning: "the socket's backlog was full",
    of: sockets((socket) => socket.backlogDrops)
  },
  rcvbuf: {
    direction: "received",
    label: "receive buffer full",
    meaning: "the socket's receive buffer was full",
    of: sockets((socket) => socket.rcvbufDrops)
  },
  closedSocket: {
    direction: "received",
    label: "socket closed",
    meaning: "its socket was closed",
    of: sockets((socket) => socket.closedDrops)
  },
  window: {
    direction: "received",
    label: "outside the window",
    meaning: "outside the receive window",
    of: sockets((socket) => socket.outOfWindow)
  }
} as const satisfies Record<string, Site>

/** The name of a place. */
export type DropSite = keyof typeof DROP_SITES

/** Packets dropped by place. */
export type Drops = { readonly [site in DropSite]: number }

const isDropSite = (name: string): name is DropSite => Object.hasOwn(DROP_SITES, name)

/** Names of all places, in order. */
export const DROP_SITE_NAMES: ReadonlyArray<DropSite> = Object.keys(DROP_SITES).filter(isDropSite)

/** A figure for every place. */
const forEverySite = (of: (site: DropSite) => number): Drops =>
  Object.fromEntries(DROP_SITE_NAMES.map((site) => [site, of(site)])) as Drops

/** What a machine's path has dropped so far. */
export const dropsOf = (station: Station): Drops => forEverySite((site) => DROP_SITES[site].of(station))

/** Nothing dropped anywhere. */
export const NO_DROPS: Drops = forEverySite(() => 0)

/** All places together. */
export const totalDrops = (drops: Drops): number => DROP_SITE_NAMES.reduce((sum, site) => sum + drops[site], 0)
