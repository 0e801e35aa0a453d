// CUBIC, the default of 3.5 and 3.6: after a loss the window follows a cubic function of the time since, which is flat where
// the loss was, and never grows slower than Reno would.
//
//   loss → window × 717/1024, Wmax = the window that was lost (below it: fast convergence) → the first ACK above ssthresh
//        begins an epoch → W(t) → loss. A time-out forgets Wmax and the shortest round trip.
//
// The kernel does not set the window to W(t). Each ACK sets cnt, the ACKs until the next segment is added, from how far W(t) is
// above the window; delayed ACKs are taken into account by the ratio of segments to ACKs.
// Modelled: all of it in the kernel's whole numbers (cubic-curve.ts), in ticks of the scenario's HZ, with three of its traits.
//   (1) Idle time counts as time of an epoch. (2) Round trips are looked at only a second after an epoch has begun, and
//   without an epoch only where jiffies are above HZ as a signed number: jiffies begin at minus 300 s, so that nothing is
//   measured, and HyStart does nothing, during the first 301 s after boot. (3) The time of an epoch wraps at 2^32/1024 ticks.
// Not modelled: jiffies that have passed 2^31 (24 days), when (2) returns; the rounding of the kernel's cube root.
// source: net/ipv4/tcp_cubic.c (v2.3 of 3.5 and 3.6)
import type { NetSysctls } from "@swaplab/net-skb"
import type { CongestionControl } from "./congestion-control.ts"
import { CA_OPEN } from "./constants.ts"
import { BICTCP_HZ, cubed, cubeRoot, type CubicScales, cubicScales } from "./cubic-curve.ts"
import { congAvoidAi, cwndLimited, slowStart } from "./cwnd.ts"
import { Hystart } from "./hystart.ts"
import type { TcpSocket } from "./tcp-sock.ts"

const ACK_RATIO_SHIFT = 4
const ACK_RATIO_LIMIT = 32 << ACK_RATIO_SHIFT
/** Jiffies when a machine boots (INITIAL_JIFFIES), in seconds. */
const FIRST_JIFFIES_S = -300
/** ACKs for one segment, at most, while no loss has shown the capacity of the path: 5 % a round trip. */
const FIRST_CNT = 20

/** struct bictcp of one socket. */
export class Cubic implements CongestionControl {
  /** ACKs until the next segment is added. */
  cnt = 0
  lastMaxCwnd = 0
  /** The window at the last loss. A time-out does not forget it. */
  lossCwnd = 0
  originPoint = 0
  /** From the beginning of the epoch to its origin point, in 1/1024 s. */
  bicK = 0
  /** When the epoch began, in jiffies; 0: it has not. */
  epochStart = 0
  /** Shortest round trip, in eighths of a millisecond; 0: none was measured. */
  delayMin = 0
  /** Segments for each ACK, in sixteenths. */
  delayedAck = 2 << ACK_RATIO_SHIFT
  /** The window that Reno would have. */
  tcpCwnd = 0
  readonly hystart: Hystart
  #lastCwnd = 0
  #lastTime = 0
  #ackCnt = 0
  readonly #hz: number
  readonly #scales: CubicScales
  readonly #beta: number
  readonly #fastConvergence: boolean
  readonly #friendly: boolean
  readonly #initialSsthresh: number

  constructor(sysctls: NetSysctls, hz: number) {
    this.#hz = hz
    this.#beta = sysctls["tcp_cubic.beta"]
    this.#scales = cubicScales(sysctls["tcp_cubic.bic_scale"], this.#beta)
    this.#fastConvergence = sysctls["tcp_cubic.fast_convergence"] === 1
    this.#friendly = sysctls["tcp_cubic.tcp_friendliness"] === 1
    this.#initialSsthresh = sysctls["tcp_cubic.initial_ssthresh"]
    this.hystart = new Hystart(sysctls)
  }

  /** `bictcp_init`. */
  init(sk: TcpSocket): void {
    this.#reset()
    this.lossCwnd = 0
    if (this.hystart.on) this.hystart.reset(sk)
    else if (this.#initialSsthresh > 0) sk.ssthresh = this.#initialSsthresh
  }

  /** `bictcp_recalc_ssthresh`: the epoch ends. */
  ssthresh(sk: TcpSocket): number {
    const { cwnd } = sk
    this.epochStart = 0
    this.lastMaxCwnd = cwnd < this.lastMaxCwnd && this.#fastConvergence
      ? Math.floor((cwnd * (1024 + this.#beta)) / 2048)
      : cwnd
    this.lossCwnd = cwnd
    return Math.max(Math.floor((cwnd * this.#beta) / 1024), 2)
  }

  /** ssthresh: cubic has no min_cwnd of its own. */
  minCwnd(sk: TcpSocket): number {
    return sk.ssthresh
  }

  /** `bictcp_undo_cwnd`. */
  undoCwnd(sk: TcpSocket): number {
    return Math.max(sk.cwnd, this.lossCwnd)
  }

  /** `bictcp_cong_avoid`. */
  congAvoid(sk: TcpSocket, flightBefore: number): void {
    if (!cwndLimited(sk, flightBefore)) return
    if (sk.cwnd <= sk.ssthresh) {
      this.hystart.ack(sk)
      slowStart(sk)
      return
    }
    this.update(this.#jiffies(sk), sk.cwnd)
    congAvoidAi(sk, this.cnt)
  }

  /** `bictcp_state`: a time-out. */
  enterLoss(sk: TcpSocket): void {
    this.#reset()
    this.hystart.reset(sk)
  }

  /** `bictcp_acked`. */
  pktsAcked(sk: TcpSocket, count: number, sentNs: number): void {
    if (sk.caState === CA_OPEN) {
      const ratio = this.delayedAck - (this.delayedAck >> ACK_RATIO_SHIFT) + count
      this.delayedAck = Math.min(ratio, ACK_RATIO_LIMIT)
    }
    if (sentNs < 0 || this.#jiffies(sk) - this.epochStart < this.#hz) return
    const delay = Math.max(1, Math.floor((this.#roundTripUs(sk, sentNs) * 8) / 1000))
    if (this.delayMin === 0 || this.delayMin > delay) this.delayMin = delay
    this.hystart.sample(sk, delay, this.delayMin)
  }

  /** `bictcp_update`: sets cnt, at a time in jiffies, for a window. */
  update(jiffies: number, cwnd: number): void {
    const hz = this.#hz
    this.#ackCnt++
    if (this.#lastCwnd === cwnd && jiffies - this.#lastTime <= Math.floor(hz / 32)) return
    this.#lastCwnd = cwnd
    this.#lastTime = jiffies
    if (this.epochStart === 0) this.#begin(jiffies, cwnd)
    const ticks = jiffies + Math.ceil(((this.delayMin >> 3) * hz) / 1000) - this.epochStart
    const t = Math.floor(((ticks << BICTCP_HZ) >>> 0) / hz)
    const delta = cubed(this.#scales.cubeRttScale, Math.abs(t - this.bicK))
    const target = this.originPoint + (t < this.bicK ? -delta : delta)
    let cnt = target > cwnd ? Math.floor(cwnd / (target - cwnd)) : 100 * cwnd
    if (this.lastMaxCwnd === 0) cnt = Math.min(cnt, FIRST_CNT)
    if (this.#friendly) cnt = Math.min(cnt, this.#renoCnt(cwnd))
    this.cnt = Math.max(1, Math.floor((cnt << ACK_RATIO_SHIFT) / this.delayedAck))
  }

  /** An epoch begins: from below the last maximum with the curve to it, from above with a curve that starts here. */
  #begin(jiffies: number, cwnd: number): void {
    this.epochStart = jiffies
    this.#ackCnt = 1
    this.tcpCwnd = cwnd
    const below = this.lastMaxCwnd > cwnd
    this.bicK = below ? cubeRoot(this.#scales.cubeFactor * (this.lastMaxCwnd - cwnd)) : 0
    this.originPoint = below ? this.lastMaxCwnd : cwnd
  }

  /** The ACKs for one segment with which the window catches up with Reno's. */
  #renoCnt(cwnd: number): number {
    const each = (cwnd * this.#scales.betaScale) >> 3
    while (this.#ackCnt > each) {
      this.#ackCnt -= each
      this.tcpCwnd++
    }
    return this.tcpCwnd > cwnd ? Math.floor(cwnd / (this.tcpCwnd - cwnd)) : Number.POSITIVE_INFINITY
  }

  /** `bictcp_reset`. */
  #reset(): void {
    this.cnt =
      this.lastMaxCwnd =
      this.originPoint =
      this.bicK =
      this.epochStart =
      this.delayMin =
        0
    this.delayedAck = 2 << ACK_RATIO_SHIFT
    this.tcpCwnd =
      this.#lastCwnd =
      this.#lastTime =
      this.#ackCnt =
        0
    this.hystart.found = 0
  }

  /** tcp_time_stamp, as a signed number. */
  #jiffies({ stack: { bootedNs, sim } }: TcpSocket): number {
    return Math.floor((sim.queue.now - bootedNs) / sim.tickNs) + FIRST_JIFFIES_S * this.#hz
  }

  /** What `tcp_clean_rtx_queue` measures: below 1000 HZ by a clock of its own for HyStart (TCP_CONG_RTT_STAMP), else in ticks. */
  #roundTripUs({ stack: { sim } }: TcpSocket, sentNs: number): number {
    const { now } = sim.queue
    if (this.hystart.on && this.#hz < 1000) return Math.floor((now - sentNs) / 1000)
    return ((Math.floor(now / sim.tickNs) - Math.floor(sentNs / sim.tickNs)) * 1_000_000) / this.#hz
  }
}
