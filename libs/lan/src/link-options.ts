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
  /**
   * A token bucket of so many bytes instead of a cable, as `tc qdisc add … tbf rate … burst …` makes one: that much leaves at once
   * when nothing has left for a while. 0, a cable, by default.
   */
  readonly burstBytes?: number
  /** Probability that a frame is damaged, all the time; faults come on top of it (`Link.impairments`). */
  readonly loss?: number
  /** The group of the simulation (an emulated machine) for which frames on this link are work under way. */
  readonly group?: number
}

/** Who keeps books on the bytes that wait for this link: the packet buffer of a switch. */
export interface BufferOwner {
  /** A frame has left, or was thrown out of, the queue; `tag` is what `enqueue` was given. */
  release(tag: number, bytes: number): void
  /** Frames in the queue leave at other times than foretold, perhaps earlier. */
  replanned(): void
}

/** What `send` returns for a frame that was not accepted. */
export const DROPPED = -1

/** Why a link carries nothing: its cable is out, or the machine at its end has no power. */
export const DownBy = { Cable: 1, Power: 2 } as const

/** Who holds a link by pause frames: its switch's flow control, or a station whose card sends them (`PauseStorm`). */
export const PausedBy = { Switch: 1, Station: 2 } as const
