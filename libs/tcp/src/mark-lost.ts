// Which segments are lost.
// Without SACK the head is. With FACK everything is that lies more than `reordering` segments below the highest that was SACKed.
// Without FACK (RFC 3517) a segment is lost when at least `reordering` above it were SACKed. With FACK, too, what was sent
// longer than a time-out ago, from the head on.
// source: net/ipv4/tcp_input.c:tcp_mark_head_lost, tcp_update_scoreboard, tcp_timeout_skbs
import { NO_SKB } from "@swaplab/net-skb"
import { type Context, GFP_ATOMIC } from "@swaplab/page-alloc"
import { TCPCB_SACKED_ACKED } from "./constants.ts"
import { ticks } from "./rtt.ts"
import { isFack, pcount, skbMarkLost } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { fragment } from "./write-queue.ts"

/** `tcp_skb_timedout`. */
const skbTimedout = (sk: TcpSocket, skb: number): boolean =>
  ticks(sk, sk.stack.sim.queue.now) - ticks(sk, sk.stack.skbs.when[skb]) > ticks(sk, sk.rto)

/** `tcp_head_timedout`. */
export const headTimedout = (sk: TcpSocket): boolean => sk.packetsOut > 0 && skbTimedout(sk, sk.writeHead)

/** `tcp_mark_head_lost`: as far as `packets` segments reach. With `head` only the first skb, if it is not marked yet. */
const markHeadLost = (sk: TcpSocket, ctx: Context, packets: number, head: boolean): void => {
  const { skbs } = sk.stack
  // with SACK also what was sent in the recovery
  const lossHigh = sk.sackOk ? sk.sndNxt : sk.highSeq
  const fack = isFack(sk)
  const rfc3517 = sk.sackOk && !fack
  let skb = sk.writeHead
  let count = 0
  if (sk.lostSkbHint !== NO_SKB) {
    skb = sk.lostSkbHint
    count = sk.lostCntHint
    if (head && skb !== sk.writeHead) return
  }
  for (; skb !== NO_SKB && skb !== sk.sendHead; skb = skbs.next[skb]) {
    sk.lostSkbHint = skb
    sk.lostCntHint = count
    if (skbs.endSeq[skb] > lossHigh) break
    const before = count
    const isSacked = (skbs.sacked[skb] & TCPCB_SACKED_ACKED) !== 0
    if (!rfc3517 || isSacked) count += pcount(sk, skb)
    if (count > packets) {
      if (rfc3517 || isSacked || before >= packets) break
      const mss = skbs.gsoSize[skb]
      if (!fragment(sk, ctx, skb, (packets - before) * mss, GFP_ATOMIC, mss)) break
      count = packets
    }
    skbMarkLost(sk, skb)
    if (head) break
  }
}

/** `tcp_timeout_skbs`. */
const timeoutSkbs = (sk: TcpSocket): void => {
  if (!isFack(sk) || !headTimedout(sk)) return
  const { next } = sk.stack.skbs
  let skb = sk.scoreboardSkbHint === NO_SKB ? sk.writeHead : sk.scoreboardSkbHint
  for (; skb !== NO_SKB && skb !== sk.sendHead && skbTimedout(sk, skb); skb = next[skb]) skbMarkLost(sk, skb)
  sk.scoreboardSkbHint = skb
}

/** `tcp_update_scoreboard`: marks what is newly known to be lost; something in any case when a recovery begins (`fastRexmit`). */
export const updateScoreboard = (sk: TcpSocket, ctx: Context, fastRexmit: boolean): void => {
  if (!sk.sackOk) {
    markHeadLost(sk, ctx, 1, true)
  } else if (isFack(sk)) {
    markHeadLost(sk, ctx, Math.max(sk.facketsOut - sk.reordering, 1), false)
  } else {
    const upto = sk.sackedOut - sk.reordering
    if (upto >= 0) markHeadLost(sk, ctx, upto, false)
    else if (fastRexmit) markHeadLost(sk, ctx, 1, true)
  }
  timeoutSkbs(sk)
}
