// What a client found in place of what it had written.

/** A content token that differed from what was written. */
export interface Corruption {
  readonly timeNs: number
  /** Where the page came from: the swap area, or the image of the root file system. */
  readonly of: "swap" | "image"
  readonly task: string
  readonly message: string
}

/** A program found zeroes where the server had forgotten what it had swapped out. */
export interface LostSwap {
  readonly timeNs: number
  readonly task: string
  /** In its address space. */
  readonly page: number
  /** Number of the event at the server, from 1. */
  readonly event: number
}
