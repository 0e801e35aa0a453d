// What a switch is made of (switch.ts).
import type { Nanoseconds } from "@swaplab/sim"

export interface SwitchOptions {
  readonly name: string
  /** From the last bit in to the first bit out, when the output is idle. */
  readonly forwardingLatencyNs: Nanoseconds
  /** Size of the packet buffer shared by all ports. */
  readonly bufferBytes: number
  /**
   * Share of the free buffer that one output queue may hold; with flow control, that the frames of one input may hold before
   * it pauses. 1 by default, so that a single busy port gets half; Infinity for no threshold.
   */
  readonly alpha?: number
  /** Most bytes that one output queue may hold besides. No limit by default; without effect with flow control. */
  readonly portLimitBytes?: number
  /**
   * Bytes of the buffer that each port has for itself, and that no other can take: of what its queue holds, and with flow
   * control of what came in over it. 0 by default. The rest is shared.
   */
  readonly portReserveBytes?: number
  /**
   * A frame that finds more than so many bytes waiting for its port is marked (ECN), if its sender understands marks. No marks by
   * default. The threshold is one of the queue as it is: RED's average over time is not modelled.
   */
  readonly ecnMarkBytes?: number
  /** 802.3x: ports that fill the buffer pause, and no output queue is cut. Off by default. */
  readonly flowControl?: boolean
}
