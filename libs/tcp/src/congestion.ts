// The congestion window where no congestion control decides: cut, held down, checked.
// Modelled: CWR after a drop by the own device: the window falls by one for every second ACK until it is at ssthresh (rate
// halving). Moderation: in doubt the window is no larger than what is in flight and 3 segments more. A sender that does not use
// its window for a time-out loses half of what it does not use, one that is silent for longer half of the window for each
// time-out.
// Not modelled: ICMP source quench as a reason for CWR; the clamp of the window.
// source: net/ipv4/tcp_input.c:tcp_enter_cwr, tcp_cwnd_down, tcp_complete_cwr, tcp_moderate_cwnd, tcp_cwnd_application_limited;
// net/ipv4/tcp_output.c:tcp_cwnd_restart, tcp_cwnd_validate; include/net/tcp.h:tcp_current_ssthresh
import { type Nanoseconds } from "@swaplab/sim"
import { FLAG_ANY_PROGRESS, FLAG_DSACKING_ACK, FLAG_NOT_DUP } from "./ack-flags.ts"
import { CA_CWR, CA_LOSS, CA_OPEN, CA_RECOVERY, NO_MARK, TCP_INFINITE_SSTHRESH, TCP_INIT_CWND } from "./constants.ts"
import { ecnQueueCwr } from "./ecn.ts"
import { ticks } from "./rtt.ts"
import { inFlight } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_set_ca_state`. */
export const setCaState = (sk: TcpSocket, state: number): void => {
  if (state === CA_LOSS) sk.congestion.enterLoss(sk)
  sk.caState = state
}

/** `tcp_current_ssthresh`: at least three quarters of a window that was not cut. */
export const currentSsthresh = (sk: TcpSocket): number =>
  sk.caState === CA_CWR || sk.caState === CA_RECOVERY
    ? sk.ssthresh
    : Math.max(sk.ssthresh, (sk.cwnd >> 1) + (sk.cwnd >> 2))

/** Notes that the window is as it should be (snd_cwnd_stamp). */
export const stampCwnd = (sk: TcpSocket): void => {
  sk.cwndStamp = sk.stack.sim.queue.now
}

/**
 * `tcp_enter_cwr`: the own device dropped a segment, a switch marked one, or a time-out was premature (then ssthresh stays as the
 * time-out set it).
 */
export const enterCwr = (sk: TcpSocket, setSsthresh: boolean): void => {
  sk.priorSsthresh = 0
  sk.abcBytes = 0
  if (sk.caState >= CA_CWR) return
  sk.undoMarker = NO_MARK
  if (setSsthresh) sk.ssthresh = sk.congestion.ssthresh(sk)
  sk.cwnd = Math.min(sk.cwnd, inFlight(sk) + 1)
  sk.cwndCnt = 0
  sk.highSeq = sk.sndNxt
  stampCwnd(sk)
  ecnQueueCwr(sk)
  setCaState(sk, CA_CWR)
}

/** `tcp_cwnd_down`: one segment less for every second ACK. */
export const cwndDown = (sk: TcpSocket, flag: number): void => {
  if (
    (flag & (FLAG_ANY_PROGRESS | FLAG_DSACKING_ACK)) === 0 && (sk.sackOk || (flag & FLAG_NOT_DUP) !== 0)
  ) return
  const decrement = sk.cwndCnt + 1
  sk.cwndCnt = decrement & 1
  if (sk.cwnd > sk.congestion.minCwnd(sk)) sk.cwnd -= decrement >> 1
  sk.cwnd = Math.min(sk.cwnd, inFlight(sk) + 1)
  stampCwnd(sk)
}

/** `tcp_complete_cwr`: CWR or a recovery ends, unless it was undone. */
export const completeCwr = (sk: TcpSocket): void => {
  if (sk.undoMarker === NO_MARK) return
  if (sk.caState === CA_CWR) sk.cwnd = Math.min(sk.cwnd, sk.ssthresh)
  else if (sk.ssthresh < TCP_INFINITE_SSTHRESH) sk.cwnd = sk.ssthresh
  stampCwnd(sk)
}

/** `tcp_moderate_cwnd`: no burst after an ACK of much. */
export const moderateCwnd = (sk: TcpSocket): void => {
  sk.cwnd = Math.min(sk.cwnd, inFlight(sk) + sk.reordering)
  stampCwnd(sk)
}

/** `tcp_cwnd_restart`: after an idle time of more than a time-out the window is halved once per time-out. */
export const cwndRestart = (sk: TcpSocket, idle: Nanoseconds): void => {
  const restart = Math.min(TCP_INIT_CWND, sk.cwnd)
  sk.ssthresh = currentSsthresh(sk)
  let left = idle - sk.rto
  while (left > 0 && sk.cwnd > restart) {
    sk.cwnd >>= 1
    left -= sk.rto
  }
  sk.cwnd = Math.max(sk.cwnd, restart)
  stampCwnd(sk)
  sk.cwndUsed = 0
}

/** `tcp_cwnd_validate`, after something was sent: is the window used? */
export const cwndValidate = (sk: TcpSocket): void => {
  const { sim: { queue }, sysctls } = sk.stack
  if (sk.packetsOut >= sk.cwnd) {
    sk.cwndUsed = 0
    sk.cwndStamp = queue.now
    return
  }
  sk.cwndUsed = Math.max(sk.cwndUsed, sk.packetsOut)
  if (queue.now - sk.cwndStamp < sk.rto - sk.stack.sim.tickNs || sysctls["net.ipv4.tcp_slow_start_after_idle"] === 0) {
    return
  }
  if (ticks(sk, queue.now) - ticks(sk, sk.cwndStamp) >= ticks(sk, sk.rto)) cwndApplicationLimited(sk)
}

/** `tcp_cwnd_application_limited`. */
const cwndApplicationLimited = (sk: TcpSocket): void => {
  if (sk.caState === CA_OPEN && !sk.orphan && !sk.noSpace) {
    const used = Math.max(sk.cwndUsed, TCP_INIT_CWND)
    if (used < sk.cwnd) {
      sk.ssthresh = currentSsthresh(sk)
      sk.cwnd = (sk.cwnd + used) >> 1
    }
    sk.cwndUsed = 0
  }
  stampCwnd(sk)
}
