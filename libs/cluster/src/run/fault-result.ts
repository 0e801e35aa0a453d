// What the result of a run says of the faults of its scenario: plain data, times in simulated nanoseconds.

/** What followed a fault, at the clients that it concerned. Of faults that overlap, each counts all of it. */
export interface FaultAftermath {
  /** Clients that it concerned. */
  readonly clients: number
  /** Those that stood still for `watchdog.stall` or longer, and those of them that never went on. */
  readonly stalled: number
  readonly notBack: number
  /** Longest page fault that read, of all of them, while it was followed. */
  readonly longestFaultNs: number
  /** Clients that neither lost a program nor locked up nor had to boot, nor stood still to the end. */
  readonly unharmed: number
  /** Time that clients stood still, all together. */
  readonly stillNs: number
  /** From its beginning until the last of the others went on; null: none stood still, or none went on. */
  readonly backAfterNs: number | null
  /** Pages that could not be read from swap, or written to it. */
  readonly ioErrors: number
  /** Programs that found zeroes where a server had forgotten what they had swapped out. */
  readonly lostSwap: number
  /** Processes of the measured workload that were killed for a page that could not be read. */
  readonly sigbus: number
  readonly oomKills: number
  readonly lockups: number
  /** Retransmission time-outs of the connections to the server. */
  readonly timeouts: number
  /** Connections to a server that were lost, and that were made again. */
  readonly disconnects: number
  readonly reconnects: number
  /** Boots of clients after the first. */
  readonly reboots: number
}

/** What of it is harm, or a sign of it: figures that are 0 where the fault did nothing of the kind. */
export const CONSEQUENCES = [
  "stalled",
  "notBack",
  "ioErrors",
  "lostSwap",
  "sigbus",
  "oomKills",
  "lockups",
  "timeouts",
  "disconnects",
  "reconnects",
  "reboots"
] as const satisfies ReadonlyArray<keyof FaultAftermath>

/** A fault from a beginning to its end, at all its places. */
export interface FaultMark {
  /** Its entry in the scenario, from 0. */
  readonly entry: number
  /** The name of its kind, and what it was, in words. */
  readonly what: string
  readonly words: string
  /** Machines. */
  readonly where: ReadonlyArray<string>
  readonly beganNs: number
  /** Null: it was on until the end of the run. */
  readonly endedNs: number | null
}

/** What a fault did, and what followed. */
export interface FaultResult extends FaultMark, FaultAftermath {
  /** What it did. */
  readonly effects: ReadonlyArray<{ readonly what: string; readonly count: number }>
  /** It has hit something. */
  readonly hit: boolean
}
