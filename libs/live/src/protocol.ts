// What an engine and whoever looks at its run say to each other. All of it is plain data; columns are typed arrays that change
// hands and are not copied.
import type { ClientSnapshot, FaultMark, Outcome, Scenario } from "@swaplab/cluster"
import type { Moments } from "./moments.ts"

/** A run that an engine can make. */
export interface Opened {
  readonly scenario: Scenario
  /** One of its kernels. */
  readonly kernel: string
  readonly seed: number
  /** The scenario as a file that runs by itself. */
  readonly yaml: string
}

/**
 * Goes to `fromNs` as fast as it can, back too, then on to `toNs` at so many simulated nanoseconds for each of the host. Null: from
 * where it is. With `fresh` the rows begin anew at `fromNs`.
 */
export interface Play {
  readonly kind: "play"
  readonly fromNs: number | null
  readonly toNs: number
  readonly speed: number
  readonly sampleNs: number
  readonly fresh: boolean
}

/** What an engine is asked for. */
export type Request =
  /** Takes a run; its time is 0. With `toNs` it goes there at once, and does not stand still before. */
  | {
    readonly kind: "open"
    readonly opened: Opened
    readonly sampleNs: number
    readonly look: ReadonlyArray<string> | null
    readonly toNs?: number
  }
  | Play
  | { readonly kind: "pause" }
  /** Looks closely at these clients from now on. */
  | { readonly kind: "look"; readonly clients: ReadonlyArray<string> }
  /** Runs the scenario beside what is played, and tells the moments of its lockup. */
  | { readonly kind: "moments" }

/** Pages of a client and its watermarks, all zones together. */
export interface ClientFacts {
  readonly name: string
  readonly present: number
  readonly min: number
  readonly low: number
  readonly high: number
}

/** What does not change during a run. */
export interface Facts {
  readonly scenario: string
  readonly description: string
  readonly kernel: string
  readonly kernels: ReadonlyArray<string>
  readonly seed: number
  readonly durationNs: number
  readonly clients: ReadonlyArray<ClientFacts>
  /** Each with the name of its switch, and the size of the buffer there. */
  readonly servers: ReadonlyArray<{
    readonly name: string
    readonly switchName: string
    readonly bufferBytes: number
  }>
  /** Sysctls that can be written while it goes on, and patches that can be exchanged. */
  readonly sysctls: ReadonlyArray<{ readonly name: string; readonly most: number }>
  readonly patches: ReadonlyArray<string>
  /** The scenario with what was done by hand, as a file that runs by itself. */
  readonly yaml: string
}

/** How a run ended. */
export interface Ended {
  readonly outcome: Outcome
  readonly fingerprint: string
  readonly events: number
}

/** Rows of all clients and servers, in columns by time: those of one instant stand together. */
export interface Batch {
  readonly timesNs: Float64Array<ArrayBuffer>
  /** For each time CLIENT_FIGURES of each client. */
  readonly clients: Float32Array<ArrayBuffer>
  /** For each time SERVER_FIGURES of each server. */
  readonly servers: Float64Array<ArrayBuffer>
}

/** Where a run is, with the rows since the last time. */
export interface Progress {
  readonly nowNs: number
  readonly batch: Batch
  /** Of the clients that are looked at; null: as the last time. */
  readonly snapshots: ReadonlyArray<ClientSnapshot> | null
  /** Faults that have begun; null: as the last time. */
  readonly faults: ReadonlyArray<FaultMark> | null
  readonly ended: Ended | null
  /** It stands still: paused, at the time that was asked for, or at the end. */
  readonly still: boolean
}

/** What an engine answers. */
export type Answer =
  | { readonly kind: "loaded"; readonly facts: Facts }
  /** Rows are dropped: those that follow are of another stretch. */
  | { readonly kind: "fresh" }
  | ({ readonly kind: "rows" } & Progress)
  | { readonly kind: "moments"; readonly moments: Moments | null }
  /** The scenario has a mistake, or what was asked for cannot be. */
  | { readonly kind: "mistake"; readonly message: string }
