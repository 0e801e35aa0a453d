import type { Nanoseconds } from "@swaplab/sim"

/** What `Wire.transmit` returns for a frame that the wire refused and freed. */
export const NOT_SENT = -1

/** What a NIC is plugged into: the near end of a link. */
export interface Wire {
  /**
   * Takes a frame, after all earlier ones. Returns the time at which its last bit will have left, Infinity while the link is
   * paused, or NOT_SENT. It must not deliver anything within this call.
   */
  transmit(frame: number): Nanoseconds
  /**
   * Frames that have left since the beginning, of those not refused. A link that can be paused must have it, because then
   * departures are later than foretold; without it the time of `transmit` counts.
   */
  readonly departedFrames?: number
}

/** The far end of the link to a NIC. It keeps the frames that arrive until the NIC takes them. */
export interface Feed {
  /** Calls `Nic.receive` for each frame that has arrived by now. */
  collect(): void
  /** Nothing arrives before this time, unless `Nic.expect` is called. Infinity: nothing is under way. */
  readonly nextAt: Nanoseconds
}
