// Page tokens as they travel to a real server: a block of 4096 bytes that repeats 8 bytes, mixed with a number of this run, so
// that what an earlier run with the same seed has left there is no right answer. A page that nobody wrote is zeroes.
import { getU32, putTokenBlock, putU32, TOKEN_BLOCK, TOKEN_BYTES } from "@swaplab/nbd"

/** The number of a run. */
export interface Salt {
  readonly hi: number
  readonly lo: number
}

/** Writes the blocks of tokens. */
export const putBlocks = (into: Uint8Array, at: number, tokens: Uint8Array, { hi, lo }: Salt): void => {
  for (let i = 0; i < tokens.length; i += TOKEN_BYTES) {
    const writer = (getU32(tokens, i) ^ hi) >>> 0
    putTokenBlock(into, at + i / TOKEN_BYTES * TOKEN_BLOCK, writer, (getU32(tokens, i + 4) ^ lo) >>> 0)
  }
}

/** Whether a block repeats its first 8 bytes: it equals itself, 8 bytes further on. */
const isWhole = (bytes: Buffer, from: number): boolean =>
  bytes.compare(bytes, from, from + TOKEN_BLOCK - TOKEN_BYTES, from + TOKEN_BYTES, from + TOKEN_BLOCK) === 0

/** The tokens in blocks, and which of these are no token: damaged, or none of this run. */
export const tokensIn = (
  bytes: Buffer,
  at: number,
  count: number,
  { hi, lo }: Salt
): { readonly tokens: Uint8Array; readonly damaged: ReadonlyArray<number> } => {
  const tokens = new Uint8Array(count * TOKEN_BYTES)
  const damaged: Array<number> = []
  for (let i = 0; i < count; i++) {
    const from = at + i * TOKEN_BLOCK
    const writer = getU32(bytes, from)
    const version = getU32(bytes, from + 4)
    if (!isWhole(bytes, from)) damaged.push(i)
    const zeroes = (writer | version) === 0
    putU32(tokens, i * TOKEN_BYTES, zeroes ? 0 : (writer ^ hi) >>> 0)
    putU32(tokens, i * TOKEN_BYTES + 4, zeroes ? 0 : (version ^ lo) >>> 0)
  }
  return { tokens, damaged }
}
