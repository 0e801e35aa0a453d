// TLS for connections: certificates, and pre-shared keys.
import { type Finding, formatFinding } from "@swaplab/config"
import { Data, Effect } from "effect"
import { readFileSync } from "node:fs"
import type { Socket } from "node:net"
import { createSecureContext, createServer, type TlsOptions, type TLSSocket } from "node:tls"
import { fileWords } from "../check/paths.ts"
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
      const text = `${file}: line ${i + 1}: expected identity:key, the key in hexadecimal`
      throw new TlsMistake({ path: ["tls", "pskFile"], text })
    }
    keys.set(identity, Buffer.from(key, "hex"))
  })
  return keys
}

/** What is wrong at a key of `tls`, or at `tls` as a whole. */
class TlsMistake extends Data.TaggedError("TlsMistake")<Finding> {
  override get message(): string {
    return this.text
  }
}

const readable = (key: string, path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new TlsMistake({ path: ["tls", key], text: `got ${JSON.stringify(path)}, ${fileWords(error)}` })
  }
}

/** A file with PEM that OpenSSL takes as `option` of a context. */
const pem = (key: string, path: string, option: "cert" | "key" | "ca"): Buffer => {
  const bytes = readable(key, path)
  try {
    if (!bytes.includes("-----BEGIN ")) throw new Error("it has no -----BEGIN")
    createSecureContext({ [option]: bytes })
    return bytes
  } catch (error) {
    const text = `got ${JSON.stringify(path)}, expected PEM: ${(error as Error).message}`
    throw new TlsMistake({ path: ["tls", key], text })
  }
}

const setUp = (config: Config["tls"]): Effect.Effect<TlsSetup | null, TlsMistake> =>
  Effect.try({
    try: () => {
      if (config === null) return null
      const { certificate, clientAuthority, key, mode, pskFile } = config
      const keys = pskFile === null ? null : parsePskFile(pskFile, readable("pskFile", pskFile).toString("utf8"))
      const options: TlsOptions = {
        minVersion: "TLSv1.2",
        allowHalfOpen: true,
        pauseOnConnect: true,
        ...(certificate === null ? {} : { cert: pem("certificate", certificate, "cert") }),
        ...(key === null ? {} : { key: pem("key", key, "key") }),
        ...(clientAuthority === null
          ? {}
          : { ca: pem("clientAuthority", clientAuthority, "ca"), requestCert: true, rejectUnauthorized: true }),
        ...(keys === null ? {} : {
          ciphers: certificate === null ? PSK_CIPHERS : `HIGH:${PSK_CIPHERS}`,
          maxVersion: "TLSv1.2" as const,
          pskCallback: (_socket: TLSSocket, identity: string) => keys.get(identity) ?? null
        })
      }
      // says whether certificate and key are a pair
      createSecureContext(options)
      return { mode, options }
    },
    catch: (error) =>
      error instanceof TlsMistake ? error : new TlsMistake({ path: ["tls"], text: (error as Error).message })
  })

/** Reads certificates and keys. */
export const setUpTls = (config: Config["tls"]): Effect.Effect<TlsSetup | null, UserError> =>
  Effect.mapError(setUp(config), (mistake) => new UserError({ message: formatFinding(mistake) }))

/** What is wrong with certificates and keys, or null. */
export const tlsMistake = (config: Config["tls"]): Finding | null =>
  Effect.runSync(
    Effect.match(setUp(config), { onFailure: ({ path, text }) => ({ path, text }), onSuccess: () => null })
  )

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
