// Sending segments again, and the timer that makes it happen.
// Modelled: the tests of tcp_retransmit_skb, its allocations (plain GFP_ATOMIC, whatever the socket), the walk over lost
// segments within cwnd; in a recovery with SACK, when there is nothing new to send, also what lies below the highest SACK and is
// not known to be lost (forward retransmits, rule 3 of NextSeg in RFC 3517).
// Not modelled: collapsing of small segments into one.
// source: net/ipv4/tcp_output.c:tcp_retransmit_skb, tcp_xmit_retransmit_queue, tcp_can_forward_retransmit;
// net/ipv4/tcp_input.c:tcp_rearm_rto
import { NO_SKB } from "@swaplab/net-skb"
import { type Context, EAGAIN, ENOMEM, GFP_ATOMIC } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import {
  CA_LOSS,
  CA_RECOVERY,
  TCPCB_LOST,
  TCPCB_RETRANS,
  TCPCB_SACKED_ACKED,
  TCPCB_SACKED_RETRANS,
  TIME_NONE,
  TIME_PROBE0,
  TIME_RETRANS
} from "./constants.ts"
import { ticks } from "./rtt.ts"
import { highestSackSeq, inFlight, pcount } from "./scoreboard.ts"
import { maySendNow } from "./snd-test.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { transmitSkb } from "./transmit.ts"
import { fragment, trimHead } from "./write-queue.ts"

/** Arms the write timer for `what`, `delay` from now, rounded to ticks. */
export const resetWriteTimer = (sk: TcpSocket, what: number, delay: number): void => {
  const sim = sk.stack.sim
  sk.writePending = what
  sk.writeTimer.armAt(sim.queue.now + sim.jiffies(delay))
}

/**
 * `tcp_rearm_rto`. What early retransmit has waited counts. A FIN that found no memory while data was in flight is tried again by
 * the probe timer.
 */
export const rearmRto = (sk: TcpSocket): void => {
  if (sk.packetsOut === 0) {
    if (sk.finPending) resetWriteTimer(sk, TIME_PROBE0, sk.rto)
    else {
      sk.writePending = TIME_NONE
      sk.writeTimer.cancel()
    }
  } else {
    let { rto } = sk
    if (sk.earlyRetransDelayed) {
      const { sim, skbs } = sk.stack
      const waited = ticks(sk, sim.queue.now) - ticks(sk, skbs.when[sk.writeHead])
      const left = rto - waited * sim.tickNs
      if (left > 0) rto = left
    }
    resetWriteTimer(sk, TIME_RETRANS, rto)
  }
  sk.earlyRetransDelayed = false
}

/** `tcp_retransmit_skb`: one segment again. 0, a positive code or a negative errno. */
export const retransmitSkb = (sk: TcpSocket, ctx: Context, skb: number): number => {
  const skbs = sk.stack.skbs
  // what is still below the stack has not been lost yet
  if (sk.wmemAlloc > Math.min(sk.wmemQueued + (sk.wmemQueued >> 2), sk.sndbuf)) return -EAGAIN
  if (skbs.seq[skb] < sk.sndUna) trimHead(sk, ctx, skb, sk.sndUna - skbs.seq[skb])
  if (skbs.seq[skb] >= sk.sndUna + sk.sndWnd && skbs.seq[skb] !== sk.sndUna) return -EAGAIN
  if (skbs.len[skb] > sk.mss && !fragment(sk, ctx, skb, sk.mss, GFP_ATOMIC)) return -ENOMEM
  const result = transmitSkb(sk, ctx, skb, GFP_ATOMIC)
  if (result !== 0) {
    sk.txFailures++
    return result
  }
  assert((skbs.sacked[skb] & TCPCB_SACKED_RETRANS) === 0, "a segment is sent again that is under way already")
  const count = pcount(sk, skb)
  sk.retransmitted++
  if (sk.retransOut === 0) sk.lostRetransLow = sk.sndNxt
  skbs.sacked[skb] |= TCPCB_RETRANS
  sk.retransOut += count
  if (sk.retransStamp < 0) sk.retransStamp = skbs.when[skb]
  sk.undoRetrans += count
  skbs.ackSeq[skb] = sk.sndNxt
  return 0
}

/** `tcp_can_forward_retransmit`: not while there is something new to send. */
const canForwardRetransmit = (sk: TcpSocket): boolean => sk.caState === CA_RECOVERY && sk.sackOk && !maySendNow(sk)

/** `tcp_xmit_retransmit_queue`: the lost segments again, as far as cwnd allows. */
export const xmitRetransmitQueue = (sk: TcpSocket, ctx: Context): void => {
  if (sk.packetsOut === 0) return
  const { skbs } = sk.stack
  if (sk.lostOut === 0) sk.retransmitHigh = sk.sndUna
  let skb = sk.writeHead
  let lastLost = sk.sndUna
  if (sk.retransmitSkbHint !== NO_SKB) {
    skb = sk.retransmitSkbHint
    lastLost = Math.min(skbs.endSeq[skb], sk.retransmitHigh)
  }
  let hole = NO_SKB
  let forward = false
  for (; skb !== NO_SKB && skb !== sk.sendHead; skb = skbs.next[skb]) {
    // as in Linux, the tags of the segment before the step back to the hole decide whether the hole is sent
    const tag = skbs.sacked[skb]
    if (hole === NO_SKB) sk.retransmitSkbHint = skb
    if (inFlight(sk) >= sk.cwnd) return
    if (!forward && skbs.seq[skb] >= sk.retransmitHigh) {
      sk.retransmitHigh = lastLost
      if (!canForwardRetransmit(sk)) return
      if (hole !== NO_SKB) {
        skb = hole
        hole = NO_SKB
      }
      forward = true
    }
    if (forward) {
      if (skbs.seq[skb] >= highestSackSeq(sk)) return
    } else if ((tag & TCPCB_LOST) === 0) {
      if (hole === NO_SKB && (tag & (TCPCB_SACKED_RETRANS | TCPCB_SACKED_ACKED)) === 0) hole = skb
      continue
    } else {
      lastLost = skbs.endSeq[skb]
    }
    if ((tag & (TCPCB_SACKED_ACKED | TCPCB_SACKED_RETRANS)) !== 0) continue
    if (retransmitSkb(sk, ctx, skb) !== 0) {
      sk.mib.TCPRetransFail++
      return
    }
    if (forward) sk.mib.TCPForwardRetrans++
    else if (sk.caState === CA_LOSS) sk.mib.TCPSlowStartRetrans++
    else sk.mib.TCPFastRetrans++
    if (sk.caState === CA_RECOVERY) sk.prrOut += pcount(sk, skb)
    if (skb === sk.writeHead) resetWriteTimer(sk, TIME_RETRANS, sk.rto)
  }
}
