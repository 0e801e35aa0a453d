// Incremental decoders: bytes in as they arrive, messages out when they are whole. However a stream is cut into chunks,
// the messages are the same. `next` returns null when more bytes are needed; after a fault only disconnecting is left.
import { ByteQueue } from "./byte-queue.ts"
import { getU16, getU32, toNumber } from "./bytes.ts"
import { type Chunk, decodeChunk } from "./chunk.ts"
import {
  GREETING_BYTES,
  IHAVEOPT_HI,
  IHAVEOPT_LO,
  MAX_PAYLOAD,
  NBDMAGIC_HI,
  NBDMAGIC_LO,
  OPTION_BYTES,
  OPTION_REPLY_BYTES,
  OPTION_REPLY_MAGIC_HI,
  OPTION_REPLY_MAGIC_LO
} from "./constants.ts"
import { decodeReplyHeader, Reply, replyHeaderBytes, ReplyKind } from "./reply.ts"
import { decodeRequestHeader, Request, requestBytes } from "./request.ts"

/** Why a stream cannot be understood any further. */
export interface Fault {
  readonly kind: "fault"
  readonly reason: "bad magic" | "payload too long" | "malformed chunk" | "unexpected reply" | "export too large"
}

const fault = (reason: Fault["reason"]): Fault => ({ kind: "fault", reason })

const fits = (bytes: Uint8Array, hi: number, lo: number): boolean => getU32(bytes, 0) === hi && getU32(bytes, 4) === lo

/** A request with its payload. Both are valid until the next call of the decoder. */
export interface RequestMessage {
  readonly kind: "request"
  readonly request: Request
  readonly payload: Uint8Array
}

/** What a server reads in the transmission phase. */
export class RequestDecoder {
  /** Extended headers were negotiated. */
  extended: boolean
  readonly #queue = new ByteQueue()
  readonly #message = { kind: "request" as const, request: new Request(), payload: new Uint8Array(0) as Uint8Array }
  #fault: Fault | null = null

  constructor(extended = false) {
    this.extended = extended
  }

  push(chunk: Uint8Array): void {
    if (this.#fault === null) this.#queue.push(chunk)
  }

  next(): RequestMessage | Fault | null {
    if (this.#fault !== null) return this.#fault
    const headerBytes = requestBytes(this.extended)
    // a wrong magic is seen in its first four bytes: a short message of garbage must not leave the server waiting
    const magic = this.#queue.peek(4)
    if (magic === null) return null
    const header = this.#queue.peek(headerBytes)
    const { request } = this.#message
    if (header === null) {
      const whole = new Uint8Array(headerBytes)
      whole.set(magic)
      return decodeRequestHeader(whole, 0, this.extended, request) ? null : this.#fail("bad magic")
    }
    if (!decodeRequestHeader(header, 0, this.extended, request)) return this.#fail("bad magic")
    const payloadBytes = request.payloadBytes
    if (payloadBytes > MAX_PAYLOAD) return this.#fail("payload too long")
    const whole = this.#queue.peek(headerBytes + payloadBytes)
    if (whole === null) return null
    this.#message.payload = whole.subarray(headerBytes)
    this.#queue.skip(headerBytes + payloadBytes)
    return this.#message
  }

  #fail(reason: Fault["reason"]): Fault {
    this.#fault = fault(reason)
    return this.#fault
  }
}

/** A simple reply; `data` is what a READ brought. Valid until the next call of the decoder. */
export interface SimpleReplyMessage {
  readonly kind: "simple"
  readonly reply: Reply
  readonly data: Uint8Array
}

/** A structured or extended chunk. Valid until the next call of the decoder. */
export interface ChunkMessage {
  readonly kind: "chunk"
  readonly reply: Reply
  readonly chunk: Chunk
}

/** What a client reads in the transmission phase. */
export class ReplyDecoder {
  readonly #queue = new ByteQueue()
  readonly #reply = new Reply()
  readonly #readLength: (cookieHi: number, cookieLo: number) => number
  #fault: Fault | null = null

  /**
   * `readLength` tells how many bytes follow a successful simple reply to this cookie: the length of a READ, 0 for other
   * commands, −1 for a cookie that is not outstanding.
   */
  constructor(readLength: (cookieHi: number, cookieLo: number) => number) {
    this.#readLength = readLength
  }

  push(chunk: Uint8Array): void {
    if (this.#fault === null) this.#queue.push(chunk)
  }

  next(): SimpleReplyMessage | ChunkMessage | Fault | null {
    if (this.#fault !== null) return this.#fault
    const magic = this.#queue.peek(4)
    if (magic === null) return null
    const headerBytes = replyHeaderBytes(getU32(magic, 0))
    if (headerBytes === 0) return this.#fail("bad magic")
    const header = this.#queue.peek(headerBytes)
    if (header === null) return null
    const reply = this.#reply
    decodeReplyHeader(header, 0, reply)
    const simple = reply.kind === ReplyKind.Simple
    const expected = this.#readLength(reply.cookieHi, reply.cookieLo)
    if (expected < 0) return this.#fail("unexpected reply")
    const payloadBytes = simple ? (reply.error === 0 ? expected : 0) : reply.length
    if (!simple && payloadBytes > MAX_PAYLOAD + 8) return this.#fail("payload too long")
    const whole = this.#queue.peek(headerBytes + payloadBytes)
    if (whole === null) return null
    const payload = whole.subarray(headerBytes)
    this.#queue.skip(headerBytes + payloadBytes)
    if (simple) return { kind: "simple", reply, data: payload }
    const chunk = decodeChunk(reply.type, payload)
    if (chunk === null || (chunk.type === "unknown" && chunk.code < 0x8000)) return this.#fail("malformed chunk")
    return { kind: "chunk", reply, chunk }
  }

  #fail(reason: Fault["reason"]): Fault {
    this.#fault = fault(reason)
    return this.#fault
  }
}

/** The client's answer to the greeting. */
export interface ClientFlagsMessage {
  readonly kind: "clientFlags"
  readonly flags: number
}

/** An option; `data` is null when there was too much of it (it has been skipped). */
export interface OptionMessage {
  readonly kind: "option"
  readonly option: number
  readonly data: Uint8Array | null
}

/** Most data of an option that is looked at. */
export const MAX_OPTION_DATA = 0x10000
/** Most data of an option that is skipped; beyond, the connection is closed. */
export const MAX_SKIPPED_OPTION_DATA = 0x2000000

/**
 * What a server reads in the handshake: the client's flags, then options.
 *
 * **When to use.** In front of a negotiation: `push` each chunk that arrives, then call `next` until it returns null.
 *
 * **Details.** Chunks may be cut anywhere. Data of an option above 64 KiB is skipped and its `data` is null; above 32
 * MiB, and for a wrong magic, `next` returns a fault.
 *
 * **Gotchas.** A fault stays: only disconnecting is left. When the negotiation has ended take `rest()` once: those
 * bytes are the first requests, and are not in the stream any more.
 */
export class OptionDecoder {
  readonly #queue = new ByteQueue()
  #greeted = false
  /** An option whose data is being skipped, or −1. */
  #skipped = -1
  #fault: Fault | null = null

  push(chunk: Uint8Array): void {
    if (this.#fault === null) this.#queue.push(chunk)
  }

  next(): ClientFlagsMessage | OptionMessage | Fault | null {
    if (this.#fault !== null) return this.#fault
    if (!this.#greeted) {
      const bytes = this.#queue.peek(4)
      if (bytes === null) return null
      const flags = getU32(bytes, 0)
      this.#queue.skip(4)
      this.#greeted = true
      return { kind: "clientFlags", flags }
    }
    if (this.#skipped >= 0) {
      if (this.#queue.skipping) return null
      const option = this.#skipped
      this.#skipped = -1
      return { kind: "option", option, data: null }
    }
    const magic = this.#queue.peek(8)
    if (magic === null) return null
    if (!fits(magic, IHAVEOPT_HI, IHAVEOPT_LO)) return this.#fail("bad magic")
    const header = this.#queue.peek(OPTION_BYTES)
    if (header === null) return null
    const option = getU32(header, 8)
    const length = getU32(header, 12)
    if (length > MAX_SKIPPED_OPTION_DATA) return this.#fail("payload too long")
    if (length > MAX_OPTION_DATA) {
      this.#queue.skip(OPTION_BYTES)
      this.#queue.skip(length)
      this.#skipped = option
      return this.next()
    }
    const whole = this.#queue.peek(OPTION_BYTES + length)
    if (whole === null) return null
    const data = whole.slice(OPTION_BYTES)
    this.#queue.skip(OPTION_BYTES + length)
    return { kind: "option", option, data }
  }

  /** Bytes that follow the last option: the beginning of the transmission phase, or of TLS. */
  rest(): Uint8Array {
    return this.#queue.takeAll()
  }

  #fail(reason: Fault["reason"]): Fault {
    this.#fault = fault(reason)
    return this.#fault
  }
}

/** The server's greeting. */
export interface GreetingMessage {
  readonly kind: "greeting"
  /** Bits of `HandshakeFlag`. */
  readonly flags: number
}

export interface OptionReplyMessage {
  readonly kind: "optionReply"
  readonly option: number
  /** One of `OptionReplyType`. */
  readonly type: number
  readonly data: Uint8Array
}

/** The answer to EXPORT_NAME. */
export interface ExportMessage {
  readonly kind: "export"
  readonly size: number
  readonly transmissionFlags: number
}

/** What a client reads in the handshake. */
export class HandshakeDecoder {
  readonly #queue = new ByteQueue()
  #state: "greeting" | "replies" | "export" = "greeting"
  #exportBytes = 0
  #fault: Fault | null = null

  push(chunk: Uint8Array): void {
    if (this.#fault === null) this.#queue.push(chunk)
  }

  /** EXPORT_NAME has been sent: what follows is not an option reply but the export itself. */
  expectExport(noZeroes: boolean): void {
    this.#state = "export"
    this.#exportBytes = noZeroes ? 10 : 134
  }

  next(): GreetingMessage | OptionReplyMessage | ExportMessage | Fault | null {
    if (this.#fault !== null) return this.#fault
    switch (this.#state) {
      case "greeting": {
        const bytes = this.#queue.peek(GREETING_BYTES)
        if (bytes === null) return null
        if (!fits(bytes, NBDMAGIC_HI, NBDMAGIC_LO) || !fits(bytes.subarray(8), IHAVEOPT_HI, IHAVEOPT_LO)) {
          return this.#fail("bad magic")
        }
        const flags = getU16(bytes, 16)
        this.#queue.skip(GREETING_BYTES)
        this.#state = "replies"
        return { kind: "greeting", flags }
      }
      case "replies": {
        const magic = this.#queue.peek(8)
        if (magic === null) return null
        if (!fits(magic, OPTION_REPLY_MAGIC_HI, OPTION_REPLY_MAGIC_LO)) return this.#fail("bad magic")
        const header = this.#queue.peek(OPTION_REPLY_BYTES)
        if (header === null) return null
        const length = getU32(header, 16)
        if (length > MAX_PAYLOAD) return this.#fail("payload too long")
        const whole = this.#queue.peek(OPTION_REPLY_BYTES + length)
        if (whole === null) return null
        const message: OptionReplyMessage = {
          kind: "optionReply",
          option: getU32(whole, 8),
          type: getU32(whole, 12),
          data: whole.slice(OPTION_REPLY_BYTES)
        }
        this.#queue.skip(OPTION_REPLY_BYTES + length)
        return message
      }
      case "export": {
        const bytes = this.#queue.peek(this.#exportBytes)
        if (bytes === null) return null
        const size = toNumber(getU32(bytes, 0), getU32(bytes, 4))
        if (size > Number.MAX_SAFE_INTEGER) return this.#fail("export too large")
        const message: ExportMessage = { kind: "export", size, transmissionFlags: getU16(bytes, 8) }
        this.#queue.skip(this.#exportBytes)
        return message
      }
    }
  }

  /** Bytes that follow the handshake. */
  rest(): Uint8Array {
    return this.#queue.takeAll()
  }

  #fail(reason: Fault["reason"]): Fault {
    this.#fault = fault(reason)
    return this.#fault
  }
}
