// The transaction log of nbd-server: compact request headers and simple replies as on the wire, without data.
// source: nbd-trdump(1)
import { encodeRequestHeader, encodeSimpleReply, type Request, REQUEST_BYTES, SIMPLE_REPLY_BYTES } from "@swaplab/nbd"

/** A request, always in its compact form; a length of an extended one beyond 32 bits is cut to the largest. */
export const logRequest = (request: Request): Uint8Array => {
  const out = new Uint8Array(REQUEST_BYTES)
  const { cookieHi, cookieLo, flags, lengthHi, lengthLo, offsetHi, offsetLo, payloadBytes, type } = request
  encodeRequestHeader(out, 0, {
    extended: false,
    flags,
    type,
    cookieHi,
    cookieLo,
    offsetHi,
    offsetLo,
    lengthHi: 0,
    lengthLo: lengthHi === 0 ? lengthLo : 0xffffffff,
    offset: request.offset,
    length: request.length,
    payloadBytes
  })
  return out
}

export const logReply = (request: Request, error: number): Uint8Array => {
  const out = new Uint8Array(SIMPLE_REPLY_BYTES)
  encodeSimpleReply(out, 0, error, request.cookieHi, request.cookieLo)
  return out
}
