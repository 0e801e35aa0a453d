// /proc/net/sockstat and /proc/net/snmp of a client, as far as its network counts.
// Modelled: sockets of TCP and UDP, memory of both protocols; of snmp what arrived for IP, TCP and UDP, and what was dropped.
// Not modelled: what TCP counts by itself (connections made, segments sent and sent again), sockets in TIME_WAIT, fragments, raw
//   sockets, ICMP, orphans: their figures are 0. A reader of RetransSegs learns nothing here; the report of a run counts
//   segments that were sent again.
// source: net/ipv4/proc.c:sockstat_seq_show, snmp_seq_show
import { DatagramSocket, type Socket } from "@swaplab/net-skb"
import type { Machine } from "./machine.ts"

/** Names of a protocol's line, and the figures that are known. */
const lines = (protocol: string, names: string, known: Readonly<Record<string, number>>): string =>
  `${protocol}: ${names}\n${protocol}: ${names.split(" ").map((name) => known[name] ?? 0).join(" ")}\n`

const IP =
  "Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests "
  + "OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates"
const TCP =
  "RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts"
const UDP = "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors"

const split = ({ net }: Machine): { readonly tcp: ReadonlyArray<Socket>; readonly udp: ReadonlyArray<Socket> } => {
  const all = [...net.sockets()]
  return {
    tcp: all.filter((socket) => !(socket instanceof DatagramSocket)),
    udp: all.filter((socket) => socket instanceof DatagramSocket)
  }
}

const sum = (sockets: ReadonlyArray<Socket>, of: (socket: Socket) => number): number =>
  sockets.reduce((total, socket) => total + of(socket), 0)

/** Content of /proc/net/sockstat. */
export const sockstatText = (machine: Machine): string => {
  const { tcp, udp } = split(machine)
  const [used, tcpPages] = [tcp.length + udp.length, tcp[0]?.memory.allocated ?? 0]
  const udpPages = udp[0]?.memory.allocated ?? 0
  return [
    `sockets: used ${used}`,
    `TCP: inuse ${tcp.length} orphan 0 tw 0 alloc ${tcp.length} mem ${tcpPages}`,
    `UDP: inuse ${udp.length} mem ${udpPages}`,
    "UDPLITE: inuse 0",
    "RAW: inuse 0",
    "FRAG: inuse 0 memory 0",
    ""
  ].join("\n")
}

/** Content of /proc/net/snmp. */
export const snmpText = (machine: Machine): string => {
  const { tcp, udp } = split(machine)
  const gone = machine.net.gone
  const received = sum(tcp, ({ packets }) => packets) + sum(udp, ({ packets }) => packets) + gone.packets
  return [
    lines("Ip", IP, { Forwarding: 2, DefaultTTL: 64, InReceives: received, InDelivers: received }),
    lines("Tcp", TCP, {
      RtoAlgorithm: 1,
      RtoMin: 200,
      RtoMax: 120_000,
      MaxConn: -1,
      CurrEstab: tcp.length,
      InSegs: sum(tcp, ({ packets }) => packets)
    }),
    lines("Udp", UDP, {
      InDatagrams: sum(udp, ({ drops, packets }) => packets - drops),
      InErrors: sum(udp, ({ drops }) => drops),
      RcvbufErrors: sum(udp, ({ rcvbufDrops }) => rcvbufDrops)
    })
  ].join("")
}
