// Who may ask a server of a page: the machine itself, or whoever has the token. A page of somebody else in the same browser may not,
// under whatever name it reaches the server.
import { createHash, timingSafeEqual } from "node:crypto"
import { isIP } from "node:net"

/** The headers that decide, and the address that was asked for. */
export interface Asked {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly cookie: string | undefined
  readonly authorization: string | undefined
  /** The token of the address, where there is one. */
  readonly token: string | null
}

/** What a server lets in. */
export interface GuardOptions {
  /** The address that it listens on. */
  readonly address: string
  readonly port: number
  /** Null: the machine itself needs none. */
  readonly token: string | null
  /** The name of the machine. */
  readonly machine: string
}

/** Why somebody is turned away. */
export interface Refusal {
  readonly status: 401 | 403
  readonly words: string
}

/** Nobody else reaches these. */
export const isLoopback = (address: string): boolean =>
  address === "localhost" || address === "::1" || (isIP(address) === 4 && address.startsWith("127."))

/** `[::1]:80` and `name:80` without the port. */
const nameOf = (host: string): string => host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1").toLowerCase()

/**
 * A name that leads to this server and to no other. A name of the outside that was made to point here is none: with one, a page from
 * there would be the same site as ours (DNS rebinding). A number is what the reader's machine has been told to connect to.
 */
const isOurs = (host: string, { address, machine, port }: GuardOptions): boolean => {
  const name = nameOf(host)
  if (host !== name && !host.endsWith(`:${port}`)) return false
  if (isLoopback(address)) return isLoopback(name) || name === address
  return isIP(name) !== 0 || name === address || name === machine.toLowerCase() || name === "localhost"
}

const equal = (a: string, b: string): boolean => {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}

/** The cookie that has the token: browsers share cookies between ports of a machine. */
export const cookieName = (port: number): string => `swaplab-${port}`

const tokensOf = ({ authorization, cookie, token }: Asked, port: number): ReadonlyArray<string> => [
  ...(token === null ? [] : [token]),
  ...(authorization?.startsWith("Bearer ") === true ? [authorization.slice("Bearer ".length)] : []),
  ...(cookie ?? "").split(/; */).flatMap((pair) => {
    const [name, value = ""] = pair.split("=", 2)
    return name === cookieName(port) ? [decodeURIComponent(value)] : []
  })
]

/** Why this is turned away; null: it is let in. */
export const refusalOf = (asked: Asked, options: GuardOptions): Refusal | null => {
  const { host = "", origin } = asked
  if (!isOurs(host, options)) {
    return { status: 403, words: `Host: got ${host}, expected the address that swaplab says it serves at` }
  }
  // programs that are no browsers have none; a browser always says it for a socket
  if (origin !== undefined && origin !== `http://${host}`) {
    return { status: 403, words: `Origin: got ${origin}, expected http://${host}: this page is of another site` }
  }
  const { port, token } = options
  if (token !== null && !tokensOf(asked, port).some((given) => equal(given, token))) {
    return { status: 401, words: "expected the token: open the address with ?token=… once" }
  }
  return null
}
