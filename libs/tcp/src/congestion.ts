// Round trips, time-outs and the congestion window.
// Modelled: Jacobson's estimator with the floor of 200 ms on the variance term, Reno with slow start, growth only while the
// window limits the sender, restart after an idle time-out.
// Not modelled: CUBIC (the default of these kernels), rate halving: the window is cut at once. The state CWR: several drops
// by the own device within a round trip cut the window several times. tcp_cwnd_application_limited: a sender that did not
// use its window keeps it as long as it does not fall silent. The memory of the largest deviation (rttvar, mdev_max): matters
// when round trips vary by more than 50 ms.
// source: net/ipv4/tcp_input.c:tcp_rtt_estimator, tcp_set_rto; net/ipv4/tcp_cong.c
import { type Nanoseconds } from "@swaplab/sim"
import {
  CA_OPEN,
  TCP_INIT_CWND,
  TCP_MAX_BURST,
  TCP_RTO_MAX,
  TCP_RTO_MIN,
  TCP_TSO_WIN_DIVISOR,
  TSO_MAX_BYTES
} from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** A round trip was measured. */
export const rttEstimator = (sk: TcpSocket, sample: Nanoseconds): void => {
  const m = Math.max(sample, 1)
  if (sk.srtt === 0) {
    sk.srtt = m
    sk.mdev = Math.floor(m / 2)
  } else {
    const error = m - sk.srtt
    sk.srtt += Math.trunc(error / 8)
    sk.mdev += Math.trunc((Math.abs(error) - sk.mdev) / 4)
  }
  sk.backoff = 0
  setRto(sk)
}

/** `tcp_set_rto`: smoothed round trip plus at least 200 ms. */
const setRto = (sk: TcpSocket): void => {
  const rttvar = Math.max(4 * sk.mdev, TCP_RTO_MIN)
  sk.rto = Math.min(sk.srtt + rttvar, TCP_RTO_MAX)
}

/** Segments in flight. */
export const inFlight = (sk: TcpSocket): number => sk.packetsOut - sk.sackedOut - sk.lostOut + sk.retransOut

/** `tcp_is_cwnd_limited`, for `flight` segments before the ACK. */
const cwndLimited = (sk: TcpSocket, flight: number): boolean => {
  const left = sk.cwnd - flight
  if (sk.tso && left * TCP_TSO_WIN_DIVISOR < sk.cwnd && left * sk.mss < TSO_MAX_BYTES) return true
  return left <= TCP_MAX_BURST
}

/** `tcp_reno_cong_avoid`, once per ACK that acknowledges data. */
export const congAvoid = (sk: TcpSocket, flightBefore: number): void => {
  if (!cwndLimited(sk, flightBefore)) return
  if (sk.cwnd <= sk.ssthresh) sk.cwnd++
  else if (++sk.cwndCnt >= sk.cwnd) {
    sk.cwndCnt = 0
    sk.cwnd++
  }
}

/** Half the window, at least 2. */
export const renoSsthresh = (sk: TcpSocket): number => Math.max(sk.cwnd >> 1, 2)

/** `tcp_enter_cwr`: the own device dropped a segment. */
export const enterCwr = (sk: TcpSocket): void => {
  if (sk.caState !== CA_OPEN) return
  sk.ssthresh = renoSsthresh(sk)
  sk.cwnd = Math.min(sk.cwnd, inFlight(sk) + 1)
  sk.cwndCnt = 0
}

/** `tcp_cwnd_restart`: after an idle time of more than a time-out the window is halved once per time-out. */
export const cwndRestart = (sk: TcpSocket, idle: Nanoseconds): void => {
  const restart = Math.min(TCP_INIT_CWND, sk.cwnd)
  sk.ssthresh = Math.max(sk.ssthresh, (sk.cwnd >> 1) + (sk.cwnd >> 2))
  let left = idle - sk.rto
  while (left > 0 && sk.cwnd > restart) {
    sk.cwnd >>= 1
    left -= sk.rto
  }
  sk.cwnd = Math.max(sk.cwnd, restart)
  sk.cwndCnt = 0
}
