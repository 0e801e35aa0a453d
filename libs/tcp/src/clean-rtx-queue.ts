// What is acknowledged goes: the segments, their tags in the counts, and what the round trip shows.
// Modelled: an skb of several segments of which some are acknowledged is cut; a segment that was never sent again and was not
// SACKed, below what was SACKed, came late: reordering.
// Not modelled: the copy of the head that tcp_trim_head takes while a clone is in the device (fragments are released a few µs
// early instead).
// source: net/ipv4/tcp_input.c:tcp_clean_rtx_queue, tcp_tso_acked
import { NO_SKB, TCPHDR_SYN } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import {
  FLAG_ACKED,
  FLAG_DATA_ACKED,
  FLAG_NONHEAD_RETRANS_ACKED,
  FLAG_RETRANS_DATA_ACKED,
  FLAG_SACK_RENEGING,
  FLAG_SYN_ACKED
} from "./ack-flags.ts"
import { TCPCB_LOST, TCPCB_RETRANS, TCPCB_SACKED_ACKED, TCPCB_SACKED_RETRANS } from "./constants.ts"
import { wmemFreeSkb } from "./queue.ts"
import { removeRenoSacks, updateReordering } from "./reordering.ts"
import { rearmRto } from "./retransmit.ts"
import { ticks, validRttMeas } from "./rtt.ts"
import { isFack, pcount } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { trimHead } from "./write-queue.ts"

/** `tcp_clean_rtx_queue`, up to sndUna; `echo` is the time stamp that the ACK echoes. Flags of the ACK. */
export const cleanRtxQueue = (sk: TcpSocket, ctx: Context, priorFackets: number, echo: number): number => {
  const { endSeq, flags, next, sacked: tags, seq, when } = sk.stack.skbs
  const priorSacked = sk.sackedOut
  let flag = 0
  let acked = 0
  let reord = sk.packetsOut
  // when the first and the last of them were sent; −1: they were sent more than once
  let firstNs = -1
  let lastNs = -1
  let partly = false
  while (!partly && sk.writeHead !== NO_SKB && sk.writeHead !== sk.sendHead) {
    const skb = sk.writeHead
    const sacked = tags[skb]
    let count = pcount(sk, skb)
    if (endSeq[skb] > sk.sndUna) {
      if (count === 1 || sk.sndUna <= seq[skb]) break
      trimHead(sk, ctx, skb, sk.sndUna - seq[skb])
      count -= pcount(sk, skb)
      if (count === 0) break
      partly = true
    }
    if (sacked === 0) {
      reord = Math.min(acked, reord)
      lastNs = when[skb]
      if (firstNs < 0) firstNs = lastNs
    } else {
      if ((sacked & TCPCB_RETRANS) !== 0) {
        if ((sacked & TCPCB_SACKED_RETRANS) !== 0) sk.retransOut -= count
        flag |= FLAG_RETRANS_DATA_ACKED
        firstNs = lastNs = -1
        if ((flag & FLAG_DATA_ACKED) !== 0 || count > 1) flag |= FLAG_NONHEAD_RETRANS_ACKED
      } else {
        lastNs = when[skb]
        if (firstNs < 0) firstNs = lastNs
        if ((sacked & TCPCB_SACKED_ACKED) === 0) reord = Math.min(acked, reord)
      }
      if ((sacked & TCPCB_SACKED_ACKED) !== 0) sk.sackedOut -= count
      if ((sacked & TCPCB_LOST) !== 0) sk.lostOut -= count
    }
    sk.packetsOut -= count
    acked += count
    if ((flags[skb] & TCPHDR_SYN) === 0) {
      flag |= FLAG_DATA_ACKED
    } else {
      flag |= FLAG_SYN_ACKED
      sk.retransStamp = -1
    }
    if (partly) break
    unlink(sk, ctx, skb, next[skb])
  }
  if (sk.writeHead !== NO_SKB && (tags[sk.writeHead] & TCPCB_SACKED_ACKED) !== 0) flag |= FLAG_SACK_RENEGING
  if ((flag & FLAG_ACKED) === 0) return flag
  // tcp_ack_update_rtt: a time stamp is also right for segments that were sent more than once
  const { now } = sk.stack.sim.queue
  if (echo !== 0) validRttMeas(sk, ticks(sk, now) - ticks(sk, echo))
  else if (firstNs >= 0 && (flag & FLAG_RETRANS_DATA_ACKED) === 0) validRttMeas(sk, ticks(sk, now) - ticks(sk, firstNs))
  rearmRto(sk)
  if (!sk.sackOk) {
    removeRenoSacks(sk, acked)
  } else {
    if (reord < priorFackets) updateReordering(sk, sk.facketsOut - reord, false)
    sk.lostCntHint -= Math.min(sk.lostCntHint, isFack(sk) ? acked : priorSacked - sk.sackedOut)
  }
  sk.facketsOut -= Math.min(acked, sk.facketsOut)
  sk.congestion.pktsAcked(sk, acked, (flag & FLAG_RETRANS_DATA_ACKED) !== 0 ? -1 : lastNs)
  return flag
}

/** `tcp_unlink_write_queue` of the head, and its end; hints to it end, too. */
const unlink = (sk: TcpSocket, ctx: Context, skb: number, next: number): void => {
  sk.writeHead = next
  if (next === NO_SKB) sk.writeTail = NO_SKB
  sk.scoreboardSkbHint = NO_SKB
  if (skb === sk.retransmitSkbHint) sk.retransmitSkbHint = NO_SKB
  if (skb === sk.lostSkbHint) sk.lostSkbHint = NO_SKB
  sk.stack.skbs.next[skb] = NO_SKB
  wmemFreeSkb(sk, ctx, skb)
}
