// The TCP segments of captured packets.
// Read: Ethernet with and without VLAN tags, Linux cooked captures (SLL, SLL2), raw IP, BSD loopback; IPv4 and IPv6 without extension
//   headers.
// Not read: fragments of IP.
import type { CapturedPacket } from "./capture-file.ts"

/** One segment. */
export interface TcpSegment {
  readonly packet: number
  readonly atNs: number
  /** "10.0.0.3:40001" */
  readonly from: string
  readonly to: string
  readonly sourcePort: number
  readonly port: number
  readonly seq: number
  /** SYN, FIN or RST. */
  readonly syn: boolean
  readonly ends: boolean
  /** What was kept of so many bytes of payload. */
  readonly payload: Uint8Array
  readonly length: number
}

const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_IPV6 = 0x86dd
const VLAN_TAGS = new Set([0x8100, 0x88a8, 0x9100])
const TCP = 6

/** Where the IP header begins; −1: there is none. */
const ipAt = (bytes: Uint8Array, linkType: number): number => {
  const u16 = (at: number): number => at + 1 < bytes.length ? bytes[at] << 8 | bytes[at + 1] : 0
  const ip = (type: number, at: number): number => (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6 ? at : -1)
  switch (linkType) {
    case 1: {
      let at = 12
      while (VLAN_TAGS.has(u16(at))) at += 4
      return ip(u16(at), at + 2)
    }
    case 113:
      return ip(u16(14), 16)
    case 276:
      return ip(u16(0), 20)
    case 0:
    case 108:
      return 4
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return 0
    default:
      return -1
  }
}

const hex = (bytes: Uint8Array, at: number): string => (bytes[at] << 8 | bytes[at + 1]).toString(16)

/** The segment in a packet; null: there is none that can be read. */
export const segmentOf = ({ atNs, bytes, linkType, number, wireBytes }: CapturedPacket): TcpSegment | null => {
  const at = ipAt(bytes, linkType)
  if (at < 0 || at + 20 > bytes.length) return null
  const version = bytes[at] >> 4
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let tcp = 0
  let end = 0
  let source = ""
  let destination = ""
  if (version === 4) {
    const total = view.getUint16(at + 2)
    // 0: the card cuts it into segments (TSO)
    end = total === 0 ? wireBytes : at + total
    tcp = at + (bytes[at] & 15) * 4
    if (bytes[at + 9] !== TCP || (view.getUint16(at + 6) & 0x3fff) !== 0) return null
    source = bytes.subarray(at + 12, at + 16).join(".")
    destination = bytes.subarray(at + 16, at + 20).join(".")
  } else if (version === 6 && at + 40 <= bytes.length) {
    tcp = at + 40
    end = tcp + view.getUint16(at + 4)
    if (bytes[at + 6] !== TCP) return null
    const address = (from: number): string => Array.from({ length: 8 }, (_, i) => hex(bytes, from + 2 * i)).join(":")
    source = `[${address(at + 8)}]`
    destination = `[${address(at + 24)}]`
  } else return null
  if (tcp < at + 20 || tcp + 20 > bytes.length) return null
  const data = tcp + (bytes[tcp + 12] >> 4) * 4
  if (data < tcp + 20 || data > end) return null
  const flags = bytes[tcp + 13]
  const sourcePort = view.getUint16(tcp)
  const port = view.getUint16(tcp + 2)
  return {
    packet: number,
    atNs,
    from: `${source}:${sourcePort}`,
    to: `${destination}:${port}`,
    sourcePort,
    port,
    seq: view.getUint32(tcp + 4),
    syn: (flags & 2) !== 0,
    ends: (flags & 5) !== 0,
    payload: bytes.subarray(Math.min(data, bytes.length), Math.min(end, bytes.length)),
    length: end - data
  }
}
