// TLS for connections: certificates, and pre-shared keys.
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import type { Socket } from "node:net"
import { createSecureContext, type SecureContext, TLSSocket, type TLSSocketOptions } from "node:tls"
import type { Config } from "../config/schema.ts"
import { UserError } from "../exit.ts"

/** What STARTTLS needs. */
export interface TlsSetup {
  readonly mode: "optional" | "required"
  readonly context: SecureContext
  readonly requestCert: boolean
  readonly keys: ReadonlyMap<string, Buffer> | null
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
      const context = createSecureContext({
        minVersion: "TLSv1.2",
        ...(certificate === null ? {} : { cert: readable("certificate", certificate) }),
        ...(key === null ? {} : { key: readable("key", key) }),
        ...(clientAuthority === null ? {} : { ca: readable("clientAuthority", clientAuthority) }),
        ...(keys === null ? {} : {
          ciphers: certificate === null ? PSK_CIPHERS : `HIGH:${PSK_CIPHERS}`,
          maxVersion: "TLSv1.2" as const
        })
      })
      return { mode, context, requestCert: clientAuthority !== null, keys }
    },
    catch: (error) =>
      error instanceof UserError ? error : new UserError({ message: `tls: ${(error as Error).message}` })
  })

/** Starts TLS on a socket that has said so; the next byte in either direction is TLS. */
export const startTls = (socket: Socket, setup: TlsSetup): Effect.Effect<TLSSocket, Error> =>
  Effect.async((resume) => {
    const options: TLSSocketOptions & {
      readonly pskCallback?: (socket: TLSSocket, identity: string) => Buffer | null
    } = {
      isServer: true,
      secureContext: setup.context,
      requestCert: setup.requestCert,
      rejectUnauthorized: setup.requestCert,
      ...(setup.keys === null ? {} : { pskCallback: (_socket, identity) => setup.keys?.get(identity) ?? null })
    }
    const secure = new TLSSocket(socket, options)
    const failed = (error: Error): void => {
      secure.destroy()
      resume(Effect.fail(error))
    }
    const cut = (): void => failed(new Error("connection lost during the TLS handshake"))
    secure.once("error", failed)
    secure.once("close", cut)
    secure.once("secure", () => {
      secure.off("error", failed)
      secure.off("close", cut)
      const { authorizationError } = secure
      if (setup.requestCert && !secure.authorized) failed(authorizationError ?? new Error("no certificate"))
      else resume(Effect.succeed(secure))
    })
  })
