// How the data of requests travels behind their headers: as it is, or, in an emulator that keeps no contents, as tokens.
// A block of 4096 bytes is then 8 bytes, who wrote it and which version, and bytes that are no whole block are themselves.

/** Bytes of data that one token stands for. */
export const TOKEN_BLOCK = 4096
/** Bytes of a token: writer and version, 32 bits each, big-endian. */
export const TOKEN_BYTES = 8

/** "bytes": on a real wire. "tokens": each whole block is its token. */
export type Carriage = "bytes" | "tokens"

/** Bytes that carry so many bytes of data when blocks are tokens. */
export const tokenised = (bytes: number): number => Math.floor(bytes / TOKEN_BLOCK) * TOKEN_BYTES + bytes % TOKEN_BLOCK

/** Bytes of the stream that carry so many bytes of data. */
export const carried = (tokens: boolean, bytes: number): number => tokens ? tokenised(bytes) : bytes
