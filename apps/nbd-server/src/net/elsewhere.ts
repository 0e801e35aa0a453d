// Where connections go that another process of this server serves.
import type { OptionMessage } from "@swaplab/nbd"
import { Effect } from "effect"
import type { Socket } from "node:net"
import type { Handshake } from "./handshake.ts"

/** A connection that is given away: its socket is paused and its stream is empty. */
export interface GivenAway {
  readonly socket: Socket
  readonly address: string
  readonly place: number
  readonly handshake: Handshake
}

/** The other processes of a server, as one of them sees them. */
export interface Elsewhere {
  /** The process that answers an option of a client at this address; null: this one. */
  readonly placeOf: (message: OptionMessage, address: string) => number | null
  /** Gives a connection to its process. `attached` is called when its handshake is over; the effect ends with the connection. */
  readonly give: (given: GivenAway, attached: () => void) => Effect.Effect<void>
}

/** There is no other process. */
export const NOWHERE: Elsewhere = {
  placeOf: () => null,
  give: () => Effect.void
}
