// Round trips and the time-out that follows from them.
// Modelled: Jacobson's estimator as Linux has it, in ticks and with its fractions (srtt in eighths, deviations in quarters): a
// round trip below a tick counts as one; the deviation falls slowly when round trips get shorter; the largest deviation of a
// round of data (mdevMax) holds the time-out up, and never counts for less than 200 ms.
// Not modelled: what the route remembers of earlier connections (dst metrics).
// source: net/ipv4/tcp_input.c:tcp_rtt_estimator, tcp_set_rto, tcp_valid_rtt_meas
import { type Nanoseconds } from "@swaplab/sim"
import { TCP_RTO_MAX, TCP_RTO_MIN } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** A time in jiffies, as `tcp_time_stamp` has it. */
export const ticks = (sk: TcpSocket, at: Nanoseconds): number => Math.floor(at / sk.stack.sim.tickNs)

/** The smoothed round trip (srtt >> 3); 0: none was measured. */
export const srttNs = (sk: TcpSocket): Nanoseconds => (sk.srtt >> 3) * sk.stack.sim.tickNs

/** `tcp_rtt_estimator`: a round trip was measured, in ticks. */
const rttEstimator = (sk: TcpSocket, sample: number): void => {
  const rtoMin = Math.ceil(TCP_RTO_MIN / sk.stack.sim.tickNs)
  const m = Math.max(sample, 1)
  if (sk.srtt === 0) {
    sk.srtt = m << 3
    sk.mdev = m << 1
    sk.mdevMax = sk.rttvar = Math.max(sk.mdev, rtoMin)
    sk.rttSeq = sk.sndNxt
    return
  }
  const error = m - (sk.srtt >> 3)
  sk.srtt += error
  let deviation = Math.abs(error) - (sk.mdev >> 2)
  // a shorter round trip raises the deviation by an eighth only
  if (error < 0 && deviation > 0) deviation >>= 3
  sk.mdev += deviation
  if (sk.mdev > sk.mdevMax) {
    sk.mdevMax = sk.mdev
    if (sk.mdevMax > sk.rttvar) sk.rttvar = sk.mdevMax
  }
  if (sk.sndUna > sk.rttSeq) {
    if (sk.mdevMax < sk.rttvar) sk.rttvar -= (sk.rttvar - sk.mdevMax) >> 2
    sk.rttSeq = sk.sndNxt
    sk.mdevMax = rtoMin
  }
}

/** `tcp_valid_rtt_meas`: a measurement that counts, in ticks. It ends the backing off of the time-out. */
export const validRttMeas = (sk: TcpSocket, sample: number): void => {
  rttEstimator(sk, sample)
  sk.rto = Math.min(((sk.srtt >> 3) + sk.rttvar) * sk.stack.sim.tickNs, TCP_RTO_MAX)
  sk.backoff = 0
}
