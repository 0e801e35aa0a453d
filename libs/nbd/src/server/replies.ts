// Replies of a server as bytes, in the form that was negotiated.
import { concat } from "../wire/bytes.ts"
import { type Chunk, chunkCode, encodeChunk, errorChunk } from "../wire/chunk.ts"
import { Command, NbdError, REPLY_FLAG_DONE } from "../wire/constants.ts"
import { encodeReplyHeader, Reply, ReplyKind } from "../wire/reply.ts"
import type { Request } from "../wire/request.ts"
import type { TransmissionMode } from "./export.ts"

const header = new Uint8Array(32)
const reply = new Reply()

/** A simple reply, with the data of a READ. */
const simpleReply = (request: Request, error: number, data: Uint8Array): Uint8Array => {
  reply.kind = ReplyKind.Simple
  reply.error = error
  reply.cookieHi = request.cookieHi
  reply.cookieLo = request.cookieLo
  return concat(header.subarray(0, encodeReplyHeader(header, 0, reply)), data)
}

/** A chunk in the form of the mode; so many bytes of its payload follow it. */
export const chunkReply = (
  mode: TransmissionMode,
  request: Request,
  chunk: Chunk,
  done: boolean,
  following = 0
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
  reply.lengthLo = payload.length + following
  return concat(header.subarray(0, encodeReplyHeader(header, 0, reply)), payload)
}

const NOTHING = new Uint8Array(0)

/** With structured replies these two are answered by chunks only; the others may have simple replies. */
const needsChunks = (mode: TransmissionMode, request: Request): boolean =>
  mode.extended || (mode.structured && (request.type === Command.Read || request.type === Command.BlockStatus))

/** The answer to a request that failed, or that succeeded and brings no data. */
export const statusReply = (mode: TransmissionMode, request: Request, error: number): Uint8Array => {
  if (!needsChunks(mode, request)) return simpleReply(request, error, NOTHING)
  return chunkReply(mode, request, error === NbdError.Ok ? { type: "none" } : errorChunk(error), true)
}

/**
 * What stands before the data of a READ that succeeded; the data follows as it is. For a `hole` nothing follows: the
 * client must understand chunks.
 */
export const readPrefix = (mode: TransmissionMode, request: Request, hole = false): Uint8Array => {
  if (!needsChunks(mode, request)) return simpleReply(request, NbdError.Ok, NOTHING)
  const offset = { hi: request.offsetHi, lo: request.offsetLo }
  const { length } = request
  if (hole) return chunkReply(mode, request, { type: "hole", offset, length }, true)
  return chunkReply(mode, request, { type: "data", offset, data: NOTHING }, true, length)
}

/** Bytes that a request other than READ was about. */
export const effectOf = ({ type, length }: Request): number =>
  type === Command.Flush || type === Command.BlockStatus ? 0 : length
