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

/** A chunk in the form of the mode. */
export const chunkReply = (mode: TransmissionMode, request: Request, chunk: Chunk, done: boolean): Uint8Array => {
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

const NOTHING = new Uint8Array(0)

/** With structured replies these two are answered by chunks only; the others may have simple replies. */
const needsChunks = (mode: TransmissionMode, request: Request): boolean =>
  mode.extended || (mode.structured && (request.type === Command.Read || request.type === Command.BlockStatus))

/** The answer to a request that failed, or that succeeded and brings no data. */
export const statusReply = (mode: TransmissionMode, request: Request, error: number): Uint8Array => {
  if (!needsChunks(mode, request)) return simpleReply(request, error, NOTHING)
  return chunkReply(mode, request, error === NbdError.Ok ? { type: "none" } : errorChunk(error), true)
}

/** The answer to a READ that succeeded. `hole`: all of it is a hole, and the client did not ask for one fragment. */
export const readReply = (mode: TransmissionMode, request: Request, data: Uint8Array, hole: boolean): Uint8Array => {
  if (!needsChunks(mode, request)) return simpleReply(request, NbdError.Ok, data)
  if (data.length === 0) return statusReply(mode, request, NbdError.Ok)
  const offset = { hi: request.offsetHi, lo: request.offsetLo }
  return chunkReply(
    mode,
    request,
    hole ? { type: "hole", offset, length: data.length } : { type: "data", offset, data },
    true
  )
}
