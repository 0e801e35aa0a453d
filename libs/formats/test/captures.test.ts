// Captures: what PcapngWriter writes, what readNbdCapture makes of whole, cut, reordered and broken ones.
import { isCapture, PcapngWriter, readNbdCapture, tcpFrame } from "@swaplab/formats"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const client = { mac: [2, 0, 0, 0, 0, 2], ip: [10, 0, 0, 2], port: 40_000 }
const server = { mac: [2, 0, 0, 0, 0, 1], ip: [10, 0, 0, 1], port: 10_809 }

const request = (type: number, offset: number, length: number): Uint8Array => {
  const out = new Uint8Array(28 + (type === 1 ? length : 0)).fill(0x25)
  const view = new DataView(out.buffer)
  view.setUint32(0, 0x25609513)
  view.setUint32(4, type)
  view.setUint32(16, Math.floor(offset / 2 ** 32))
  view.setUint32(20, offset % 2 ** 32)
  view.setUint32(24, length)
  return out
}

const joined = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => Uint8Array.from(pieces.flatMap((piece) => [...piece]))

/** Frames of a stream that is cut into segments of so many bytes. */
const framesOf = (stream: Uint8Array, segment: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(stream.length / segment) }, (_, i) => {
    const tcp = { seq: 1000 + i * segment, ack: 1, flags: 0x10, window: 500, options: new Uint8Array(0) }
    return tcpFrame(client, server, i, 0, tcp, stream.subarray(i * segment, (i + 1) * segment))
  })

const captureOf = (frames: ReadonlyArray<Uint8Array>, kept = 65_535): Uint8Array => {
  const writer = new PcapngWriter("eth0")
  frames.forEach((frame, i) => writer.packet(i * 1000 + 5e9, frame.subarray(0, kept), frame.length))
  return writer.bytes()
}

/** Classic pcap in big endian with microseconds. */
const pcapOf = (frames: ReadonlyArray<Uint8Array>): Uint8Array => {
  const header = new DataView(new ArrayBuffer(24))
  header.setUint32(0, 0xa1b2c3d4)
  header.setUint32(20, 1)
  const records = frames.map((frame, i) => {
    const record = new DataView(new ArrayBuffer(16))
    record.setUint32(4, i)
    record.setUint32(8, frame.length)
    record.setUint32(12, frame.length)
    return joined([new Uint8Array(record.buffer), frame])
  })
  return joined([new Uint8Array(header.buffer), ...records])
}

const stream = joined([request(1, 8192, 4096), request(0, 2 ** 33, 8192), request(3, 0, 0), request(1, 0, 4096)])
const expected = [
  { write: true, offset: 8192, length: 4096 },
  { write: false, offset: 2 ** 33, length: 8192 },
  { write: true, offset: 0, length: 4096 }
]
const requestsOf = (capture: Uint8Array) =>
  readNbdCapture(capture).value.requests.map(({ length, offset, write }) => ({ write, offset, length }))

describe("requests of NBD", () => {
  it.each([28, 29, 100, 1448, 65_000])("come out of segments of %d bytes", (segment) => {
    const frames = framesOf(stream, segment)
    expect(requestsOf(captureOf(frames))).toEqual(expected)
    expect(requestsOf(pcapOf(frames))).toEqual(expected)
  })

  it("come out in order of segments that are out of order, repeated, or cut to their first bytes", () => {
    const frames = framesOf(stream, 1000)
    const [first, ...rest] = frames
    expect(requestsOf(captureOf([first, ...rest.toReversed(), first, rest[0]]))).toEqual(expected)
    // 54 bytes of headers, 28 of the request
    expect(requestsOf(captureOf(framesOf(stream, 4124), 54 + 28))).toEqual([expected[0], expected[1]])
  })

  it("have the time of their packet and the address of their client; what is not replayed is said", () => {
    const { unread, value } = readNbdCapture(captureOf(framesOf(stream, 1448)))
    expect(value.requests.map(({ atNs, of }) => [atNs, of])).toEqual([
      [0, "10.0.0.2:40000"],
      [2000, "10.0.0.2:40000"],
      [2000, "10.0.0.2:40000"]
    ])
    expect(unread).toEqual([{ line: 3, text: "10.0.0.2:40000", why: "FLUSH is not replayed" }])
  })

  it("go on behind a gap, at the next segment that begins with one", () => {
    const requests = Array.from({ length: 10 }, (_, i) => request(1, i * 4096, 4096))
    const frames = framesOf(joined(requests), 4124).filter((_, i) => i !== 4)
    const { unread, value } = readNbdCapture(captureOf(frames))
    expect(value.requests.map(({ offset }) => offset / 4096)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9])
    expect(unread.map(({ why }) => why)).toEqual(["packets before this one are missing in the capture"])
  })

  it("leave out packets whose time is too long, and say which", () => {
    const frames = framesOf(joined([request(0, 0, 4096), request(0, 4096, 4096), request(0, 8192, 4096)]), 28)
    const writer = new PcapngWriter("eth0")
    frames.forEach((frame, i) => writer.packet(i === 1 ? 2 ** 60 : i, frame))
    const capture = writer.bytes()
    const { unread, value } = readNbdCapture(capture)
    expect(value.requests.map(({ offset }) => offset)).toEqual([0, 8192])
    expect(unread).toMatchObject([
      { line: 2, why: "its time is too long" },
      { line: 3, why: "packets before this one are missing in the capture" }
    ])
  })

  it("a capture of something else says so", () => {
    const other = framesOf(stream, 1448).map((frame) => Uint8Array.from(frame, (byte, i) => i === 36 ? 0 : byte))
    expect(readNbdCapture(captureOf(other)).unread).toMatchObject([{ why: "no packet goes to TCP port 10809" }])
  })
})

it("any bytes, and any damage to a capture, give no exception", () => {
  const whole = captureOf(framesOf(stream, 1448))
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 })
  fc.assert(fc.property(damage, fc.nat(whole.length), (changes, length) => {
    const broken = whole.slice(0, length)
    for (const [at, byte] of changes) if (at < length) broken[at] = byte
    const { unread, value } = readNbdCapture(broken)
    for (const { atNs } of value.requests) expect(Number.isSafeInteger(atNs)).toBe(true)
    expect(unread.every(({ line, why }) => line > 0 && why !== "")).toBe(true)
  }))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => {
    expect(isCapture(any)).toBe(false)
    expect(readNbdCapture(any).unread).toHaveLength(1)
  }))
})
