// Decoders at their limits: what is one byte too short or too long, and what a decoder says after a fault.
import { concat } from "#src/wire/bytes.ts"
import { HandshakeDecoder, ReplyDecoder, RequestDecoder } from "#src/wire/decoders.ts"
import { encodeExportNameReply } from "#src/wire/handshake.ts"
import { decodeReplyHeader, encodeReplyHeader, ReplyKind } from "#src/wire/reply.ts"
import { CommandFlag, encodeRequestHeader, MAX_PAYLOAD, Reply, Request } from "@swaplab/nbd"
import { describe, expect, it } from "vitest"
import { greeting, hex } from "./golden.ts"

const ramp = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i + 1)

/** After a fault everything is that fault, and nothing more is kept. */
const stays = (decoder: { push(chunk: Uint8Array): void; next(): { kind: string } | null }, reason: string): void => {
  const fault = decoder.next()
  expect(fault).toEqual({ kind: "fault", reason })
  decoder.push(hex(greeting))
  expect(decoder.next()).toBe(fault)
}

describe("requests", () => {
  const request = (fields: Partial<Request>) => {
    const bytes = new Uint8Array(32)
    const length = encodeRequestHeader(bytes, 0, Object.assign(new Request(), fields))
    return bytes.subarray(0, length)
  }

  it.each([
    { extended: false, type: 1, flags: 0, payload: 9 },
    { extended: true, type: 1, flags: 0, payload: 9 },
    { extended: false, type: 7, flags: CommandFlag.PayloadLen, payload: 0 },
    { extended: true, type: 7, flags: CommandFlag.PayloadLen, payload: 9 },
    { extended: true, type: 7, flags: 0, payload: 0 },
    { extended: true, type: 0, flags: 0, payload: 0 }
  ])("of type $type, flags $flags, extended $extended bring $payload bytes", ({ payload, ...fields }) => {
    const decoder = new RequestDecoder(fields.extended)
    const header = request({ ...fields, lengthLo: 9 })
    decoder.push(header.subarray(0, header.length - 1))
    expect(decoder.next()).toBe(null)
    decoder.push(header.subarray(header.length - 1))
    if (payload > 0) expect(decoder.next()).toBe(null)
    if (payload > 0) decoder.push(ramp(payload - 1))
    if (payload > 0) expect(decoder.next()).toBe(null)
    decoder.push(ramp(payload === 0 ? 0 : 1))
    expect(decoder.next()).toMatchObject({ kind: "request", payload: { length: payload } })
    expect(decoder.next()).toBe(null)
  })

  it("that are garbage stay so", () => {
    for (const bytes of ["25609514", `12345678${"00".repeat(28)}`]) {
      const decoder = new RequestDecoder()
      decoder.push(hex(bytes).subarray(0, 3))
      expect(decoder.next()).toBe(null)
      decoder.push(hex(bytes).subarray(3))
      stays(decoder, "bad magic")
    }
    const long = new RequestDecoder(true)
    long.push(request({ extended: true, type: 1, lengthHi: 1 }))
    stays(long, "payload too long")
  })
})

describe("replies", () => {
  const header = (fields: Partial<Reply>) => {
    const bytes = new Uint8Array(32)
    return bytes.subarray(0, encodeReplyHeader(bytes, 0, Object.assign(new Reply(), fields)))
  }
  const { Extended, Simple, Structured } = ReplyKind

  it.each([Simple, Structured, Extended])("of kind %i have only the fields of their kind", (kind) => {
    const all = {
      kind,
      error: 5,
      flags: 1,
      type: 2,
      cookieHi: 3,
      cookieLo: 4,
      offsetHi: 5,
      offsetLo: 6,
      lengthHi: 7,
      lengthLo: 8
    }
    const back = Object.assign(new Reply(), {
      error: 99,
      flags: 99,
      type: 99,
      offsetHi: 99,
      offsetLo: 99,
      lengthHi: 99,
      lengthLo: 99
    })
    expect(decodeReplyHeader(header(all), 0, back)).toBe(true)
    const none = { offsetHi: 0, offsetLo: 0, lengthHi: 0 }
    expect({ ...back }).toEqual({
      ...all,
      ...(kind === Simple ? { ...none, flags: 0, type: 0, lengthLo: 0 } : { error: 0 }),
      ...(kind === Structured ? none : {})
    })
  })

  it.each([
    { error: 0, expected: 4, data: 4 },
    { error: 0, expected: 0, data: 0 },
    { error: 5, expected: 4, data: 0 }
  ])("that are simple with error $error bring $data of $expected bytes", ({ data, error, expected }) => {
    const decoder = new ReplyDecoder(() => expected)
    decoder.push(concat(header({ kind: Simple, error, cookieLo: 9 }), ramp(Math.max(0, data - 1))))
    if (data > 0) expect(decoder.next()).toBe(null)
    decoder.push(ramp(data > 0 ? 1 : 0))
    expect(decoder.next()).toMatchObject({ kind: "simple", reply: { error, cookieLo: 9 }, data: { length: data } })
    expect(decoder.next()).toBe(null)
  })

  it("wait for their whole header", () => {
    for (const [kind, bytes] of [[Simple, 16], [Structured, 20], [Extended, 32]]) {
      const decoder = new ReplyDecoder(() => 0)
      const whole = header({ kind })
      expect(whole.length).toBe(bytes)
      decoder.push(whole.subarray(0, 3))
      expect(decoder.next()).toBe(null)
      decoder.push(whole.subarray(3, bytes - 1))
      expect(decoder.next()).toBe(null)
      decoder.push(whole.subarray(bytes - 1))
      expect(decoder.next()?.kind).toBe(kind === Simple ? "simple" : "chunk")
    }
  })

  it("that are garbage stay so", () => {
    const garbage = new ReplyDecoder(() => 0)
    garbage.push(hex("67446699"))
    stays(garbage, "bad magic")
    const nobody = new ReplyDecoder((hi, lo) => hi === 1 && lo === 2 ? -1 : 0)
    nobody.push(header({ kind: Simple, cookieHi: 1, cookieLo: 2 }))
    stays(nobody, "unexpected reply")
    const malformed = new ReplyDecoder(() => 0)
    malformed.push(concat(header({ kind: Structured, type: 0, lengthLo: 1 }), ramp(1)))
    stays(malformed, "malformed chunk")
  })

  it.each([
    { lengthLo: MAX_PAYLOAD + 8, lengthHi: 0, fault: false },
    { lengthLo: MAX_PAYLOAD + 9, lengthHi: 0, fault: true },
    { lengthLo: 0, lengthHi: 1, fault: true }
  ])("in chunks of $lengthHi, $lengthLo bytes are a fault: $fault", ({ fault, lengthHi, lengthLo }) => {
    const decoder = new ReplyDecoder(() => 0)
    decoder.push(header({ kind: Extended, type: 1, lengthHi, lengthLo }))
    expect(decoder.next()).toEqual(fault ? { kind: "fault", reason: "payload too long" } : null)
  })

  it.each([{ type: 0x7fff, fault: true }, { type: 0x8000, fault: false }])(
    "in chunks of the unknown type $type are a fault: $fault",
    ({ fault, type }) => {
      const decoder = new ReplyDecoder(() => 0)
      decoder.push(header({ kind: Structured, type }))
      expect(decoder.next()?.kind).toBe(fault ? "fault" : "chunk")
    }
  )
})

describe("the handshake that a client reads", () => {
  const greeted = () => {
    const decoder = new HandshakeDecoder()
    decoder.push(hex(greeting).subarray(0, 17))
    expect(decoder.next()).toBe(null)
    decoder.push(hex(greeting).subarray(17))
    expect([decoder.next(), decoder.next()]).toEqual([{ kind: "greeting", flags: 3 }, null])
    return decoder
  }
  const optionReply = (length: number) => hex(`0003e889045565a90000000700000001${length.toString(16).padStart(8, "0")}`)

  it.each([0, 4, 8, 12])("begins with two magics; byte %i is wrong", (at) => {
    const bytes = hex(greeting).slice()
    bytes[at] ^= 1
    const decoder = new HandshakeDecoder()
    decoder.push(bytes)
    stays(decoder, "bad magic")
  })

  it.each([{ length: MAX_PAYLOAD, fault: false }, { length: MAX_PAYLOAD + 1, fault: true }])(
    "goes on with replies; of $length bytes they are a fault: $fault",
    ({ fault, length }) => {
      const decoder = greeted()
      decoder.push(optionReply(length))
      expect(decoder.next()).toEqual(fault ? { kind: "fault", reason: "payload too long" } : null)
    }
  )

  it("needs a reply whole, and its magic right", () => {
    const decoder = greeted()
    const bytes = concat(optionReply(2), ramp(2))
    for (const [from, to] of [[0, 7], [7, 19], [19, 21]]) {
      decoder.push(bytes.subarray(from, to))
      expect(decoder.next()).toBe(null)
    }
    decoder.push(bytes.subarray(21))
    expect(decoder.next()).toEqual({ kind: "optionReply", option: 7, type: 1, data: ramp(2) })
    decoder.push(hex("0003e889045565a8"))
    stays(decoder, "bad magic")
  })

  it.each([
    { size: Number.MAX_SAFE_INTEGER, fault: false },
    { size: Number.MAX_SAFE_INTEGER + 1, fault: true }
  ])("ends with an export of $size bytes: a fault $fault", ({ fault, size }) => {
    const decoder = greeted()
    decoder.expectExport(true)
    const bytes = encodeExportNameReply(size, 5, true)
    decoder.push(bytes.subarray(0, 9))
    expect(decoder.next()).toBe(null)
    decoder.push(bytes.subarray(9))
    expect(decoder.next()).toEqual(
      fault ? { kind: "fault", reason: "export too large" } : { kind: "export", size, transmissionFlags: 5 }
    )
  })
})
