// /proc/net/sockstat, snmp and netstat of a client, with the names and in the order of v3.6.
// Modelled: sockets of TCP and UDP, memory of both protocols, sockets in TIME_WAIT and orphans; what TCP counts (connections, segments
//   sent and sent again, recoveries, time-outs, undone cuts, D-SACKs, pruned buffers); what arrived for IP and UDP, and what was dropped.
// Not modelled, and 0: fragments, raw sockets, ICMP, datagrams sent, octets (IpExt), and of TcpExt delayed ACKs, the prequeue,
//   header prediction, the out-of-order queue (TCPOFO...), cookies, PAWS, MD5, fast open, challenge ACKs and aborts other than by
//   time-out and by data for a closed socket. A connection that stands from the boot on is no active open;
//   a SYN that a listener takes is not in InSegs.
// source: net/ipv4/proc.c:sockstat_seq_show, snmp_seq_show, netstat_seq_show
import { DatagramSocket, type Socket } from "@swaplab/net-skb"
import type { Machine } from "./machine.ts"

/** Names of a protocol's line, and the figures that are known. */
const lines = (protocol: string, names: string, known: (name: string) => number | undefined): string =>
  `${protocol}: ${names}\n${protocol}: ${names.split(" ").map((name) => known(name) ?? 0).join(" ")}\n`

const IP =
  "Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests "
  + "OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates"
const ICMP_TYPES =
  "DestUnreachs TimeExcds ParmProbs SrcQuenchs Redirects Echos EchoReps Timestamps TimestampReps AddrMasks AddrMaskReps"
const icmp = (way: "In" | "Out"): string => ICMP_TYPES.split(" ").map((type) => `${way}${type}`).join(" ")
const ICMP = `InMsgs InErrors ${icmp("In")} OutMsgs OutErrors ${icmp("Out")}`
const TCP =
  "RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs "
  + "RetransSegs InErrs OutRsts"
const UDP = "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors"
const TCP_EXT =
  "SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts PruneCalled RcvPruned OfoPruned OutOfWindowIcmps "
  + "LockDroppedIcmps ArpFilter TW TWRecycled TWKilled PAWSPassive PAWSActive PAWSEstab DelayedACKs DelayedACKLocked "
  + "DelayedACKLost ListenOverflows ListenDrops TCPPrequeued TCPDirectCopyFromBacklog TCPDirectCopyFromPrequeue "
  + "TCPPrequeueDropped TCPHPHits TCPHPHitsToUser TCPPureAcks TCPHPAcks TCPRenoRecovery TCPSackRecovery TCPSACKReneging "
  + "TCPFACKReorder TCPSACKReorder TCPRenoReorder TCPTSReorder TCPFullUndo TCPPartialUndo TCPDSACKUndo TCPLossUndo "
  + "TCPLostRetransmit TCPRenoFailures TCPSackFailures TCPLossFailures TCPFastRetrans TCPForwardRetrans TCPSlowStartRetrans "
  + "TCPTimeouts TCPRenoRecoveryFail TCPSackRecoveryFail TCPSchedulerFailed TCPRcvCollapsed TCPDSACKOldSent TCPDSACKOfoSent "
  + "TCPDSACKRecv TCPDSACKOfoRecv TCPAbortOnData TCPAbortOnClose TCPAbortOnMemory TCPAbortOnTimeout TCPAbortOnLinger "
  + "TCPAbortFailed TCPMemoryPressures TCPSACKDiscard TCPDSACKIgnoredOld TCPDSACKIgnoredNoUndo TCPSpuriousRTOs TCPMD5NotFound "
  + "TCPMD5Unexpected TCPSackShifted TCPSackMerged TCPSackShiftFallback TCPBacklogDrop TCPMinTTLDrop TCPDeferAcceptDrop "
  + "IPReversePathFilter TCPTimeWaitOverflow TCPReqQFullDoCookies TCPReqQFullDrop TCPRetransFail TCPRcvCoalesce TCPOFOQueue "
  + "TCPOFODrop TCPOFOMerge TCPChallengeACK TCPSYNChallenge TCPFastOpenActive"
const IP_EXT =
  "InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts InOctets OutOctets InMcastOctets "
  + "OutMcastOctets InBcastOctets OutBcastOctets"

/** Fixed figures of snmp. */
const CONSTANTS: Readonly<Record<string, number>> = { RtoAlgorithm: 1, RtoMin: 200, RtoMax: 120_000, MaxConn: -1 }

const none = (): number => 0

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
  const orphans = machine.net.figures().get("orphan") ?? 0
  return [
    `sockets: used ${used}`,
    `TCP: inuse ${tcp.length} orphan ${orphans} tw ${
      machine.net.timewait?.count ?? 0
    } alloc ${tcp.length} mem ${tcpPages}`,
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
  const ip: Readonly<Record<string, number>> = {
    Forwarding: 2,
    DefaultTTL: 64,
    InReceives: received,
    InDelivers: received
  }
  const datagrams: Readonly<Record<string, number>> = {
    InDatagrams: sum(udp, ({ drops, packets }) => packets - drops),
    InErrors: sum(udp, ({ drops }) => drops),
    RcvbufErrors: sum(udp, ({ rcvbufDrops }) => rcvbufDrops)
  }
  const figures = machine.net.figures()
  return [
    lines("Ip", IP, (name) => name === "OutRequests" ? packetsSent(figures) : ip[name]),
    lines("Icmp", ICMP, none),
    lines("Tcp", TCP, (name) => CONSTANTS[name] ?? figures.get(name)),
    lines("Udp", UDP, (name) => datagrams[name]),
    lines("UdpLite", UDP, none)
  ].join("")
}

/** A client sends nothing but TCP. */
const packetsSent = (figures: ReadonlyMap<string, number>): number =>
  (figures.get("OutSegs") ?? 0) + (figures.get("RetransSegs") ?? 0)

/** Content of /proc/net/netstat. */
export const netstatText = ({ net }: Machine): string => {
  const figures = net.figures()
  return lines("TcpExt", TCP_EXT, (name) => figures.get(name)) + lines("IpExt", IP_EXT, none)
}
