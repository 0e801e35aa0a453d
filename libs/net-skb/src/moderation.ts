// Interrupt moderation: when a card interrupts for what has happened, as its driver sets it up, and how that follows the load.
//
//   hold-off     so long after the first frame, or at so many frames, whichever is earlier (tg3, bnx2, cxgb4, r8169)
//   gap          not sooner than so long after the interrupt before (the ITR of Intel's cards), which may follow the load
//   timer        at the ticks of a timer, while there is much to do (forcedeth)
//
// Modelled: what each driver sets without ethtool, and what `ethtool -C` changes with `rx-usecs` and `rx-frames`.
// Not modelled: counts of sent frames (tx-frames), other values while an interrupt is under way (rx-usecs-irq), a change while the
//   machine runs; what was sent is counted when it is handed to the wire, where drivers count what they have cleaned up; the
//   interrupts of forcedeth's timer for which there is nothing to do.
// What that costs: a card that only sends interrupts after tx-usecs, even where a driver would have it earlier; a machine with
//   forcedeth loses some 2 us of CPU time less for each of up to 7500 idle interrupts a second.
// source: those of the rules in moderation-rules.ts
import type { Nanoseconds } from "@swaplab/sim"
import { FOLLOWS, type Follows, type Load, type Rule } from "./moderation-rules.ts"

/** How a card moderates its interrupts. Times in microseconds, as in `ethtool -C`. */
export interface Coalescing {
  /** From the first frame to the interrupt, at most. */
  readonly rxUsecs: number
  /** Frames at which it comes at once; 0: they are not counted. */
  readonly rxFrames: number
  /** From the last bit of a sent skb to the interrupt that reports it. */
  readonly txUsecs: number
  /** Least time between two interrupts, to begin with. */
  readonly gapUsecs: number
  /** What changes that time, or when interrupts come. */
  readonly follows: Follows
}

/** Every cause interrupts at once. */
export const AT_ONCE: Coalescing = { rxUsecs: 0, rxFrames: 0, txUsecs: 0, gapUsecs: 0, follows: "nothing" }

const US = 1000

/** The state of one card's moderation. */
export class Moderation {
  /** From a frame, and from what was sent, to the interrupt. */
  readonly #delayNs: Nanoseconds
  readonly txDelayNs: Nanoseconds
  readonly #holdNs: Nanoseconds
  readonly #holdFrames: number
  readonly #rule: Rule
  /** Frames since the last interrupt, and when the first of them came. */
  #frames = 0
  #firstAt: Nanoseconds = 0

  /** `delayNs`: what the way from the card to the handler takes anyway. */
  constructor(coalesce: Coalescing, delayNs: Nanoseconds) {
    this.#delayNs = delayNs
    this.txDelayNs = Math.round(coalesce.txUsecs * US)
    this.#holdNs = coalesce.rxUsecs * US
    this.#holdFrames = coalesce.rxFrames
    this.#rule = FOLLOWS[coalesce.follows](coalesce.gapUsecs)
  }

  /** A frame has arrived at `at`: when there is an interrupt for it, were there no gap. */
  received(at: Nanoseconds): Nanoseconds {
    if (this.#holdNs === 0) return at + this.#delayNs
    if (this.#frames++ === 0) this.#firstAt = at
    const due = this.#firstAt + this.#holdNs
    return (this.#frames === this.#holdFrames && at < due ? at : due) + this.#delayNs
  }

  /** When there is one at the earliest if the next frame arrives at `at`. Where frames are counted, each is looked at. */
  earliest(at: Nanoseconds): Nanoseconds {
    if (this.#holdNs === 0) return at + this.#delayNs
    const due = this.#frames === 0 ? at + this.#holdNs : this.#firstAt + this.#holdNs
    return (this.#frames < this.#holdFrames && at < due ? at : due) + this.#delayNs
  }

  /** When the card interrupts for what it would report at `time`, if its last interrupt was at `last`. */
  moderated(time: Nanoseconds, last: Nanoseconds): Nanoseconds {
    return this.#rule.moderated(time, last)
  }

  /** There was an interrupt: frames are counted anew. */
  interrupted(): void {
    this.#frames = 0
  }

  /** The driver goes back to interrupts, after it has handled `load` since it did so last. */
  completed(now: Nanoseconds, load: Load): void {
    this.#rule.completed(now, load)
  }
}
