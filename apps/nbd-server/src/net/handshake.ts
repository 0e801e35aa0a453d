// The handshake of one connection: options in, replies out, until it enters transmission or ends. Reads only as much as
// it can answer; when it may go on, and the time it may take, are up to the caller.
import {
  encodeGreeting,
  encodeOptionReply,
  Negotiation,
  Option,
  OptionDecoder,
  OptionReplyType,
  type TransmissionMode
} from "@swaplab/nbd"
import { Data, Effect } from "effect"
import type { Socket } from "node:net"
import type { AttachError, OpenStore } from "../exports/open-store.ts"
import type { Registry } from "../exports/registry.ts"
import { startTls, type TlsSetup } from "./tls.ts"

/** Why a connection did not get to transmission. `quiet`: it went by the rules. */
export class HandshakeEnd extends Data.TaggedError("HandshakeEnd")<{
  readonly reason: string
  readonly quiet: boolean
}> {}

/** A connection that enters transmission. Its socket is paused. */
export interface Negotiated {
  readonly socket: Socket
  readonly store: OpenStore
  readonly mode: TransmissionMode
  /** What came in behind the last option. */
  readonly early: Uint8Array
  readonly secure: boolean
}

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

/** Negotiates until transmission. */
export const negotiate = (
  accepted: Socket,
  address: string,
  registry: Registry,
  tls: TlsSetup | null,
  /** Waits until an option, or a chunk of a large one, may be worked on. */
  turn: Effect.Effect<void>,
  onNegotiation: (negotiation: Negotiation) => void
): Effect.Effect<Negotiated, HandshakeEnd> =>
  Effect.gen(function*() {
    let socket = accepted
    let reader = new ChunkReader(socket)
    let decoder = new OptionDecoder()
    const negotiation = new Negotiation({
      find: (name) => registry.find(name, address),
      list: () => registry.list(address),
      needsTls: (name) => registry.needsTls(name),
      unknown: (name) => registry.unknown(name, address)
    }, tls?.mode ?? "none")
    onNegotiation(negotiation)
    yield* write(socket, encodeGreeting(Negotiation.flags))
    for (;;) {
      const message = decoder.next()
      if (message === null) {
        const chunk = yield* reader.next
        if (chunk === null) return yield* new HandshakeEnd({ reason: "connection lost in the handshake", quiet: true })
        if (chunk.length >= LARGE_CHUNK) yield* turn
        decoder.push(chunk)
        continue
      }
      if (message.kind === "fault") return yield* new HandshakeEnd({ reason: message.reason, quiet: false })
      if (message.kind === "option") yield* turn
      const step = negotiation.step(message)
      if (step.next === "transmission") {
        const store = yield* Effect.either(registry.open(step.exportInfo.name, address))
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
        registry.attach(store.right)
        yield* write(socket, step.reply).pipe(
          Effect.onInterrupt(() => registry.release(store.right, false))
        )
        const rest = decoder.rest()
        const more = reader.stop()
        const early = more.length === 0 ? rest : Buffer.concat([rest, more])
        return { socket, store: store.right, mode: step.mode, early, secure: socket !== accepted }
      }
      yield* write(socket, step.reply)
      if (step.next === "close") return yield* new HandshakeEnd({ reason: "end of the handshake", quiet: true })
      if (step.next === "tls" && tls !== null) {
        // bytes behind STARTTLS would be taken for part of the secured session: whoever sent them is not to be trusted
        if (decoder.rest().length + reader.stop().length > 0) {
          return yield* new HandshakeEnd({ reason: "plain text behind STARTTLS", quiet: false })
        }
        socket = yield* startTls(socket, tls).pipe(
          Effect.mapError((error) => new HandshakeEnd({ reason: `TLS: ${error.message}`, quiet: false }))
        )
        reader = new ChunkReader(socket)
        // client flags are not sent again
        decoder = new OptionDecoder()
        decoder.push(new Uint8Array(4))
        decoder.next()
        negotiation.tlsStarted()
      }
    }
  })
