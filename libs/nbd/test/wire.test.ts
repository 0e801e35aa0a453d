import { chunkCode, encodeChunk } from "#src/wire/chunk.ts"
import {
  knownError,
  NBD_EXTENDED_REPLY_MAGIC,
  NBD_REPLY_MAGIC,
  NBD_STRUCTURED_REPLY_MAGIC
} from "#src/wire/constants.ts"
import { HandshakeDecoder, MAX_OPTION_DATA, ReplyDecoder, RequestDecoder } from "#src/wire/decoders.ts"
import {
  decodeInfo,
  decodeInfoRequest,
  decodeMetaContext,
  decodeMetaContextRequest,
  decodeServerReply,
  encodeExportNameReply
} from "#src/wire/handshake.ts"
import { decodeReplyHeader, decodeSimpleReply, encodeReplyHeader, ReplyKind } from "#src/wire/reply.ts"
import {
  Command,
  encodeClientFlags,
  encodeGreeting,
  encodeOption,
  encodeOptionReply,
  encodeRequest,
  encodeRequestHeader,
  MAX_PAYLOAD,
  Option,
  OptionDecoder,
  OptionReplyType,
  putU32,
  Reply
} from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  blockStatusWithoutContext,
  clientFlags,
  extended,
  foreignOptionReplies,
  foreignReplies,
  greeting,
  handshake,
  hex,
  simple,
  structured,
  toHex
} from "./golden.ts"

const join = (parts: ReadonlyArray<Uint8Array>): Uint8Array => hex(parts.map(toHex).join(""))

/** Cuts bytes at the given places. */
const cut = (bytes: Uint8Array, places: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.slice(at[i], end))
}

/** Everything a decoder says about bytes that come in these chunks; messages are re-encoded at once. */
const decodeAll = <M extends { readonly kind: string }>(
  decoder: { push(chunk: Uint8Array): void; next(): M | null },
  chunks: ReadonlyArray<Uint8Array>,
  encode: (message: M) => Uint8Array
): ReadonlyArray<string> => {
  const out: Array<string> = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let message = decoder.next(); message !== null; message = decoder.next()) {
      out.push(`${message.kind} ${toHex(encode(message))}`)
      if (message.kind === "fault") return out
    }
  }
  return out
}

const requestBytes = (message: ReturnType<RequestDecoder["next"]>): Uint8Array => {
  if (message?.kind !== "request") return new Uint8Array(0)
  const header = new Uint8Array(message.request.extended ? 32 : 28)
  encodeRequestHeader(header, 0, message.request)
  return join([header, message.payload])
}

const replyBytes = (message: ReturnType<ReplyDecoder["next"]>): Uint8Array => {
  if (message === null || message.kind === "fault") return new Uint8Array(0)
  const header = new Uint8Array(message.reply.kind === ReplyKind.Structured ? 20 : 32)
  const bytes = encodeReplyHeader(header, 0, message.reply)
  if (message.kind === "simple") return join([header.subarray(0, bytes), message.data])
  expect(chunkCode(message.chunk)).toBe(message.reply.type)
  return join([header.subarray(0, bytes), encodeChunk(message.chunk)])
}

const optionBytes = (message: ReturnType<OptionDecoder["next"]>): Uint8Array => {
  if (message?.kind === "clientFlags") return encodeClientFlags(message.flags)
  if (message?.kind === "option") return encodeOption(message.option, message.data ?? hex("dead"))
  return new Uint8Array(0)
}

const handshakeBytes = (message: ReturnType<HandshakeDecoder["next"]>): Uint8Array => {
  if (message?.kind === "greeting") return encodeGreeting(message.flags)
  if (message?.kind === "optionReply") return encodeOptionReply(message.option, message.type, message.data)
  if (message?.kind === "export") return encodeExportNameReply(message.size, message.transmissionFlags, true)
  return new Uint8Array(0)
}

const compact = [...simple, ...structured, blockStatusWithoutContext]

describe("golden vectors, decoded and encoded again", () => {
  it.each(compact)("request: $name", ({ client }) => {
    expect(decodeAll(new RequestDecoder(), [hex(client)], requestBytes)).toEqual([`request ${toHex(hex(client))}`])
  })

  it.each(extended)("extended request: $name", ({ client }) => {
    expect(decodeAll(new RequestDecoder(true), [hex(client)], requestBytes)).toEqual([`request ${toHex(hex(client))}`])
  })

  it.each(
    [...compact, ...extended].map(({ name, server }) => ({ name, server }))
      .concat(foreignReplies.map((server, i) => ({ name: `of another server, ${i}`, server })))
      .filter(({ server }) => server !== "")
  )("reply: $name", ({ name, server }) => {
    const length = name === "READ 16 @4096" ? 16 : 0
    const [message] = decodeAll(new ReplyDecoder(() => length), [hex(server)], replyBytes)
    expect(message.slice(message.indexOf(" ") + 1)).toBe(toHex(hex(server)))
  })

  it.each(handshake)("option: $name", ({ client }) => {
    const messages = decodeAll(new OptionDecoder(), [hex(clientFlags), hex(client)], optionBytes)
    expect(messages[0]).toBe(`clientFlags ${clientFlags}`)
    expect(messages.slice(1).map((message) => message.replace("option ", "")).join("")).toBe(toHex(hex(client)))
  })

  it.each(
    handshake.filter(({ typeOnly, name }) => typeOnly !== true && !name.startsWith("EXPORT_NAME (")).map(({ server }) =>
      server
    ).concat(foreignOptionReplies)
  )("option reply %#", (server) => {
    const messages = decodeAll(new HandshakeDecoder(), [hex(greeting), hex(server)], handshakeBytes)
    expect(messages[0]).toBe(`greeting ${toHex(hex(greeting))}`)
    expect(messages.slice(1).map((message) => message.replace("optionReply ", "")).join("")).toBe(toHex(hex(server)))
  })

  it.each([true, false])("EXPORT_NAME's answer, NO_ZEROES %s", (noZeroes) => {
    const bytes = encodeExportNameReply(0x4000000, 0xd6d, noZeroes)
    expect(bytes.length).toBe(noZeroes ? 10 : 134)
    expect(toHex(bytes.subarray(0, 10))).toBe("00000000040000000d6d")
    const decoder = new HandshakeDecoder()
    decoder.push(hex(greeting))
    expect(decoder.next()).toMatchObject({ kind: "greeting", flags: 3 })
    decoder.expectExport(noZeroes)
    decoder.push(join([bytes, hex("abcd")]))
    expect(decoder.next()).toEqual({ kind: "export", size: 0x4000000, transmissionFlags: 0xd6d })
    expect(toHex(decoder.rest())).toBe("abcd")
  })
})

describe("any split of the stream gives the same messages", () => {
  const places = fc.array(fc.nat(), { maxLength: 40 })
  const settings = { seed: 20120731, numRuns: 200 }

  it("requests", () => {
    for (const [vectors, headers] of [[compact, false], [extended, true]] as const) {
      const stream = join(vectors.map(({ client }) => hex(client)))
      const whole = decodeAll(new RequestDecoder(headers), [stream], requestBytes)
      expect(whole.length).toBe(vectors.length)
      fc.assert(
        fc.property(places, (at) => {
          expect(decodeAll(new RequestDecoder(headers), cut(stream, at), requestBytes)).toEqual(whole)
        }),
        settings
      )
    }
  })

  it("replies", () => {
    const stream = join(
      [...structured.slice(1), ...extended, ...simple.slice(2), blockStatusWithoutContext]
        .map(({ server }) => server).concat(foreignReplies).map(hex)
    )
    const whole = decodeAll(new ReplyDecoder(() => 0), [stream], replyBytes)
    expect(whole.length).toBeGreaterThan(30)
    expect(whole.at(-1)?.startsWith("chunk")).toBe(true)
    fc.assert(
      fc.property(places, (at) => {
        expect(decodeAll(new ReplyDecoder(() => 0), cut(stream, at), replyBytes)).toEqual(whole)
      }),
      { ...settings, numRuns: 40 }
    )
  })

  it("options and option replies", () => {
    const options = join([hex(clientFlags), ...handshake.map(({ client }) => hex(client))])
    const wholeOptions = decodeAll(new OptionDecoder(), [options], optionBytes)
    const replies = join([
      hex(greeting),
      ...handshake.filter(({ typeOnly, name }) => typeOnly !== true && !name.startsWith("EXPORT_NAME (")).map((
        { server }
      ) => hex(server)),
      ...foreignOptionReplies.map(hex)
    ])
    const wholeReplies = decodeAll(new HandshakeDecoder(), [replies], handshakeBytes)
    fc.assert(
      fc.property(places, (at) => {
        expect(decodeAll(new OptionDecoder(), cut(options, at), optionBytes)).toEqual(wholeOptions)
        expect(decodeAll(new HandshakeDecoder(), cut(replies, at), handshakeBytes)).toEqual(wholeReplies)
      }),
      settings
    )
  })

  it("garbage: the same faults, and never an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), places, (bytes, at) => {
        for (const headers of [false, true]) {
          expect(decodeAll(new RequestDecoder(headers), cut(bytes, at), requestBytes)).toEqual(
            decodeAll(new RequestDecoder(headers), [bytes], requestBytes)
          )
        }
        const behind = join([hex(clientFlags), hex("49484156454f5054"), bytes])
        expect(decodeAll(new OptionDecoder(), cut(behind, at), optionBytes)).toEqual(
          decodeAll(new OptionDecoder(), [behind], optionBytes)
        )
        decodeInfoRequest(bytes)
        decodeMetaContextRequest(bytes)
        decodeInfo(bytes)
        decodeServerReply(bytes)
        decodeMetaContext(bytes)
      }),
      { seed: 20120731, numRuns: 500 }
    )
  })
})

describe("limits", () => {
  it("sees garbage in its first four bytes", () => {
    const decoder = new RequestDecoder()
    decoder.push(hex("12345678"))
    expect(decoder.next()).toEqual({ kind: "fault", reason: "bad magic" })
  })

  it("takes a write of 32 MiB and refuses one byte more", () => {
    const write = (length: number): RequestDecoder => {
      const header = new Uint8Array(28)
      encodeRequest(header, 0, 0, Command.Write, 0, 1, 0, length)
      const decoder = new RequestDecoder()
      decoder.push(header)
      return decoder
    }
    expect(write(MAX_PAYLOAD).next()).toBe(null)
    expect(write(MAX_PAYLOAD + 1).next()).toEqual({ kind: "fault", reason: "payload too long" })
  })

  it("skips the data of a large option without storing it, and closes on a huge one", () => {
    const decoder = new OptionDecoder()
    decoder.push(hex(clientFlags))
    decoder.next()
    decoder.push(encodeOption(Option.Go, new Uint8Array(MAX_OPTION_DATA + 1)))
    expect(decoder.next()).toEqual({ kind: "option", option: Option.Go, data: null })
    decoder.push(encodeOption(Option.List))
    expect(decoder.next()).toEqual({ kind: "option", option: Option.List, data: new Uint8Array(0) })
    decoder.push(hex("49484156454f5054 00000007 02000001"))
    expect(decoder.next()).toEqual({ kind: "fault", reason: "payload too long" })
  })

  it("skips the data of a large option that comes in pieces, and finds what follows", () => {
    const decoder = new OptionDecoder()
    const stream = join([
      hex(clientFlags),
      encodeOption(Option.Info, new Uint8Array(3 * MAX_OPTION_DATA).fill(0x49)),
      encodeOption(Option.List)
    ])
    const pieces = Array.from(
      { length: Math.ceil(stream.length / 1000) },
      (_, i) => stream.slice(i * 1000, i * 1000 + 1000)
    )
    expect(decodeAll(decoder, pieces, (message) => message.kind === "option" ? hex("00") : hex("01"))).toEqual([
      "clientFlags 01",
      "option 00",
      "option 00"
    ])
  })

  it("a reply to nobody is a fault", () => {
    const decoder = new ReplyDecoder(() => -1)
    decoder.push(hex("67446698 00000000 K"))
    expect(decoder.next()).toEqual({ kind: "fault", reason: "unexpected reply" })
  })

  it.each([[0, 0], [1, 1], [5, 5], [28, 28], [75, 75], [95, 95], [108, 108], [122, 22], [2, 22]])(
    "error %i means %i",
    (error, meaning) => expect(knownError(error)).toBe(meaning)
  )

  it("knows the reply types of errors", () => expect(OptionReplyType.ErrInvalid).toBe(0x80000003))
})

it.each([NBD_REPLY_MAGIC, NBD_STRUCTURED_REPLY_MAGIC, NBD_EXTENDED_REPLY_MAGIC])(
  "a reply with magic %i is one, and with any other bit it is none",
  (magic) => {
    const header = new Uint8Array(32)
    putU32(header, 0, magic)
    expect(decodeReplyHeader(header, 0, new Reply())).toBe(true)
    expect(decodeSimpleReply(header, 0, new Reply())).toBe(magic === NBD_REPLY_MAGIC)
    putU32(header, 0, magic ^ 0x100)
    expect(decodeReplyHeader(header, 0, new Reply())).toBe(false)
    expect(decodeSimpleReply(header, 0, new Reply())).toBe(false)
  }
)
