// Keep-alive (SO_KEEPALIVE): is the peer of a connection on which nothing is said still there?
//
//   silent for keepIdle → a probe, which carries a number that the peer has acknowledged long ago → its ACK: silent again
//                       → no answer: another after keepIntvl → after keepProbes of them RST, ETIMEDOUT
//
// Modelled: the timer runs from the time when the connection stands and looks back whenever it fires, so that packets never touch
//   it; while something is in flight or waits to be sent, retransmissions and window probes ask instead. With TCP_USER_TIMEOUT
//   that time counts in place of the number of probes. A probe that the own device drops is tried again after 500 ms.
// source: net/ipv4/tcp_timer.c:tcp_keepalive_timer, tcp_set_keepalive; net/ipv4/tcp.c:do_tcp_setsockopt;
// include/net/tcp.h:keepalive_time_elapsed
import { NO_SKB } from "@swaplab/net-skb"
import { ETIMEDOUT } from "@swaplab/page-alloc"
import { type Nanoseconds, Timer } from "@swaplab/sim"
import { TCP_CLOSE, TCP_ESTABLISHED, TCP_RESOURCE_PROBE_INTERVAL } from "./constants.ts"
import { sendReset } from "./control.ts"
import { writeWakeup } from "./output.ts"
import { ticks } from "./rtt.ts"
import type { TcpSocket } from "./tcp-sock.ts"

const SECOND = 1e9

/** `keepalive_time_when`, `keepalive_intvl_when`, `keepalive_probes`: the socket's own value, or that of the machine. */
const keepIdle = (sk: TcpSocket): Nanoseconds => sk.keepIdle || sk.stack.sysctls["net.ipv4.tcp_keepalive_time"] * SECOND
const keepIntvl = (sk: TcpSocket): Nanoseconds =>
  sk.keepIntvl || sk.stack.sysctls["net.ipv4.tcp_keepalive_intvl"] * SECOND
const keepProbes = (sk: TcpSocket): number => sk.keepProbes || sk.stack.sysctls["net.ipv4.tcp_keepalive_probes"]

/** `keepalive_time_elapsed`: for how long nothing has come, in whole ticks. */
const silence = (sk: TcpSocket): Nanoseconds => {
  const { now, tickNs } = sk.stack.sim
  return (ticks(sk, now) - Math.max(ticks(sk, sk.lrcvtime), ticks(sk, sk.rcvTstamp))) * tickNs
}

/** `inet_csk_reset_keepalive_timer`. A socket without keep-alive never has the timer. */
const resetKeepaliveTimer = (sk: TcpSocket, delay: Nanoseconds): void => {
  const { group, sim } = sk.stack
  const timer = sk.keepaliveTimer ??= new Timer(sim.queue, () => keepaliveTimer(sk), {
    name: "tcp_keepalive_timer",
    group,
    retry: true
  })
  timer.armAt(sim.queue.now + sim.jiffies(delay))
}

/** The connection stands (`tcp_finish_connect`, `tcp_create_openreq_child`). */
export const startKeepalive = (sk: TcpSocket): void => {
  if (sk.keepOpen) resetKeepaliveTimer(sk, keepIdle(sk))
}

/** setsockopt(SO_KEEPALIVE), `tcp_set_keepalive`: of a socket that is not connected, it holds for the connection to come. */
export const setKeepalive = (sk: TcpSocket, on: boolean): void => {
  const before = sk.keepOpen
  sk.keepOpen = on
  if (sk.state !== TCP_ESTABLISHED) return
  if (!on) sk.keepaliveTimer?.cancel()
  else if (!before) resetKeepaliveTimer(sk, keepIdle(sk))
}

/** setsockopt(TCP_KEEPIDLE): the time that has passed counts. */
export const setKeepIdle = (sk: TcpSocket, ns: Nanoseconds): void => {
  sk.keepIdle = ns
  if (sk.keepOpen && sk.state === TCP_ESTABLISHED) resetKeepaliveTimer(sk, Math.max(ns - silence(sk), 0))
}

/** Is it time to give up? */
const gone = (sk: TcpSocket, silent: Nanoseconds): boolean =>
  sk.userTimeout > 0 ? silent >= sk.userTimeout && sk.probesOut > 0 : sk.probesOut >= keepProbes(sk)

/** `tcp_keepalive_timer`. */
const keepaliveTimer = (sk: TcpSocket): void => {
  const ctx = sk.stack.timerCtx
  if (sk.owned) {
    resetKeepaliveTimer(sk, SECOND / 20)
    return
  }
  if (!sk.keepOpen || sk.error !== 0 || sk.state === TCP_CLOSE) return
  const idle = keepIdle(sk)
  if (sk.packetsOut > 0 || sk.sendHead !== NO_SKB) {
    resetKeepaliveTimer(sk, idle)
    return
  }
  const silent = silence(sk)
  if (silent < idle) {
    sk.memReclaim()
    resetKeepaliveTimer(sk, idle - silent)
    return
  }
  if (gone(sk, silent)) {
    sendReset(sk)
    sk.mib.TCPAbortOnTimeout++
    sk.die(ctx, ETIMEDOUT)
    return
  }
  const sent = writeWakeup(sk, ctx) <= 0
  if (sent) {
    sk.probesOut++
    sk.keepaliveProbes++
  }
  sk.memReclaim()
  resetKeepaliveTimer(sk, sent ? keepIntvl(sk) : TCP_RESOURCE_PROBE_INTERVAL)
}
