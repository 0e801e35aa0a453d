// Requests of a block device in the order of a file, whichever file they come from.

/** One request. */
export interface BlockRequest {
  /** From the start of the file's own clock; 0 in a file without times. */
  readonly atNs: number
  readonly write: boolean
  /** Bytes. */
  readonly offset: number
  readonly length: number
  /** Whose request it is: a device, a file, a connection. */
  readonly of: string
}

/** A sequence of requests. */
export interface BlockTrace {
  readonly requests: ReadonlyArray<BlockRequest>
  /** Whether the file says when each request came. */
  readonly timed: boolean
  /** The most requests that were under way at a time, where the file tells; null: it does not. */
  readonly mostInFlight: number | null
}

/** A trace longer than this does not fit a scenario. */
export const MAX_REQUESTS = 1_000_000

/** The largest offset and length that are believed: 2^50 bytes, and 2^32. */
const MAX_OFFSET = 2 ** 50
const MAX_LENGTH = 2 ** 32

/** Why a request cannot be taken; null: it can. */
export const refusal = (atNs: number, offset: number | null, length: number | null): string | null => {
  if (!Number.isSafeInteger(atNs)) return "the time is too long"
  if (offset === null || length === null) return "expected an offset and a length in digits"
  if (length === 0 || length > MAX_LENGTH) return "expected a length above 0 and up to 4 GiB"
  return offset + length > MAX_OFFSET ? "expected an offset below 1 PiB" : null
}
