// Big-endian integers in byte arrays. 64-bit values are two halves: a float64 is exact only to 2^53, and an offset that
// a hostile client sends must be echoed bit by bit and must not wrap.

/** A 64-bit unsigned integer as two 32-bit halves. */
export interface U64 {
  readonly hi: number
  readonly lo: number
}

export const getU16 = (bytes: Uint8Array, at: number): number => (bytes[at] << 8) | bytes[at + 1]

export const getU32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0

export const getU64 = (bytes: Uint8Array, at: number): U64 => ({ hi: getU32(bytes, at), lo: getU32(bytes, at + 4) })

export const putU16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

export const putU32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

export const putU64 = (bytes: Uint8Array, at: number, value: U64): void => {
  putU32(bytes, at, value.hi)
  putU32(bytes, at + 4, value.lo)
}

/** Writes an integer of at most 2^53 as 64 bits. */
export const putNumber = (bytes: Uint8Array, at: number, value: number): void => {
  putU32(bytes, at, Math.floor(value / 4294967296))
  putU32(bytes, at + 4, value >>> 0)
}

/**
 * Two halves as a float64: exact below 2^53. Above, it is rounded but never falls below 2^53, so a comparison with the
 * size of an export still gives the right answer, and adding a length to it cannot wrap.
 */
export const toNumber = (hi: number, lo: number): number => hi * 4294967296 + lo

/** An integer of at most 2^53 as two halves. */
export const toU64 = (value: number): U64 => ({ hi: Math.floor(value / 4294967296), lo: value >>> 0 })

/** UTF-8 of a string. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The string in `bytes`, or null when it is not UTF-8 or contains a NUL. */
export const utf8Text = (bytes: Uint8Array): string | null => {
  if (bytes.includes(0)) return null
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Copies [from, to) of `bytes` to `at` in `into`. A few bytes are faster one by one than by a call. */
export const copyBytes = (into: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): void => {
  if (to - from > 64) into.set(bytes.subarray(from, to), at)
  else for (let i = from; i < to; i++) into[at + i - from] = bytes[i]
}

export const concat = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
