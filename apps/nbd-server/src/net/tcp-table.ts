// What the kernel knows of the TCP connections of this network namespace: /proc/net/tcp and /proc/net/tcp6, where Node has
// no call for it. One read tells it of all connections.
// source: Documentation/networking/proc_net_tcp.rst, net/ipv4/tcp_ipv4.c get_tcp4_sock
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { isIPv4, type Socket } from "node:net"
import { endianness } from "node:os"

/** A connection as the kernel sees it. */
export interface TcpState {
  /** Bytes that were handed to the kernel, and that the peer has not acknowledged; one more for a FIN. */
  readonly unacknowledged: number
  /**
   * Attempts since the peer last answered: retransmissions, and probes of a closed window. A peer that is alive and does
   * not read answers each probe.
   */
  readonly attempts: number
}

const FILES = ["/proc/net/tcp", "/proc/net/tcp6"]
const LITTLE = endianness() === "LE"

/** Addresses are printed in words of 32 bits, as the host reads them. */
const printed = (bytes: Buffer): string => {
  const words = Buffer.from(bytes)
  return (LITTLE ? words.swap32() : words).toString("hex").toUpperCase()
}

/** The 16 bytes of an IPv6 address without a scope. */
const ipv6Bytes = (address: string): Buffer => {
  const mapped = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const hex = (high: string, low: string): string => (Number(high) << 8 | Number(low)).toString(16)
  const text = mapped === null
    ? address
    : `${mapped[1]}${hex(mapped[2], mapped[3])}:${hex(mapped[4], mapped[5])}`
  const [front, back] = text.split("::")
  const groups = (part: string | undefined): ReadonlyArray<string> =>
    part === undefined || part === "" ? [] : part.split(":")
  const [before, after] = [groups(front), groups(back)]
  const zeroes = Array<string>(8 - before.length - after.length).fill("0")
  const bytes = Buffer.alloc(16)
  ;[...before, ...zeroes, ...after].forEach((group, i) => bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * i))
  return bytes
}

const place = (address: string, port: number): string => {
  const bytes = isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : ipv6Bytes(address.split("%")[0])
  return `${printed(bytes)}:${port.toString(16).toUpperCase().padStart(4, "0")}`
}

/** The name of a connection in the table: both its ends as the kernel prints them. Null: it is no TCP connection any more. */
export const tcpKey = ({ localAddress, localPort, remoteAddress, remotePort }: Socket): string | null =>
  localAddress === undefined || localPort === undefined || remoteAddress === undefined || remotePort === undefined
    ? null
    : `${place(localAddress, localPort)} ${place(remoteAddress, remotePort)}`

const RETRANSMIT = "01"
const ZERO_WINDOW_PROBE = "04"

/** The lines of a table about these connections. */
export const parseTcpTable = (text: string, keys: ReadonlySet<string>): Map<string, TcpState> => {
  const found = new Map<string, TcpState>()
  for (const line of text.split("\n")) {
    // sl, both ends, state, queues, timer and when it runs off, retransmissions, owner, probes
    const [, local, remote, , queues, timer, retransmissions, , probes] = line.trim().split(/\s+/)
    const key = `${local} ${remote}`
    if (!keys.has(key)) continue
    const kind = timer.slice(0, 2)
    const attempts = kind === RETRANSMIT
      ? Number.parseInt(retransmissions, 16)
      : kind === ZERO_WINDOW_PROBE
      ? Number(probes)
      : 0
    found.set(key, { unacknowledged: Number.parseInt(queues.slice(0, 8), 16), attempts })
  }
  return found
}

/** True where the kernel has such a table. */
export const hasTcpTable = (): boolean => FILES.some((file) => existsSync(file))

/** What the kernel says of these connections; one that it does not know is not there. Null: it has no such table. */
export const readTcpTable = async (keys: ReadonlySet<string>): Promise<ReadonlyMap<string, TcpState> | null> => {
  const found = new Map<string, TcpState>()
  let read = 0
  for (const file of FILES) {
    const text = await readFile(file, "latin1").catch(() => null)
    if (text === null) continue
    read++
    for (const [key, state] of parseTcpTable(text, keys)) found.set(key, state)
  }
  return read === 0 ? null : found
}
