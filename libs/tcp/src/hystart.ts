// HyStart: slow start ends when ACKs show that the path is full, before segments are lost.
// A round lasts until what was sent at its beginning is acknowledged. Two signs, each enough: the ACKs of a round have come
// without gaps for longer than half of the shortest round trip (the window fills the path one way), or the shortest of the
// first 8 round trips of a round is longer than the shortest ever by 4 to 16 ms.
// Modelled: the above in whole milliseconds and eighths of one, as bictcp_clock and the samples have them.
// Not modelled: the clock on the wall that bictcp_clock reads below 1000 HZ, and that somebody may set.
// source: net/ipv4/tcp_cubic.c:hystart_update, bictcp_hystart_reset, bictcp_clock
import type { NetSysctls } from "@swaplab/net-skb"
import { WIDE } from "@swaplab/sim"
import type { TcpSocket } from "./tcp-sock.ts"

const ACK_TRAIN = 1
const DELAY = 2
/** Round trips that are looked at in a round. */
const MIN_SAMPLES = 8
/** Bounds of the growth that counts, in eighths of a millisecond. */
const DELAY_MIN = 4 << 3
const DELAY_MAX = 16 << 3

/** `bictcp_clock`, in milliseconds. */
const clock = (sk: TcpSocket): number => Math.floor(sk.stack.sim.queue.now / 1_000_000)

/** The state of HyStart on one socket. */
export class Hystart {
  readonly on: boolean
  readonly #detect: number
  readonly #lowWindow: number
  readonly #ackDelta: number
  /** What has been found. */
  found = 0
  #samples = 0
  #roundStart = 0
  #lastAck = 0
  /** End of what was sent when the round began. */
  #endSeq = WIDE
  /** Shortest round trip of the round, in eighths of a millisecond. */
  #currRtt = 0

  constructor(sysctls: NetSysctls) {
    this.#endSeq = 0
    this.on = sysctls["tcp_cubic.hystart"] === 1
    this.#detect = sysctls["tcp_cubic.hystart_detect"]
    this.#lowWindow = sysctls["tcp_cubic.hystart_low_window"]
    this.#ackDelta = sysctls["tcp_cubic.hystart_ack_delta"]
  }

  /** `bictcp_hystart_reset`: a round begins. */
  reset(sk: TcpSocket): void {
    this.#roundStart = this.#lastAck = clock(sk)
    this.#endSeq = sk.sndNxt
    this.#currRtt = 0
    this.#samples = 0
  }

  /** An ACK in slow start: the first beyond the end of a round begins the next. */
  ack(sk: TcpSocket): void {
    if (this.on && sk.sndUna > this.#endSeq) this.reset(sk)
  }

  /** `hystart_update`, where it applies: a round trip of `delay`, the shortest so far is `delayMin`, in eighths of a millisecond. */
  sample(sk: TcpSocket, delay: number, delayMin: number): void {
    if (!this.on || sk.cwnd > sk.ssthresh || sk.cwnd < this.#lowWindow) return
    if ((this.found & this.#detect) !== 0) return
    const now = clock(sk)
    if (now - this.#lastAck <= this.#ackDelta) {
      this.#lastAck = now
      if (now - this.#roundStart > delayMin >> 4) this.found |= ACK_TRAIN
    }
    if (this.#samples < MIN_SAMPLES) {
      if (this.#currRtt === 0 || this.#currRtt > delay) this.#currRtt = delay
      this.#samples++
    } else if (this.#currRtt > delayMin + Math.min(Math.max(delayMin >> 4, DELAY_MIN), DELAY_MAX)) {
      this.found |= DELAY
    }
    if ((this.found & this.#detect) !== 0) sk.ssthresh = sk.cwnd
  }
}
