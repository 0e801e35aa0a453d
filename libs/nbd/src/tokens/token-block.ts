import { putU32 } from "../wire/bytes.ts"
import { TOKEN_BLOCK, TOKEN_BYTES } from "./carriage.ts"

/** Writes a block of 4096 bytes that repeats a token. */
export const putTokenBlock = (into: Uint8Array, at: number, writer: number, version: number): void => {
  putU32(into, at, writer)
  putU32(into, at + 4, version)
  for (let done = TOKEN_BYTES; done < TOKEN_BLOCK; done *= 2) into.copyWithin(at + done, at, at + done)
}

/** True when a block of 4096 bytes repeats one token, its first 8 bytes. */
export const isTokenBlock = (from: Uint8Array, at: number): boolean => {
  for (let i = at + TOKEN_BYTES; i < at + TOKEN_BLOCK; i++) if (from[i] !== from[i - TOKEN_BYTES]) return false
  return true
}
