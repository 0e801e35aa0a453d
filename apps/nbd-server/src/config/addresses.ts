// Addresses and networks that people write: 127.0.0.1:10809, unix:/run/nbd.sock, 192.168.0.0/16.
import { BlockList, isIP } from "node:net"

/** A place to listen at: a TCP port of an address, or a Unix socket. */
export type Endpoint =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string }

/** "127.0.0.1:10809", "[::1]:10809", "unix:/run/nbd.sock", or null. */
export const endpointOf = (text: string): Endpoint | null => {
  if (text.startsWith("unix:")) return text.length > 5 ? { kind: "unix", path: text.slice(5) } : null
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = six ?? four
  if (host === undefined || Number(port) > 65535) return null
  return isIP(host) === 0 && host !== "localhost" ? null : { kind: "tcp", host, port: Number(port) }
}

export const endpointText = (endpoint: Endpoint): string =>
  endpoint.kind === "unix"
    ? `unix:${endpoint.path}`
    : `${endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`

/** True when the text is an address or a network such as 192.168.0.0/16. */
export const isNetwork = (text: string): boolean => {
  const [address, bits, more] = text.split("/")
  const family = isIP(address)
  if (family === 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

/** Who may come: everybody without a list. */
export const allowList = (networks: ReadonlyArray<string> | null): (address: string) => boolean => {
  if (networks === null) return () => true
  const list = new BlockList()
  for (const network of networks) {
    const [address, bits] = network.split("/")
    const type = isIP(address) === 4 ? "ipv4" : "ipv6"
    if (bits === undefined) list.addAddress(address, type)
    else list.addSubnet(address, Number(bits), type)
  }
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6")
  }
}

/** IPv4 addresses that came in over IPv6 as what they are. */
export const plainAddress = (address: string): string => address.startsWith("::ffff:") ? address.slice(7) : address
