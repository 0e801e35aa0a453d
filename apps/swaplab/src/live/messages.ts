// What the command and the thread of a run that is looked at say to each other.
import type { Answer, Opened, Request } from "@swaplab/live"

/** What the thread is told. */
export type ThreadRequest =
  | Request
  /** Takes a run whose result is kept: its place on a board, and the board. It begins at once. */
  | {
    readonly kind: "keep"
    readonly opened: Opened
    readonly sampleNs: number
    readonly job: number
    readonly board: SharedArrayBuffer
  }
  | { readonly kind: "metrics" }

/** What the thread tells. */
export type ThreadAnswer =
  | Answer
  /** The packed result of the run that is kept. */
  | { readonly kind: "result"; readonly packed: Uint8Array }
  /** /proc of all clients as node_exporter names it; empty: there is no run. */
  | { readonly kind: "metrics"; readonly text: string }
