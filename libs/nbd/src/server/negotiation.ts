// The server's side of option haggling: options in, replies out. Pure: no socket, no time.
// Done: everything of the newstyle handshake, TLS as far as saying when it starts (the owner of the socket does it).
// Not done: the oldstyle handshake, PEEK_EXPORT (withdrawn), contexts other than base:allocation.
// source: doc/proto.md "Option haggling"
import { concat, utf8, utf8Text } from "../wire/bytes.ts"
import { HandshakeFlag, InfoType, MAX_STRING, Option, OptionReplyType } from "../wire/constants.ts"
import type { ClientFlagsMessage, OptionMessage } from "../wire/decoders.ts"
import {
  decodeInfoRequest,
  decodeMetaContextRequest,
  encodeExportNameReply,
  encodeInfo,
  encodeMetaContext,
  encodeOptionReply,
  encodeServerReply
} from "../wire/handshake.ts"
import { type ExportInfo, modeFlags, type TransmissionMode } from "./export.ts"

/** The exports of a server, as a client sees them. */
export interface ExportTable {
  /** The export of this name (the empty name asks for the default one), or null. */
  find(name: string): ExportInfo | null
  /** Exports to be listed; null: listing is against the policy. */
  list(): ReadonlyArray<ExportInfo> | null
  /** Exports that are served over TLS only; without it, none. */
  needsTls?(name: string): boolean
  /** What a client is told that asks for a name that `find` does not know, such as the names that there are. */
  unknown?(name: string): string
}

/** none: STARTTLS is refused; optional: it may be used; required: nothing else is answered before. */
export type TlsMode = "none" | "optional" | "required"

/** What to do after an option: send `reply`, then this. */
export type NegotiationStep =
  | { readonly next: "options"; readonly reply: Uint8Array }
  /** The next byte, in either direction, is TLS; call `tlsStarted` when its handshake is through. */
  | { readonly next: "tls"; readonly reply: Uint8Array }
  | {
    readonly next: "transmission"
    readonly reply: Uint8Array
    readonly exportInfo: ExportInfo
    readonly mode: TransmissionMode
  }
  | { readonly next: "close"; readonly reply: Uint8Array }

/** What has been agreed so far: another process goes on from there. Plain data. */
export interface NegotiationState {
  readonly secure: boolean
  readonly fixedNewstyle: boolean
  readonly noZeroes: boolean
  readonly structured: boolean
  readonly extended: boolean
  /** Options that have come. */
  readonly options: number
  /** The export for which meta contexts were selected, or null. */
  readonly contextExport: string | null
}

const START: NegotiationState = {
  secure: false,
  fixedNewstyle: false,
  noZeroes: false,
  structured: false,
  extended: false,
  options: 0,
  contextExport: null
}

/** The export that an option is about, by the name in it; null: it is about none, or cannot be understood. */
export const namedIn = ({ data, option }: OptionMessage): string | null => {
  if (data === null) return null
  switch (option) {
    case Option.ExportName:
      return data.length > MAX_STRING ? null : utf8Text(data)
    case Option.Info:
    case Option.Go:
      return decodeInfoRequest(data)?.name ?? null
    case Option.ListMetaContext:
    case Option.SetMetaContext:
      return decodeMetaContextRequest(data)?.name ?? null
    default:
      return null
  }
}

/** Id of base:allocation on the wire. */
export const BASE_ALLOCATION_ID = 1
const BASE_ALLOCATION = "base:allocation"

/** Options that a connection may send before it is closed. */
export const MAX_OPTIONS = 256

const NOTHING = new Uint8Array(0)

/** The text of each error that needs no more than its kind. Clients print it: nbd-client knows no other words for most. */
const WORDS = {
  [OptionReplyType.ErrInvalid]: "the option is malformed, or out of its place",
  [OptionReplyType.ErrUnsup]: "this server does not know the option",
  [OptionReplyType.ErrTooBig]: "the option has too much data",
  [OptionReplyType.ErrTlsReqd]: "expected STARTTLS first: this is served over TLS only",
  [OptionReplyType.ErrShutdown]: "the server is shutting down",
  [OptionReplyType.ErrExtHeaderReqd]: "extended headers were agreed, which imply structured replies"
} as const

/** An error with a text, as the NBD document allows for each. */
const errorReply = (option: number, type: number, why: string): NegotiationStep => ({
  next: "options",
  reply: encodeOptionReply(option, type, utf8(why))
})

const refusal = (option: number, type: keyof typeof WORDS): NegotiationStep => errorReply(option, type, WORDS[type])

/**
 * One connection's negotiation, the server's side of the handshake.
 *
 * **When to use.** Between `OptionDecoder`, whose messages it takes, and {@link Transmission}, for which it finds the
 * export and the mode. `ServerSession` does all that for stores that answer at once.
 *
 * **Details.** Send the greeting with `Negotiation.flags` first. `step` answers one message: send its `reply`, then do
 * what `next` says. Mistakes of the client are answered with the errors of the NBD document; nothing is thrown. `state`
 * is plain data, from which another process goes on.
 *
 * **Gotchas.** After `tls` call `tlsStarted` once the handshake is through, and use no byte that came before it. More
 * than 256 options close the connection. Of meta contexts there is base:allocation only.
 */
export class Negotiation {
  /** New sessions and options are turned away. */
  shuttingDown = false
  readonly #exports: ExportTable
  readonly #tls: TlsMode
  #secure: boolean
  #fixedNewstyle: boolean
  #noZeroes: boolean
  #structured: boolean
  #extended: boolean
  #options: number
  #contextExport: string | null

  /** `state`: where another negotiation of this connection, which answers nothing more, has come to. */
  constructor(exports: ExportTable, tls: TlsMode = "none", state: NegotiationState = START) {
    this.#exports = exports
    this.#tls = tls
    this.#secure = state.secure
    this.#fixedNewstyle = state.fixedNewstyle
    this.#noZeroes = state.noZeroes
    this.#structured = state.structured
    this.#extended = state.extended
    this.#options = state.options
    this.#contextExport = state.contextExport
  }

  get state(): NegotiationState {
    return {
      secure: this.#secure,
      fixedNewstyle: this.#fixedNewstyle,
      noZeroes: this.#noZeroes,
      structured: this.#structured,
      extended: this.#extended,
      options: this.#options,
      contextExport: this.#contextExport
    }
  }

  /** Handshake flags of the greeting. */
  static readonly flags = HandshakeFlag.FixedNewstyle | HandshakeFlag.NoZeroes

  step(message: ClientFlagsMessage | OptionMessage): NegotiationStep {
    if (message.kind === "clientFlags") {
      if ((message.flags & ~Negotiation.flags) !== 0) return { next: "close", reply: NOTHING }
      this.#fixedNewstyle = (message.flags & HandshakeFlag.FixedNewstyle) !== 0
      this.#noZeroes = (message.flags & HandshakeFlag.NoZeroes) !== 0
      return { next: "options", reply: NOTHING }
    }
    if (++this.#options > MAX_OPTIONS) return { next: "close", reply: NOTHING }
    return this.#option(message.option, message.data)
  }

  /** The TLS handshake is through: whatever was negotiated before is forgotten. */
  tlsStarted(): void {
    this.#secure = true
    this.#structured = false
    this.#extended = false
    this.#contextExport = null
  }

  #option(option: number, data: Uint8Array | null): NegotiationStep {
    const ack = (...before: ReadonlyArray<Uint8Array>): NegotiationStep => ({
      next: "options",
      reply: concat(...before, encodeOptionReply(option, OptionReplyType.Ack))
    })
    const refuse = (type: keyof typeof WORDS): NegotiationStep => refusal(option, type)

    if (option === Option.Abort) return { next: "close", reply: encodeOptionReply(option, OptionReplyType.Ack) }
    if (this.#tls === "required" && !this.#secure && option !== Option.StartTls) {
      return option === Option.ExportName ? { next: "close", reply: NOTHING } : refuse(OptionReplyType.ErrTlsReqd)
    }
    if (this.shuttingDown) {
      return option === Option.ExportName ? { next: "close", reply: NOTHING } : refuse(OptionReplyType.ErrShutdown)
    }
    if (data === null) {
      return option === Option.ExportName ? { next: "close", reply: NOTHING } : refuse(OptionReplyType.ErrTooBig)
    }
    if (!this.#fixedNewstyle && option !== Option.ExportName) return refuse(OptionReplyType.ErrInvalid)
    switch (option) {
      case Option.ExportName: {
        const name = data.length > MAX_STRING ? null : utf8Text(data)
        const info = name === null || this.#extended || this.#tlsMissing(name) ? null : this.#exports.find(name)
        if (info === null) return { next: "close", reply: NOTHING }
        const mode = this.#mode(name)
        return {
          next: "transmission",
          reply: encodeExportNameReply(info.size, modeFlags(info, mode), this.#noZeroes),
          exportInfo: info,
          mode
        }
      }
      case Option.List: {
        if (data.length !== 0) return refuse(OptionReplyType.ErrInvalid)
        const exports = this.#exports.list()
        if (exports === null) {
          return errorReply(option, OptionReplyType.ErrPolicy, "this server does not list its exports")
        }
        return ack(
          ...exports.filter(({ name }) => !this.#tlsMissing(name)).map(({ name, description }) =>
            encodeOptionReply(option, OptionReplyType.Server, encodeServerReply(name, description))
          )
        )
      }
      case Option.StartTls:
        if (data.length !== 0 || this.#secure) return refuse(OptionReplyType.ErrInvalid)
        if (this.#tls === "none") return errorReply(option, OptionReplyType.ErrPolicy, "this server has no TLS")
        return { next: "tls", reply: encodeOptionReply(option, OptionReplyType.Ack) }
      case Option.Info:
      case Option.Go:
        return this.#info(option, data)
      case Option.StructuredReply:
        if (data.length !== 0) return refuse(OptionReplyType.ErrInvalid)
        if (this.#extended) return refuse(OptionReplyType.ErrExtHeaderReqd)
        if (this.#structured) return refuse(OptionReplyType.ErrInvalid)
        this.#structured = true
        return ack()
      case Option.ExtendedHeaders:
        if (data.length !== 0 || this.#extended) return refuse(OptionReplyType.ErrInvalid)
        this.#extended = true
        return ack()
      case Option.ListMetaContext:
      case Option.SetMetaContext:
        return this.#metaContext(option, data)
      default:
        return refuse(OptionReplyType.ErrUnsup)
    }
  }

  #info(option: number, data: Uint8Array): NegotiationStep {
    const asked = decodeInfoRequest(data)
    if (asked === null) return refusal(option, OptionReplyType.ErrInvalid)
    if (this.#tlsMissing(asked.name)) return refusal(option, OptionReplyType.ErrTlsReqd)
    const info = this.#exports.find(asked.name)
    if (info === null) return this.#unknown(option, asked.name)
    const mode = this.#mode(asked.name)
    const replies: Array<Uint8Array> = []
    const tell = (item: Uint8Array): void => {
      replies.push(encodeOptionReply(option, OptionReplyType.Info, item))
    }
    if (asked.infos.includes(InfoType.BlockSize)) {
      tell(encodeInfo({
        type: "blockSize",
        minimum: info.minimumBlock,
        preferred: info.preferredBlock,
        maximumPayload: info.maximumPayload
      }))
    }
    if (asked.infos.includes(InfoType.Name)) tell(encodeInfo({ type: "name", name: info.name }))
    if (asked.infos.includes(InfoType.Description)) {
      tell(encodeInfo({ type: "description", description: info.description }))
    }
    tell(encodeInfo({ type: "export", size: info.size, transmissionFlags: modeFlags(info, mode) }))
    const reply = concat(...replies, encodeOptionReply(option, OptionReplyType.Ack))
    return option === Option.Go
      ? { next: "transmission", reply, exportInfo: info, mode }
      : { next: "options", reply }
  }

  #metaContext(option: number, data: Uint8Array): NegotiationStep {
    const set = option === Option.SetMetaContext
    if (set) this.#contextExport = null
    const asked = decodeMetaContextRequest(data)
    if (asked === null || (set && !this.#structured && !this.#extended)) {
      return refusal(option, OptionReplyType.ErrInvalid)
    }
    if (this.#exports.find(asked.name) === null) return this.#unknown(option, asked.name)
    const { queries } = asked
    const found = set
      ? queries.includes(BASE_ALLOCATION)
      : queries.length === 0 || queries.includes("base:") || queries.includes(BASE_ALLOCATION)
    if (set && found) this.#contextExport = asked.name
    const context = encodeOptionReply(
      option,
      OptionReplyType.MetaContext,
      encodeMetaContext(set ? BASE_ALLOCATION_ID : 0, BASE_ALLOCATION)
    )
    const ack = encodeOptionReply(option, OptionReplyType.Ack)
    return { next: "options", reply: found ? concat(context, ack) : ack }
  }

  #unknown(option: number, name: string): NegotiationStep {
    return errorReply(option, OptionReplyType.ErrUnknown, this.#exports.unknown?.(name) ?? "there is no such export")
  }

  #tlsMissing(name: string): boolean {
    return !this.#secure && this.#exports.needsTls?.(name) === true
  }

  /** The selection of contexts holds for the export that it was made for. */
  #mode(name: string | null): TransmissionMode {
    return {
      structured: this.#structured,
      extended: this.#extended,
      contextIds: name !== null && this.#contextExport === name ? [BASE_ALLOCATION_ID] : []
    }
  }
}
