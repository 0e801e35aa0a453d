// The requests of NBD in a capture: from what clients send to port 10809, reassembled.
// Read: requests of the compact form, whatever was negotiated before them; captures that begin in the middle, that keep only the
//   first bytes of each packet, and that have lost packets: after a gap it goes on at the next segment that begins with a request.
// Not read: extended headers, TLS (nothing in it looks like a request). The time of a request is that of the packet with its header.
// source: doc/proto.md of NBD
import { type BlockRequest, type BlockTrace, MAX_REQUESTS, refusal } from "./block-trace.ts"
import { readCapture } from "./capture-file.ts"
import { type Read, UnreadLines } from "./read.ts"
import { segmentOf, type TcpSegment } from "./tcp-segments.ts"

const REQUEST_MAGIC = 0x25609513
const HEADER = 28
const NBD_PORT = 10809

/** Names of the commands that are not replayed, by number. */
const COMMANDS = ["READ", "WRITE", "DISC", "FLUSH", "TRIM", "CACHE", "WRITE_ZEROES", "BLOCK_STATUS", "RESIZE"]

/** Segments that wait for one that is missing; then it is given up. */
const MAX_WAITING = 256

/** What one client sends. */
class ClientStream {
  readonly #take: (header: DataView, segment: TcpSegment) => void
  readonly #gap: (segment: TcpSegment) => void
  readonly #waiting = new Map<number, TcpSegment>()
  #next = -1
  /** Payload of writes that still comes; −1: looking for a request. */
  #skip = -1
  readonly #header = new Uint8Array(HEADER)
  #have = 0

  constructor(take: (header: DataView, segment: TcpSegment) => void, gap: (segment: TcpSegment) => void) {
    this.#take = take
    this.#gap = gap
  }

  segment(segment: TcpSegment): void {
    if (segment.syn) {
      this.#next = (segment.seq + 1) >>> 0
      this.#lost()
      return
    }
    if (segment.length === 0) return
    if (this.#next < 0) this.#next = segment.seq
    const ahead = (segment.seq - this.#next) | 0
    if (ahead < 0) {
      // sent again; a keep-alive repeats the last byte
      if (ahead + segment.length > 0) this.#pass(this.#from(segment, -ahead))
      return
    }
    if (ahead === 0) this.#pass(segment)
    else {
      this.#waiting.set(segment.seq, segment)
      if (this.#waiting.size > MAX_WAITING) this.#giveUp()
    }
    this.#passWaiting()
  }

  /** Nothing comes any more. */
  end(): void {
    while (this.#waiting.size > 0) {
      this.#giveUp()
      this.#passWaiting()
    }
  }

  /** Segments that have waited for what has come. */
  #passWaiting(): void {
    for (let next = this.#waiting.get(this.#next); next !== undefined; next = this.#waiting.get(this.#next)) {
      this.#waiting.delete(next.seq)
      this.#pass(next)
    }
  }

  /** The next waiting segment is taken as if nothing was missing before it. */
  #giveUp(): void {
    const [first] = [...this.#waiting.values()].sort((a, b) => (a.seq - this.#next | 0) - (b.seq - this.#next | 0))
    this.#waiting.delete(first.seq)
    const missing = first.seq - this.#next | 0
    if (missing < 0) return
    this.#gap(first)
    this.#lost()
    this.#pass(first)
  }

  #lost(): void {
    this.#skip = -1
    this.#have = 0
  }

  #from(segment: TcpSegment, cut: number): TcpSegment {
    return {
      ...segment,
      seq: (segment.seq + cut) >>> 0,
      payload: segment.payload.subarray(Math.min(cut, segment.payload.length)),
      length: segment.length - cut
    }
  }

  /** Goes over the next bytes of the stream, of which the capture may have kept only the first. */
  #pass(segment: TcpSegment): void {
    const { length, payload, seq } = segment
    this.#next = (seq + length) >>> 0
    for (let at = 0; at < length;) {
      if (this.#skip < 0) {
        if (!startsRequest(payload, at)) return
        this.#skip = 0
      }
      const skipped = Math.min(this.#skip, length - at)
      this.#skip -= skipped
      at += skipped
      if (at === length) return
      const part = Math.min(HEADER - this.#have, length - at)
      if (at + part > payload.length) {
        // the header itself was not kept
        this.#lost()
        return
      }
      this.#header.set(payload.subarray(at, at + part), this.#have)
      this.#have += part
      at += part
      if (this.#have === HEADER) this.#request(segment)
    }
  }

  #request(segment: TcpSegment): void {
    const header = new DataView(this.#header.buffer)
    this.#have = 0
    if (header.getUint32(0) !== REQUEST_MAGIC) return this.#lost()
    this.#skip = header.getUint16(6) === 1 ? header.getUint32(24) : 0
    this.#take(header, segment)
  }
}

const startsRequest = (payload: Uint8Array, at: number): boolean =>
  at === 0 && payload.length >= 8 && payload[0] === 0x25 && payload[1] === 0x60 && payload[2] === 0x95 &&
  payload[3] === 0x13 && payload[6] === 0 && payload[7] < COMMANDS.length

/** Reads the requests of all clients of an NBD server in a capture; `of` is the client's end of its connection. */
export const readNbdCapture = (bytes: Uint8Array, port = NBD_PORT): Read<BlockTrace> => {
  const unread = new UnreadLines()
  const requests: Array<BlockRequest> = []
  const { unread: odd, value: packets } = readCapture(bytes)
  const streams = new Map<string, ClientStream>()
  const request = (header: DataView, { atNs, from, packet }: TcpSegment): void => {
    const command = header.getUint16(6)
    const name = COMMANDS[command] ?? `command ${command}`
    if (command > 1) return unread.add(packet, from, `${name} is not replayed`)
    const offset = header.getUint32(16) * 4294967296 + header.getUint32(20)
    const length = header.getUint32(24)
    const why = refusal(atNs, offset, length)
    if (why !== null) return unread.add(packet, from, why)
    if (requests.length === MAX_REQUESTS) return unread.add(packet, from, `more than ${MAX_REQUESTS} requests`)
    requests.push({ atNs, write: command === 1, offset, length, of: from })
  }
  for (const packet of packets) {
    const segment = segmentOf(packet)
    if (segment === null || segment.port !== port) continue
    let stream = streams.get(segment.from)
    if (stream === undefined) {
      stream = new ClientStream(
        request,
        ({ from, packet: at }) => unread.add(at, from, "packets before this one are missing in the capture")
      )
      streams.set(segment.from, stream)
    }
    stream.segment(segment)
  }
  for (const stream of streams.values()) stream.end()
  if (packets.length > 0 && streams.size === 0) unread.add(1, "", `no packet goes to TCP port ${port}`)
  requests.sort((a, b) => a.atNs - b.atNs)
  return { value: { requests, timed: true, mostInFlight: null }, unread: [...odd, ...unread.all] }
}
