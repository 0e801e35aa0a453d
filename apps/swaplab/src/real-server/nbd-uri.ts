// Where a real NBD server is, as the URI specification of NBD writes it: nbd://HOST[:PORT]/EXPORT, nbds:// with TLS,
// nbd+unix:///EXPORT?socket=PATH and nbds+unix.
// source: doc/uri.md of NetworkBlockDevice/nbd
import { Either } from "effect"
import { UsageError } from "../exit.ts"

const DEFAULT_PORT = 10809

/** Stands for the name of a client in the name of an export. */
export const CLIENT = "{client}"

/** A server and its export. */
export interface NbdUri {
  /** As it was given. */
  readonly text: string
  readonly tls: boolean
  /** A TCP port, or a Unix socket. */
  readonly place: { readonly host: string; readonly port: number } | { readonly path: string }
  /** May hold `{client}`: then each client has an export of its own. Else they share it, one behind the other. */
  readonly name: string
  /** Folder with ca-cert.pem, and client-cert.pem with client-key.pem where the server asks for one. */
  readonly certificates: string | null
}

const EXPECTED = "expected nbd://HOST:PORT/EXPORT, nbds:// for TLS, or nbd+unix:///EXPORT?socket=PATH"

/** Reads a URI; `option` is named in the mistake. */
export const parseNbdUri = (option: string, text: string): Either.Either<NbdUri, UsageError> => {
  const fail = (why: string) => Either.left(new UsageError({ message: `${option} ${text}: ${why}, ${EXPECTED}` }))
  const [, scheme, rest] = /^(nbds?|nbds?\+unix):\/\/(.*)$/.exec(text) ?? []
  if (scheme === undefined || rest === undefined) return fail("is no NBD URI")
  let url: URL
  try {
    // a scheme that URL knows, so that it takes host and port apart
    url = new URL(`http://${scheme.endsWith("+unix") ? `unix${rest}` : rest}`)
  } catch {
    return fail("is no NBD URI")
  }
  let name: string
  try {
    name = decodeURIComponent(url.pathname.slice(1))
  } catch {
    return fail("has a wrong % in it")
  }
  for (const key of url.searchParams.keys()) {
    if (key !== "socket" && key !== "tls-certificates") return fail(`does not know ?${key}`)
  }
  const tls = scheme.startsWith("nbds")
  const certificates = url.searchParams.get("tls-certificates")
  if (certificates !== null && !tls) return fail("has certificates without TLS")
  const socket = url.searchParams.get("socket")
  if (scheme.endsWith("+unix") !== (socket !== null)) return fail("and its socket do not fit together")
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  if (socket === null && host === "") return fail("names no host")
  // the port 80 is the default of the scheme that stands in
  const port = url.port !== "" ? Number(url.port) : /^[^/?]*:80(?:[/?]|$)/.test(rest) ? 80 : DEFAULT_PORT
  const place = socket === null ? { host, port } : { path: socket }
  return Either.right({ text, tls, place, name, certificates })
}
