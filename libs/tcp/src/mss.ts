// How long a segment may be, and of how many segments an skb of the write queue consists.
// Modelled: the bound by the peer's window, half of the largest that it has ever offered, or all of it below 512 bytes. It changes
// when the peer offers a larger one than ever, so that a segment in flight may be longer than segments are by now: each skb
// remembers of how many segments it was sent, and how long they are (gso_segs, gso_size).
// Not modelled: path MTU discovery, and segments that are shorter because their header has SACK blocks (tcp_current_mss).
// What that costs: a segment that leaves with SACK blocks is up to 36 bytes longer than the link takes.
// source: net/ipv4/tcp_output.c:tcp_sync_mss, tcp_bound_to_half_wnd, tcp_set_skb_tso_segs, tcp_adjust_pcount
import { NO_SKB, TCPOLEN_TSTAMP_ALIGNED } from "@swaplab/net-skb"
import { TCPCB_LOST, TCPCB_SACKED_ACKED, TCPCB_SACKED_RETRANS } from "./constants.ts"
import { segments } from "./queue.ts"
import { highestSackSeq, isFack } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** Below this window there is no use in segments of half of it. */
const TINY_WINDOW = 512

/** Shortest segment of IPv4 without its IP header, and the TCP header without options. */
const LEAST_BYTES = 68
const TCP_HEADER = 20

/** `tcp_sync_mss`: segments as long as both ends and the peer's window let them be. */
export const syncMss = (sk: TcpSocket): void => {
  const cutoff = sk.maxWindow >= TINY_WINDOW ? sk.maxWindow >> 1 : sk.maxWindow
  const header = TCP_HEADER + (sk.tsOk ? TCPOLEN_TSTAMP_ALIGNED : 0)
  sk.mss = cutoff > 0 && sk.linkedMss > cutoff ? Math.max(cutoff, LEAST_BYTES - header) : sk.linkedMss
}

/** `tcp_set_skb_tso_segs`: the skb consists of segments of so many bytes, the last may be shorter. */
export const setTsoSegs = (sk: TcpSocket, skb: number, mss: number): void => {
  const { gsoSegs, gsoSize, len } = sk.stack.skbs
  const count = segments(len[skb], mss)
  gsoSegs[skb] = count
  gsoSize[skb] = count === 1 ? 0 : mss
}

/** `tcp_adjust_pcount`: an skb in flight consists of so many segments less than before it was cut. */
export const adjustPcount = (sk: TcpSocket, skb: number, less: number): void => {
  const { sacked, seq } = sk.stack.skbs
  const tags = sacked[skb]
  sk.packetsOut -= less
  if ((tags & TCPCB_SACKED_ACKED) !== 0) sk.sackedOut -= less
  if ((tags & TCPCB_SACKED_RETRANS) !== 0) sk.retransOut -= less
  if ((tags & TCPCB_LOST) !== 0) sk.lostOut -= less
  if (!sk.sackOk) {
    if (less > 0) sk.sackedOut -= Math.min(sk.sackedOut, less)
  } else if (sk.sackedOut > 0 && highestSackSeq(sk) > seq[skb]) {
    // tcp_adjust_fackets_out
    sk.facketsOut -= less
  }
  if (
    sk.lostSkbHint !== NO_SKB && seq[skb] < seq[sk.lostSkbHint] && (isFack(sk) || (tags & TCPCB_SACKED_ACKED) !== 0)
  ) sk.lostCntHint -= less
}
