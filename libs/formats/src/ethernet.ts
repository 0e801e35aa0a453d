// Ethernet frames with IPv4, TCP and UDP as a card puts them on the wire, checksums included; without the frame check sequence.
// source: RFC 791, RFC 793, RFC 768, RFC 1071, RFC 1323, RFC 2018
const ETHERNET_HEADER = 14
const IP_HEADER = 20
const TTL = 64
const DONT_FRAGMENT = 0x4000

/** One end of a packet. */
export interface EndPoint {
  /** 6 bytes. */
  readonly mac: ReadonlyArray<number>
  /** 4 bytes. */
  readonly ip: ReadonlyArray<number>
  readonly port: number
}

/** The options of a TCP header: bytes as they are, padded to four with NOPs by whoever makes them. */
export interface TcpFields {
  readonly seq: number
  readonly ack: number
  readonly flags: number
  /** As in the header, scaled. */
  readonly window: number
  readonly options: Uint8Array
}

/** Adds 16-bit words to a one's-complement sum. */
const sumOf = (bytes: Uint8Array, from: number, to: number, start: number): number => {
  let sum = start
  for (let at = from; at + 1 < to; at += 2) sum += bytes[at] << 8 | bytes[at + 1]
  if ((to - from) % 2 === 1) sum += bytes[to - 1] << 8
  return sum
}

const folded = (sum: number): number => {
  let rest = sum
  while (rest > 0xffff) rest = (rest % 0x10000) + Math.floor(rest / 0x10000)
  return ~rest & 0xffff
}

/** An Ethernet frame without a payload yet. */
const frameOf = (from: EndPoint, to: EndPoint, type: number, bytes: number): { out: Uint8Array; view: DataView } => {
  const out = new Uint8Array(ETHERNET_HEADER + bytes)
  const view = new DataView(out.buffer)
  out.set(to.mac, 0)
  out.set(from.mac, 6)
  view.setUint16(12, type)
  return { out, view }
}

/** An IPv4 packet in a frame: `ecn` are the two lowest bits of its traffic class. */
const ipFrame = (from: EndPoint, to: EndPoint, proto: number, id: number, ecn: number, payload: number) => {
  const { out, view } = frameOf(from, to, 0x0800, IP_HEADER + payload)
  const at = ETHERNET_HEADER
  out[at] = 0x45
  out[at + 1] = ecn
  view.setUint16(at + 2, IP_HEADER + payload)
  view.setUint16(at + 4, id & 0xffff)
  view.setUint16(at + 6, DONT_FRAGMENT)
  out[at + 8] = TTL
  out[at + 9] = proto
  out.set(from.ip, at + 12)
  out.set(to.ip, at + 16)
  view.setUint16(at + 10, folded(sumOf(out, at, at + IP_HEADER, 0)))
  return { out, view, at: at + IP_HEADER }
}

/** Puts the checksum of TCP or UDP, with its pseudo header, to `where` of a packet that is otherwise complete. */
const putChecksum = (out: Uint8Array, view: DataView, at: number, proto: number, where: number, zero: number): void => {
  const length = out.length - at
  const pseudo = sumOf(out, at - 8, at, proto + length)
  const sum = folded(sumOf(out, at, out.length, pseudo))
  view.setUint16(where, sum === 0 ? zero : sum)
}

/** A TCP segment. */
export const tcpFrame = (
  from: EndPoint,
  to: EndPoint,
  id: number,
  ecn: number,
  tcp: TcpFields,
  payload: Uint8Array
): Uint8Array => {
  const header = 20 + tcp.options.length
  const { at, out, view } = ipFrame(from, to, 6, id, ecn, header + payload.length)
  view.setUint16(at, from.port)
  view.setUint16(at + 2, to.port)
  view.setUint32(at + 4, tcp.seq)
  view.setUint32(at + 8, tcp.ack)
  out[at + 12] = header / 4 << 4
  out[at + 13] = tcp.flags
  view.setUint16(at + 14, tcp.window)
  out.set(tcp.options, at + 20)
  out.set(payload, at + header)
  putChecksum(out, view, at, 6, at + 16, 0)
  return out
}

/** A UDP datagram of zeroes. */
export const udpFrame = (from: EndPoint, to: EndPoint, id: number, bytes: number): Uint8Array => {
  const { at, out, view } = ipFrame(from, to, 17, id, 0, 8 + bytes)
  view.setUint16(at, from.port)
  view.setUint16(at + 2, to.port)
  view.setUint16(at + 4, 8 + bytes)
  putChecksum(out, view, at, 17, at + 6, 0xffff)
  return out
}

/** A frame of another protocol, which is zeroes behind its ethertype. */
export const otherFrame = (from: EndPoint, to: EndPoint, ethertype: number, bytes: number): Uint8Array =>
  frameOf(from, to, ethertype, bytes).out
