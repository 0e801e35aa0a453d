// What the page and its thread say to each other: the thread makes a run, or shows one that a command makes.
import type { LockupReport, Outcome } from "@swaplab/cluster"
import type { Act, Answer, Request } from "@swaplab/live"

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
export type PageRequest =
  | Exclude<Request, { readonly kind: "open" | "look" }>
  /** Takes a run, and goes to this time. */
  | {
    readonly kind: "load"
    readonly source: Source
    readonly sampleNs: number
    readonly look: string | null
    readonly toNs: number
  }
  /** Shows the run of the command that this page came from, by the address of its socket. */
  | { readonly kind: "connect"; readonly url: string }
  | { readonly kind: "look"; readonly client: string }
  /** Shows a result, and another of its runs. */
  | { readonly kind: "show"; readonly files: ReadonlyArray<NamedFile> }
  | { readonly kind: "choose"; readonly at: number }
  /** Does by hand, to the run of the command, all of this and nothing else. */
  | { readonly kind: "acts"; readonly acts: ReadonlyArray<Act>; readonly atNs: number }

/** A file that was dropped or chosen, with its path where it came in a folder. */
export interface NamedFile {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A result that is shown. */
export interface RecordedRuns {
  /** Its runs, in words, and which of them is shown. */
  readonly runs: ReadonlyArray<string>
  readonly at: number
  /** Of so many samples one is shown: there are too many. */
  readonly every: number
}

/** All that a result says of a client over time. */
export interface RecordedClient {
  readonly client: string
  readonly outcome: Outcome
  /** Its lockup, or what is closest to one; null: there was nothing of the kind. */
  readonly report: LockupReport | null
  readonly timesNs: Float64Array
  readonly figures: ReadonlyArray<{ readonly title: string; readonly values: Float64Array }>
}

/** The run of the command that this page came from. */
export interface Connection {
  /** Null: the page hears of the run. Else why not. */
  readonly lost: string | null
  /** What has been done by hand; null: nothing can be, and time does not go back. */
  readonly acts: ReadonlyArray<Act> | null
  /** Which run of how many it is; empty: there is only one. */
  readonly words: string
}

/** What the thread answers. */
export type PageAnswer =
  | Answer
  | { readonly kind: "connection"; readonly connection: Connection }
  | { readonly kind: "recorded"; readonly recorded: RecordedRuns }
  | { readonly kind: "closely"; readonly closely: RecordedClient }
  /** Why what was asked for cannot be done; empty: it is done. */
  | { readonly kind: "told"; readonly words: string }
