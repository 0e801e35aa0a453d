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
  readonly #frames: Array<LateFrame> = []

  get size(): number {
    return this.#frames.length
  }

  /** Puts a frame aside until `due`. Among themselves late frames keep their order: the time that counts is returned. */
  add(frame: number, bytes: number, fate: number, due: Nanoseconds, arrivedBefore: number): Nanoseconds {
    const last = this.#frames.at(-1)
    const at = last !== undefined && last.due > due ? last.due : due
    this.#frames.push({ frame, bytes, fate, due: at, arrivedBefore })
    return at
  }

  /** The first frame that is due by `now`, taken out; undefined if there is none. */
  take(now: Nanoseconds): LateFrame | undefined {
    const first = this.#frames[0]
    return first !== undefined && first.due <= now ? this.#frames.shift() : undefined
  }
}
