// A station whose card orders its switch to pause, for ever or by a duty cycle: a card that is broken, or one with small
// buffers on a slow bus. Its switch port is then silent, and what is for the station fills the packet buffer.
// Modelled: the order reaches the switch after its own time on the wire and the cable's; the frame under way is finished.
// Not modelled: the orders' place on the wire (at the longest pause, 65,535 quanta of 512 bits, one in 33.5 ms at 1 Gb),
// and switches that cut a storm off (storm control).
// source: IEEE 802.3 Annex 31B
import { assert, type Nanoseconds, type Sim, Timer } from "@swaplab/sim"
import { pauseFlightNs } from "./ingress-pause.ts"
import { PausedBy } from "./link-options.ts"
import type { Link } from "./link.ts"

/** When the station orders silence. */
export interface DutyCycle {
  /** Silence of each period; the whole period or Infinity: silence for ever. */
  readonly onNs: Nanoseconds
  readonly periodNs: Nanoseconds
}

const FOR_EVER: DutyCycle = { onNs: Number.POSITIVE_INFINITY, periodNs: Number.POSITIVE_INFINITY }

/** Pause frames of one station. */
export class PauseStorm {
  /** Orders to pause that reached the switch. What they held back: `Link.heldFrames` and `Link.pausedNs` of `down`. */
  orders = 0
  readonly #up: Link
  readonly #down: Link
  readonly #timer: Timer
  #cycle = FOR_EVER
  #on = false
  #silent = false

  /** `up` leads from the station to its switch, `down` back. */
  constructor(sim: Sim, up: Link, down: Link) {
    this.#up = up
    this.#down = down
    this.#timer = new Timer(sim.queue, () => this.#turn(), { name: "turn of a pause storm", retry: true })
  }

  get on(): boolean {
    return this.#on
  }

  /** Begins to send pause frames, for ever if no cycle is given. */
  begin(cycle: DutyCycle = FOR_EVER): void {
    assert(cycle.onNs > 0 && cycle.periodNs >= cycle.onNs, "a pause is longer than 0 and at most its period")
    this.#cycle = cycle
    this.#on = true
    if (!this.#silent) this.#timer.arm(pauseFlightNs(this.#up))
    else if (cycle.onNs < cycle.periodNs) this.#timer.arm(cycle.onNs)
    else this.#timer.cancel()
  }

  /** Ends it: the last order is taken back. */
  end(): void {
    if (!this.#on) return
    this.#on = false
    if (this.#silent) this.#timer.arm(pauseFlightNs(this.#up))
    else this.#timer.cancel()
  }

  #turn(): void {
    const { onNs, periodNs } = this.#cycle
    if (this.#silent) {
      this.#silent = false
      this.#down.resume(PausedBy.Station)
      if (this.#on) this.#timer.arm(periodNs - onNs)
      return
    }
    // a cable that is out carries no order; the card sends the next one
    this.#silent = true
    this.orders++
    this.#down.pause(PausedBy.Station)
    if (onNs < periodNs) this.#timer.arm(onNs)
  }
}
