// Frames that left the order of their link: they have come over the wire and are handed out some time later.
import type { Nanoseconds } from "@swaplab/sim"

/** A frame that is late. */
interface LateFrame {
  readonly frame: number
  readonly bytes: number
  readonly fate: number
  /** When it is handed out. */
  readonly due: Nanoseconds
  /** Frames of the link that had arrived in time when it should have. */
  readonly arrivedBefore: number
}

/** Late frames of a link, in the order in which they are handed out. */
export class LateFrames {
  /** When the first of them is handed out; Infinity: there is none. */
  nextDue: Nanoseconds = Number.POSITIVE_INFINITY
  readonly #frames: Array<LateFrame> = []

  get size(): number {
    return this.#frames.length
  }

  /** Puts a frame aside until `due`. Among themselves late frames keep their order. */
  add(frame: number, bytes: number, fate: number, due: Nanoseconds, arrivedBefore: number): void {
    const last = this.#frames.at(-1)
    this.#frames.push({ frame, bytes, fate, due: last !== undefined && last.due > due ? last.due : due, arrivedBefore })
    this.nextDue = this.#frames[0].due
  }

  /** The first frame, taken out; undefined if there is none. */
  take(): LateFrame | undefined {
    const first = this.#frames.shift()
    this.nextDue = this.#frames.length === 0 ? Number.POSITIVE_INFINITY : this.#frames[0].due
    return first
  }
}
