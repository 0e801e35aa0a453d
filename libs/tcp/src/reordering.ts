// How far segments overtake each other on the way: what is missing may only be late.
// Modelled: the metric `reordering`, which begins at tcp_reordering (3) and grows with what is seen; with it FACK and early
// retransmit end, because they take the network to keep the order. Without SACK: repeated ACKs counted as segments that have
// arrived, and what follows when there are more of them than there can be.
// source: net/ipv4/tcp_input.c:tcp_update_reordering, tcp_check_reno_reordering, tcp_limit_reno_sacked, tcp_add_reno_sack,
// tcp_remove_reno_sacks
import { NO_SKB } from "@swaplab/net-skb"
import { TCP_MAX_REORDERING } from "./constants.ts"
import { isFack } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_disable_fack`. */
const disableFack = (sk: TcpSocket): void => {
  // without FACK marking counts otherwise
  if (isFack(sk)) sk.lostSkbHint = NO_SKB
  sk.fack = false
}

/** `tcp_update_reordering`: segments were seen `metric` apart from their order; `ts`: by their time stamps. */
export const updateReordering = (sk: TcpSocket, metric: number, ts: boolean): void => {
  if (metric > sk.reordering) {
    sk.reordering = Math.min(TCP_MAX_REORDERING, metric)
    if (ts) sk.mib.TCPTSReorder++
    else if (!sk.sackOk) sk.mib.TCPRenoReorder++
    else if (sk.fack) sk.mib.TCPFACKReorder++
    else sk.mib.TCPSACKReorder++
    disableFack(sk)
  }
  if (metric > 0) sk.doEarlyRetrans = false
}

/** `tcp_limit_reno_sacked`: no more repeated ACKs than segments that can have raised them. True: there were more. */
const limitRenoSacked = (sk: TcpSocket): boolean => {
  const holes = Math.min(Math.max(sk.lostOut, 1), sk.packetsOut)
  if (sk.sackedOut + holes <= sk.packetsOut) return false
  sk.sackedOut = sk.packetsOut - holes
  return true
}

/** `tcp_check_reno_reordering`. */
const checkRenoReordering = (sk: TcpSocket, addend: number): void => {
  if (limitRenoSacked(sk)) updateReordering(sk, sk.packetsOut + addend, false)
}

/** `tcp_add_reno_sack`: a repeated ACK. */
export const addRenoSack = (sk: TcpSocket): void => {
  sk.sackedOut++
  checkRenoReordering(sk, 0)
}

/** `tcp_remove_reno_sacks`: one of the acknowledged segments was the hole, the others had raised repeated ACKs. */
export const removeRenoSacks = (sk: TcpSocket, acked: number): void => {
  if (acked > 0) sk.sackedOut = Math.max(0, sk.sackedOut - (acked - 1))
  checkRenoReordering(sk, acked)
}
