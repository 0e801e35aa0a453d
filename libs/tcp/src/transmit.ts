// Handing a segment to the device.
// Modelled: the fast clone, the copy that a segment needs whose clone is still in the device, the header, and what a
// segment says about cwnd, delayed ACKs and the receive window.
// source: net/ipv4/tcp_output.c:tcp_transmit_skb, tcp_event_ack_sent; net/core/skbuff.c:__pskb_copy
import {
  MAX_SKB_FRAGS,
  MAX_TCP_HEADER,
  NET_XMIT_SUCCESS,
  NO_SKB,
  SKB_ALLOC_RX,
  TCP_HEADER_BYTES,
  TCPHDR_SYN,
  TCPOLEN_TSTAMP_ALIGNED
} from "@swaplab/net-skb"
import { type Context, ENOBUFS } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { cwndRestart, enterCwr } from "./congestion.ts"
import { NO_ECN, TCP_ATO_MIN } from "./constants.ts"
import { ecnSend } from "./ecn.ts"
import { segments } from "./queue.ts"
import { selectWindow } from "./rcvbuf.ts"
import { writeSack } from "./sack.ts"
import { writeSynOptions } from "./syn-options.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_transmit_skb` of a queued segment. 0, a positive code (the device dropped it) or a negative errno. */
export const transmitSkb = (sk: TcpSocket, ctx: Context, skb: number, gfp: number): number => {
  const skbs = sk.stack.skbs
  // also when no copy can be had: the time of the last try
  skbs.when[skb] = sk.stack.sim.queue.now
  let out = skb
  if (skbs.twinBusy[skb] !== 0) {
    out = pskbCopy(sk, ctx, skb, gfp)
    if (out === NO_SKB) return -ENOBUFS
  } else {
    skbs.twinBusy[skb] = 1
    skbs.get(skb)
  }
  const len = skbs.len[skb]
  if (skbs.endSeq[skb] > sk.sndNxt) sk.outSegs += Math.max(1, segments(len, sk.mss))
  if (len > 0) {
    const now = sk.stack.sim.queue.now
    if (sk.packetsOut === 0 && sk.lsndtime > 0 && now - sk.lsndtime > sk.rto && restartsIdle(sk)) {
      cwndRestart(sk, now - sk.lsndtime)
    }
    sk.lsndtime = now
    // a reply within the delay of an ACK: the conversation goes to and fro, so ACKs can ride on data
    if (now - sk.lrcvtime < sk.ato) sk.pingpong = true
    sk.dataSegmentsSent += segments(len, sk.mss)
  }
  return queueXmit(sk, ctx, out, skbs.seq[skb], len, skbs.flags[skb])
}

const restartsIdle = (sk: TcpSocket): boolean => sk.stack.sysctls["net.ipv4.tcp_slow_start_after_idle"] === 1

/** A copy of a segment whose clone is still in the device: new head and linear part, shared fragments. */
const pskbCopy = (sk: TcpSocket, ctx: Context, skb: number, gfp: number): number => {
  const skbs = sk.stack.skbs
  const copy = skbs.tryAllocSkb(
    ctx,
    skbs.headLen[skb] + MAX_TCP_HEADER,
    gfp,
    skbs.pfmemalloc[skb] !== 0 ? SKB_ALLOC_RX : 0
  )
  if (copy < 0) return NO_SKB
  for (let i = 0; i < skbs.nrFrags[skb]; i++) {
    const page = skbs.fragPage[skb * MAX_SKB_FRAGS + i]
    skbs.pages.get(page)
    skbs.fillPageDesc(copy, page, skbs.fragLen[skb * MAX_SKB_FRAGS + i])
  }
  skbs.truesize[copy] += skbs.len[skb] - skbs.headLen[skb]
  skbs.len[copy] = skbs.len[skb]
  skbs.headLen[copy] = skbs.headLen[skb]
  return copy
}

/** IP and TCP header without SACK (tcp_header_len). */
const headerBytes = (sk: TcpSocket): number => sk.tsOk ? TCP_HEADER_BYTES : TCP_HEADER_BYTES - TCPOLEN_TSTAMP_ALIGNED

/** Fills the header in and hands the skb to the device. */
export const queueXmit = (
  sk: TcpSocket,
  ctx: Context,
  skb: number,
  seq: number,
  len: number,
  flags: number
): number => {
  const stack = sk.stack
  const tx = stack.tx
  assert(stack.device !== null, "no network device is plugged in")
  tx.dst = sk.peerHost
  tx.sport = sk.port
  tx.port = sk.peerPort
  tx.seq = seq
  tx.ack = sk.rcvNxt
  tx.wnd = (flags & TCPHDR_SYN) !== 0 ? Math.min(sk.rcvWnd, 65_535) : selectWindow(sk)
  tx.flags = sk.ecnFlags !== NO_ECN && (flags & TCPHDR_SYN) === 0 ? flags | ecnSend(sk, seq, len) : flags
  tx.len = len
  tx.mss = sk.mss
  const stamps = (flags & TCPHDR_SYN) !== 0 || sk.tsOk
  tx.tsval = stamps ? sk.stack.sim.queue.now : 0
  tx.tsecr = stamps ? sk.tsRecent : 0
  tx.headerBytes = (flags & TCPHDR_SYN) !== 0 ? writeSynOptions(sk, flags) : headerBytes(sk) + writeSack(sk)
  eventAckSent(sk)
  sk.wmemAlloc += stack.skbs.truesize[skb]
  const result = stack.device.transmit(ctx, skb)
  if (result !== NET_XMIT_SUCCESS) enterCwr(sk, true)
  return result
}

/** `tcp_event_ack_sent`: a segment with the ACK flag leaves. */
const eventAckSent = (sk: TcpSocket): void => {
  if (sk.quick > 0 && --sk.quick === 0) sk.ato = TCP_ATO_MIN
  sk.ackScheduled = false
  sk.ackBlocked = false
  sk.ackPushed = false
  sk.ackPushed2 = false
  sk.delackTimer.cancel()
}
