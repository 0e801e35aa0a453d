// How drivers let interrupts follow the load.
//
//   itr          three rates by packets and bytes of the last interrupt: 70,000, 20,000 and 4000 a second; "conservative", the
//                default, leaves the highest out (e1000, e1000e)
//   packet-size  the longer packets are on average, the longer the gap (igb with an interrupt a queue)
//   byte-rate    three rates by bytes a microsecond: 100,000, 20,000 and 8000 a second, smoothed (ixgbe, ixgbevf)
//   ticks        at the microframes of a USB bus
//   timer        a poll with more than four packets switches to a timer of 133 us; 2048 quiet polls, and back (forcedeth)
//
// Modelled: the integer arithmetic of each driver, with what it begins with.
// Not modelled: igb with one interrupt for all queues, which is as e1000; segmentation by the card counts as its segments.
// source: drivers/net/ethernet/intel/e1000/e1000_main.c:e1000_update_itr, e1000_set_itr; igb/igb_main.c:igb_update_ring_itr;
// ixgbe/ixgbe_main.c:ixgbe_update_itr, ixgbe_set_itr; nvidia/forcedeth.c:nv_change_interrupt_mode
import type { Nanoseconds } from "@swaplab/sim"

const US = 1000

/** What a driver has handled since it went back to interrupts. Bytes are those of Ethernet frames without checksum. */
export interface Load {
  rxPackets: number
  rxBytes: number
  txPackets: number
  txBytes: number
}

/** What decides when a card may interrupt. */
export interface Rule {
  moderated(time: Nanoseconds, last: Nanoseconds): Nanoseconds
  completed(now: Nanoseconds, load: Load): void
}

/** A gap that stays. */
class Gap implements Rule {
  protected gapNs: Nanoseconds

  constructor(gapUsecs: number) {
    this.gapNs = Math.round(gapUsecs * US)
  }

  moderated(time: Nanoseconds, last: Nanoseconds): Nanoseconds {
    const earliest = last + this.gapNs
    return Math.ceil(time > earliest ? time : earliest)
  }

  completed(_now: Nanoseconds, _load: Load): void {}
}

/** Classes of load, the most patient last. */
const LOWEST_LATENCY = 0
const LOW_LATENCY = 1
const BULK_LATENCY = 2

/** `e1000_update_itr`: the class after `packets` with `bytes`, which was `at`. Conservative: never below LOW_LATENCY. */
const itrClass = (at: number, packets: number, bytes: number): number => {
  if (packets === 0) return at
  if (at === LOW_LATENCY) {
    const mean = Math.floor(bytes / packets)
    if (bytes > 10_000) return packets < 10 || mean > 1200 ? BULK_LATENCY : LOW_LATENCY
    return mean > 2000 ? BULK_LATENCY : LOW_LATENCY
  }
  if (bytes > 25_000) return packets > 35 ? LOW_LATENCY : BULK_LATENCY
  return bytes < 6000 ? LOW_LATENCY : BULK_LATENCY
}

class Itr extends Gap {
  #rate = 20_000
  #rx = LOW_LATENCY
  #tx = LOW_LATENCY

  override completed(_now: Nanoseconds, { rxBytes, rxPackets, txBytes, txPackets }: Load): void {
    this.#tx = itrClass(this.#tx, txPackets, txBytes)
    this.#rx = itrClass(this.#rx, rxPackets, rxBytes)
    const wanted = this.#rx === BULK_LATENCY || this.#tx === BULK_LATENCY ? 4000 : 20_000
    // upwards in steps
    this.#rate = wanted > this.#rate ? Math.min(this.#rate + (wanted >> 2), wanted) : wanted
    // the register counts 256 ns
    this.gapNs = Math.floor(1e9 / (this.#rate * 256)) * 256
  }
}

class PacketSize extends Gap {
  override completed(_now: Nanoseconds, { rxBytes, rxPackets, txBytes, txPackets }: Load): void {
    const rx = rxPackets === 0 ? 0 : Math.floor(rxBytes / rxPackets)
    const tx = txPackets === 0 ? 0 : Math.floor(txBytes / txPackets)
    const mean = Math.max(rx, tx)
    if (mean === 0) return
    // with checksum, preamble and gap
    const size = Math.min(mean + 24, 3000)
    const quarters = Math.max(Math.floor(size > 300 && size < 1200 ? size / 3 : size / 2), 196)
    // bits 14 to 2 of the register count microseconds
    this.gapNs = (quarters >> 2) * US
  }
}

/** Gaps of ixgbe's classes, in quarters of a microsecond. */
const BYTE_RATE_GAPS = [40, 200, 500]

class ByteRate extends Gap {
  #quarters: number
  #rx = LOWEST_LATENCY
  #tx = LOWEST_LATENCY

  constructor(gapUsecs: number) {
    super(gapUsecs)
    this.#quarters = gapUsecs << 2
  }

  override completed(_now: Nanoseconds, { rxBytes, rxPackets, txBytes, txPackets }: Load): void {
    this.#tx = this.#class(this.#tx, txPackets, txBytes)
    this.#rx = this.#class(this.#rx, rxPackets, rxBytes)
    const wanted = BYTE_RATE_GAPS[Math.max(this.#rx, this.#tx)]
    if (wanted === this.#quarters) return
    this.#quarters = Math.floor(10 * wanted * this.#quarters / (9 * wanted + this.#quarters))
    this.gapNs = (this.#quarters >> 2) * US
  }

  #class(at: number, packets: number, bytes: number): number {
    if (packets === 0) return at
    const rate = Math.floor(bytes / (this.#quarters >> 2))
    if (at === LOWEST_LATENCY) return rate > 10 ? LOW_LATENCY : at
    if (at === BULK_LATENCY) return rate <= 20 ? LOW_LATENCY : at
    return rate > 20 ? BULK_LATENCY : rate <= 10 ? LOWEST_LATENCY : at
  }
}

/** The ticks of a clock that never stops. */
class Ticks implements Rule {
  readonly #tickNs: Nanoseconds

  constructor(tickUsecs: number) {
    this.#tickNs = tickUsecs * US
  }

  moderated(time: Nanoseconds, _last: Nanoseconds): Nanoseconds {
    return Math.ceil(time / this.#tickNs) * this.#tickNs
  }

  completed(_now: Nanoseconds, _load: Load): void {}
}

/** NVREG_POLL_DEFAULT_CPU, in units of 10.24 us. */
const TIMER_NS = 13 * 10_240
/** NV_DYNAMIC_THRESHOLD and NV_DYNAMIC_MAX_QUIET_COUNT. */
const BUSY_PACKETS = 4
const QUIET_POLLS = 2048

class TimerMode implements Rule {
  #byTimer = false
  #quiet = 0
  #since: Nanoseconds = 0

  moderated(time: Nanoseconds, _last: Nanoseconds): Nanoseconds {
    if (!this.#byTimer || this.#quiet + this.#idleTicks(time) > QUIET_POLLS) return Math.ceil(time)
    return Math.ceil(time / TIMER_NS) * TIMER_NS
  }

  completed(now: Nanoseconds, { rxPackets, txPackets }: Load): void {
    // the timer has polled meanwhile, and found nothing
    if (this.#byTimer) this.#quiet += this.#idleTicks(now)
    this.#since = now
    if (rxPackets + txPackets > BUSY_PACKETS) {
      this.#byTimer = true
      this.#quiet = 0
    } else if (++this.#quiet > QUIET_POLLS) {
      this.#byTimer = false
    }
  }

  #idleTicks(now: Nanoseconds): number {
    return Math.max(Math.ceil(now / TIMER_NS) - Math.floor(this.#since / TIMER_NS) - 2, 0)
  }
}

/** Rules by their names: each makes the state of one card from the gap that it begins with, in microseconds. */
export const FOLLOWS = {
  nothing: (gapUsecs: number): Rule => new Gap(gapUsecs),
  itr: (gapUsecs: number): Rule => new Itr(gapUsecs),
  "packet-size": (gapUsecs: number): Rule => new PacketSize(gapUsecs),
  "byte-rate": (gapUsecs: number): Rule => new ByteRate(gapUsecs),
  ticks: (gapUsecs: number): Rule => new Ticks(gapUsecs),
  timer: (_gapUsecs: number): Rule => new TimerMode()
} as const

/** The name of a rule. */
export type Follows = keyof typeof FOLLOWS
