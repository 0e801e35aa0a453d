// Sending new segments, and the FIN that ends them.
// Modelled: tcp_write_xmit with its tests: cwnd, window, Nagle and MSG_MORE, TSO deferral, small queues.
// Not modelled: sk_allocation in tcp_push_one (the atomic mask is used there too: an allocation that would sleep is left
// to the next push); tcp_send_fin's loop until there is memory (the write timer tries again instead).
// source: net/ipv4/tcp_output.c:tcp_write_xmit, __tcp_push_pending_frames, tcp_write_wakeup, tcp_send_fin
import { NO_SKB, TCPHDR_FIN, TCPHDR_PSH } from "@swaplab/net-skb"
import { type Context, GFP_ATOMIC } from "@swaplab/page-alloc"
import { cwndValidate } from "./congestion.ts"
import {
  CA_OPEN,
  CA_RECOVERY,
  GSO_MAX_BYTES,
  NAGLE_PUSH,
  TCP_MAX_TSO_DEFERRED,
  TIME_NONE,
  TIME_PROBE0
} from "./constants.ts"
import { xmitProbeSkb } from "./control.ts"
import { setTsoSegs } from "./mss.ts"
import { rearmRto, resetWriteTimer } from "./retransmit.ts"
import { inFlight, pcount } from "./scoreboard.ts"
import { cwndTest, nagleTest, sndWndTest } from "./snd-test.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { transmitSkb } from "./transmit.ts"
import { entail, fragment, tryStreamAllocSkb } from "./write-queue.ts"

/**
 * `tcp_write_xmit`: sends what cwnd, window and the tests allow. True when nothing is in flight although there is something
 * to send, so that the peer's window must be probed.
 */
export const writeXmit = (sk: TcpSocket, ctx: Context, nonagle: number, pushOne: boolean, gfp: number): boolean => {
  const skbs = sk.stack.skbs
  const mss = sk.mss
  let sent = 0
  while (sk.sendHead !== NO_SKB) {
    const skb = sk.sendHead
    const len = skbs.len[skb]
    const quota = cwndTest(sk, skb)
    if (quota === 0 || !sndWndTest(sk, skb)) break
    const windowEnd = sk.sndUna + sk.sndWnd
    let limit = mss
    if (len <= mss) {
      const nag = skb === sk.writeTail ? nonagle : NAGLE_PUSH
      if (!nagleTest(sk, skb, nag)) break
    } else {
      if (!pushOne && tsoShouldDefer(sk, skb, windowEnd)) break
      limit = splitPoint(sk, skb, windowEnd, quota)
    }
    if (sk.stack.switches.tsq && sk.wmemAlloc >= sk.stack.sysctls["net.ipv4.tcp_limit_output_bytes"]) {
      sk.tsqThrottled = true
      break
    }
    // tso_fragment: an skb with linear bytes is cut by tcp_fragment, which knows no mask of the socket
    if (len > limit && !fragment(sk, ctx, skb, limit, skbs.headLen[skb] > 0 ? GFP_ATOMIC : gfp)) break
    setTsoSegs(sk, skb, mss)
    if (transmitSkb(sk, ctx, skb, gfp) !== 0) {
      sk.txFailures++
      break
    }
    eventNewDataSent(sk, skb)
    // tcp_minshall_update, of what was sent
    if (skbs.len[skb] < mss) sk.sndSml = skbs.endSeq[skb]
    sent += pcount(sk, skb)
    if (pushOne) break
  }
  if (sk.caState === CA_RECOVERY) sk.prrOut += sent
  if (sent > 0) {
    cwndValidate(sk)
    return false
  }
  return sk.packetsOut === 0 && sk.sendHead !== NO_SKB
}

/** `tcp_event_new_data_sent`. */
export const eventNewDataSent = (sk: TcpSocket, skb: number): void => {
  const skbs = sk.stack.skbs
  const before = sk.packetsOut
  sk.sendHead = skbs.next[skb]
  sk.sndNxt = skbs.endSeq[skb]
  // Nagle is not to be overridden for long
  if (sk.frtoCounter === 2) sk.frtoCounter = 3
  sk.packetsOut += pcount(sk, skb)
  if (before === 0 || sk.earlyRetransDelayed) rearmRto(sk)
}

/** `tcp_tso_should_defer`: wait for a larger burst, until nobody has asked for two ticks. */
const tsoShouldDefer = (sk: TcpSocket, skb: number, windowEnd: number): boolean => {
  if (deferring(sk, skb, windowEnd)) return true
  sk.tsoDeferred = -1
  return false
}

const deferring = (sk: TcpSocket, skb: number, windowEnd: number): boolean => {
  const skbs = sk.stack.skbs
  if ((skbs.flags[skb] & TCPHDR_FIN) !== 0 || sk.caState !== CA_OPEN) return false
  const { mss } = sk
  const divisor = sk.stack.sysctls["net.ipv4.tcp_tso_win_divisor"]
  const limit = Math.min(windowEnd - skbs.seq[skb], (sk.cwnd - inFlight(sk)) * mss)
  if (limit >= GSO_MAX_BYTES) return false
  if (skb !== sk.writeTail && limit >= skbs.len[skb]) return false
  if (
    divisor === 0
      ? limit > TCP_MAX_TSO_DEFERRED * mss
      : limit >= Math.floor(Math.min(sk.sndWnd, sk.cwnd * mss) / divisor)
  ) {
    return false
  }
  const sim = sk.stack.sim
  const jiffies = Math.floor(sim.queue.now / sim.tickNs)
  if (sk.tsoDeferred >= 0 && jiffies - sk.tsoDeferred > 1) return false
  sk.tsoDeferred = jiffies
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

/** `__tcp_push_pending_frames`. */
export const pushPendingFrames = (sk: TcpSocket, ctx: Context, nonagle: number): void => {
  if (sk.sendHead === NO_SKB || sk.error !== 0) return
  if (writeXmit(sk, ctx, nonagle, false, sk.gfpAtomic()) && sk.writePending === TIME_NONE) {
    // tcp_check_probe_timer: nothing in flight will bring an ACK, so ask for one
    resetWriteTimer(sk, TIME_PROBE0, sk.rto)
  }
}

/** `tcp_write_wakeup`: a window probe; carries data when the window has opened. */
export const writeWakeup = (sk: TcpSocket, ctx: Context): number => {
  const skbs = sk.stack.skbs
  const skb = sk.sendHead
  const windowEnd = sk.sndUna + sk.sndWnd
  if (skb === NO_SKB || skbs.seq[skb] >= windowEnd) return xmitProbeSkb(sk, ctx)
  const size = Math.min(windowEnd - skbs.seq[skb], sk.mss)
  // both halves are marked
  skbs.flags[skb] |= TCPHDR_PSH
  if (skbs.len[skb] > size && !fragment(sk, ctx, skb, size, GFP_ATOMIC)) return -1
  skbs.flags[skb] |= TCPHDR_PSH
  setTsoSegs(sk, skb, sk.mss)
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
