// The codec at its limits: what is one byte too short or too long.
import { ByteQueue } from "#src/wire/byte-queue.ts"
import {
  concat,
  copyBytes,
  getU16,
  getU32,
  getU64,
  putNumber,
  putU16,
  putU32,
  toNumber,
  utf8Text
} from "#src/wire/bytes.ts"
import { chunkCode, decodeChunk, encodeChunk, errorChunk } from "#src/wire/chunk.ts"
import {
  decodeInfo,
  decodeInfoRequest,
  decodeMetaContext,
  decodeMetaContextRequest,
  decodeServerReply
} from "#src/wire/handshake.ts"
import { toU64 } from "@swaplab/nbd"
import { describe, expect, it } from "vitest"
import { hex, toHex } from "./golden.ts"

const ramp = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i + 1)

describe("numbers and texts in bytes", () => {
  it.each([
    [0, 0, 0],
    [1, 0, 1],
    [0xffffffff, 0, 0xffffffff],
    [0x100000000, 1, 0],
    [0x123456789abcd, 0x12345, 0x6789abcd]
  ])("%d as 64 bits", (value, hi, lo) => {
    const bytes = new Uint8Array(10).fill(0xee)
    putNumber(bytes, 1, value)
    expect([getU64(bytes, 1), bytes[0], bytes[9]]).toEqual([{ hi, lo }, 0xee, 0xee])
    expect([toU64(value), toNumber(hi, lo)]).toEqual([{ hi, lo }, value])
  })

  it("are big-endian and unsigned", () => {
    const bytes = new Uint8Array(6)
    putU16(bytes, 0, 0xfedc)
    putU32(bytes, 2, 0xfedcba98)
    expect(toHex(bytes)).toBe("fedcfedcba98")
    expect([getU16(bytes, 0), getU32(bytes, 2)]).toEqual([0xfedc, 0xfedcba98])
  })

  it.each([
    { bytes: "", text: "" },
    { bytes: "c3bc", text: "ü" },
    { bytes: "efbbbf41", text: "\ufeffA" },
    { bytes: "4100", text: null },
    { bytes: "c3", text: null },
    { bytes: "ff", text: null }
  ])("$bytes is $text", ({ bytes, text }) => expect(utf8Text(hex(bytes))).toBe(text))

  it.each([0, 1, 64, 65, 200])("%i bytes are copied to their place, and nothing else is", (n) => {
    const into = new Uint8Array(n + 4)
    copyBytes(into, 2, ramp(n + 7), 3, 3 + n)
    expect(into).toEqual(concat(new Uint8Array(2), ramp(n + 7).subarray(3, 3 + n), new Uint8Array(2)))
  })
})

describe("bytes that have come", () => {
  it("are taken in order, from the front, in room that grows", () => {
    const queue = new ByteQueue()
    let [next, taken] = [0, 0]
    for (let i = 0; i < 60; i++) {
      queue.push(Uint8Array.from({ length: 40 }, () => next++ & 255))
      const n = 17 + (i % 30)
      const seen = queue.peek(n)
      expect(seen === null ? null : [...seen]).toEqual(
        queue.length < n ? null : Array.from({ length: n }, (_, k) => (taken + k) & 255)
      )
      if (seen === null) continue
      queue.skip(n)
      taken += n
      expect(queue.length).toBe(next - taken)
    }
    expect([...queue.takeAll()]).toEqual(Array.from({ length: next - taken }, (_, k) => (taken + k) & 255))
    expect([queue.length, queue.takeAll().length]).toEqual([0, 0])
  })

  it.each([255, 256, 257, 512, 513])("%i of them at once", (n) => {
    const queue = new ByteQueue()
    queue.push(new Uint8Array(10))
    queue.skip(9)
    queue.push(ramp(n))
    expect(queue.takeAll()).toEqual(concat(new Uint8Array(1), ramp(n)))
  })

  it("are thrown away when they were skipped before they came", () => {
    const queue = new ByteQueue()
    queue.push(ramp(3))
    queue.skip(8)
    expect([queue.length, queue.skipping]).toEqual([0, true])
    queue.push(ramp(4))
    expect([queue.length, queue.skipping]).toEqual([0, true])
    queue.push(ramp(5))
    expect([[...queue.takeAll()], queue.skipping]).toEqual([[2, 3, 4, 5], false])
    queue.skip(2)
    expect(() => queue.skip(1)).toThrow("twice")
    queue.push(ramp(2))
    expect([queue.length, queue.skipping]).toEqual([0, false])
  })
})

describe("the payload of a chunk", () => {
  const [NONE, DATA, HOLE, STATUS, STATUS_EXT, ERROR, ERROR_OFFSET] = [0, 1, 2, 5, 6, 0x8001, 0x8002]
  it.each([
    { code: NONE, payload: "", type: "none" },
    { code: NONE, payload: "00" },
    { code: DATA, payload: "0000000000000001" },
    { code: DATA, payload: "000000000000000107", type: "data" },
    { code: HOLE, payload: "000000000000000100000005", type: "hole" },
    { code: HOLE, payload: "00000000000000010000" },
    { code: HOLE, payload: "0000000000000001000000050000" },
    { code: STATUS, payload: "00000001" },
    { code: STATUS, payload: "000000010000000200000003", type: "status" },
    { code: STATUS, payload: "00000001000000020000000300" },
    { code: STATUS, payload: "00000001000000020000000300000004" },
    { code: STATUS_EXT, payload: "0000000100000000" },
    { code: STATUS_EXT, payload: "0000000100000001" + "00".repeat(16), type: "statusExtended" },
    { code: STATUS_EXT, payload: "0000000100000002" + "00".repeat(16) },
    { code: STATUS_EXT, payload: "0000000100000000" + "00".repeat(16) },
    { code: STATUS_EXT, payload: "0000000100000001" + "00".repeat(17) },
    { code: STATUS_EXT, payload: "0000000100000002" + "00".repeat(32), type: "statusExtended" },
    { code: ERROR, payload: "0000000500" },
    { code: ERROR, payload: "000000050000", type: "error" },
    { code: ERROR, payload: "00000005000141", type: "error" },
    { code: ERROR, payload: "000000050002410000" },
    { code: ERROR, payload: "0000000500024100", type: "error" },
    { code: ERROR_OFFSET, payload: "000000050001410000000000000009", type: "errorOffset" },
    { code: ERROR_OFFSET, payload: "00000005000141" },
    { code: ERROR_OFFSET, payload: "00000005000141000000000000000900" },
    { code: 99, payload: "0102", type: "unknown" }
  ])("of type $code, $payload: $type", ({ code, payload, type }) => {
    const chunk = decodeChunk(code, hex(payload))
    expect(chunk?.type).toBe(type)
    if (chunk === null) return
    expect([toHex(encodeChunk(chunk)), chunkCode(chunk)]).toEqual([payload, code])
  })

  it("of an error has a text, which may be empty", () => {
    expect(toHex(encodeChunk(errorChunk(28)))).toBe("0000001c0000")
    expect(toHex(encodeChunk(errorChunk(28, "AB")))).toBe("0000001c00024142")
  })
})

describe("data of options", () => {
  const name = (length: number) => `${length.toString(16).padStart(8, "0")}${"41".repeat(length)}`

  it.each([
    { data: "0000000000", valid: false },
    { data: "000000000000", valid: true },
    { data: "00000000000000", valid: false },
    { data: "00000001410000", valid: true },
    { data: "00000002410000", valid: false },
    { data: "000000014100010003", valid: true },
    { data: "0000000141000100", valid: false },
    { data: "00000001410002000300", valid: false },
    { data: "00000001ff0000", valid: false },
    { data: `${name(4096)}0000`, valid: true },
    { data: `${name(4097)}0000`, valid: false }
  ])("INFO %#: $valid", ({ data, valid }) => expect(decodeInfoRequest(hex(data)) !== null).toBe(valid))

  it.each([
    { data: "00000000000000", valid: false },
    { data: "0000000000000000", valid: true },
    { data: "000000000000000000", valid: false },
    { data: "000000014100000000", valid: true },
    { data: "0000000241000000", valid: false },
    { data: "0000000000000001", valid: false },
    { data: "00000000000000010000000141", valid: true },
    { data: "00000000000000010000000241", valid: false },
    { data: "000000000000000100000001ff", valid: false },
    { data: "00000001ff00000000", valid: false },
    { data: "000000000000000200000001410000000142", valid: true },
    { data: "0000000000000001000000014142", valid: false },
    { data: `${name(4096)}00000000`, valid: true },
    { data: `${name(4097)}00000000`, valid: false },
    { data: `0000000000000001${name(4096)}`, valid: true },
    { data: `0000000000000001${name(4097)}`, valid: false }
  ])("META_CONTEXT %#: $valid", ({ data, valid }) => expect(decodeMetaContextRequest(hex(data)) !== null).toBe(valid))

  it.each([
    { data: "000000", server: null },
    { data: "00000000", server: { name: "", description: "" } },
    { data: "0000000141", server: { name: "A", description: "" } },
    { data: "000000014142", server: { name: "A", description: "B" } },
    { data: "0000000241", server: null },
    { data: "00000001ff42", server: null },
    { data: "0000000141ff", server: null },
    { data: name(4096), server: { name: "A".repeat(4096), description: "" } },
    { data: name(4097), server: null }
  ])("REP_SERVER %#", ({ data, server }) => expect(decodeServerReply(hex(data))).toEqual(server))

  it.each([
    { data: "00", info: null },
    { data: "ff", info: null },
    { data: "0000", info: null },
    { data: "000000000000000000010007", info: { type: "export", size: 1, transmissionFlags: 7 } },
    { data: "00000000000000000001000700", info: null },
    { data: "0000001fffffffffffff0007", info: { type: "export", size: Number.MAX_SAFE_INTEGER, transmissionFlags: 7 } },
    { data: "000000200000000000000007", info: null },
    { data: "0001", info: { type: "name", name: "" } },
    { data: "0001ff", info: null },
    { data: "000241", info: { type: "description", description: "A" } },
    { data: "0002ff", info: null },
    { data: "0003000000010000000200000003", info: { type: "blockSize", minimum: 1, preferred: 2, maximumPayload: 3 } },
    { data: "00030000000100000002000000", info: null },
    { data: "000300000001000000020000000300", info: null },
    { data: "0004", info: { type: "unknown", code: 4, data: new Uint8Array(0) } }
  ])("REP_INFO $data", ({ data, info }) => expect(decodeInfo(hex(data))).toEqual(info))

  it.each([
    { data: "000000", context: null },
    { data: "00000001", context: { id: 1, name: "" } },
    { data: "0000000141", context: { id: 1, name: "A" } },
    { data: "00000001ff", context: null }
  ])("REP_META_CONTEXT $data", ({ context, data }) => expect(decodeMetaContext(hex(data))).toEqual(context))
})
