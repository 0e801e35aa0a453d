// How long a frame is on its way after its last bit was sent.
// Modelled: a latency that changes: frames that have begun keep the latency they began with.
import { assert, type Nanoseconds } from "@swaplab/sim"

/** The latency of a link, and those that frames under way left with. Frames are named by their positions in its queue. */
export class LineLatency {
  #ns: Nanoseconds
  /** Former latencies, oldest first: of the frames at positions below `below`. */
  readonly #older: Array<{ readonly below: number; readonly latencyNs: Nanoseconds }> = []

  constructor(latencyNs: Nanoseconds) {
    this.#ns = checkedLatency(latencyNs)
  }

  /** Of frames that are sent now. */
  get ns(): Nanoseconds {
    return this.#ns
  }

  /** Of the frame at a position. */
  of(position: number): Nanoseconds {
    if (this.#older.length !== 0) {
      for (const older of this.#older) if (position < older.below) return older.latencyNs
    }
    return this.#ns
  }

  /** Changes it for frames from the position `begun` on. The oldest frame under way is at `head`. */
  change(latencyNs: Nanoseconds, head: number, begun: number): void {
    if (begun !== head) this.#older.push({ below: begun, latencyNs: this.#ns })
    this.#ns = checkedLatency(latencyNs)
  }

  /** The frames before `head` have arrived. */
  forget(head: number): void {
    while (this.#older.length !== 0 && this.#older[0].below <= head) this.#older.shift()
  }
}

const checkedLatency = (latencyNs: Nanoseconds): Nanoseconds => {
  assert(Number.isInteger(latencyNs) && latencyNs >= 0, "a latency is a whole number of nanoseconds")
  return latencyNs
}
