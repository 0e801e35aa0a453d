// What is encoded is decoded to the same.
import { concat } from "#src/wire/bytes.ts"
import { type Chunk, chunkCode, encodeChunk } from "#src/wire/chunk.ts"
import { ReplyDecoder } from "#src/wire/decoders.ts"
import {
  decodeInfo,
  decodeInfoRequest,
  decodeMetaContext,
  decodeMetaContextRequest,
  decodeServerReply,
  encodeInfo,
  encodeMetaContext,
  encodeServerReply
} from "#src/wire/handshake.ts"
import { decodeReplyHeader, encodeReplyHeader, ReplyKind } from "#src/wire/reply.ts"
import {
  Command,
  decodeRequestHeader,
  encodeInfoRequest,
  encodeMetaContextRequest,
  encodeRequest,
  encodeRequestHeader,
  encodeSimpleReply,
  getU32,
  NbdError,
  Reply,
  Request
} from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hex, toHex } from "./golden.ts"

describe("round trips", () => {
  const u32 = fc.integer({ min: 0, max: 0xffffffff })
  const u16 = fc.integer({ min: 0, max: 0xffff })
  const u64 = fc.record({ hi: u32, lo: u32 })
  const data = fc.uint8Array({ minLength: 1, maxLength: 100 })
  const extent32 = fc.record({
    length: u32.map((lo) => ({ hi: 0, lo })),
    flags: u32.map((lo) => ({ hi: 0, lo }))
  })
  const chunk: fc.Arbitrary<Chunk> = fc.oneof(
    fc.constant<Chunk>({ type: "none" }),
    fc.record({ type: fc.constant("data" as const), offset: u64, data }),
    fc.record({ type: fc.constant("hole" as const), offset: u64, length: u32 }),
    fc.record({
      type: fc.constant("status" as const),
      contextId: u32,
      extents: fc.array(extent32, { minLength: 1, maxLength: 5 })
    }),
    fc.record({
      type: fc.constant("statusExtended" as const),
      contextId: u32,
      extents: fc.array(fc.record({ length: u64, flags: u64 }), { minLength: 1, maxLength: 5 })
    }),
    fc.record({ type: fc.constant("error" as const), error: u32, message: data }),
    fc.record({ type: fc.constant("errorOffset" as const), error: u32, message: data, offset: u64 }),
    fc.record({ type: fc.constant("unknown" as const), code: fc.integer({ min: 0x8010, max: 0xffff }), payload: data })
  )

  it("request headers", () => {
    fc.assert(
      fc.property(fc.boolean(), u16, u16, u64, u64, u64, (wide, flags, type, cookie, offset, length) => {
        const request = new Request()
        Object.assign(request, {
          extended: wide,
          flags,
          type,
          cookieHi: cookie.hi,
          cookieLo: cookie.lo,
          offsetHi: offset.hi,
          offsetLo: offset.lo,
          lengthHi: wide ? length.hi : 0,
          lengthLo: length.lo
        })
        const bytes = new Uint8Array(40)
        encodeRequestHeader(bytes, 3, request)
        const back = new Request()
        expect(decodeRequestHeader(bytes, 3, wide, back)).toBe(true)
        expect(back).toEqual(request)
      }),
      { seed: 20120731 }
    )
  })

  it("the compact request of the driver", () => {
    const bytes = new Uint8Array(28)
    encodeRequest(bytes, 0, 0, Command.Write, 0x11223344, 0x55667788, 0x0012_3456_789a_bcde, 4096)
    expect(toHex(bytes)).toBe("25609513" + "0000" + "0001" + "1122334455667788" + "00123456789abcde" + "00001000")
    const back = new Request()
    expect(decodeRequestHeader(bytes, 0, false, back)).toBe(true)
    expect([back.offset, back.length, back.payloadBytes]).toEqual([0x0012_3456_789a_bcde, 4096, 4096])
  })

  it("the simple reply", () => {
    const bytes = new Uint8Array(16)
    encodeSimpleReply(bytes, 0, NbdError.EIO, 0xffff8800, 0xdeadbeef)
    const back = new Reply()
    expect(decodeReplyHeader(bytes, 0, back)).toBe(true)
    expect([back.error, back.cookieHi, back.cookieLo]).toEqual([5, 0xffff8800, 0xdeadbeef])
    expect(getU32(bytes, 0)).toBe(0x67446698)
  })

  it("chunks", () => {
    fc.assert(
      fc.property(chunk, (value) => {
        const reply = new Reply()
        const payload = encodeChunk(value)
        Object.assign(reply, { kind: ReplyKind.Extended, type: chunkCode(value), lengthLo: payload.length })
        const header = new Uint8Array(32)
        encodeReplyHeader(header, 0, reply)
        const decoder = new ReplyDecoder(() => 0)
        decoder.push(concat(header, payload))
        expect(decoder.next()).toMatchObject({ kind: "chunk", chunk: value })
      }),
      { seed: 20120731, numRuns: 300 }
    )
  })

  it("data of options", () => {
    const text = fc.string({ maxLength: 40 }).filter((name) => !name.includes("\0"))
    fc.assert(
      fc.property(
        text,
        fc.array(u16, { maxLength: 5 }),
        fc.array(text, { maxLength: 4 }),
        u32,
        (name, infos, queries, id) => {
          expect(decodeInfoRequest(encodeInfoRequest({ name, infos }))).toEqual({ name, infos })
          expect(decodeMetaContextRequest(encodeMetaContextRequest({ name, queries }))).toEqual({ name, queries })
          expect(decodeServerReply(encodeServerReply(name, queries.join("")))).toEqual({
            name,
            description: queries.join("")
          })
          expect(decodeMetaContext(encodeMetaContext(id, name))).toEqual({ id, name })
          for (
            const info of [
              { type: "export", size: id * 1000, transmissionFlags: 7 },
              { type: "name", name },
              { type: "description", description: name },
              { type: "blockSize", minimum: 1, preferred: 4096, maximumPayload: id },
              { type: "unknown", code: 77, data: hex("0102") }
            ] as const
          ) expect(decodeInfo(encodeInfo(info))).toEqual(info)
        }
      ),
      { seed: 20120731 }
    )
  })
})
