// Where a packet can end before its receiver has it: one row for every place of the path that counts what it drops. The
// result, the report, the metrics and the laws loop over this table, so that a place without a row does not exist for them.
import { DropReason, type Link, type Switch } from "@swaplab/lan"
import type { NetStack, Nic, SocketCounts } from "@swaplab/net-skb"

/** A port of a switch with its cable. */
export interface Port {
  /** The cable: its machine (`client-1`, `server`, `other hosts`), one of several (`server.2`), or an uplink (`room.uplink`). */
  readonly name: string
  /** Its number at the switch. */
  readonly port: number
  /** From the machine, or the switch below, to the switch, and back. */
  readonly up: Link
  readonly down: Link
}

/** A machine at a port of a switch, or at several that act as one. Senders of datagrams that are nothing else have no card. */
export interface Station {
  /** The machine. */
  readonly name: string
  readonly ports: ReadonlyArray<Port>
  readonly fabric: Switch
  /** One for each port while it has power, in the same order; others when it boots again. */
  nics: ReadonlyArray<Nic>
  net: NetStack | null
  /** What it dropped in the boots before this one, and what the cable had delivered by then. */
  before: { readonly drops: Drops; readonly deliveredFrames: number }
}

/** What a station counts of, before its first boot. */
export const FIRST_BOOT = (): Station["before"] => ({ drops: NO_DROPS, deliveredFrames: 0 })

/** Frames that the cables of a machine have delivered to it. */
export const deliveredTo = ({ ports }: Station): number =>
  ports.reduce((sum, { down }) => sum + down.deliveredFrames, 0)

/** The machine has lost its power: what it dropped is kept. */
export const bootOver = (station: Station): void => {
  const drops = dropsOf(station)
  station.before = {
    drops: forEverySite((site) => DROP_SITES[site].part === "machine" ? drops[site] : 0),
    deliveredFrames: deliveredTo(station)
  }
  station.nics = []
  station.net = null
}

/** One place. */
interface Site {
  /** Of whose packets: those that the machine sends, or those that are for it. */
  readonly direction: "sent" | "received"
  /** What counts it: the cable and the switch, or the machine, which begins anew with each boot. */
  readonly part: "cable" | "machine"
  /** In a few words, for tables. */
  readonly label: string
  /** What happened there, for the reference. */
  readonly meaning: string
  readonly of: (station: Station) => number
}

const card = (of: (nic: Nic) => number) => ({ nics }: Station): number => nics.reduce((sum, nic) => sum + of(nic), 0)

const cable = (of: (port: Port, fabric: Switch) => number) => ({ fabric, ports }: Station): number =>
  ports.reduce((sum, port) => sum + of(port, fabric), 0)

const sockets = (of: (socket: SocketCounts) => number) => ({ net }: Station): number => {
  if (net === null) return 0
  let sum = of(net.gone)
  for (const socket of net.sockets()) sum += of(socket)
  return sum
}

/** Every place, in the order in which a packet passes it. */
export const DROP_SITES = {
  txQueue: {
    direction: "sent",
    part: "machine",
    label: "transmit queue full",
    meaning: "the card's transmit queue was full (NET_XMIT_DROP)",
    of: card((nic) => nic.tx.dropped)
  },
  notSegmented: {
    direction: "sent",
    part: "machine",
    label: "no memory to segment",
    meaning: "a long skb for a card without TSO could not be cut for want of memory",
    of: card((nic) => nic.tx.notSegmented)
  },
  lostOut: {
    direction: "sent",
    part: "cable",
    label: "by chance, to the switch",
    meaning: "lost by chance on the cable to the switch",
    of: cable(({ up }) => up.dropped[DropReason.Loss])
  },
  unplugged: {
    direction: "sent",
    part: "cable",
    label: "cable out",
    meaning: "the cable was out, in either direction",
    of: cable(({ down, up }) => up.dropped[DropReason.LinkDown] + down.dropped[DropReason.LinkDown])
  },
  switchBuffer: {
    direction: "received",
    part: "cable",
    label: "no room in the switch",
    meaning: "the switch had no room for the port, by its buffer or by the port's limit",
    of: cable(({ down, port }, fabric) => fabric.portDrops[port] + down.dropped[DropReason.QueueFull])
  },
  lostIn: {
    direction: "received",
    part: "cable",
    label: "by chance, from the switch",
    meaning: "lost by chance on the cable from the switch",
    of: cable(({ down }) => down.dropped[DropReason.Loss])
  },
  cardDown: {
    direction: "received",
    part: "machine",
    label: "card down",
    meaning: "the card was down",
    of: card((nic) => nic.rxWhileDown)
  },
  rxMissed: {
    direction: "received",
    part: "machine",
    label: "no receive descriptor",
    meaning: "no receive descriptor had a buffer (rx_missed)",
    of: card((nic) => nic.rxMissed)
  },
  rxNoBuffer: {
    direction: "received",
    part: "machine",
    label: "no new receive buffer",
    meaning: "the driver could not replace the buffer",
    of: card((nic) => nic.rx.dropped)
  },
  cpuBacklog: {
    direction: "received",
    part: "machine",
    label: "backlog full",
    meaning: "a CPU had more packets of a card without NAPI than net.core.netdev_max_backlog",
    of: card((nic) => nic.backlogDropped)
  },
  reserveProtocol: {
    direction: "received",
    part: "machine",
    label: "reserve, other protocol",
    meaning: "made of the reserve and of a protocol that may not use it",
    of: card((nic) => nic.rxDropped)
  },
  noSocket: {
    direction: "received",
    part: "machine",
    label: "no socket",
    meaning: "no protocol or no socket for it",
    of: ({ net }) => net === null ? 0 : net.noSocket + net.otherProtocols
  },
  listener: {
    direction: "received",
    part: "machine",
    label: "by a listener",
    meaning: "for a listener, and no SYN, or a SYN that was not answered",
    of: ({ net }) => net === null ? 0 : net.services.dropped
  },
  skFilter: {
    direction: "received",
    part: "machine",
    label: "by sk_filter",
    meaning: "made of the reserve and discarded by sk_filter",
    of: sockets((socket) => socket.pfmemallocDrops)
  },
  backlog: {
    direction: "received",
    part: "machine",
    label: "backlog full",
    meaning: "the socket's backlog was full",
    of: sockets((socket) => socket.backlogDrops)
  },
  rcvbuf: {
    direction: "received",
    part: "machine",
    label: "receive buffer full",
    meaning: "the socket's receive buffer was full",
    of: sockets((socket) => socket.rcvbufDrops)
  },
  closedSocket: {
    direction: "received",
    part: "machine",
    label: "socket closed",
    meaning: "its socket was closed",
    of: sockets((socket) => socket.closedDrops)
  },
  window: {
    direction: "received",
    part: "machine",
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
export const dropsOf = (station: Station): Drops =>
  forEverySite((site) => station.before.drops[site] + DROP_SITES[site].of(station))

/** The same since the machine's last boot. */
export const dropsSinceBoot = (station: Station): Drops => forEverySite((site) => DROP_SITES[site].of(station))

/** Nothing dropped anywhere. */
export const NO_DROPS: Drops = forEverySite(() => 0)

/** All places together. */
export const totalDrops = (drops: Drops): number => DROP_SITE_NAMES.reduce((sum, site) => sum + drops[site], 0)
