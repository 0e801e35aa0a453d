// The two timers of a connection: retransmission or window probe, and delayed ACK.
// Both run in softirq context.
// Modelled: while a task owns the socket they come back 50 ms (write) or 40 ms (ACK) later, as in 3.5. In 3.6 the release of
// the socket runs them; a task owns the socket for long only while it sleeps in an allocation, which the tasks of a memalloc
// socket never do, so there the difference is nil, and up to 50 ms elsewhere.
// A retransmission that finds no memory backs off like one that was lost: only a drop by the own device is tried again after
// min(RTO, 500 ms) without backoff, because tcp_retransmit_timer looks for positive results.
// Not modelled: thin streams, orphans; retrans_stamp is forgotten with each ACK that moves forward, where Linux keeps it
// until the recovery ends (a connection may live longer by the length of the recovery, of 924.6 s).
// source: net/ipv4/tcp_timer.c
import { NO_SKB } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { renoSsthresh } from "./congestion.ts"
import {
  CA_LOSS,
  CA_OPEN,
  ETIMEDOUT,
  TCP_ATO_MIN,
  TCP_DELACK_MIN,
  TCP_RESOURCE_PROBE_INTERVAL,
  TCP_RETR2,
  TCP_RTO_MAX,
  TCP_RTO_MIN,
  TCPCB_LOST,
  TCPCB_RETRANS,
  TIME_NONE,
  TIME_PROBE0,
  TIME_RETRANS
} from "./constants.ts"
import { sendAck } from "./control.ts"
import { processPrequeue } from "./input.ts"
import { sendFin, writeWakeup } from "./output.ts"
import { resetWriteTimer, retransmitSkb } from "./retransmit.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_write_timer`. */
export const writeTimer = (sk: TcpSocket): void => {
  const ctx = sk.stack.timerCtx
  const what = sk.writePending
  if (sk.owned) {
    resetWriteTimer(sk, what, 50_000_000)
    return
  }
  sk.writePending = TIME_NONE
  if (sk.error !== 0) return
  if (what === TIME_RETRANS) retransmitTimer(sk, ctx)
  else if (what === TIME_PROBE0) probeTimer(sk, ctx)
  sk.memReclaim()
}

/**
 * `retransmits_timed_out`: how long `boundary` doublings of the least time-out last. 15 are 924.6 s.
 */
export const retransmitsTimedOutNs = (boundary: number): number => {
  // ilog2
  const linear = 31 - Math.clz32(TCP_RTO_MAX / TCP_RTO_MIN)
  return boundary <= linear
    ? (2 ** (boundary + 1) - 1) * TCP_RTO_MIN
    : (2 ** (linear + 1) - 1) * TCP_RTO_MIN + (boundary - linear) * TCP_RTO_MAX
}

/** `tcp_retransmit_timer`. */
const retransmitTimer = (sk: TcpSocket, ctx: Context): void => {
  if (sk.packetsOut === 0) return
  const now = sk.stack.sim.queue.now
  if (sk.sndWnd === 0) {
    // the peer shrank its window: probe with data, and give up when it has been silent for long
    if (now - sk.rcvTstamp > TCP_RTO_MAX) {
      sk.die(ctx, ETIMEDOUT)
      return
    }
    enterLoss(sk)
    retransmitSkb(sk, ctx, sk.writeHead)
    doubleRto(sk)
    return
  }
  // until a retransmission has left, the time counts from the last try
  const since = sk.retransStamp >= 0 ? sk.retransStamp : sk.stack.skbs.when[sk.writeHead]
  if (sk.retransmits > 0 && now - since >= retransmitsTimedOutNs(TCP_RETR2)) {
    sk.die(ctx, ETIMEDOUT)
    return
  }
  sk.timeouts++
  enterLoss(sk)
  if (retransmitSkb(sk, ctx, sk.writeHead) > 0) {
    // the own device dropped it: no backoff. A lack of memory is a negative error and does back off.
    if (sk.retransmits === 0) sk.retransmits = 1
    resetWriteTimer(sk, TIME_RETRANS, Math.min(sk.rto, TCP_RESOURCE_PROBE_INTERVAL))
    return
  }
  sk.backoff++
  sk.retransmits++
  doubleRto(sk)
}

const doubleRto = (sk: TcpSocket): void => {
  sk.rto = Math.min(sk.rto * 2, TCP_RTO_MAX)
  resetWriteTimer(sk, TIME_RETRANS, sk.rto)
}

/** `tcp_enter_loss`: everything in flight counts as lost. */
const enterLoss = (sk: TcpSocket): void => {
  const skbs = sk.stack.skbs
  // once for each window that was lost: a recovery under way has done it
  if (sk.caState === CA_OPEN || sk.sndUna === sk.highSeq || (sk.caState === CA_LOSS && sk.retransmits === 0)) {
    sk.ssthresh = renoSsthresh(sk)
  }
  sk.cwnd = 1
  sk.cwndCnt = 0
  for (let skb = sk.writeHead; skb !== NO_SKB && skb !== sk.sendHead; skb = skbs.next[skb]) {
    skbs.sacked[skb] = (skbs.sacked[skb] & ~TCPCB_RETRANS) | TCPCB_LOST
  }
  sk.retransOut = 0
  sk.sackedOut = 0
  sk.lostOut = sk.packetsOut
  sk.caState = CA_LOSS
  sk.highSeq = sk.sndNxt
}

/** `tcp_probe_timer`: the peer's window is closed, or the last send failed for want of memory with nothing in flight. */
const probeTimer = (sk: TcpSocket, ctx: Context): void => {
  if (sk.finPending) {
    sendFin(sk, ctx)
    return
  }
  assert(
    sk.packetsOut === 0 && sk.sendHead !== NO_SKB,
    "a window probe while data is in flight, or with nothing to send"
  )
  if (sk.probesOut > TCP_RETR2) {
    sk.die(ctx, ETIMEDOUT)
    return
  }
  const result = writeWakeup(sk, ctx)
  if (sk.packetsOut > 0) {
    sk.probesOut = 0
    sk.backoff = 0
    return
  }
  const wait = (limit: number): number => Math.min(sk.rto * 2 ** sk.backoff, limit)
  if (result <= 0) {
    if (sk.backoff < TCP_RETR2) sk.backoff++
    sk.probesOut++
    resetWriteTimer(sk, TIME_PROBE0, wait(TCP_RTO_MAX))
  } else {
    if (sk.probesOut === 0) sk.probesOut = 1
    resetWriteTimer(sk, TIME_PROBE0, wait(TCP_RESOURCE_PROBE_INTERVAL))
  }
}

/** `tcp_delack_timer`. */
export const delackTimer = (sk: TcpSocket): void => {
  const ctx = sk.stack.timerCtx
  const sim = sk.stack.sim
  if (sk.error !== 0) return
  if (sk.owned) {
    sk.ackBlocked = true
    sk.delackTimer.armAt(sim.queue.now + sim.jiffies(TCP_DELACK_MIN))
    return
  }
  sk.memReclaim()
  // the reader has not come to its packets: they are handled here
  processPrequeue(sk, ctx)
  if (sk.ackScheduled) {
    if (sk.pingpong) {
      sk.pingpong = false
      sk.ato = TCP_ATO_MIN
    } else {
      sk.ato = Math.min(sk.ato * 2, sk.rto)
    }
    sendAck(sk, ctx)
  }
  if (sk.memory.pressure) sk.memReclaim()
}
