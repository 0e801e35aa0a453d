import type { Nanoseconds } from "@swaplab/sim"

/** What a NIC is plugged into: the near end of a link. */
export interface Wire {
  /**
   * Takes a frame, after all earlier ones. Returns the time at which its last bit will have left, which is when the NIC may
   * report it as sent. It must not deliver anything within this call.
   */
  transmit(frame: number): Nanoseconds
}
