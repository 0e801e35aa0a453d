// Connects to a real NBD server: TCP, the handshake as nbd-client makes it, TLS where it is asked for.
// source: doc/proto.md "Fixed newstyle negotiation", "The NBD protocol and TLS"
import {
  decodeInfo,
  encodeClientFlags,
  encodeInfoRequest,
  encodeOption,
  HandshakeDecoder,
  Option,
  OptionReplyType
} from "@swaplab/nbd"
import { readFileSync } from "node:fs"
import { isIP, type Socket } from "node:net"
import { join } from "node:path"
import { connect as connectTls, type ConnectionOptions } from "node:tls"
import type { NbdUri } from "./nbd-uri.ts"
import { openWire, type Wire, wireOf } from "./wire.ts"

/** An export that is ready for requests. Nobody hears its wire yet; bytes that came behind the handshake are in its inbox. */
export interface OpenedExport {
  readonly wire: Wire
  readonly size: number
  /** Of `TransmissionFlag`. */
  readonly flags: number
}

/** Why a server could not be used, in a few words. */
class Unusable extends Error {}

const wordsOf = (error: Error): string => {
  const { code } = error as NodeJS.ErrnoException
  if (code === "ECONNREFUSED") return "nobody listens there"
  if (code === "ENOENT") return "there is no such socket"
  return error.message
}

const ERRORS = new Map<number, string>([
  [OptionReplyType.ErrPolicy, "it is not allowed there"],
  [OptionReplyType.ErrTlsReqd, "it wants TLS (nbds://)"],
  [OptionReplyType.ErrUnknown, "it has no such export"],
  [OptionReplyType.ErrShutdown, "it is shutting down"],
  [OptionReplyType.ErrBlockSizeReqd, "it wants block sizes to be negotiated"]
])

/** Bytes of a socket, as an async reader of the handshake takes them. */
class Reader {
  readonly decoder: HandshakeDecoder
  readonly #wire: Wire
  #ended: Error | null = null
  #wake: () => void = () => {}
  readonly #fail = (error?: Error | boolean): void => {
    this.#ended ??= error instanceof Error ? error : new Unusable("it closed the connection in the handshake")
    this.#wake()
  }

  constructor(wire: Wire, decoder = new HandshakeDecoder()) {
    this.#wire = wire
    this.decoder = decoder
    wire.heard = () => {
      decoder.push(wire.inbox.take())
      this.#wake()
    }
    wire.socket.on("error", this.#fail)
    wire.socket.on("close", this.#fail)
    wire.socket.resume()
  }

  async next() {
    for (;;) {
      const message = this.decoder.next()
      if (message !== null && message.kind === "fault") throw new Unusable(`it speaks no NBD: ${message.reason}`)
      if (message !== null) return message
      if (this.#ended !== null) throw this.#ended
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Somebody else hears the wire now. */
  leave(): void {
    const { socket } = this.#wire
    socket.pause()
    this.#wire.heard = () => {}
    socket.off("error", this.#fail)
    socket.off("close", this.#fail)
  }
}

/** The final reply to an option; what came before it goes to `info`. */
const replyTo = async (reader: Reader, info: (data: Uint8Array) => void = () => {}): Promise<number> => {
  for (;;) {
    const message = await reader.next()
    if (message.kind !== "optionReply") throw new Unusable(`it answered an option with a ${message.kind}`)
    if (message.type === OptionReplyType.Info) info(message.data)
    else if (message.type === OptionReplyType.Ack || message.type >= OptionReplyType.ErrUnsup) return message.type
  }
}

const tlsOptions = ({ certificates, place }: NbdUri): ConnectionOptions => {
  const file = (name: string): Buffer | undefined => {
    try {
      return certificates === null ? undefined : readFileSync(join(certificates, name))
    } catch {
      return undefined
    }
  }
  const [ca, cert, key] = ["ca-cert.pem", "client-cert.pem", "client-key.pem"].map(file)
  if (certificates !== null && ca === undefined) throw new Unusable(`${certificates} has no ca-cert.pem`)
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
    ...("host" in place && (isIP(place.host) === 0 ? { servername: place.host } : { host: place.host }))
  }
}

const secured = (socket: Socket, uri: NbdUri): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const secure = connectTls({ ...tlsOptions(uri), socket })
    secure.once("secureConnect", () => resolve(secure))
    secure.once("error", (error) => reject(new Unusable(`TLS: ${error.message}`)))
  })

/** The size and flags of an export: by GO, or by EXPORT_NAME where the server does not know it. */
const negotiate = async (reader: Reader, socket: Socket, name: string, noZeroes: boolean) => {
  let found: { readonly size: number; readonly transmissionFlags: number } | null = null
  socket.write(encodeOption(Option.Go, encodeInfoRequest({ name, infos: [] })))
  const type = await replyTo(reader, (data) => {
    const info = decodeInfo(data)
    if (info?.type === "export") found = info
  })
  if (type === OptionReplyType.ErrUnsup) {
    reader.decoder.expectExport(noZeroes)
    socket.write(encodeOption(Option.ExportName, new TextEncoder().encode(name)))
    const message = await reader.next()
    if (message.kind === "export") found = message
  } else if (type !== OptionReplyType.Ack) {
    throw new Unusable(ERRORS.get(type) ?? `it refuses the export with error ${type.toString(16)}`)
  }
  if (found === null) throw new Unusable("it did not say how large the export is")
  return found as { readonly size: number; readonly transmissionFlags: number }
}

/** Connects to the export of that name. Rejects with `Unusable`. `use` gets the socket as soon as there is one, to end it. */
export const openExport = async (
  uri: NbdUri,
  name: string,
  use: (socket: Socket) => void = () => {}
): Promise<OpenedExport> => {
  let wire = openWire(uri.place, !uri.tls)
  use(wire.socket)
  try {
    let reader = new Reader(wire)
    const greeting = await reader.next()
    if (greeting.kind !== "greeting") throw new Unusable("it does not greet")
    const flags = greeting.flags & 3
    wire.socket.write(encodeClientFlags(flags))
    if (uri.tls) {
      wire.socket.write(encodeOption(Option.StartTls))
      const type = await replyTo(reader)
      if (type !== OptionReplyType.Ack) throw new Unusable("it has no TLS")
      reader.leave()
      wire.socket.removeAllListeners("data")
      const { decoder } = reader
      wire = wireOf(await secured(wire.socket, uri))
      use(wire.socket)
      reader = new Reader(wire, decoder)
    }
    const { size, transmissionFlags } = await negotiate(reader, wire.socket, name, (flags & 2) !== 0)
    reader.leave()
    wire.inbox.put(reader.decoder.rest())
    return { wire, size, flags: transmissionFlags }
  } catch (error) {
    wire.socket.on("error", () => {})
    wire.socket.destroy()
    throw error instanceof Unusable ? error : new Unusable(wordsOf(error as Error))
  }
}
