// The two timers of a connection: retransmission or window probe, and delayed ACK.
// Both run in softirq context.
// Modelled: while a task owns the socket they come back 50 ms (write) or 40 ms (ACK) later, as in 3.5. In 3.6 the release of
// the socket runs them; a task owns the socket for long only while it sleeps in an allocation, which the tasks of a memalloc
// socket never do, so there the difference is nil, and up to 50 ms elsewhere.
// A retransmission that finds no memory backs off like one that was lost: only a drop by the own device is tried again after
// min(RTO, 500 ms) without backoff, because tcp_retransmit_timer looks for positive results.
// Not modelled: thin streams; TCP_USER_TIMEOUT for window probes, as these kernels have it (it counts for them since 3.18).
// source: net/ipv4/tcp_timer.c
import { NO_SKB } from "@swaplab/net-skb"
import { type Context, ETIMEDOUT } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import {
  CA_DISORDER,
  CA_LOSS,
  CA_RECOVERY,
  TCP_ATO_MIN,
  TCP_DELACK_MIN,
  TCP_ESTABLISHED,
  TCP_ORPHAN_RETRIES,
  TCP_RESOURCE_PROBE_INTERVAL,
  TCP_RTO_MAX,
  TCP_RTO_MIN,
  TCP_SYN_SENT,
  TCP_TIMEOUT_INIT,
  TIME_CLOSE,
  TIME_FIN_WAIT2,
  TIME_NONE,
  TIME_PROBE0,
  TIME_RETRANS
} from "./constants.ts"
import { sendAck } from "./control.ts"
import { resumeEarlyRetransmit } from "./early-retrans.ts"
import { enterFrto, useFrto } from "./frto.ts"
import { processPrequeue } from "./input.ts"
import { enterLoss } from "./loss.ts"
import { finWait2Timer } from "./orphan.ts"
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
  if (what === TIME_CLOSE) {
    sk.close(ctx)
    return
  }
  if (what === TIME_FIN_WAIT2) {
    finWait2Timer(sk, ctx)
    return
  }
  if (sk.error !== 0) return
  if (what === TIME_RETRANS) retransmitTimer(sk, ctx)
  else if (what === TIME_PROBE0) probeTimer(sk, ctx)
  sk.memReclaim()
}

/**
 * `retransmits_timed_out`: how long `boundary` doublings of the first time-out last. 15 of 200 ms are 924.6 s.
 */
export const retransmitsTimedOutNs = (boundary: number, first = TCP_RTO_MIN): number => {
  // ilog2
  const linear = 31 - Math.clz32(TCP_RTO_MAX / first)
  return boundary <= linear
    ? (2 ** (boundary + 1) - 1) * first
    : (2 ** (linear + 1) - 1) * first + (boundary - linear) * TCP_RTO_MAX
}

/** `tcp_orphan_retries` of a socket that waits for so long between two tries: by default none when that is as long as can be. */
const orphanRetries = (sk: TcpSocket, gapNs: number): number => {
  const retries = sk.stack.sysctls["net.ipv4.tcp_orphan_retries"]
  return retries === 0 && gapNs < TCP_RTO_MAX ? TCP_ORPHAN_RETRIES : retries
}

/**
 * `tcp_write_timeout`: has everything been tried, or has it taken longer than the program allows (TCP_USER_TIMEOUT)? SYNs count from
 * 1 s in ticks, everything else from 200 ms.
 */
const timedOut = (sk: TcpSocket, now: number, since: number): boolean => {
  const { sim: { tickNs }, sysctls } = sk.stack
  if (sk.state === TCP_ESTABLISHED) {
    return now - since >= (sk.userTimeout || retransmitsTimedOutNs(
      sk.orphan ? orphanRetries(sk, sk.rto) : sysctls["net.ipv4.tcp_retries2"]
    ))
  }
  const retries = sysctls[sk.state === TCP_SYN_SENT ? "net.ipv4.tcp_syn_retries" : "net.ipv4.tcp_synack_retries"]
  return now - Math.floor(since / tickNs) * tickNs >= retransmitsTimedOutNs(retries, TCP_TIMEOUT_INIT)
}

/** `tcp_write_err`. */
const writeErr = (sk: TcpSocket, ctx: Context): void => {
  sk.mib.TCPAbortOnTimeout++
  sk.die(ctx, ETIMEDOUT)
}

/** `tcp_retransmit_timer`. */
const retransmitTimer = (sk: TcpSocket, ctx: Context): void => {
  if (sk.earlyRetransDelayed) {
    resumeEarlyRetransmit(sk, ctx)
    return
  }
  if (sk.packetsOut === 0) return
  const now = sk.stack.sim.queue.now
  if (sk.sndWnd === 0 && sk.state === TCP_ESTABLISHED && !sk.orphan) {
    // the peer shrank its window: probe with data, and give up when it has been silent for long
    if (now - sk.rcvTstamp > TCP_RTO_MAX) {
      writeErr(sk, ctx)
      return
    }
    enterLoss(sk, false)
    retransmitSkb(sk, ctx, sk.writeHead)
    doubleRto(sk)
    return
  }
  // until a retransmission has left, the time counts from the last try
  const since = sk.retransStamp >= 0 ? sk.retransStamp : sk.stack.skbs.when[sk.writeHead]
  if (sk.retransmits > 0 && timedOut(sk, now, since)) {
    writeErr(sk, ctx)
    return
  }
  sk.timeouts++
  if (sk.retransmits === 0) countFailure(sk)
  if (useFrto(sk)) enterFrto(sk)
  else enterLoss(sk, false)
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

/** What the first time-out of a window says of the recovery before it. */
const countFailure = (sk: TcpSocket): void => {
  const { mib } = sk
  if (sk.caState === CA_RECOVERY) {
    if (sk.sackOk) mib.TCPSackRecoveryFail++
    else mib.TCPRenoRecoveryFail++
  } else if (sk.caState === CA_LOSS) {
    mib.TCPLossFailures++
  } else if (sk.caState === CA_DISORDER || sk.sackedOut > 0) {
    if (sk.sackOk) mib.TCPSackFailures++
    else mib.TCPRenoFailures++
  } else {
    mib.TCPTimeouts++
  }
}

const doubleRto = (sk: TcpSocket): void => {
  sk.rto = Math.min(sk.rto * 2, TCP_RTO_MAX)
  resetWriteTimer(sk, TIME_RETRANS, sk.rto)
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
  const retries = sk.stack.sysctls["net.ipv4.tcp_retries2"]
  if (sk.probesOut > (sk.orphan ? orphanRetries(sk, sk.rto * 2 ** sk.backoff) : retries)) {
    writeErr(sk, ctx)
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
    if (sk.backoff < retries) sk.backoff++
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
