// A whole connection to a server, without a socket: bytes in, bytes out.
import { concat } from "../wire/bytes.ts"
import { OptionDecoder } from "../wire/decoders.ts"
import { encodeGreeting } from "../wire/handshake.ts"
import { type ExportTable, Negotiation } from "./negotiation.ts"
import { ReplyBuffer } from "./reply-buffer.ts"
import type { ServedExport } from "./served-export.ts"
import { Transmission } from "./transmission.ts"

/**
 * One connection to a server, from the greeting to the end: bytes in, bytes out.
 *
 * **When to use.** For a small server over any stream: send `greeting()`, give each chunk that arrives to `push`, send
 * what it returns, and close the stream when `closed` is true. {@link Negotiation} and {@link Transmission} are the
 * parts for more.
 *
 * **Details.** The first export is the default one, asked for by an empty name. A wrong client gets an error of the NBD
 * document or is closed; nothing is thrown. The bytes that `push` returns are the caller's.
 *
 * **Gotchas.** The stores must answer at once: the answer of a store that waits goes out with a later `push` only. No
 * TLS. After `closed`, `push` takes nothing more, but what was returned must still be sent.
 */
export class ServerSession {
  /** The connection must be closed once everything that was returned has been sent. */
  closed = false
  readonly #exports: ReadonlyMap<string, ServedExport>
  readonly #options = new OptionDecoder()
  readonly #negotiation: Negotiation
  #transmission: Transmission | null = null
  #out: Array<Uint8Array> = []

  /** The first of the exports is the default one. */
  constructor(exports: ReadonlyArray<ServedExport>) {
    const byName = new Map(exports.map((served) => [served.info.name, served]))
    const table: ExportTable = {
      find: (name) => (name === "" && !byName.has("") ? exports[0] : byName.get(name))?.info ?? null,
      list: () => exports.map(({ info }) => info)
    }
    this.#exports = byName
    this.#negotiation = new Negotiation(table)
  }

  /** What the server says first. */
  greeting(): Uint8Array {
    return encodeGreeting(Negotiation.flags)
  }

  /** Takes bytes of the client; returns the bytes to send. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.closed) return new Uint8Array(0)
    this.#out = []
    if (this.#transmission === null) {
      this.#options.push(bytes)
      this.#negotiate()
    } else this.#transmit(this.#transmission, bytes)
    return concat(...this.#out)
  }

  #negotiate(): void {
    while (!this.closed) {
      const message = this.#options.next()
      if (message === null) return
      if (message.kind === "fault") {
        this.closed = true
        return
      }
      const step = this.#negotiation.step(message)
      this.#out.push(step.reply)
      if (step.next === "close" || step.next === "tls") this.closed = true
      else if (step.next === "transmission") {
        const served = this.#exports.get(step.exportInfo.name)
        if (served === undefined) return
        this.#transmission = new Transmission(served, step.mode, new ReplyBuffer(), {
          tryStart: () => true,
          send: (replies) => this.#send(replies),
          jobTaken: () => {},
          replyReady: () => {},
          answered: () => {}
        })
        return this.#transmit(this.#transmission, this.#options.rest())
      }
    }
  }

  #transmit(transmission: Transmission, bytes: Uint8Array): void {
    transmission.receive(bytes)
    this.closed = transmission.ended !== null
  }

  #send(replies: ReplyBuffer): void {
    for (const piece of replies.pieces()) this.#out.push(piece.slice())
    replies.renew(false)
  }
}
