// How a link is made, and who keeps books on what waits for it.
import type { Nanoseconds } from "@swaplab/sim"
import type { Framing } from "./framing.ts"

export interface LinkOptions {
  /** Unique in the network; it also names the random streams of the link. */
  readonly name: string
  readonly bitsPerSecond: number
  /** Propagation delay, and everything else between the last bit sent and the frame being received. */
  readonly latencyNs: Nanoseconds
  /** Bytes that may wait for the wire, the frame being sent included. No limit by default. */
  readonly queueBytes?: number
  readonly framing?: Framing
  /** Probability that a frame is damaged, all the time; faults come on top of it (`Link.impairments`). */
  readonly loss?: number
  /** The group of the simulation (an emulated machine) for which frames on this link are work under way. */
  readonly group?: number
}

/** Who keeps books on the bytes that wait for this link: the packet buffer of a switch. */
export interface BufferOwner {
  /** A frame has left, or was thrown out of, the queue; `tag` is what `enqueue` was given. */
  release(tag: number, bytes: number): void
}

/** What `send` returns for a frame that was not accepted. */
export const DROPPED = -1

/** Who holds a link by pause frames: its switch's flow control, or a station whose card sends them (`PauseStorm`). */
export const PausedBy = { Switch: 1, Station: 2 } as const
