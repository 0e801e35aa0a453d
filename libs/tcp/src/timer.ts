// The two timers of a connection: retransmission or window probe, and delayed ACK.
// Both run in softirq context. While a task owns the socket they come back later.
// source: net/ipv4/tcp_timer.c
import { NO_SKB } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { renoSsthresh } from "./congestion.ts"
import {
  CA_LOSS,
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
import { sendAck, sendFin } from "./control.ts"
import { processPrequeue } from "./input.ts"
import { writeWakeup } from "./output.ts"
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
  if (sk.memory.pressure) sk.memReclaim()
}

/**
 * `retransmits_timed_out`: how long `boundary` doublings of the least time-out last. 15 are 924.6 s.
 */
export const retransmitsTimedOutNs = (boundary: number): number => {
  const linear = Math.floor(Math.log2(TCP_RTO_MAX / TCP_RTO_MIN))
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
    backOff(sk)
    return
  }
  if (sk.retransmits > 0 && sk.retransStamp >= 0 && now - sk.retransStamp >= retransmitsTimedOutNs(TCP_RETR2)) {
    sk.die(ctx, ETIMEDOUT)
    return
  }
  sk.timeouts++
  enterLoss(sk)
  if (retransmitSkb(sk, ctx, sk.writeHead) !== 0) {
    // no memory or no room in the device: not the network's fault, so no backoff
    if (sk.retransmits === 0) sk.retransmits = 1
    if (sk.retransStamp < 0) sk.retransStamp = now
    resetWriteTimer(sk, TIME_RETRANS, Math.min(sk.rto, TCP_RESOURCE_PROBE_INTERVAL))
    return
  }
  backOff(sk)
}

const backOff = (sk: TcpSocket): void => {
  sk.backoff++
  sk.retransmits++
  sk.rto = Math.min(sk.rto * 2, TCP_RTO_MAX)
  resetWriteTimer(sk, TIME_RETRANS, sk.rto)
}

/** `tcp_enter_loss`: everything in flight counts as lost. */
const enterLoss = (sk: TcpSocket): void => {
  const skbs = sk.stack.skbs
  if (sk.caState !== CA_LOSS || sk.retransmits === 0) sk.ssthresh = renoSsthresh(sk)
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
  if (sk.packetsOut > 0 || sk.sendHead === NO_SKB) {
    sk.probesOut = 0
    return
  }
  if (sk.probesOut > TCP_RETR2) {
    sk.die(ctx, ETIMEDOUT)
    return
  }
  const result = writeWakeup(sk, ctx)
  if (sk.packetsOut > 0 || sk.sendHead === NO_SKB) {
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
  // the reader has not come to its packets: they are handled here
  if (sk.prequeueHead !== NO_SKB) processPrequeue(sk, ctx)
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
