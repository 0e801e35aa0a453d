// One connection to a real NBD server in the transmission phase: requests out, simple replies in.
import {
  Command,
  decodeSimpleReply,
  encodeRequest,
  knownError,
  Reply,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES,
  TOKEN_BLOCK
} from "@swaplab/nbd"
import type { Socket } from "node:net"
import type { OpenedExport } from "./open-export.ts"
import { putBlocks, type Salt, tokensIn } from "./wire-tokens.ts"

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly cookie: number
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly length: number
  readonly tokens: Uint8Array
}

/** A reply, and the request that it belongs to. */
export interface WireReply<R extends WireRequest> {
  readonly request: R
  readonly error: number
  /** Of a READ without an error. */
  readonly tokens: Uint8Array | null
  readonly damaged: ReadonlyArray<number>
}

/** Who hears of what comes. */
export interface Hearer<R extends WireRequest> {
  readonly replied: (reply: WireReply<R>) => void
  /** The connection is over, and not because it was closed here. */
  readonly lost: (why: string, broken: boolean) => void
}

const NOTHING = Buffer.alloc(0)

export class RealConnection<R extends WireRequest> {
  readonly size: number
  readonly flags: number
  readonly #socket: Socket
  readonly #salt: Salt
  readonly #hearer: Hearer<R>
  readonly #pending = new Map<number, R>()
  readonly #reply = new Reply()
  #lastCookie = 0
  #bytes: Buffer = NOTHING
  #over = false
  #corked = false

  constructor({ flags, rest, size, socket }: OpenedExport, salt: Salt, hearer: Hearer<R>) {
    this.size = size
    this.flags = flags
    this.#socket = socket
    this.#salt = salt
    this.#hearer = hearer
    socket.on("data", (bytes: Buffer) => this.#take(bytes))
    socket.on("error", (error) => this.#lose(`the connection broke: ${error.message}`, false))
    socket.on("close", () => this.#lose("the server closed the connection", false))
    if (rest.length > 0) this.#take(Buffer.from(rest))
    socket.resume()
  }

  /** Puts a request into what `flush` sends. */
  ask(request: R): void {
    if (this.#over) return
    const { cookie, flags, length, offset, tokens, type } = request
    this.#pending.set(cookie, request)
    this.#lastCookie = cookie
    const payload = type === Command.Write ? length : 0
    const bytes = Buffer.allocUnsafe(REQUEST_BYTES + payload)
    encodeRequest(bytes, 0, flags, type, 0, cookie, offset, length)
    if (payload > 0) putBlocks(bytes, REQUEST_BYTES, tokens, this.#salt)
    if (!this.#corked) this.#socket.cork()
    this.#corked = true
    this.#socket.write(bytes)
  }

  /** Sends what was asked for since the last time. */
  flush(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  /** Says DISC, without waiting for replies. */
  close(): void {
    if (this.#over) return
    this.#over = true
    const bytes = Buffer.alloc(REQUEST_BYTES)
    encodeRequest(bytes, 0, 0, Command.Disc, 0, 0, 0, 0)
    this.flush()
    this.#socket.end(bytes)
    // what still comes is thrown away, so that the end of the connection is seen
    this.#socket.on("data", () => {})
  }

  #take(chunk: Buffer): void {
    if (this.#over) return
    const bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    let at = 0
    while (bytes.length - at >= SIMPLE_REPLY_BYTES) {
      const reply = this.#reply
      if (!decodeSimpleReply(bytes, at, reply)) return this.#break("answered with something that is no reply")
      const request = reply.cookieHi === 0 ? this.#pending.get(reply.cookieLo) : undefined
      if (request === undefined) return this.#break(this.#unasked(reply))
      const data = request.type === Command.Read && reply.error === 0 ? request.length : 0
      if (bytes.length - at < SIMPLE_REPLY_BYTES + data) break
      this.#pending.delete(request.cookie)
      const from = at + SIMPLE_REPLY_BYTES
      at = from + data
      const read = data === 0 ? NONE : tokensIn(bytes, from, data / TOKEN_BLOCK, this.#salt)
      this.#hearer.replied({ request, error: reply.error === 0 ? 0 : knownError(reply.error), ...read })
      if (this.#over) return
    }
    this.#bytes = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at))
  }

  #unasked({ cookieHi, cookieLo }: Reply): string {
    return cookieHi === 0 && cookieLo > 0 && cookieLo <= this.#lastCookie
      ? "answered a request twice"
      : "answered a request that nobody made"
  }

  #break(why: string): void {
    this.#lose(`the server ${why}`, true)
  }

  #lose(why: string, broken: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#socket.destroy()
    this.#hearer.lost(why, broken)
  }
}

const NONE = { tokens: null, damaged: [] }
