// What the network asks of the frames that it carries. A frame is an opaque integer: a handle of whoever made it.

/** Operations on frames, plugged in by the owner of the frames. */
export interface FrameOps {
  /** Bytes of the network-layer packet: what the framing of a link is added to. */
  bytes(frame: number): number
  /** Address of the host that the frame is for, an integer ≥ 0 (see `Switch.route`). */
  destination(frame: number): number
  /** A second frame like it, for a link that duplicates. */
  copy(frame: number): number
  /** A switch says that it is congested (ECN). False: the sender of this frame would not understand, and it stays as it is. */
  mark?(frame: number): boolean
  /** The network lost the frame: the owner takes it back. `reason` is one of `DropReason`. */
  drop(frame: number, reason: number): void
}

/** Why a frame was lost. */
export const DropReason = {
  /** The transmit queue of the link held its limit of bytes. */
  QueueFull: 0,
  /** The shared packet buffer of the switch was full, or the output port held its share of it or its limit. */
  BufferFull: 1,
  /** Damaged on the wire: the loss of the link's options, or a fault (`Impairments` counts each by itself). */
  Loss: 2,
  /** The link was down, or went down while the frame was queued or in flight. */
  LinkDown: 3,
  /** The switch knows no port for the destination, or only the port that the frame came from. */
  NoRoute: 4
} as const

/** Names of the reasons, by value. */
export const dropReasonNames: ReadonlyArray<string> = ["queue full", "buffer full", "loss", "link down", "no route"]

/** What a tap is told about a frame. */
export const TapEvent = { Sent: 0, Delivered: 1, Dropped: 2 } as const

/** Sees every frame of a link: `event` is one of `TapEvent`, at the current time of the simulation. */
export type Tap = (frame: number, event: number) => void
