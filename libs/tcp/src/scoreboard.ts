// The scoreboard: what is believed of each segment in flight, as tags of its skb, and the counts that follow.
//
//   tags        in flight   the segment
//   none        1           is under way
//   S           0           has arrived, out of order (SACKed)
//   L           0           was lost
//   R           2           is under way twice
//   L R         1           was lost, and is under way again
//   S R         1           has arrived, and is under way again
//
// packetsOut counts all segments, sackedOut those with S, lostOut those with L, retransOut those with R; facketsOut counts from
// the oldest to the highest that was SACKed. Without SACK there are no tags S: sackedOut counts repeated ACKs.
// Hints remember where walks over the queue may begin.
// source: include/net/tcp.h:tcp_highest_sack_seq, tcp_packets_in_flight; net/ipv4/tcp_input.c:tcp_skb_mark_lost
import { NO_SKB } from "@swaplab/net-skb"
import { TCPCB_LOST, TCPCB_SACKED_ACKED } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_skb_pcount`: of how many segments an skb in flight was sent. */
export const pcount = (sk: TcpSocket, skb: number): number => sk.stack.skbs.gsoSegs[skb]

/** `tcp_left_out`: segments that have left the network. */
export const leftOut = (sk: TcpSocket): number => sk.sackedOut + sk.lostOut

/** `tcp_packets_in_flight`. */
export const inFlight = (sk: TcpSocket): number => sk.packetsOut - sk.sackedOut - sk.lostOut + sk.retransOut

/** `tcp_is_fack`: SACK, and every hole below the highest block counts. */
export const isFack = (sk: TcpSocket): boolean => sk.sackOk && sk.fack

/** `tcp_fackets_out`. */
export const facketsOut = (sk: TcpSocket): number => sk.sackOk ? sk.facketsOut : sk.sackedOut + 1

/** `tcp_highest_sack_seq`: where the highest SACKed segment ends. */
export const highestSackSeq = (sk: TcpSocket): number => {
  if (sk.sackedOut === 0) return sk.sndUna
  return sk.highestSack === NO_SKB ? sk.sndNxt : sk.stack.skbs.seq[sk.highestSack]
}

/** `tcp_clear_all_retrans_hints`. */
export const clearAllRetransHints = (sk: TcpSocket): void => {
  sk.lostSkbHint = sk.scoreboardSkbHint = sk.retransmitSkbHint = NO_SKB
}

/** `tcp_verify_retransmit_hint`, before lostOut counts the skb: where sending again begins, and how far it goes. */
const verifyRetransmitHint = (sk: TcpSocket, skb: number): void => {
  const { endSeq, seq } = sk.stack.skbs
  if (sk.retransmitSkbHint === NO_SKB || seq[skb] < seq[sk.retransmitSkbHint]) sk.retransmitSkbHint = skb
  if (sk.lostOut === 0 || endSeq[skb] > sk.retransmitHigh) sk.retransmitHigh = endSeq[skb]
}

/** `tcp_skb_mark_lost`: if it is neither lost nor SACKed already. */
export const skbMarkLost = (sk: TcpSocket, skb: number): void => {
  const { sacked } = sk.stack.skbs
  if ((sacked[skb] & (TCPCB_LOST | TCPCB_SACKED_ACKED)) !== 0) return
  verifyRetransmitHint(sk, skb)
  sk.lostOut += pcount(sk, skb)
  sacked[skb] |= TCPCB_LOST
}

/** `tcp_skb_mark_lost_uncond_verify`: the hint moves even if it is lost already. */
export const skbMarkLostUncondVerify = (sk: TcpSocket, skb: number): void => {
  verifyRetransmitHint(sk, skb)
  skbMarkLost(sk, skb)
}
