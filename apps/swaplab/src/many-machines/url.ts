// The address of Postgres: postgres://user:password@host:port/database?sslmode=…
import { Either, Redacted } from "effect"
import { UsageError } from "../exit.ts"
import { isLoopback } from "../live/guard.ts"

/** What --cluster names. */
export interface ClusterUrl {
  readonly url: Redacted.Redacted
  /** For messages: without user and password. */
  readonly shown: string
  /** Whether what goes over a network goes without TLS. */
  readonly plain: boolean
}

/** What sslmode may be, with its meaning in libpq; `no-verify` is node-postgres's name for `require`. */
const SSL_MODES = ["disable", "require", "verify-ca", "verify-full", "no-verify"]

const EXPECTED = "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE, with ?sslmode=verify-full for TLS"

/** A Unix socket has no host: ///DATABASE?host=FOLDER, and then a URL has no user before it either. */
const parsed = (text: string): URL | null =>
  [text, text.replace("@/", "@localhost/")].filter((form) => URL.canParse(form)).map((form) => new URL(form))[0] ?? null

/** Reads it. What is wrong with it is said without the password that it may have. */
export const parseClusterUrl = (text: string): Either.Either<ClusterUrl, UsageError> => {
  const wrong = (what: string, expected = EXPECTED) =>
    Either.left(new UsageError({ message: `--cluster: ${what}, ${expected}` }))
  const url = parsed(text)
  if (url === null) return wrong("is no URL")
  const { host, hostname, pathname, protocol, searchParams } = url
  if (protocol !== "postgres:" && protocol !== "postgresql:") return wrong(`begins with ${protocol}`)
  const folder = searchParams.get("host")
  if (hostname === "" && folder === null) return wrong("has no host")
  if (pathname.length < 2) return wrong("has no database")
  const sslmode = searchParams.get("sslmode")
  if (sslmode !== null && !SSL_MODES.includes(sslmode)) {
    return wrong(`sslmode=${sslmode}`, `expected one of ${SSL_MODES.join(", ")}`)
  }
  // without this node-postgres takes every mode for verify-full, and says so on standard error
  const mode = sslmode === null || sslmode === "no-verify" ? "" : "&uselibpqcompat=true"
  return Either.right({
    url: Redacted.make(`${text}${mode}`),
    shown: `postgres://${folder === null ? host : folder}${pathname}`,
    plain: folder === null && !isLoopback(hostname) && (sslmode === null || sslmode === "disable")
  })
}
