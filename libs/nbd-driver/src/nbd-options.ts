import type { Nanoseconds } from "@swaplab/sim"

/** CPU time of the driver itself, without the socket. Our estimates; no source states them. */
export interface NbdCosts {
  /** A request taken from the queue and its header made. */
  readonly requestNs: number
  /** A reply matched. */
  readonly replyNs: number
}

export interface NbdOptions {
  /** nbd0 by default. */
  readonly name?: string
  /** PF_MEMALLOC around every send and receive, __GFP_MEMALLOC in the socket's mask, a memalloc socket. */
  readonly memallocXmit: boolean
  /** Sent requests go to the tail of queue_head, not to its head. */
  readonly appendSent: boolean
  /** NBD_SET_TIMEOUT: longest time that one send may take; 0 (the default): for ever. */
  readonly xmitTimeoutNs?: Nanoseconds
  /** dead_conn_timeout: how long requests wait for a new connection; 0 (the default): they fail at once, as before 4.12. */
  readonly deadConnTimeoutNs?: Nanoseconds
  /** Group of the machine: its timers end with its power. */
  readonly group?: number
  /** NBD_READ_ONLY. */
  readonly readOnly?: boolean
  readonly costs?: NbdCosts
}

/** What a driver did so far. */
export interface NbdCounters {
  sentReads: number
  sentWrites: number
  sentPages: number
  receivedPages: number
  /** Of them: pages that the server had held and has forgotten. */
  lostPages: number
  completed: number
  /** Requests that ended with an error. */
  failed: number
  /** Requests refused because there was no socket. */
  refused: number
  /** "killing hung xmit" */
  hungXmits: number
  /** Times that the connection was lost. */
  disconnects: number
}

export const nbdCounters = (): NbdCounters => ({
  sentReads: 0,
  sentWrites: 0,
  sentPages: 0,
  receivedPages: 0,
  lostPages: 0,
  completed: 0,
  failed: 0,
  refused: 0,
  hungXmits: 0,
  disconnects: 0
})
