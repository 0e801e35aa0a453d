// What congestion controls share: whether the window limits the sender, slow start, and growth by one after a count of ACKs.
// source: net/ipv4/tcp_cong.c:tcp_is_cwnd_limited, tcp_slow_start, tcp_cong_avoid_ai
import { GSO_MAX_BYTES, TCP_MAX_TSO_DEFERRED } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_is_cwnd_limited`, for `flight` segments before the ACK. */
export const cwndLimited = (sk: TcpSocket, flight: number): boolean => {
  const left = sk.cwnd - flight
  if (left <= 0) return true
  const divisor = sk.stack.sysctls["net.ipv4.tcp_tso_win_divisor"]
  if (sk.tso && left * divisor < sk.cwnd && left * sk.mss < GSO_MAX_BYTES) return true
  return left <= TCP_MAX_TSO_DEFERRED
}

/**
 * `tcp_slow_start`: one segment more for each ACK; fewer above tcp_max_ssthresh (RFC 3742); with tcp_abc for each segment that is
 * acknowledged, at most two (RFC 3465).
 */
export const slowStart = (sk: TcpSocket): void => {
  const { sysctls } = sk.stack
  const abc = sysctls["net.ipv4.tcp_abc"]
  if (abc > 0 && sk.abcBytes < sk.mss) return
  const max = sysctls["net.ipv4.tcp_max_ssthresh"]
  let count = max > 0 && sk.cwnd > max ? max >> 1 : sk.cwnd
  if (abc > 1 && sk.abcBytes >= 2 * sk.mss) count *= 2
  sk.abcBytes = 0
  sk.cwndCnt += count
  const more = Math.floor(sk.cwndCnt / sk.cwnd)
  sk.cwndCnt -= more * sk.cwnd
  sk.cwnd += more
}

/** `tcp_cong_avoid_ai`: the ACK after `count` others adds a segment. */
export const congAvoidAi = (sk: TcpSocket, count: number): void => {
  if (sk.cwndCnt >= count) {
    sk.cwnd++
    sk.cwndCnt = 0
  } else {
    sk.cwndCnt++
  }
}
