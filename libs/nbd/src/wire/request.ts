// Requests of the transmission phase, compact (28 bytes) and extended (32 bytes).
// source: doc/proto.md "Request message"; include/linux/nbd.h:struct nbd_request
import { assert } from "./assert.ts"
import { getU16, getU32, putNumber, putU16, putU32, toNumber } from "./bytes.ts"
import {
  Command,
  CommandFlag,
  EXTENDED_REQUEST_BYTES,
  NBD_EXTENDED_REQUEST_MAGIC,
  NBD_REQUEST_MAGIC,
  REQUEST_BYTES
} from "./constants.ts"

/** A request header. One object can be decoded into again and again. */
export class Request {
  extended = false
  /** Bits of `CommandFlag`. */
  flags = 0
  /** One of `Command`. */
  type = 0
  /** Opaque to the server, which returns it. */
  cookieHi = 0
  cookieLo = 0
  offsetHi = 0
  offsetLo = 0
  lengthHi = 0
  lengthLo = 0

  /** Byte offset; beyond 2^53 rounded, but never below 2^53. */
  get offset(): number {
    return toNumber(this.offsetHi, this.offsetLo)
  }

  /** Bytes that the request is about; beyond 2^53 rounded, but never below 2^53. */
  get length(): number {
    return toNumber(this.lengthHi, this.lengthLo)
  }

  /**
   * Bytes that follow the header. A WRITE has its data also without PAYLOAD_LEN, which the document demands of extended
   * ones, but which qemu (10.0) never sends with them.
   */
  get payloadBytes(): number {
    const payload = this.type === Command.Write || this.extended && (this.flags & CommandFlag.PayloadLen) !== 0
    return payload ? this.length : 0
  }
}

/** Writes a compact request of 28 bytes. `offset` must be an integer below 2^53. */
export const encodeRequest = (
  out: Uint8Array,
  at: number,
  flags: number,
  type: number,
  cookieHi: number,
  cookieLo: number,
  offset: number,
  length: number
): void => {
  assert(offset >= 0 && offset <= Number.MAX_SAFE_INTEGER, "an offset beyond 2^53")
  putU32(out, at, NBD_REQUEST_MAGIC)
  putU16(out, at + 4, flags)
  putU16(out, at + 6, type)
  putU32(out, at + 8, cookieHi)
  putU32(out, at + 12, cookieLo)
  putNumber(out, at + 16, offset)
  putU32(out, at + 24, length)
}

/** Bytes of the header of a request. */
export const requestBytes = (extended: boolean): number => extended ? EXTENDED_REQUEST_BYTES : REQUEST_BYTES

/** Writes the header of any request; returns its bytes. */
export const encodeRequestHeader = (out: Uint8Array, at: number, request: Request): number => {
  putU32(out, at, request.extended ? NBD_EXTENDED_REQUEST_MAGIC : NBD_REQUEST_MAGIC)
  putU16(out, at + 4, request.flags)
  putU16(out, at + 6, request.type)
  putU32(out, at + 8, request.cookieHi)
  putU32(out, at + 12, request.cookieLo)
  putU32(out, at + 16, request.offsetHi)
  putU32(out, at + 20, request.offsetLo)
  if (!request.extended) {
    assert(request.lengthHi === 0, "a compact request has a length of 32 bits")
    putU32(out, at + 24, request.lengthLo)
    return REQUEST_BYTES
  }
  putU32(out, at + 24, request.lengthHi)
  putU32(out, at + 28, request.lengthLo)
  return EXTENDED_REQUEST_BYTES
}

/** Reads a header of 28 (compact) or 32 (extended) bytes. False when its magic is wrong. */
export const decodeRequestHeader = (bytes: Uint8Array, at: number, extended: boolean, into: Request): boolean => {
  if (getU32(bytes, at) !== (extended ? NBD_EXTENDED_REQUEST_MAGIC : NBD_REQUEST_MAGIC)) return false
  into.extended = extended
  into.flags = getU16(bytes, at + 4)
  into.type = getU16(bytes, at + 6)
  into.cookieHi = getU32(bytes, at + 8)
  into.cookieLo = getU32(bytes, at + 12)
  into.offsetHi = getU32(bytes, at + 16)
  into.offsetLo = getU32(bytes, at + 20)
  if (extended) {
    into.lengthHi = getU32(bytes, at + 24)
    into.lengthLo = getU32(bytes, at + 28)
  } else {
    into.lengthHi = 0
    into.lengthLo = getU32(bytes, at + 24)
  }
  return true
}
