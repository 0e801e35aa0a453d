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
import type { OpenedExport } from "./open-export.ts"
import { putBlocks, type Salt, tokensIn } from "./wire-tokens.ts"
import { Outbox, type Wire } from "./wire.ts"

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

export class RealConnection<R extends WireRequest> {
  readonly size: number
  readonly flags: number
  readonly #wire: Wire
  readonly #out: Outbox
  readonly #salt: Salt
  readonly #hearer: Hearer<R>
  readonly #pending = new Map<number, R>()
  readonly #reply = new Reply()
  #lastCookie = 0
  #over = false

  constructor({ flags, size, wire }: OpenedExport, salt: Salt, hearer: Hearer<R>) {
    const { socket } = wire
    this.size = size
    this.flags = flags
    this.#wire = wire
    this.#out = new Outbox(socket)
    this.#salt = salt
    this.#hearer = hearer
    wire.heard = () => this.#take()
    socket.on("error", (error) => this.#lose(`the connection broke: ${error.message}`, false))
    socket.on("close", () => this.#lose("the server closed the connection", false))
    this.#take()
    socket.resume()
  }

  /** Requests without a reply. */
  get inFlight(): number {
    return this.#pending.size
  }

  /** Puts a request into what `flush` sends. */
  ask(request: R): void {
    if (this.#over) return
    const { cookie, flags, length, offset, tokens, type } = request
    this.#pending.set(cookie, request)
    this.#lastCookie = cookie
    const payload = type === Command.Write ? length : 0
    const { at, into } = this.#out.room(REQUEST_BYTES + payload)
    encodeRequest(into, at, flags, type, 0, cookie, offset, length)
    if (payload > 0) putBlocks(into, at + REQUEST_BYTES, tokens, this.#salt)
  }

  /** Sends what was asked for since the last time. */
  flush(): void {
    this.#out.flush()
  }

  /** Says DISC, without waiting for replies. What still comes is thrown away. */
  close(): void {
    if (this.#over) return
    this.#over = true
    const bytes = Buffer.alloc(REQUEST_BYTES)
    encodeRequest(bytes, 0, 0, Command.Disc, 0, 0, 0, 0)
    this.flush()
    this.#wire.socket.end(bytes)
  }

  #take(): void {
    const { inbox } = this.#wire
    while (!this.#over && inbox.length >= SIMPLE_REPLY_BYTES) {
      const { bytes, from } = inbox
      const reply = this.#reply
      if (!decodeSimpleReply(bytes, from, reply)) return this.#break("answered with something that is no reply")
      const request = reply.cookieHi === 0 ? this.#pending.get(reply.cookieLo) : undefined
      if (request === undefined) return this.#break(this.#unasked(reply))
      const data = request.type === Command.Read && reply.error === 0 ? request.length : 0
      if (inbox.length < SIMPLE_REPLY_BYTES + data) return
      this.#pending.delete(request.cookie)
      inbox.from += SIMPLE_REPLY_BYTES + data
      const read = data === 0 ? NONE : tokensIn(bytes, from + SIMPLE_REPLY_BYTES, data / TOKEN_BLOCK, this.#salt)
      this.#hearer.replied({ request, error: reply.error === 0 ? 0 : knownError(reply.error), ...read })
    }
    if (this.#over) inbox.from = inbox.to
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
    this.#wire.socket.destroy()
    this.#hearer.lost(why, broken)
  }
}

const NONE = { tokens: null, damaged: [] }
