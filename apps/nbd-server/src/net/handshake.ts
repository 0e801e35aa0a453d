// The handshake of one connection: options in, replies out, until it enters transmission, ends, or has come to an option that
// another process answers. Reads only as much as it can answer; when it may go on, and the time it may take, are up to the
// caller.
import {
  encodeGreeting,
  encodeOptionReply,
  namedIn,
  Negotiation,
  type NegotiationState,
  Option,
  OptionDecoder,
  type OptionMessage,
  OptionReplyType,
  type TransmissionMode
} from "@swaplab/nbd"
import { Data, Effect } from "effect"
import type { Socket } from "node:net"
import { performance } from "node:perf_hooks"
import { AttachError, type OpenStore } from "../exports/open-store.ts"
import type { Registry } from "../exports/registry.ts"
import { startTls, type TlsSetup } from "./tls.ts"

/** Why a connection did not get to transmission. `quiet`: it went by the rules. */
export class HandshakeEnd extends Data.TaggedError("HandshakeEnd")<{
  readonly reason: string
  readonly quiet: boolean
}> {}

/** A connection that enters transmission. Its socket is paused. */
export interface Negotiated {
  readonly next: "transmission"
  readonly socket: Socket
  readonly store: OpenStore
  readonly mode: TransmissionMode
  /** What came in behind the last option. */
  readonly early: Uint8Array
  /** It came over TLS. */
  readonly secure: boolean
  /** TLS ends in this process. */
  readonly plain: boolean
}

/** A handshake in the middle: what another process needs to go on with it. Plain data. */
export interface Handshake {
  readonly state: NegotiationState
  /** The option that it stopped at, which nobody has answered; its data in base64. */
  readonly option: number
  readonly data: string | null
  /** What came in behind it, in base64. */
  readonly rest: string
}

/** A connection that goes on in another process. Its socket is paused. */
export interface Moved {
  readonly next: "elsewhere"
  readonly socket: Socket
  readonly place: number
  readonly handshake: Handshake
}

/** The exports of a process, as its handshakes see them. */
export type Exports = Pick<
  Registry,
  "find" | "refresh" | "refused" | "list" | "needsTls" | "unknown" | "open" | "attach" | "release"
>

/** A chunk of so many bytes takes a turn, whether or not it completes an option. */
const LARGE_CHUNK = 4096

/** Reads one chunk at a time from a socket. */
class ChunkReader {
  readonly #socket: Socket
  #chunks: Array<Uint8Array> = []
  #ended = false
  #wake: (() => void) | null = null

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on("data", this.#onData)
    socket.on("end", this.#onEnd)
    socket.on("close", this.#onEnd)
    socket.on("error", this.#onEnd)
    socket.pause()
  }

  /** The next chunk, or null at the end. */
  readonly next: Effect.Effect<Uint8Array | null> = Effect.async((resume) => {
    const look = (): void => {
      const chunk = this.#chunks.shift()
      if (chunk === undefined && !this.#ended) {
        this.#wake = look
        this.#socket.resume()
        return
      }
      resume(Effect.succeed(chunk ?? null))
    }
    look()
    return Effect.sync(() => (this.#wake = null))
  })

  /** Stops reading; returns what came in meanwhile. */
  stop(): Uint8Array {
    this.#socket.off("data", this.#onData)
    this.#socket.off("end", this.#onEnd)
    this.#socket.off("close", this.#onEnd)
    this.#socket.pause()
    const left: Buffer | null = this.#socket.read()
    const rest = Buffer.concat(left === null ? this.#chunks : [...this.#chunks, left])
    this.#chunks = []
    return rest
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#socket.pause()
    this.#chunks.push(chunk)
    this.#woken()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    this.#woken()
  }

  #woken(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}

/** Writes, and waits until the client has taken it, so that a client that asks and does not read gets no further. */
const write = (socket: Socket, bytes: Uint8Array): Effect.Effect<void> =>
  bytes.length === 0 ? Effect.void : Effect.async((resume) => {
    if (!socket.writable) return resume(Effect.void)
    socket.write(bytes, () => resume(Effect.void))
  })

const errorType = (error: AttachError): number =>
  error.reason === "unknown"
    ? OptionReplyType.ErrUnknown
    : error.reason === "policy"
    ? OptionReplyType.ErrPolicy
    : OptionReplyType.ErrPlatform

/** A process that has no exports: what is asked of any is answered elsewhere. */
export const NO_EXPORTS: Exports = {
  find: () => null,
  refresh: () => Effect.void,
  refused: () => {},
  list: () => null,
  needsTls: () => false,
  unknown: () => "there is no such export",
  open: () => new AttachError({ reason: "unknown", message: "there is no such export" }),
  attach: () => {},
  release: () => Effect.void
}

/** What one negotiation works with. */
export interface Negotiating {
  readonly socket: Socket
  readonly address: string
  readonly exports: Exports
  readonly tls: TlsSetup | null
  /** Waits until an option, or a chunk of a large one, may be worked on. */
  readonly turn: Effect.Effect<void>
  /** The process that answers an option; null: this one. */
  readonly placeOf: (message: OptionMessage) => number | null
  /** Where another process has come to; null: the client has connected just now. */
  readonly from: Handshake | null
  readonly onNegotiation: (negotiation: Negotiation) => void
}

/** A decoder behind the client's flags, which are sent once. */
const optionsOnly = (): OptionDecoder => {
  const decoder = new OptionDecoder()
  decoder.push(new Uint8Array(4))
  decoder.next()
  return decoder
}

const decodedOption = ({ data, option }: Handshake): OptionMessage => ({
  kind: "option",
  option,
  data: data === null ? null : Buffer.from(data, "base64")
})

const inBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64")

/** Negotiates until transmission, or until an option that belongs elsewhere. */
export const negotiate = (
  { address, exports, from, onNegotiation, placeOf, socket: accepted, tls, turn }: Negotiating
): Effect.Effect<Negotiated | Moved, HandshakeEnd> =>
  Effect.gen(function*() {
    let socket = accepted
    let reader = new ChunkReader(socket)
    let decoder = from === null ? new OptionDecoder() : optionsOnly()
    let isRefused = false
    const table = {
      find: (name: string) => exports.find(name, address),
      list: () => exports.list(address),
      needsTls: (name: string) => exports.needsTls(name),
      unknown: (name: string) => {
        // a client that tries many names is told of each, and logged once
        if (!isRefused) exports.refused(name, address, "there is no such export for this address")
        isRefused = true
        return exports.unknown(name, address)
      }
    }
    const negotiation = new Negotiation(table, tls?.mode ?? "none", from?.state)
    onNegotiation(negotiation)
    if (from === null) yield* write(socket, encodeGreeting(Negotiation.flags))
    else decoder.push(Buffer.from(from.rest, "base64"))
    const rest = (): Uint8Array => {
      const decoded = decoder.rest()
      const more = reader.stop()
      return more.length === 0 ? decoded : Buffer.concat([decoded, more])
    }
    let first = from === null ? null : decodedOption(from)
    for (;;) {
      const message = first ?? decoder.next()
      first = null
      if (message === null) {
        const chunk = yield* reader.next
        if (chunk === null) return yield* new HandshakeEnd({ reason: "connection lost in the handshake", quiet: true })
        if (chunk.length >= LARGE_CHUNK) yield* turn
        decoder.push(chunk)
        continue
      }
      if (message.kind === "fault") return yield* new HandshakeEnd({ reason: message.reason, quiet: false })
      if (message.kind === "option") {
        yield* turn
        const place = placeOf(message)
        if (place !== null) {
          const { data, option } = message
          const { state } = negotiation
          const handshake = { state, option, data: data === null ? null : inBase64(data), rest: inBase64(rest()) }
          return { next: "elsewhere", socket, place, handshake }
        }
        const name = namedIn(message)
        if (name !== null) yield* exports.refresh(name)
      }
      const step = negotiation.step(message)
      if (step.next === "transmission") {
        const store = yield* Effect.either(exports.open(step.exportInfo.name, address))
        const option = message.kind === "option" ? message.option : Option.ExportName
        if (store._tag === "Left") {
          if (option === Option.ExportName) {
            return yield* new HandshakeEnd({ reason: store.left.message, quiet: false })
          }
          const why = new TextEncoder().encode(
            store.left.reason === "failed" ? "the export cannot be opened" : store.left.message
          )
          yield* write(socket, encodeOptionReply(option, errorType(store.left), why))
          continue
        }
        exports.attach(store.right)
        yield* write(socket, step.reply).pipe(
          Effect.onInterrupt(() => {
            const now = performance.now()
            return exports.release(store.right, { address, clean: false, attachedMs: now, heardMs: now })
          })
        )
        const { secure } = negotiation.state
        const plain = socket === accepted
        return { next: "transmission", socket, store: store.right, mode: step.mode, early: rest(), secure, plain }
      }
      yield* write(socket, step.reply)
      if (step.next === "close" && message.kind === "option" && message.option === Option.ExportName) {
        exports.refused(namedIn(message) ?? "", address, "there is no such export for this address, or over TLS only")
      }
      if (step.next === "close") return yield* new HandshakeEnd({ reason: "end of the handshake", quiet: true })
      if (step.next === "tls" && tls !== null) {
        // bytes behind STARTTLS would be taken for part of the secured session: whoever sent them is not to be trusted
        if (rest().length > 0) {
          return yield* new HandshakeEnd({ reason: "plain text behind STARTTLS", quiet: false })
        }
        socket = yield* startTls(socket, tls).pipe(
          Effect.mapError((error) => new HandshakeEnd({ reason: `TLS: ${error.message}`, quiet: false }))
        )
        reader = new ChunkReader(socket)
        decoder = optionsOnly()
        negotiation.tlsStarted()
      }
    }
  })
