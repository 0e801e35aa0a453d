// Packets of a capture file: pcap in both byte orders with microseconds or nanoseconds, and pcapng.
// Read: enhanced, simple and obsolete packet blocks, several sections and interfaces, if_tsresol.
// Not taken, and said: what is behind a block whose length is wrong; a simple packet block has no time and gets that of the packet
//   before it.
// source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng
import { type Read, UnreadLines } from "./read.ts"

/** One packet. */
export interface CapturedPacket {
  /** Its place in the file, from 1. */
  readonly number: number
  /** Since the first packet. */
  readonly atNs: number
  /** LINKTYPE_*. */
  readonly linkType: number
  /** What was kept, of so many bytes on the wire. */
  readonly bytes: Uint8Array
  readonly wireBytes: number
}

/** LINKTYPE_ETHERNET. */
export const LINKTYPE_ETHERNET = 1
/** Block types of pcapng. */
export const SECTION_HEADER = 0x0a0d0d0a
export const INTERFACE_DESCRIPTION = 1
export const ENHANCED_PACKET = 6
const PACKET = 2
const SIMPLE_PACKET = 3
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d
export const OPTION_TSRESOL = 9

const PCAP_US = 0xa1b2c3d4
const PCAP_NS = 0xa1b23c4d

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Does the file begin as a capture? */
export const isCapture = (bytes: Uint8Array): boolean => {
  if (bytes.length < 4) return false
  const first = viewOf(bytes).getUint32(0, true)
  const swapped = viewOf(bytes).getUint32(0, false)
  return [PCAP_US, PCAP_NS].some((magic) => magic === first || magic === swapped) || first === SECTION_HEADER
}

/** An interface of a section. */
interface Interface {
  readonly linkType: number
  /** Nanoseconds of a unit of its time stamps. */
  readonly unitNs: number
}

/** Reads the packets of a capture. `line` of what was not understood is the place of the packet or block. */
export const readCapture = (bytes: Uint8Array): Read<ReadonlyArray<CapturedPacket>> => {
  const reader = new CaptureReader(bytes)
  if (!isCapture(bytes)) reader.unread.add(1, "", "expected a pcap or pcapng file")
  else if (viewOf(bytes).getUint32(0, true) === SECTION_HEADER) reader.pcapng()
  else reader.pcap()
  return { value: reader.packets, unread: reader.unread.all }
}

class CaptureReader {
  readonly packets: Array<CapturedPacket> = []
  readonly unread = new UnreadLines()
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #little = true
  #firstNs = Number.NaN
  #lastNs = 0
  /** Packets so far, with those that were not taken. */
  #read = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }

  pcap(): void {
    const first = this.#view.getUint32(0, true)
    this.#little = first === PCAP_US || first === PCAP_NS
    const unitNs = this.#u32(0) === PCAP_NS ? 1 : 1000
    if (this.#bytes.length < 24) return this.unread.add(1, "", "the file ends in its header")
    const linkType = this.#u32(20) & 0xffff
    for (let at = 24; at < this.#bytes.length;) {
      if (at + 16 > this.#bytes.length) return this.#cut()
      const kept = this.#u32(at + 8)
      if (at + 16 + kept > this.#bytes.length) return this.#cut()
      this.#packet(this.#u32(at) * 1e9 + this.#u32(at + 4) * unitNs, linkType, at + 16, kept, this.#u32(at + 12))
      at += 16 + kept
    }
  }

  pcapng(): void {
    let interfaces: Array<Interface> = []
    for (let at = 0; at < this.#bytes.length;) {
      if (at + 12 > this.#bytes.length) return this.#cut()
      if (this.#view.getUint32(at, true) === SECTION_HEADER) {
        this.#little = this.#view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC
        interfaces = []
      }
      const type = this.#u32(at)
      const length = this.#u32(at + 4)
      if (length < 12 || length % 4 !== 0 || at + length > this.#bytes.length) return this.#cut()
      this.#block(type, at + 8, length - 12, interfaces)
      at += length
    }
  }

  /** One block: its content is `length` bytes from `at` on. */
  #block(type: number, at: number, length: number, interfaces: Array<Interface>): void {
    if (type === INTERFACE_DESCRIPTION && length >= 8) {
      interfaces.push({ linkType: this.#u16(at), unitNs: this.#unitOf(at + 8, at + length) })
    } else if ((type === ENHANCED_PACKET || type === PACKET) && length >= 20) {
      const face = interfaces[type === PACKET ? this.#u16(at) : this.#u32(at)]
      const kept = this.#u32(at + 12)
      if (face === undefined || kept > length - 20) {
        return this.#odd("a packet of no interface, or longer than its block")
      }
      const units = this.#u32(at + 4) * 4294967296 + this.#u32(at + 8)
      this.#packet(units * face.unitNs, face.linkType, at + 20, kept, this.#u32(at + 16))
    } else if (type === SIMPLE_PACKET && length >= 4) {
      const [face] = interfaces
      if (face === undefined) return this.#odd("a packet of no interface")
      const wire = this.#u32(at)
      this.#packet(this.#lastNs, face.linkType, at + 4, Math.min(wire, length - 4), wire)
    }
  }

  /** Nanoseconds of a unit of an interface with these options: microseconds unless if_tsresol says another. */
  #unitOf(from: number, to: number): number {
    for (let at = from; at + 4 <= to;) {
      const length = this.#u16(at + 2)
      if (this.#u16(at) === OPTION_TSRESOL && length >= 1 && at + 5 <= to) {
        const resolution = this.#bytes[at + 4]
        let unit = 1e9
        for (let n = resolution & 0x7f; n > 0; n--) unit /= (resolution & 0x80) === 0 ? 10 : 2
        return unit
      }
      at += 4 + Math.ceil(length / 4) * 4
    }
    return 1000
  }

  #packet(ns: number, linkType: number, at: number, kept: number, wireBytes: number): void {
    if (Number.isNaN(this.#firstNs)) this.#firstNs = ns
    const atNs = Math.max(0, Math.round(ns - this.#firstNs))
    this.#read++
    if (!Number.isSafeInteger(atNs)) return this.unread.add(this.#read, "", "its time is too long")
    this.#lastNs = ns
    this.packets.push({
      number: this.#read,
      atNs,
      linkType,
      bytes: this.#bytes.subarray(at, at + kept),
      wireBytes: Math.max(kept, wireBytes)
    })
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#little)
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#little)
  }

  #cut(): void {
    this.#odd("the file ends in a packet, or a length in it is wrong; what follows is not read")
  }

  #odd(why: string): void {
    this.unread.add(this.#read + 1, "", why)
  }
}
