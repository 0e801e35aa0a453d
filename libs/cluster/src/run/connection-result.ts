// What became of the connections of a client to its servers, as a part of its result: plain data.

/** Programs that found zeroes where a server had forgotten what they had swapped out. */
export interface LostSwapResult {
  /** What happened to the server: "server stopped", "fresh swap file for client-3". */
  readonly event: string
  readonly eventNs: number
  /** Pages that it forgot with that, of all clients. */
  readonly pagesForgotten: number
  /** When the first program of this client noticed, and which one. */
  readonly noticedNs: number
  readonly task: string
  /** Programs of this client that noticed. */
  readonly programs: number
}

/** Swap and root image together. */
export interface ConnectionResult {
  readonly disconnects: number
  readonly reconnects: number
  /** Attempts that met nobody who listens, that nobody answered, and that failed otherwise. */
  readonly connectsRefused: number
  readonly connectsTimedOut: number
  readonly connectsFailed: number
  /** Time without a connection, of the device that was longest without. */
  readonly downNs: number
  /** With whenLost: reboot, how often it had to. */
  readonly rebootsWanted: number
  /** Block requests that ended with an error, those refused for want of a socket included. */
  readonly requestsFailed: number
  /** Pages that could not be read from swap, and not be written to it. */
  readonly swapReadErrors: number
  readonly swapWriteErrors: number
  /** Programs that SIGBUS has killed: one of their pages, or of their files, could not be read. */
  readonly sigbusKills: number
  /** Pages read from swap that the server had forgotten: zeroes. */
  readonly lostPages: number
  readonly lostSwap: ReadonlyArray<LostSwapResult>
}
