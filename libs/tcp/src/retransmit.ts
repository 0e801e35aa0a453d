// Sending segments again, and the timer that makes it happen.
// Modelled: the tests of tcp_retransmit_skb, its allocations (plain GFP_ATOMIC, whatever the socket), the walk over lost
// segments within cwnd.
// Not modelled: collapsing of small segments into one.
// source: net/ipv4/tcp_output.c:tcp_retransmit_skb, tcp_xmit_retransmit_queue
import { NO_SKB } from "@swaplab/net-skb"
import { type Context, GFP_ATOMIC } from "@swaplab/page-alloc"
import { inFlight } from "./congestion.ts"
import {
  EAGAIN,
  ENOMEM,
  TCPCB_EVER_RETRANS,
  TCPCB_LOST,
  TCPCB_RETRANS,
  TIME_NONE,
  TIME_PROBE0,
  TIME_RETRANS
} from "./constants.ts"
import { segments } from "./queue.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { transmitSkb } from "./transmit.ts"
import { fragment } from "./write-queue.ts"

/** Arms the write timer for `what`, `delay` from now, rounded to ticks. */
export const resetWriteTimer = (sk: TcpSocket, what: number, delay: number): void => {
  const sim = sk.stack.sim
  sk.writePending = what
  sk.writeTimer.armAt(sim.queue.now + sim.jiffies(delay))
}

/** `tcp_rearm_rto`. A FIN that found no memory while data was in flight is tried again by the probe timer. */
export const rearmRto = (sk: TcpSocket): void => {
  if (sk.packetsOut === 0) {
    if (sk.finPending) resetWriteTimer(sk, TIME_PROBE0, sk.rto)
    else {
      sk.writePending = TIME_NONE
      sk.writeTimer.cancel()
    }
  } else {
    resetWriteTimer(sk, TIME_RETRANS, sk.rto)
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
