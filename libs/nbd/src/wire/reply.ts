// Replies of the transmission phase: simple, structured chunks, extended chunks.
// source: doc/proto.md "Simple reply message", "Structured reply chunk message", "Extended reply chunk message"
import { getU16, getU32, putU16, putU32, toNumber, type U64 } from "./bytes.ts"
import {
  EXTENDED_REPLY_BYTES,
  NBD_EXTENDED_REPLY_MAGIC,
  NBD_REPLY_MAGIC,
  NBD_STRUCTURED_REPLY_MAGIC,
  SIMPLE_REPLY_BYTES,
  STRUCTURED_REPLY_BYTES
} from "./constants.ts"

export const ReplyKind = { Simple: 0, Structured: 1, Extended: 2 } as const

/** A reply header of any kind. One object can be decoded into again and again. */
export class Reply {
  /** One of `ReplyKind`. */
  kind: number = ReplyKind.Simple
  /** Simple replies only: 0 or one of `NbdError`. */
  error = 0
  /** Chunks only: `REPLY_FLAG_DONE`. */
  flags = 0
  /** Chunks only: one of `ChunkType`. */
  type = 0
  cookieHi = 0
  cookieLo = 0
  /** Extended chunks only: the offset of the request. */
  offsetHi = 0
  offsetLo = 0
  /** Chunks only: bytes of the payload. */
  lengthHi = 0
  lengthLo = 0

  get length(): number {
    return toNumber(this.lengthHi, this.lengthLo)
  }
}

/** Writes a simple reply of 16 bytes. */
export const encodeSimpleReply = (
  out: Uint8Array,
  at: number,
  error: number,
  cookieHi: number,
  cookieLo: number
): void => {
  putU32(out, at, NBD_REPLY_MAGIC)
  putU32(out, at + 4, error)
  putU32(out, at + 8, cookieHi)
  putU32(out, at + 12, cookieLo)
}

/** Reads a simple reply. False when its magic is wrong. */
export const decodeSimpleReply = (bytes: Uint8Array, at: number, into: Reply): boolean => {
  if (getU32(bytes, at) !== NBD_REPLY_MAGIC) return false
  into.kind = ReplyKind.Simple
  into.error = getU32(bytes, at + 4)
  into.flags = 0
  into.type = 0
  into.cookieHi = getU32(bytes, at + 8)
  into.cookieLo = getU32(bytes, at + 12)
  into.offsetHi = 0
  into.offsetLo = 0
  into.lengthHi = 0
  into.lengthLo = 0
  return true
}

/** Bytes of the header of a reply that begins with `magic`; 0 when that is no reply. */
export const replyHeaderBytes = (magic: number): number => {
  switch (magic) {
    case NBD_REPLY_MAGIC:
      return SIMPLE_REPLY_BYTES
    case NBD_STRUCTURED_REPLY_MAGIC:
      return STRUCTURED_REPLY_BYTES
    case NBD_EXTENDED_REPLY_MAGIC:
      return EXTENDED_REPLY_BYTES
    default:
      return 0
  }
}

/** Writes the header of any reply; returns its bytes. */
export const encodeReplyHeader = (out: Uint8Array, at: number, reply: Reply): number => {
  if (reply.kind === ReplyKind.Simple) {
    encodeSimpleReply(out, at, reply.error, reply.cookieHi, reply.cookieLo)
    return SIMPLE_REPLY_BYTES
  }
  const extended = reply.kind === ReplyKind.Extended
  putU32(out, at, extended ? NBD_EXTENDED_REPLY_MAGIC : NBD_STRUCTURED_REPLY_MAGIC)
  putU16(out, at + 4, reply.flags)
  putU16(out, at + 6, reply.type)
  putU32(out, at + 8, reply.cookieHi)
  putU32(out, at + 12, reply.cookieLo)
  if (!extended) {
    putU32(out, at + 16, reply.lengthLo)
    return STRUCTURED_REPLY_BYTES
  }
  putU32(out, at + 16, reply.offsetHi)
  putU32(out, at + 20, reply.offsetLo)
  putU32(out, at + 24, reply.lengthHi)
  putU32(out, at + 28, reply.lengthLo)
  return EXTENDED_REPLY_BYTES
}

/** Reads a reply header; all its bytes (see `replyHeaderBytes`) must be there. False when its magic is wrong. */
export const decodeReplyHeader = (bytes: Uint8Array, at: number, into: Reply): boolean => {
  const magic = getU32(bytes, at)
  if (magic === NBD_REPLY_MAGIC) return decodeSimpleReply(bytes, at, into)
  const extended = magic === NBD_EXTENDED_REPLY_MAGIC
  if (!extended && magic !== NBD_STRUCTURED_REPLY_MAGIC) return false
  into.kind = extended ? ReplyKind.Extended : ReplyKind.Structured
  into.error = 0
  into.flags = getU16(bytes, at + 4)
  into.type = getU16(bytes, at + 6)
  into.cookieHi = getU32(bytes, at + 8)
  into.cookieLo = getU32(bytes, at + 12)
  into.offsetHi = extended ? getU32(bytes, at + 16) : 0
  into.offsetLo = extended ? getU32(bytes, at + 20) : 0
  into.lengthHi = extended ? getU32(bytes, at + 24) : 0
  into.lengthLo = getU32(bytes, at + (extended ? 28 : 16))
  return true
}

/** One extent of a block status reply. */
export interface Extent {
  readonly length: U64
  readonly flags: U64
}
