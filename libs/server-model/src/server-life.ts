// What has happened to a server: how it is, and what its clients lost by that.
import type { Nanoseconds } from "@swaplab/sim"

/** Whether the swap of the clients outlives what happens to the server. */
export type StoreFate = "kept" | "lost"

/** How the server is. */
type ServerState = "running" | "stopped" | "paused" | "off"

/** Something that happened to the server. */
export interface ServerEvent {
  readonly atNs: Nanoseconds
  /** In a few words: "server stopped", "power lost". */
  readonly what: string
  /** Pages of swap that it forgot with that. */
  readonly pagesLost: number
}

/** What has happened to a server so far. */
export class ServerLife {
  /** The machine has power, nbd-server runs on it, its processes are stopped by SIGSTOP. */
  powered = true
  runs = true
  paused = false
  /** Since when it is in its state. */
  sinceNs: Nanoseconds = 0
  /** Connections that ended because the server did. */
  connectionsKilled = 0
  /** Requests that had been read as a whole and were not answered: the process was killed, or the connection had ended. */
  unanswered = 0
  readonly #events: Array<ServerEvent> = []
  #before: ServerState = "running"

  get state(): ServerState {
    return !this.powered ? "off" : !this.runs ? "stopped" : this.paused ? "paused" : "running"
  }

  /** In order of time; the number of an event is its place here, from 1. */
  get events(): ReadonlyArray<ServerEvent> {
    return this.#events
  }

  /** The number that the next event will have. */
  get nextEvent(): number {
    return this.#events.length + 1
  }

  /** Notes what has happened just now, after the state has changed if it does. */
  happened(event: ServerEvent): void {
    this.#events.push(event)
    if (this.state !== this.#before) this.sinceNs = event.atNs
    this.#before = this.state
  }
}

/** What happened to a server and its clients' requests, in figures. */
export interface ServerFaultCounts {
  /** Connections whose processes were killed. */
  readonly connectionsKilled: number
  /** Connections made over the network, and SYNs that met nobody who listens. */
  readonly connectionsAccepted: number
  readonly connectsRefused: number
  /** See `ServerLife`. */
  readonly requestsUnanswered: number
  /** Requests that failed on purpose, that met a slow disk, and writes that found no room. */
  readonly errorsInjected: number
  readonly requestsSlowed: number
  readonly noSpace: number
  /** Pages of swap that were forgotten. */
  readonly pagesForgotten: number
}
