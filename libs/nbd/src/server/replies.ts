// Replies of a server as bytes, in the form that was negotiated.
import { assert } from "../wire/assert.ts"
import { concat, putU32 } from "../wire/bytes.ts"
import { type Chunk, chunkCode, encodeChunk, errorChunk } from "../wire/chunk.ts"
import {
  ChunkType,
  Command,
  EXTENDED_REPLY_BYTES,
  NbdError,
  REPLY_FLAG_DONE,
  SIMPLE_REPLY_BYTES,
  STRUCTURED_REPLY_BYTES
} from "../wire/constants.ts"
import { encodeReplyHeader, encodeSimpleReply, Reply, ReplyKind } from "../wire/reply.ts"
import type { Request } from "../wire/request.ts"
import type { TransmissionMode } from "./export.ts"

const header = new Uint8Array(32)
const reply = new Reply()

/** A chunk in the form of the mode. */
export const chunkReply = (
  mode: TransmissionMode,
  request: Request,
  chunk: Chunk,
  done: boolean
): Uint8Array => {
  const payload = encodeChunk(chunk)
  reply.kind = mode.extended ? ReplyKind.Extended : ReplyKind.Structured
  reply.flags = done ? REPLY_FLAG_DONE : 0
  reply.type = chunkCode(chunk)
  reply.cookieHi = request.cookieHi
  reply.cookieLo = request.cookieLo
  reply.offsetHi = request.offsetHi
  reply.offsetLo = request.offsetLo
  reply.lengthHi = 0
  reply.lengthLo = payload.length
  return concat(header.subarray(0, encodeReplyHeader(header, 0, reply)), payload)
}

/** With structured replies these two are answered by chunks only; the others may have simple replies. */
export const needsChunks = (mode: TransmissionMode, request: Request): boolean =>
  mode.extended || (mode.structured && (request.type === Command.Read || request.type === Command.BlockStatus))

/** Writes the header of a chunk that ends a reply; returns its bytes. */
const encodeLastChunk = (
  out: Uint8Array,
  at: number,
  mode: TransmissionMode,
  request: Request,
  type: number,
  payloadBytes: number
): number => {
  reply.kind = mode.extended ? ReplyKind.Extended : ReplyKind.Structured
  reply.flags = REPLY_FLAG_DONE
  reply.type = type
  reply.cookieHi = request.cookieHi
  reply.cookieLo = request.cookieLo
  reply.offsetHi = request.offsetHi
  reply.offsetLo = request.offsetLo
  reply.lengthHi = 0
  reply.lengthLo = payloadBytes
  return encodeReplyHeader(out, at, reply)
}

/** Room that `encodeStatus` and `encodeReadPrefix` need at most. */
export const PREFIX_BYTES = EXTENDED_REPLY_BYTES + 8

/** Writes an answer that brings no data: success, or an error where the mode has no chunk for it; returns its bytes. */
export const encodeStatus = (
  out: Uint8Array,
  at: number,
  mode: TransmissionMode,
  request: Request,
  error: number
): number => {
  if (needsChunks(mode, request)) {
    assert(error === NbdError.Ok, "an error chunk has a payload")
    return encodeLastChunk(out, at, mode, request, ChunkType.None, 0)
  }
  encodeSimpleReply(out, at, error, request.cookieHi, request.cookieLo)
  return SIMPLE_REPLY_BYTES
}

/** Bytes in front of the data of a READ. */
export const readPrefixBytes = (mode: TransmissionMode): number =>
  mode.extended ? EXTENDED_REPLY_BYTES + 8 : mode.structured ? STRUCTURED_REPLY_BYTES + 8 : SIMPLE_REPLY_BYTES

/** Writes what stands in front of the data of a READ that succeeded: `readPrefixBytes` bytes. */
export const encodeReadPrefix = (out: Uint8Array, at: number, mode: TransmissionMode, request: Request): void => {
  if (!needsChunks(mode, request)) {
    return encodeSimpleReply(out, at, NbdError.Ok, request.cookieHi, request.cookieLo)
  }
  const header = encodeLastChunk(out, at, mode, request, ChunkType.OffsetData, 8 + request.length)
  putU32(out, at + header, request.offsetHi)
  putU32(out, at + header + 4, request.offsetLo)
}

/** The whole answer to a READ of a hole. The client must understand chunks. */
export const holeReply = (mode: TransmissionMode, request: Request): Uint8Array => {
  const offset = { hi: request.offsetHi, lo: request.offsetLo }
  return chunkReply(mode, request, { type: "hole", offset, length: request.length }, true)
}

/** The error of a request that needs chunks. */
export const errorReply = (mode: TransmissionMode, request: Request, error: number): Uint8Array =>
  chunkReply(mode, request, errorChunk(error), true)

/** Bytes that a request other than READ was about. */
export const effectOf = ({ type, length }: Request): number =>
  type === Command.Flush || type === Command.BlockStatus ? 0 : length
