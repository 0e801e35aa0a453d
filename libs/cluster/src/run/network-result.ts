// What a run has measured of its network. Plain data, as result.ts says.
import type { Drops } from "./drop-sites.ts"

/**
 * A machine with its cables, and its ports at the switch. Of several cables: their sum, and where a figure is a maximum, the
 * largest.
 */
export interface PortResult {
  /** The machine: client-1, server, server-2, other hosts. */
  readonly name: string
  /** Packets that the machine sent, or that were for it, by the place that dropped them. */
  readonly drops: Drops
  /** Bytes of the frames for which the switch had no room. */
  readonly switchDroppedBytes: number
  /** Most bytes that waited in the switch for the machine. */
  readonly queueHighWaterBytes: number
  /** Orders of the switch to pause, or to go on, and the time the machine was not allowed to send. */
  readonly pauseFrames: number
  readonly pausedNs: number
}

/** One switch. */
export interface SwitchResult {
  readonly name: string
  readonly bufferBytes: number
  /** Most bytes that were ever in its packet buffer. */
  readonly bufferHighWaterBytes: number
}

/** One direction of a cable. */
export interface DirectionResult {
  /** Who is at its far end. */
  readonly to: string
  readonly deliveredFrames: number
  readonly deliveredBytes: number
  /** Share of the time in which it was sending. */
  readonly utilisation: number
  /** Frames that were lost: without room in the switch in front of it, by chance, and because the cable was out. */
  readonly noRoom: number
  readonly noRoomBytes: number
  readonly lost: number
  readonly unplugged: number
  /** Most bytes that waited for it in the switch in front of it. */
  readonly queueHighWaterBytes: number
  /** Orders of the switch behind it to pause or to go on, and how long it was silent, whoever ordered that. */
  readonly pauseFrames: number
  readonly pausedNs: number
}

/** A cable between two switches, or one of several of a machine. */
export interface CableResult {
  /** As faults call it: room.uplink, room.uplink.1, server.2. */
  readonly name: string
  readonly bitsPerSecond: number
  /** To the switch, of an uplink to the one above, and back. */
  readonly up: DirectionResult
  readonly down: DirectionResult
}

/** The switches, their cables, and the ports that are no client's. */
export interface NetworkResult {
  /** In the order of the scenario. */
  readonly switches: ReadonlyArray<SwitchResult>
  /** Cables between switches, and those of machines that have several. */
  readonly uplinks: ReadonlyArray<CableResult>
  readonly members: ReadonlyArray<CableResult>
  /** Of the NBD servers, in the order of the scenario. */
  readonly servers: ReadonlyArray<PortResult>
  /** Null without thin clients. */
  readonly applications: PortResult | null
  /** Null without other hosts. */
  readonly otherHosts: PortResult | null
}
