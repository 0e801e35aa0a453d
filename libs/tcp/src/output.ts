// Sending segments.
// Modelled: tcp_write_xmit with its tests (cwnd, window, Nagle and MSG_MORE, TSO deferral, small queues), splitting of skbs
// with the allocation it takes, the fast clone, retransmission, ACKs and their allocation.
// Not modelled: pskb_expand_head of a clone that is still in the device when it is split; collapsing of small segments on
// retransmission; sk_allocation in tcp_push_one (the atomic mask is used there too: an allocation that would sleep is left
// to the next push).
// source: net/ipv4/tcp_output.c
import {
  MAX_SKB_FRAGS,
  MAX_TCP_HEADER,
  NET_XMIT_SUCCESS,
  NO_SKB,
  SKB_ALLOC_FCLONE,
  SKB_ALLOC_RX,
  TCP_HEADER_BYTES,
  TCPHDR_ACK,
  TCPHDR_FIN,
  TCPHDR_PSH,
  TCPHDR_RST
} from "@swaplab/net-skb"
import { type Context, GFP_ATOMIC } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { eventAckSent } from "./ack.ts"
import { cwndRestart, enterCwr, inFlight } from "./congestion.ts"
import {
  CA_OPEN,
  EAGAIN,
  ENOBUFS,
  ENOMEM,
  NAGLE_CORK,
  NAGLE_PUSH,
  TCP_ATO_MIN,
  TCP_DELACK_MAX,
  TCP_LIMIT_OUTPUT_BYTES,
  TCP_TSO_WIN_DIVISOR,
  TCPCB_EVER_RETRANS,
  TCPCB_LOST,
  TCPCB_RETRANS,
  TIME_NONE,
  TIME_PROBE0,
  TIME_RETRANS,
  TSO_MAX_BYTES
} from "./constants.ts"
import { segments } from "./queue.ts"
import { selectWindow } from "./rcvbuf.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** Arms the write timer for `what`, `delay` from now, rounded to ticks. */
export const resetWriteTimer = (sk: TcpSocket, what: number, delay: number): void => {
  const sim = sk.stack.sim
  sk.writePending = what
  sk.writeTimer.armAt(sim.queue.now + sim.jiffies(delay))
}

/** `tcp_rearm_rto`. */
export const rearmRto = (sk: TcpSocket): void => {
  if (sk.packetsOut === 0) {
    if (sk.writePending === TIME_RETRANS) {
      sk.writePending = TIME_NONE
      sk.writeTimer.cancel()
    }
  } else {
    resetWriteTimer(sk, TIME_RETRANS, sk.rto)
  }
}

/** `sk_stream_alloc_skb` without sleeping: a segment with `size` linear bytes, or NO_SKB, or WOULD_SLEEP. */
export const tryStreamAllocSkb = (sk: TcpSocket, ctx: Context, size: number, gfp: number): number => {
  const skbs = sk.stack.skbs
  const skb = skbs.tryAllocSkb(ctx, ((size + 3) & ~3) + MAX_TCP_HEADER, gfp, SKB_ALLOC_FCLONE)
  if (skb >= 0) return chargeStreamSkb(sk, ctx, skb)
  if (skb === NO_SKB) streamAllocFailed(sk)
  return skb
}

/** Second half of `sk_stream_alloc_skb`: does the protocol grant the memory? */
export const chargeStreamSkb = (sk: TcpSocket, ctx: Context, skb: number): number => {
  if (sk.wmemSchedule(sk.stack.skbs.truesize[skb])) return skb
  sk.stack.skbs.kfree(ctx, skb)
  return NO_SKB
}

/** The reaction to a failed skb or page: memory pressure for the protocol, and a smaller send buffer. */
export const streamAllocFailed = (sk: TcpSocket): void => {
  sk.txFailures++
  sk.memory.enterPressure()
  sk.moderateSndbuf()
}

/** Appends a new segment to the write queue (skb_entail). */
export const entail = (sk: TcpSocket, skb: number): void => {
  const skbs = sk.stack.skbs
  skbs.seq[skb] = sk.writeSeq
  skbs.endSeq[skb] = sk.writeSeq
  skbs.flags[skb] = TCPHDR_ACK
  skbs.next[skb] = NO_SKB
  if (sk.writeTail === NO_SKB) sk.writeHead = skb
  else skbs.next[sk.writeTail] = skb
  sk.writeTail = skb
  if (sk.sendHead === NO_SKB) sk.sendHead = skb
  const truesize = skbs.truesize[skb]
  sk.wmemQueued += truesize
  sk.memCharge(truesize)
}

/** `tcp_transmit_skb` of a queued segment. 0, a positive code (the device dropped it) or a negative errno. */
export const transmitSkb = (sk: TcpSocket, ctx: Context, skb: number, gfp: number): number => {
  const skbs = sk.stack.skbs
  let out = skb
  if (skbs.twinBusy[skb] !== 0) {
    out = pskbCopy(sk, ctx, skb, gfp)
    if (out === NO_SKB) return -ENOBUFS
  } else {
    skbs.twinBusy[skb] = 1
    skbs.get(skb)
  }
  skbs.when[skb] = sk.stack.sim.queue.now
  const len = skbs.len[skb]
  if (len > 0) {
    const now = sk.stack.sim.queue.now
    if (sk.packetsOut === 0 && sk.lsndtime > 0 && now - sk.lsndtime > sk.rto) cwndRestart(sk, now - sk.lsndtime)
    sk.lsndtime = now
    // a reply within the delay of an ACK: the conversation goes to and fro, so ACKs can ride on data
    if (now - sk.lrcvtime < sk.ato) sk.pingpong = true
    sk.dataSegmentsSent += segments(len, sk.mss)
  }
  return queueXmit(sk, ctx, out, skbs.seq[skb], len, skbs.flags[skb])
}

/** A copy of a segment whose clone is still in the device: new head and linear part, shared fragments. */
const pskbCopy = (sk: TcpSocket, ctx: Context, skb: number, gfp: number): number => {
  const skbs = sk.stack.skbs
  const copy = skbs.tryAllocSkb(ctx, skbs.headRoom[skb], gfp, skbs.pfmemalloc[skb] !== 0 ? SKB_ALLOC_RX : 0)
  if (copy < 0) return NO_SKB
  for (let i = 0; i < skbs.nrFrags[skb]; i++) {
    const page = skbs.fragPage[skb * MAX_SKB_FRAGS + i]
    skbs.pages.get(page)
    skbs.fillPageDesc(copy, page, skbs.fragLen[skb * MAX_SKB_FRAGS + i])
  }
  skbs.len[copy] = skbs.len[skb]
  skbs.headLen[copy] = skbs.headLen[skb]
  return copy
}

/** Fills the header in and hands the skb to the device. */
const queueXmit = (sk: TcpSocket, ctx: Context, skb: number, seq: number, len: number, flags: number): number => {
  const stack = sk.stack
  const tx = stack.tx
  assert(stack.device !== null, "no network device is plugged in")
  tx.dst = sk.peerHost
  tx.sport = sk.port
  tx.port = sk.peerPort
  tx.seq = seq
  tx.ack = sk.rcvNxt
  tx.wnd = selectWindow(sk)
  tx.flags = flags
  tx.len = len
  tx.mss = sk.mss
  tx.tsval = sk.stack.sim.queue.now
  tx.tsecr = sk.tsRecent
  eventAckSent(sk)
  sk.wmemAlloc += stack.skbs.truesize[skb]
  const result = stack.device.transmit(ctx, skb)
  if (result !== NET_XMIT_SUCCESS) enterCwr(sk)
  return result
}

/**
 * `tcp_write_xmit`: sends what cwnd, window and the tests allow. True when nothing is in flight although there is something
 * to send, so that the peer's window must be probed.
 */
export const writeXmit = (sk: TcpSocket, ctx: Context, nonagle: number, pushOne: boolean): boolean => {
  const skbs = sk.stack.skbs
  const mss = sk.mss
  while (sk.sendHead !== NO_SKB) {
    const skb = sk.sendHead
    const len = skbs.len[skb]
    const quota = sk.cwnd - inFlight(sk)
    if (quota <= 0 && (len > 0 || (skbs.flags[skb] & TCPHDR_FIN) === 0)) break
    const windowEnd = sk.sndUna + sk.sndWnd
    const first = len > mss ? skbs.seq[skb] + mss : skbs.endSeq[skb]
    if (first > windowEnd) break
    let limit = mss
    if (len <= mss) {
      const nag = skb === sk.writeTail ? nonagle : NAGLE_PUSH
      if (!nagleTest(sk, skb, nag)) break
    } else {
      if (!pushOne && tsoShouldDefer(sk, skb, windowEnd)) break
      limit = splitPoint(sk, skb, windowEnd, quota)
    }
    if (sk.stack.switches.tsq && sk.wmemAlloc >= TCP_LIMIT_OUTPUT_BYTES) {
      sk.tsqThrottled = true
      break
    }
    if (len > limit && !fragment(sk, ctx, skb, limit, sk.gfpAtomic())) break
    if (transmitSkb(sk, ctx, skb, sk.gfpAtomic()) !== 0) {
      sk.txFailures++
      break
    }
    eventNewDataSent(sk, skb)
    if (pushOne) break
  }
  return sk.packetsOut === 0 && sk.sendHead !== NO_SKB
}

/** `tcp_event_new_data_sent`. */
const eventNewDataSent = (sk: TcpSocket, skb: number): void => {
  const skbs = sk.stack.skbs
  const before = sk.packetsOut
  sk.sendHead = skbs.next[skb]
  sk.sndNxt = skbs.endSeq[skb]
  sk.packetsOut += segments(skbs.len[skb], sk.mss)
  if (before === 0) rearmRto(sk)
}

const nagleTest = (sk: TcpSocket, skb: number, nonagle: number): boolean => {
  const skbs = sk.stack.skbs
  if ((nonagle & NAGLE_PUSH) !== 0 || (skbs.flags[skb] & TCPHDR_FIN) !== 0 || skbs.len[skb] >= sk.mss) return true
  return (nonagle & NAGLE_CORK) === 0 && (nonagle !== 0 || sk.packetsOut === 0)
}

/** `tcp_tso_should_defer`: wait up to two ticks for a larger burst. */
const tsoShouldDefer = (sk: TcpSocket, skb: number, windowEnd: number): boolean => {
  if (deferring(sk, skb, windowEnd)) return true
  sk.tsoDeferred = -1
  return false
}

const deferring = (sk: TcpSocket, skb: number, windowEnd: number): boolean => {
  const skbs = sk.stack.skbs
  if ((skbs.flags[skb] & TCPHDR_FIN) !== 0 || sk.caState !== CA_OPEN) return false
  const limit = Math.min(windowEnd - skbs.seq[skb], (sk.cwnd - inFlight(sk)) * sk.mss)
  if (limit >= TSO_MAX_BYTES) return false
  if (skb !== sk.writeTail && limit >= skbs.len[skb]) return false
  if (limit >= Math.floor(Math.min(sk.sndWnd, sk.cwnd * sk.mss) / TCP_TSO_WIN_DIVISOR)) return false
  const sim = sk.stack.sim
  const jiffies = Math.floor(sim.queue.now / sim.tickNs)
  if (sk.tsoDeferred >= 0 && jiffies - sk.tsoDeferred > 1) return false
  if (sk.tsoDeferred < 0) sk.tsoDeferred = jiffies
  return true
}

/** `tcp_mss_split_point`: how much of a long segment may go now. */
const splitPoint = (sk: TcpSocket, skb: number, windowEnd: number, quota: number): number => {
  const skbs = sk.stack.skbs
  const window = windowEnd - skbs.seq[skb]
  const cwndLen = sk.mss * quota
  if (cwndLen <= window && skb !== sk.writeTail) return cwndLen
  const needed = Math.min(skbs.len[skb], window)
  if (cwndLen <= needed) return cwndLen
  return needed - (needed % sk.mss)
}

/** `tcp_fragment`: cuts a queued segment after `len` bytes. False when there is no memory for the second half. */
export const fragment = (sk: TcpSocket, ctx: Context, skb: number, len: number, gfp: number): boolean => {
  const skbs = sk.stack.skbs
  assert(len > 0 && len < skbs.len[skb], "cutting a segment where there is nothing to cut")
  const linear = Math.max(skbs.headLen[skb] - len, 0)
  const buff = tryStreamAllocSkb(sk, ctx, linear, gfp)
  if (buff < 0) return false
  const wasOut = segments(skbs.len[skb], sk.mss)
  const sent = sk.sendHead === NO_SKB || skbs.seq[skb] < skbs.seq[sk.sendHead]
  const truesize = skbs.truesize[buff]
  sk.wmemQueued += truesize
  sk.memCharge(truesize)
  const rest = skbs.len[skb] - len
  // the memory of the fragments moves with them
  const moved = rest - linear
  skbs.truesize[buff] += moved
  skbs.truesize[skb] -= moved
  splitFragments(sk, skb, buff, len)
  skbs.len[buff] = rest
  skbs.headLen[buff] = linear
  skbs.len[skb] = len
  if (linear > 0) skbs.headLen[skb] = len
  skbs.seq[buff] = skbs.seq[skb] + len
  skbs.endSeq[buff] = skbs.endSeq[skb]
  skbs.endSeq[skb] = skbs.seq[buff]
  skbs.flags[buff] = skbs.flags[skb]
  skbs.flags[skb] &= ~(TCPHDR_FIN | TCPHDR_PSH)
  skbs.sacked[buff] = skbs.sacked[skb]
  skbs.when[buff] = skbs.when[skb]
  if (skbs.pfmemalloc[skb] !== 0) skbs.pfmemalloc[buff] = 1
  skbs.next[buff] = skbs.next[skb]
  skbs.next[skb] = buff
  if (sk.writeTail === skb) sk.writeTail = buff
  if (sent) {
    const change = segments(len, sk.mss) + segments(rest, sk.mss) - wasOut
    sk.packetsOut += change
    if ((skbs.sacked[skb] & TCPCB_LOST) !== 0) sk.lostOut += change
    if ((skbs.sacked[skb] & TCPCB_RETRANS) !== 0) sk.retransOut += change
  }
  return true
}

/** `skb_split`: moves the fragments behind `len` bytes to `buff`; one that straddles the cut is shared. */
const splitFragments = (sk: TcpSocket, skb: number, buff: number, len: number): void => {
  const skbs = sk.stack.skbs
  const first = skb * MAX_SKB_FRAGS
  const frags = skbs.nrFrags[skb]
  let at = skbs.headLen[skb]
  let kept = 0
  for (let i = 0; i < frags; i++) {
    const page = skbs.fragPage[first + i]
    const bytes = skbs.fragLen[first + i]
    if (at + bytes <= len) {
      kept++
    } else if (at >= len) {
      skbs.fillPageDesc(buff, page, bytes)
    } else {
      skbs.pages.get(page)
      skbs.fillPageDesc(buff, page, at + bytes - len)
      skbs.fragLen[first + i] = len - at
      kept++
    }
    at += bytes
  }
  skbs.nrFrags[skb] = kept
}

/** `__tcp_push_pending_frames`. */
export const pushPendingFrames = (sk: TcpSocket, ctx: Context, nonagle: number): void => {
  if (sk.sendHead === NO_SKB || sk.error !== 0) return
  if (writeXmit(sk, ctx, nonagle, false) && sk.writePending === TIME_NONE) {
    // tcp_check_probe_timer: nothing in flight will bring an ACK, so ask for one
    resetWriteTimer(sk, TIME_PROBE0, sk.rto)
  }
}

/** `tcp_retransmit_skb`: one segment again. 0, a positive code or a negative errno. */
export const retransmitSkb = (sk: TcpSocket, ctx: Context, skb: number): number => {
  const skbs = sk.stack.skbs
  // what is still below the stack has not been lost yet
  if (sk.wmemAlloc > Math.min(sk.wmemQueued + (sk.wmemQueued >> 2), sk.sndbuf)) return -EAGAIN
  if (skbs.seq[skb] >= sk.sndUna + sk.sndWnd && skbs.seq[skb] !== sk.sndUna) return -EAGAIN
  if (skbs.len[skb] > sk.mss && !fragment(sk, ctx, skb, sk.mss, GFP_ATOMIC)) return -ENOMEM
  const result = transmitSkb(sk, ctx, skb, GFP_ATOMIC)
  if (result !== 0) {
    sk.txFailures++
    return result
  }
  sk.retransmitted++
  if ((skbs.sacked[skb] & TCPCB_RETRANS) === 0) {
    skbs.sacked[skb] |= TCPCB_RETRANS | TCPCB_EVER_RETRANS
    sk.retransOut += segments(skbs.len[skb], sk.mss)
  }
  if (sk.retransStamp < 0) sk.retransStamp = skbs.when[skb]
  return 0
}

/** `tcp_xmit_retransmit_queue`: the lost segments again, as far as cwnd allows. */
export const xmitRetransmitQueue = (sk: TcpSocket, ctx: Context): void => {
  const skbs = sk.stack.skbs
  for (let skb = sk.writeHead; skb !== NO_SKB && skb !== sk.sendHead; skb = skbs.next[skb]) {
    if (inFlight(sk) >= sk.cwnd) return
    if ((skbs.sacked[skb] & (TCPCB_LOST | TCPCB_RETRANS)) !== TCPCB_LOST) continue
    if (retransmitSkb(sk, ctx, skb) !== 0) return
    if (skb === sk.writeHead) resetWriteTimer(sk, TIME_RETRANS, sk.rto)
  }
}

/** `tcp_send_ack`: a head and a kmalloc-1024. Without memory the delayed-ACK timer tries again. */
export const sendAck = (sk: TcpSocket, ctx: Context): void => {
  if (sk.error !== 0) return
  const skb = sk.stack.skbs.tryAllocSkb(ctx, MAX_TCP_HEADER, sk.gfpAtomic(), 0)
  if (skb < 0) {
    sk.ackFailures++
    sk.ackScheduled = true
    sk.ato = TCP_ATO_MIN
    const sim = sk.stack.sim
    sk.delackTimer.armAt(sim.queue.now + sim.jiffies(TCP_DELACK_MAX))
    return
  }
  sk.acksSent++
  queueXmit(sk, ctx, skb, sk.sndNxt, 0, TCPHDR_ACK)
}

/** `tcp_xmit_probe_skb`: an old sequence number, which the peer must answer. 0 or −1 without memory. */
export const xmitProbeSkb = (sk: TcpSocket, ctx: Context): number => {
  const skb = sk.stack.skbs.tryAllocSkb(ctx, MAX_TCP_HEADER, sk.gfpAtomic(), 0)
  if (skb < 0) return -1
  return queueXmit(sk, ctx, skb, sk.sndUna - 1, 0, TCPHDR_ACK)
}

/** `tcp_write_wakeup`: a window probe; carries data when the window has opened. */
export const writeWakeup = (sk: TcpSocket, ctx: Context): number => {
  const skbs = sk.stack.skbs
  const skb = sk.sendHead
  const windowEnd = sk.sndUna + sk.sndWnd
  if (skb === NO_SKB || skbs.seq[skb] >= windowEnd) return xmitProbeSkb(sk, ctx)
  const size = Math.min(windowEnd - skbs.seq[skb], sk.mss)
  if (skbs.len[skb] > size && !fragment(sk, ctx, skb, size, GFP_ATOMIC)) return -1
  skbs.flags[skb] |= TCPHDR_PSH
  const result = transmitSkb(sk, ctx, skb, GFP_ATOMIC)
  if (result === 0) eventNewDataSent(sk, skb)
  return result
}

/** `tcp_send_fin`: on the last unsent segment, or as one of its own; without memory the write timer tries again. */
export const sendFin = (sk: TcpSocket, ctx: Context): void => {
  const skbs = sk.stack.skbs
  if (sk.sendHead !== NO_SKB && sk.writeTail !== NO_SKB) {
    skbs.flags[sk.writeTail] |= TCPHDR_FIN
    skbs.endSeq[sk.writeTail]++
  } else {
    const skb = tryStreamAllocSkb(sk, ctx, 0, GFP_ATOMIC)
    if (skb < 0) {
      sk.finPending = true
      if (sk.writePending === TIME_NONE) resetWriteTimer(sk, TIME_PROBE0, sk.rto)
      return
    }
    entail(sk, skb)
    skbs.flags[skb] |= TCPHDR_FIN
    skbs.endSeq[skb]++
  }
  sk.finPending = false
  sk.writeSeq++
  pushPendingFrames(sk, ctx, NAGLE_PUSH)
}

/** A reset, from no memory of its own. */
export const sendReset = (sk: TcpSocket): void => {
  const packets = sk.stack.packets
  const frame = packets.alloc()
  packets.bytes[frame] = TCP_HEADER_BYTES
  packets.proto[frame] = sk.stack.tx.proto
  packets.src[frame] = sk.stack.host
  packets.dst[frame] = sk.peerHost
  packets.sport[frame] = sk.port
  packets.port[frame] = sk.peerPort
  packets.seq[frame] = sk.sndNxt
  packets.ack[frame] = sk.rcvNxt
  packets.wnd[frame] = 0
  packets.len[frame] = 0
  packets.flags[frame] = TCPHDR_RST | TCPHDR_ACK
  assert(sk.stack.device !== null, "no network device is plugged in")
  sk.stack.device.transmitFrame(frame)
}
