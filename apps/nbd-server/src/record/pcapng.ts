// The bytes of connections as packets of TCP over IPv4 in a pcapng file, for Wireshark. Recorded above TCP: sequence
// numbers are those of the stream, there are no retransmissions and no checksums, TLS is shown decrypted, and time is
// when the server saw the bytes. The client's address is real where it is IPv4, its port a number of the connection.
// source: draft-ietf-opsawg-pcapng; RFC 791, RFC 9293
import { isIPv4 } from "node:net"

/** Raw IP: LINKTYPE_RAW. */
const LINKTYPE_RAW = 101
/** Payload of a packet. */
const SEGMENT = 65000
const NBD_PORT = 10809

const block = (type: number, body: Uint8Array): Uint8Array => {
  const length = 12 + Math.ceil(body.length / 4) * 4
  const out = new Uint8Array(length)
  const view = new DataView(out.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, length, true)
  out.set(body, 8)
  view.setUint32(length - 4, length, true)
  return out
}

/** Section header, and one interface. */
export const pcapngHeader = (): Uint8Array => {
  const section = new DataView(new ArrayBuffer(16))
  section.setUint32(0, 0x1a2b3c4d, true)
  section.setUint16(4, 1, true)
  section.setBigInt64(8, -1n, true)
  const face = new DataView(new ArrayBuffer(8))
  face.setUint16(0, LINKTYPE_RAW, true)
  return Buffer.concat([block(0x0a0d0d0a, new Uint8Array(section.buffer)), block(1, new Uint8Array(face.buffer))])
}

const addressBytes = (address: string, connection: number): ReadonlyArray<number> =>
  isIPv4(address) ? address.split(".").map(Number) : [10, 0, connection >>> 8 & 255, connection & 255]

const FIN_ACK = 0x11
const SYN = 0x02
const SYN_ACK = 0x12
const PSH_ACK = 0x18

/** One connection in the file. */
export class PcapConnection {
  readonly #client: ReadonlyArray<number>
  readonly #port: number
  readonly #nowUs: () => number
  readonly #write: (bytes: Uint8Array) => void
  #clientSeq = 1
  #serverSeq = 1

  /** `nowUs`: microseconds since 1970. */
  constructor(address: string, connection: number, nowUs: () => number, write: (bytes: Uint8Array) => void) {
    this.#client = addressBytes(address, connection)
    this.#port = 1024 + connection % 64000
    this.#nowUs = nowUs
    this.#write = write
    this.#packet(true, SYN, 0, 0, new Uint8Array(0))
    this.#packet(false, SYN_ACK, 0, 1, new Uint8Array(0))
  }

  received(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += SEGMENT) {
      const piece = bytes.subarray(at, at + SEGMENT)
      this.#packet(true, PSH_ACK, this.#clientSeq, this.#serverSeq, piece)
      this.#clientSeq = (this.#clientSeq + piece.length) >>> 0
    }
  }

  sent(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += SEGMENT) {
      const piece = bytes.subarray(at, at + SEGMENT)
      this.#packet(false, PSH_ACK, this.#serverSeq, this.#clientSeq, piece)
      this.#serverSeq = (this.#serverSeq + piece.length) >>> 0
    }
  }

  closed(): void {
    this.#packet(false, FIN_ACK, this.#serverSeq, this.#clientSeq, new Uint8Array(0))
  }

  #packet(fromClient: boolean, flags: number, seq: number, ack: number, payload: Uint8Array): void {
    const length = 40 + payload.length
    const body = new Uint8Array(20 + length)
    const view = new DataView(body.buffer)
    const now = this.#nowUs()
    view.setUint32(4, Math.floor(now / 4294967296), true)
    view.setUint32(8, now % 4294967296, true)
    view.setUint32(12, length, true)
    view.setUint32(16, length, true)
    const server = [127, 0, 0, 1]
    body[20] = 0x45
    view.setUint16(22, length)
    body[28] = 64
    body[29] = 6
    body.set(fromClient ? this.#client : server, 32)
    body.set(fromClient ? server : this.#client, 36)
    view.setUint16(40, fromClient ? this.#port : NBD_PORT)
    view.setUint16(42, fromClient ? NBD_PORT : this.#port)
    view.setUint32(44, seq)
    view.setUint32(48, ack)
    body[52] = 0x50
    body[53] = flags
    view.setUint16(54, 65535)
    body.set(payload, 60)
    this.#write(block(6, body))
  }
}
