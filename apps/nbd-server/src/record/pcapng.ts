// The bytes of connections as packets of TCP over IPv4 in a pcapng file, for Wireshark. Recorded above TCP: sequence
// numbers are those of the stream, there are no retransmissions and no checksums, TLS is shown decrypted, and time is
// when the server saw the bytes. The client's address is real where it is IPv4, its port a number of the connection.
// source: draft-ietf-opsawg-pcapng; RFC 791, RFC 9293
import { pcapngHead, pcapngPacket } from "@swaplab/formats"
import { isIPv4 } from "node:net"

/** Raw IP: LINKTYPE_RAW. */
const LINKTYPE_RAW = 101
/** Payload of a packet. */
const SEGMENT = 65000
const NBD_PORT = 10809

/** The beginning of the file. Its times are microseconds since 1970. */
export const pcapngHeader = (): Uint8Array =>
  pcapngHead({ name: "nbd", application: "swaplab-nbd-server", linkType: LINKTYPE_RAW, resolution: 6 })

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
    const packet = new Uint8Array(40 + payload.length)
    const view = new DataView(packet.buffer)
    const server = [127, 0, 0, 1]
    packet[0] = 0x45
    view.setUint16(2, packet.length)
    packet[8] = 64
    packet[9] = 6
    packet.set(fromClient ? this.#client : server, 12)
    packet.set(fromClient ? server : this.#client, 16)
    view.setUint16(20, fromClient ? this.#port : NBD_PORT)
    view.setUint16(22, fromClient ? NBD_PORT : this.#port)
    view.setUint32(24, seq)
    view.setUint32(28, ack)
    packet[32] = 0x50
    packet[33] = flags
    view.setUint16(34, 65535)
    packet.set(payload, 40)
    this.#write(pcapngPacket(this.#nowUs(), packet))
  }
}
