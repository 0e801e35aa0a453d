// TLS for connections: certificates, and pre-shared keys.
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import type { Socket } from "node:net"
import { createSecureContext, createServer, type TlsOptions, type TLSSocket } from "node:tls"
import type { Config } from "../config/schema.ts"
import { UserError } from "../exit.ts"

/** What STARTTLS needs. */
export interface TlsSetup {
  readonly mode: "optional" | "required"
  readonly options: TlsOptions
}

/** Ciphers that agree on a key from a pre-shared one. Node offers that for TLS 1.2 only, so it is the latest then. */
const PSK_CIPHERS = "ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384:DHE-PSK-AES128-GCM-SHA256:PSK"

/** Keys by identity, from lines identity:hexadecimal-key. */
export const parsePskFile = (file: string, text: string): ReadonlyMap<string, Buffer> => {
  const keys = new Map<string, Buffer>()
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "" || line.startsWith("#")) return
    const [, identity, key] = /^([^:]+):((?:[0-9a-fA-F]{2})+)$/.exec(line.trim()) ?? []
    if (identity === undefined) {
      throw new UserError({ message: `${file}: line ${i + 1}: expected identity:key, the key in hexadecimal` })
    }
    keys.set(identity, Buffer.from(key, "hex"))
  })
  return keys
}

const readable = (key: string, path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UserError({ message: `tls.${key}: got ${JSON.stringify(path)}, ${(error as Error).message}` })
  }
}

/** Reads certificates and keys. */
export const setUpTls = (config: Config["tls"]): Effect.Effect<TlsSetup | null, UserError> =>
  Effect.try({
    try: () => {
      if (config === null) return null
      const { certificate, clientAuthority, key, mode, pskFile } = config
      const keys = pskFile === null ? null : parsePskFile(pskFile, readable("pskFile", pskFile).toString("utf8"))
      const options: TlsOptions = {
        minVersion: "TLSv1.2",
        allowHalfOpen: true,
        pauseOnConnect: true,
        ...(certificate === null ? {} : { cert: readable("certificate", certificate) }),
        ...(key === null ? {} : { key: readable("key", key) }),
        ...(clientAuthority === null
          ? {}
          : { ca: readable("clientAuthority", clientAuthority), requestCert: true, rejectUnauthorized: true }),
        ...(keys === null ? {} : {
          ciphers: certificate === null ? PSK_CIPHERS : `HIGH:${PSK_CIPHERS}`,
          maxVersion: "TLSv1.2" as const,
          pskCallback: (_socket: TLSSocket, identity: string) => keys.get(identity) ?? null
        })
      }
      // says what is wrong with any of it
      createSecureContext(options)
      return { mode, options }
    },
    catch: (error) =>
      error instanceof UserError ? error : new UserError({ message: `tls: ${(error as Error).message}` })
  })

/**
 * Starts TLS on a socket that has said so; the next byte in either direction is TLS. Only a server of Node checks certificates
 * of clients and tells errors of a session: so each has one, which listens nowhere.
 */
export const startTls = (socket: Socket, setup: TlsSetup): Effect.Effect<TLSSocket, Error> =>
  Effect.async((resume) => {
    const server = createServer(setup.options)
    server.once("secureConnection", (secure) => {
      // of something that is no TLS it only tells
      secure.on("error", () => secure.destroy())
      resume(Effect.succeed(secure))
    })
    server.once("tlsClientError", (error, secure) => {
      secure.destroy()
      resume(Effect.fail(error))
    })
    server.emit("connection", socket)
  })
