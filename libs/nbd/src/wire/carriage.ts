// How the data of requests travels behind their headers: as it is, or, in an emulator that keeps no contents, as tokens.
// A page of 4096 bytes is then 8 bytes, who wrote it and which version, and bytes that are no whole page are themselves.

/** Bytes of a page. */
export const PAGE_SIZE = 4096
/** Bytes of the token of a page: writer and version, 32 bits each, big-endian. */
export const TOKEN_BYTES = 8

/** "bytes": on a real wire. "tokens": each whole page is its token. */
export type Carriage = "bytes" | "tokens"

/** Bytes that carry so many bytes of data when pages are tokens. */
export const tokenised = (bytes: number): number => Math.floor(bytes / PAGE_SIZE) * TOKEN_BYTES + bytes % PAGE_SIZE

/** Bytes of the stream that carry so many bytes of data. */
export const carried = (tokens: boolean, bytes: number): number => tokens ? tokenised(bytes) : bytes
