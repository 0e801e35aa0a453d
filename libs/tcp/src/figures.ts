// What a socket counts, by the names of /proc/net/snmp, netstat and sockstat. Linux counts for the whole machine; here the stack adds
// up its sockets and those that are gone.
// Modelled: segments and how connections begin and end as 3.5 counts them: a SYN/ACK that is sent again counts in OutSegs, a segment
//   that comes as several in one skb (GRO) once in InSegs.
// source: net/ipv4/tcp_output.c:tcp_transmit_skb, tcp_connect; net/ipv4/tcp.c:tcp_set_state, tcp_done
import type { ProtocolFigures } from "@swaplab/net-skb"
import { TCP_ESTABLISHED, TCP_SYN_RECV, TCP_SYN_SENT } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** ESTABLISHED or CLOSE_WAIT: the own end has not said that it is done. */
const stands = ({ error, shutdownSend, state }: TcpSocket): boolean =>
  state === TCP_ESTABLISHED && error === 0 && !shutdownSend

/** The connection ends at once, before `error` is set. */
export const countEnd = (sk: TcpSocket): void => {
  if (stands(sk)) sk.estabResets++
  else if (sk.state === TCP_SYN_SENT || sk.state === TCP_SYN_RECV) sk.attemptFails++
}

/** All of them. */
export const figuresOf = (sk: TcpSocket): ProtocolFigures => ({
  ...sk.mib,
  ActiveOpens: sk.activeOpens,
  PassiveOpens: sk.passiveOpens,
  AttemptFails: sk.attemptFails,
  EstabResets: sk.estabResets,
  CurrEstab: stands(sk) ? 1 : 0,
  InSegs: sk.segmentsReceived,
  OutSegs: sk.outSegs,
  RetransSegs: sk.retransmitted,
  TCPBacklogDrop: sk.backlogDrops,
  orphan: sk.orphan && sk.timewait === null && !sk.closed ? 1 : 0
})
