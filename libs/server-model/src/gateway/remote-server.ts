// A server outside of the simulation, as the gateway in front of it asks it and hears of it. Asking returns at once; what comes
// of it is handed to `Gateway.take` by whoever drives the run, between two of its steps.

/** What a server outside has done. */
export const RemoteEvent = { Opened: 0, Refused: 1, Replied: 2, Lost: 3 } as const

/** Something that a server outside has done. */
export interface RemoteAnswer {
  /** One of `RemoteEvent`. */
  readonly event: number
  readonly session: number
  /** Replied: the request, and its type. */
  readonly cookie: number
  readonly type: number
  /** Replied: 0 or an error of NBD. */
  readonly error: number
  /** Replied to a READ: what was read, as tokens of 8 bytes a page; null: what must be there (a replay that saw just that). */
  readonly tokens: Uint8Array | null
  /** Pages of that which are no whole token block, counted from the first of the request. */
  readonly damaged: ReadonlyArray<number>
  /** Lost, refused: why, in words. */
  readonly why: string
  /** Lost: the server has broken the protocol. */
  readonly broken: boolean
  /** When it came, in the time of the run. */
  readonly atNs: number
  /** Replied: how late the request left the gateway, and how long the server took from then on. */
  readonly lateNs: number
  readonly latencyNs: number
}

/** What most answers say: nothing. An answer is this and what it is about. */
export const BLANK_ANSWER = {
  cookie: 0,
  type: 0,
  error: 0,
  tokens: null,
  damaged: [],
  why: "",
  broken: false,
  lateNs: 0,
  latencyNs: 0
} as const satisfies Partial<RemoteAnswer>

/** A request to a server outside. */
export interface RemoteRequest {
  readonly session: number
  readonly cookie: number
  /** One of `Command`. */
  readonly type: number
  /** Of `CommandFlag`. */
  readonly flags: number
  /** In the export of the client. */
  readonly offset: number
  readonly length: number
  /** What a WRITE writes, 8 bytes a page; read before `ask` returns. */
  readonly tokens: Uint8Array
  /** When it came to the gateway, in the time of the run. */
  readonly atNs: number
}

/** A server outside of the simulation. */
export interface RemoteServer {
  /** Asks for a connection to the export of a client: Opened or Refused comes, later Lost if it is not closed before. */
  open(session: number, client: string): void
  ask(request: RemoteRequest): void
  /** The client has gone: nothing more comes of this connection. */
  close(session: number): void
  /**
   * A fault of a scenario begins at the server; `options` are those of its kind. Returns what ends it. Without it nothing happens: a
   * trace has what came of the fault already.
   */
  fault?(what: string, options: Readonly<Record<string, unknown>>): () => void
}
