// What the page and its engine say to each other. All of it is plain data; columns are typed arrays that change hands and are
// not copied.
import type { ClientSnapshot, Outcome } from "@swaplab/cluster"
import type { Act } from "./acts.ts"
import type { Moments } from "./moments.ts"

/** Which run: a scenario as text, one of its kernels, a seed. */
export interface Source {
  /** Name of the file, for messages. */
  readonly file: string
  readonly text: string
  /** Null: the first of the scenario. */
  readonly kernel: string | null
  readonly seed: number
  /** What was done by hand. */
  readonly acts: ReadonlyArray<Act>
}

/** What the page asks for. */
export type Request =
  /** Takes a run; its time is 0. */
  | { readonly kind: "load"; readonly source: Source; readonly sampleNs: number; readonly look: string | null }
  /**
   * Goes to `fromNs` as fast as it can, back too, then on to `toNs` at so many simulated nanoseconds for each of the host.
   * With `fresh` the rows begin anew at `fromNs`.
   */
  | {
    readonly kind: "play"
    readonly fromNs: number
    readonly toNs: number
    readonly speed: number
    readonly sampleNs: number
    readonly fresh: boolean
  }
  | { readonly kind: "pause" }
  /** Looks closely at a client from now on. */
  | { readonly kind: "look"; readonly client: string }
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
  readonly servers: ReadonlyArray<{ readonly name: string; readonly bufferBytes: number }>
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
  readonly timesNs: Float64Array
  /** For each time CLIENT_FIGURES of each client. */
  readonly clients: Float64Array
  /** For each time SERVER_FIGURES of each server. */
  readonly servers: Float64Array
}

/** What the engine answers. */
export type Answer =
  | { readonly kind: "loaded"; readonly facts: Facts }
  /** Rows are dropped: those that follow are of another stretch. */
  | { readonly kind: "fresh" }
  | {
    readonly kind: "rows"
    readonly nowNs: number
    readonly batch: Batch
    readonly snapshot: ClientSnapshot | null
    readonly ended: Ended | null
    /** It stands still: paused, at the time that was asked for, or at the end. */
    readonly still: boolean
  }
  | { readonly kind: "moments"; readonly moments: Moments | null }
  /** The scenario has a mistake. */
  | { readonly kind: "mistake"; readonly message: string }
