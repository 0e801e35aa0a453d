// The acknowledgements of the peer: what they free, what they reveal as lost, what they allow.
// Modelled: tcp_ack with clean-up of the write queue, NewReno fast retransmit and recovery, the window, waking of senders.
// Not modelled: SACK, D-SACK, FRTO, undo of spurious recoveries; the copy of the head that tcp_trim_head takes while a clone
// is in the device (fragments are released a few µs early instead).
// source: net/ipv4/tcp_input.c:tcp_ack, tcp_clean_rtx_queue, tcp_fastretrans_alert, tcp_check_space
import { MAX_SKB_FRAGS, NO_SKB } from "@swaplab/net-skb"
import { type Context, GFP_ATOMIC } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { congAvoid, inFlight, renoSsthresh, rttEstimator } from "./congestion.ts"
import {
  CA_OPEN,
  CA_RECOVERY,
  TCP_FASTRETRANS_THRESH,
  TCP_RTO_MAX,
  TCPCB_LOST,
  TCPCB_RETRANS,
  TIME_NONE,
  TIME_PROBE0
} from "./constants.ts"
import { segments, wmemFreeSkb } from "./queue.ts"
import { rearmRto, resetWriteTimer, retransmitSkb, xmitRetransmitQueue } from "./retransmit.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { fragment } from "./write-queue.ts"

/** `tcp_ack`. */
export const tcpAck = (sk: TcpSocket, ctx: Context, ack: number, frame: number, hasData: boolean): void => {
  const window = sk.stack.packets.wnd[frame]
  const before = sk.sndUna
  const flightBefore = inFlight(sk)
  const advanced = ack > before
  const windowUpdate = window !== sk.sndWnd
  sk.sndWnd = window
  sk.maxWindow = Math.max(sk.maxWindow, window)
  sk.sndUna = ack
  sk.probesOut = 0
  sk.rcvTstamp = sk.stack.sim.queue.now
  if (advanced) {
    sk.retransmits = 0
    sk.bytesAcked += ack - before
  }
  if (sk.packetsOut === 0) {
    ackProbe(sk)
    return
  }
  const acked = advanced ? cleanRtxQueue(sk, ctx, ack, sk.stack.packets.tsecr[frame]) : 0
  const duplicate = !advanced && !windowUpdate && !hasData
  if (sk.caState === CA_OPEN) {
    if (duplicate) {
      if (sk.sackedOut < sk.packetsOut) sk.sackedOut++
      if (sk.sackedOut >= TCP_FASTRETRANS_THRESH) enterRecovery(sk, ctx)
    } else if (advanced) {
      sk.sackedOut = 0
      congAvoid(sk, flightBefore)
    }
  } else if (sk.caState === CA_RECOVERY) {
    inRecovery(sk, ctx, acked, duplicate)
  } else {
    if (advanced && sk.sndUna >= sk.highSeq) sk.caState = CA_OPEN
    if (advanced) congAvoid(sk, flightBefore)
    if (sk.lostOut > sk.retransOut) xmitRetransmitQueue(sk, ctx)
  }
}

/** Three duplicate ACKs: cut the window, send the first segment again. */
const enterRecovery = (sk: TcpSocket, ctx: Context): void => {
  sk.fastRetransmits++
  sk.ssthresh = renoSsthresh(sk)
  sk.cwnd = sk.ssthresh
  sk.cwndCnt = 0
  sk.highSeq = sk.sndNxt
  sk.caState = CA_RECOVERY
  retransmitHead(sk, ctx)
}

/** NewReno: each partial ACK shows one more hole. */
const inRecovery = (sk: TcpSocket, ctx: Context, acked: number, duplicate: boolean): void => {
  if (acked > 0) {
    // tcp_remove_reno_sacks: one of the acknowledged segments was the hole, the others had raised duplicate ACKs
    sk.sackedOut = Math.max(0, sk.sackedOut - (acked - 1))
    if (sk.sndUna > sk.highSeq || sk.packetsOut === 0) {
      sk.caState = CA_OPEN
      sk.sackedOut = 0
      sk.cwnd = sk.ssthresh
      return
    }
    // up to highSeq everything is there; only duplicates of an earlier window may still come
    if (sk.sndUna === sk.highSeq) return
    retransmitHead(sk, ctx)
  } else if (duplicate && sk.sackedOut < sk.packetsOut - sk.lostOut) {
    sk.sackedOut++
  }
  if (sk.lostOut > sk.retransOut) xmitRetransmitQueue(sk, ctx)
}

/** Marks the first segment lost and sends it again. */
const retransmitHead = (sk: TcpSocket, ctx: Context): void => {
  const skbs = sk.stack.skbs
  const skb = sk.writeHead
  assert((skbs.sacked[skb] & (TCPCB_LOST | TCPCB_RETRANS)) === 0, "a recovery finds its hole marked already")
  if (skbs.len[skb] > sk.mss && !fragment(sk, ctx, skb, sk.mss, GFP_ATOMIC)) return
  skbs.sacked[skb] |= TCPCB_LOST
  sk.lostOut++
  limitSacked(sk)
  if (retransmitSkb(sk, ctx, skb) === 0) rearmRto(sk)
}

/** `tcp_clean_rtx_queue`: frees what is acknowledged. Returns the number of segments. */
const cleanRtxQueue = (sk: TcpSocket, ctx: Context, ack: number, echo: number): number => {
  const skbs = sk.stack.skbs
  let acked = 0
  while (sk.writeHead !== NO_SKB && sk.writeHead !== sk.sendHead) {
    const skb = sk.writeHead
    const count = segments(skbs.len[skb], sk.mss)
    const sacked = skbs.sacked[skb]
    if (skbs.endSeq[skb] > ack) {
      if (count > 1 && ack > skbs.seq[skb]) {
        const gone = trimHead(sk, ctx, skb, ack - skbs.seq[skb], count)
        acked += gone
        uncount(sk, sacked, gone)
      }
      break
    }
    acked += count
    uncount(sk, sacked, count)
    sk.writeHead = skbs.next[skb]
    if (sk.writeHead === NO_SKB) sk.writeTail = NO_SKB
    skbs.next[skb] = NO_SKB
    wmemFreeSkb(sk, ctx, skb)
  }
  if (acked > 0) {
    sk.retransStamp = -1
    // tcp_ack_saw_tstamp: also right for segments that were sent more than once
    rttEstimator(sk, sk.stack.sim.queue.now - echo)
    rearmRto(sk)
    limitSacked(sk)
  }
  return acked
}

/** `tcp_limit_reno_sacked`: no more duplicates than segments that can have raised them. */
const limitSacked = (sk: TcpSocket): void => {
  sk.sackedOut = Math.min(sk.sackedOut, sk.packetsOut - sk.lostOut)
}

const uncount = (sk: TcpSocket, sacked: number, count: number): void => {
  sk.packetsOut -= count
  if ((sacked & TCPCB_LOST) !== 0) sk.lostOut -= count
  if ((sacked & TCPCB_RETRANS) !== 0) sk.retransOut -= count
}

/** `tcp_trim_head`: the first `bytes` of a long segment are acknowledged. Returns how many segments that were. */
const trimHead = (sk: TcpSocket, ctx: Context, skb: number, bytes: number, count: number): number => {
  const skbs = sk.stack.skbs
  let left = bytes
  const linear = Math.min(skbs.headLen[skb], left)
  skbs.headLen[skb] -= linear
  left -= linear
  const first = skb * MAX_SKB_FRAGS
  const frags = skbs.nrFrags[skb]
  let kept = 0
  for (let i = 0; i < frags; i++) {
    const page = skbs.fragPage[first + i]
    const size = skbs.fragLen[first + i]
    if (left >= size) {
      left -= size
      skbs.pages.put(ctx, page)
      continue
    }
    skbs.fragPage[first + kept] = page
    skbs.fragLen[first + kept] = size - left
    left = 0
    kept++
  }
  skbs.nrFrags[skb] = kept
  skbs.seq[skb] += bytes
  skbs.len[skb] -= bytes
  // the linear part stays allocated but is no longer charged, as in Linux
  skbs.truesize[skb] -= bytes
  sk.queueShrunk = true
  sk.wmemQueued -= bytes
  sk.memUncharge(bytes)
  return count - segments(skbs.len[skb], sk.mss)
}

/** `tcp_ack_probe`: does an ACK with nothing in flight open the window? */
const ackProbe = (sk: TcpSocket): void => {
  const skb = sk.sendHead
  if (skb === NO_SKB) return
  const skbs = sk.stack.skbs
  const end = Math.min(skbs.endSeq[skb], skbs.seq[skb] + sk.mss)
  if (end <= sk.sndUna + sk.sndWnd) {
    sk.backoff = 0
    if (sk.writePending === TIME_PROBE0) {
      sk.writePending = TIME_NONE
      sk.writeTimer.cancel()
    }
  } else {
    resetWriteTimer(sk, TIME_PROBE0, Math.min(sk.rto * 2 ** sk.backoff, TCP_RTO_MAX))
  }
}

/** `tcp_check_space`: wakes senders when a third of the buffer is free; the buffer grows with cwnd. */
export const checkSpace = (sk: TcpSocket): void => {
  if (!sk.queueShrunk) return
  sk.queueShrunk = false
  if (!sk.noSpace) return
  if (
    !sk.fixedSndbuf && !sk.memory.pressure && sk.memory.allocated < sk.memory.limit[0] && sk.packetsOut < sk.cwnd
  ) {
    // 2308 bytes of truesize for each segment, for twice the window
    const wanted = 2308 * 2 * Math.max(sk.cwnd, 4)
    if (wanted > sk.sndbuf) sk.sndbuf = Math.min(wanted, sk.wmemMax)
  }
  if (sk.sndbuf - sk.wmemQueued >= sk.wmemQueued >> 1) {
    sk.noSpace = false
    sk.sendSpace.wakeAll()
  }
}
