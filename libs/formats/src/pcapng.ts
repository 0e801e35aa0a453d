// Writing pcapng: one section, one interface.
// source: draft-ietf-opsawg-pcapng
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  INTERFACE_DESCRIPTION,
  LINKTYPE_ETHERNET,
  OPTION_TSRESOL,
  SECTION_HEADER
} from "./capture-file.ts"

const OPTION_IF_NAME = 2
const OPTION_SHB_USERAPPL = 4
const padded = (length: number): number => Math.ceil(length / 4) * 4

const block = (type: number, body: Uint8Array): Uint8Array => {
  const length = 12 + padded(body.length)
  const out = new Uint8Array(length)
  const view = new DataView(out.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, length, true)
  out.set(body, 8)
  view.setUint32(length - 4, length, true)
  return out
}

/** Some fixed bytes, then options: a code and its bytes each. */
const withOptions = (fixed: Uint8Array, options: ReadonlyArray<readonly [number, Uint8Array]>): Uint8Array => {
  const size = options.reduce((sum, [, bytes]) => sum + 4 + padded(bytes.length), fixed.length + 4)
  const out = new Uint8Array(size)
  const view = new DataView(out.buffer)
  out.set(fixed)
  let at = fixed.length
  for (const [code, bytes] of options) {
    view.setUint16(at, code, true)
    view.setUint16(at + 2, bytes.length, true)
    out.set(bytes, at + 4)
    at += 4 + padded(bytes.length)
  }
  return out
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const joined = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const out = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}

/** What is captured. */
export interface CaptureInterface {
  /** As Wireshark shows it. */
  readonly name: string
  /** The program that captures. */
  readonly application: string
  /** LINKTYPE_…: 1 for Ethernet, 101 for IP without a frame around it. */
  readonly linkType: number
  /** Time stamps count ten to the power of minus this: 9 for nanoseconds, 6 for microseconds. */
  readonly resolution: 6 | 9
}

/** The beginning of a file: its section and its interface. */
export const pcapngHead = ({ application, linkType, name, resolution }: CaptureInterface): Uint8Array => {
  const section = new Uint8Array(16)
  const view = new DataView(section.buffer)
  view.setUint32(0, BYTE_ORDER_MAGIC, true)
  view.setUint16(4, 1, true)
  view.setBigInt64(8, -1n, true)
  const face = new Uint8Array(8)
  new DataView(face.buffer).setUint16(0, linkType, true)
  return joined([
    block(SECTION_HEADER, withOptions(section, [[OPTION_SHB_USERAPPL, utf8(application)]])),
    block(
      INTERFACE_DESCRIPTION,
      withOptions(face, [[OPTION_IF_NAME, utf8(name)], [OPTION_TSRESOL, new Uint8Array([resolution])]])
    )
  ])
}

/** A packet of which `bytes` are kept, at a time in the unit of its interface. */
export const pcapngPacket = (at: number, bytes: Uint8Array, wireBytes: number = bytes.length): Uint8Array => {
  const body = new Uint8Array(20 + bytes.length)
  const view = new DataView(body.buffer)
  view.setUint32(4, Math.floor(at / 4294967296), true)
  view.setUint32(8, at % 4294967296, true)
  view.setUint32(12, bytes.length, true)
  view.setUint32(16, wireBytes, true)
  body.set(bytes, 20)
  return block(ENHANCED_PACKET, body)
}

/** A file of Ethernet frames under way, in nanoseconds: the pieces of its bytes. */
export class PcapngWriter {
  readonly pieces: Array<Uint8Array>
  packets = 0

  /** `name` is that of the interface. */
  constructor(name: string) {
    this.pieces = [pcapngHead({ name, application: "swaplab", linkType: LINKTYPE_ETHERNET, resolution: 9 })]
  }

  /** Adds a packet of which `bytes` are kept. */
  packet(atNs: number, bytes: Uint8Array, wireBytes?: number): void {
    this.pieces.push(pcapngPacket(atNs, bytes, wireBytes))
    this.packets++
  }

  /** The whole file. */
  bytes(): Uint8Array {
    return joined(this.pieces)
  }
}
