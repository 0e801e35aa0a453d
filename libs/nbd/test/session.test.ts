import { admit } from "#src/server/admit.ts"
import {
  Command,
  CommandFlag,
  exportInfo,
  MemoryStore,
  NbdError,
  Negotiation,
  type NegotiationState,
  Option,
  Request,
  ServerSession,
  SIMPLE_MODE,
  SWAP_EXPORT_FLAGS,
  toU64,
  TransmissionFlag
} from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  blockStatusWithoutContext,
  clientFlags,
  extended,
  greeting,
  handshake,
  hex,
  simple,
  structured,
  toHex
} from "./golden.ts"

const SIZE = 0x4000000
const server = (): ServerSession => {
  const store = new MemoryStore(SIZE)
  return new ServerSession([{ info: exportInfo({ name: "disk", size: SIZE }), store, extents: store }])
}

const OPT = "49484156454f5054"
const GO = `${OPT} 00000007 0000000a 00000004 6469736b 0000`
const SET_META = `${OPT} 0000000a 0000001f 00000004 6469736b 00000001 0000000f 626173653a616c6c6f636174696f6e`

it("greets", () => expect(toHex(server().greeting())).toBe(toHex(hex(greeting))))

it.each(handshake)("answers $name", ({ client, server: reply, typeOnly, closed }) => {
  const session = server()
  const said = toHex(session.push(hex(clientFlags + client)))
  const expected = toHex(hex(reply))
  expect(typeOnly === true ? said.slice(0, expected.length) : said).toBe(expected)
  expect(session.closed).toBe(closed === true)
})

it("says in words what is wrong with an option", () => {
  for (const { client, server: reply, typeOnly } of handshake) {
    if (typeOnly !== true) continue
    const said = server().push(hex(clientFlags + client)).subarray(hex(reply).length)
    const text = new TextDecoder().decode(said.subarray(4))
    expect(text).toMatch(/^[ -~]{20,}$/)
    expect(toHex(said.subarray(0, 4))).toBe(text.length.toString(16).padStart(8, "0"))
  }
})

it("pads the answer to EXPORT_NAME without NO_ZEROES", () => {
  expect(server().push(hex(`00000001 ${OPT} 00000001 00000004 6469736b`)).length).toBe(134)
})

it("closes on client flags that it did not offer, and on garbage", () => {
  const session = server()
  session.push(hex("00000007"))
  expect(session.closed).toBe(true)
  const other = server()
  other.push(hex(clientFlags + "1234567812345678"))
  expect(other.closed).toBe(true)
})

describe.each([
  { name: "simple replies", options: GO, vectors: simple },
  { name: "structured replies", options: `${OPT} 00000008 00000000 ${SET_META} ${GO}`, vectors: structured },
  { name: "extended headers", options: `${OPT} 0000000b 00000000 ${SET_META} ${GO}`, vectors: extended }
])("$name", ({ options, vectors }) => {
  it("answers the golden vectors in order", () => {
    const session = server()
    session.push(hex(clientFlags + options))
    for (const { name, client, server: reply, closed } of vectors) {
      expect(`${name}: ${toHex(session.push(hex(client)))}`).toBe(`${name}: ${toHex(hex(reply))}`)
      expect(session.closed).toBe(closed === true)
    }
  })

  it("answers the same however the bytes arrive", () => {
    const all = hex(clientFlags + options + vectors.map(({ client }) => client).join(""))
    const whole = toHex(server().push(all))
    fc.assert(
      fc.property(fc.array(fc.nat(all.length), { maxLength: 30 }), (places) => {
        const session = server()
        const at = [0, ...places.sort((a, b) => a - b), all.length]
        expect(at.slice(1).map((end, i) => toHex(session.push(all.slice(at[i], end)))).join("")).toBe(whole)
      }),
      { seed: 20120731, numRuns: 60 }
    )
  })
})

it("answers BLOCK_STATUS without a context by an error chunk", () => {
  const session = server()
  session.push(hex(`${clientFlags} ${OPT} 00000008 00000000 ${GO}`))
  expect(toHex(session.push(hex(blockStatusWithoutContext.client)))).toBe(toHex(hex(blockStatusWithoutContext.server)))
})

it("closes on a bad magic without a word", () => {
  const session = server()
  session.push(hex(clientFlags + GO))
  expect(session.push(hex(`12345678${"00".repeat(24)}`)).length).toBe(0)
  expect(session.closed).toBe(true)
})

it("a session holds what a plain byte array would hold", () => {
  const small = 100_000
  const command = fc.record({
    type: fc.constantFrom(Command.Read, Command.Write, Command.WriteZeroes),
    offset: fc.nat(small),
    length: fc.nat(70_000),
    fill: fc.nat(255)
  })
  fc.assert(
    fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
      const store = new MemoryStore(small)
      const model = new Uint8Array(small)
      for (const { type, offset, length, fill } of commands) {
        const bytes = Math.min(length, small - offset)
        if (type === Command.Write) {
          store.write(offset, bytes, new Uint8Array(bytes).fill(fill))
          model.fill(fill, offset, offset + bytes)
        } else if (type === Command.WriteZeroes) {
          store.writeZeroes(offset, bytes)
          model.fill(0, offset, offset + bytes)
        } else {
          const data = new Uint8Array(bytes)
          store.read(offset, bytes, data)
          expect(Buffer.compare(data, model.subarray(offset, offset + bytes))).toBe(0)
          if (bytes > 0) {
            const extents = store.extents(offset, bytes)
            expect(extents.reduce((sum, extent) => sum + extent.length.lo, 0)).toBe(bytes)
          }
        }
      }
    }),
    { seed: 20120731, numRuns: 60 }
  )
})

describe("admit", () => {
  const request = (fields: Partial<Request>, offset = 0, length = 4096): Request =>
    Object.assign(new Request(), {
      offsetHi: toU64(offset).hi,
      offsetLo: toU64(offset).lo,
      lengthLo: length,
      ...fields
    })
  const info = exportInfo({ name: "swap", size: 1 << 20, minimumBlock: 512, maximumPayload: 131072 })
  const readOnly = exportInfo({ name: "root", size: 1 << 20, flags: SWAP_EXPORT_FLAGS | TransmissionFlag.ReadOnly })
  const plain = exportInfo({ name: "plain", size: 1 << 20, flags: TransmissionFlag.HasFlags })
  const { Read, Write, Flush, Trim, Cache, WriteZeroes, BlockStatus, Resize } = Command
  const { Ok, EPERM, EINVAL, ENOSPC } = NbdError
  it.each([
    { what: "a read", on: info, of: request({ type: Read }), error: Ok },
    { what: "a read up to the end", on: info, of: request({ type: Read }, (1 << 20) - 4096), error: Ok },
    { what: "a read past the end", on: info, of: request({ type: Read }, (1 << 20) - 512), error: EINVAL },
    { what: "a write past the end", on: info, of: request({ type: Write }, (1 << 20) - 512), error: ENOSPC },
    { what: "zeroes past the end", on: info, of: request({ type: WriteZeroes }, 1 << 20), error: ENOSPC },
    { what: "a trim past the end", on: info, of: request({ type: Trim }, 1 << 20), error: EINVAL },
    {
      what: "an offset of 2^64-1",
      on: info,
      of: request({ type: Read, offsetHi: 0xffffffff, offsetLo: 0xffffffff }),
      error: EINVAL
    },
    { what: "an offset of 2^63", on: info, of: request({ type: Read, offsetHi: 0x80000000 }), error: EINVAL },
    {
      what: "a length of 2^64-1",
      on: info,
      of: request({ type: Trim, lengthHi: 0xffffffff, lengthLo: 0xffffffff }),
      error: EINVAL
    },
    { what: "a misaligned read", on: info, of: request({ type: Read }, 100), error: EINVAL },
    { what: "a misaligned length", on: info, of: request({ type: Write }, 0, 100), error: EINVAL },
    { what: "a read above the largest payload", on: info, of: request({ type: Read }, 0, 131072 + 512), error: EINVAL },
    { what: "a trim above the largest payload", on: info, of: request({ type: Trim }, 0, 131072 + 512), error: Ok },
    { what: "a read of nothing", on: info, of: request({ type: Read }, 0, 0), error: Ok },
    { what: "a write on a read-only export", on: readOnly, of: request({ type: Write }), error: EPERM },
    { what: "a trim on a read-only export", on: readOnly, of: request({ type: Trim }), error: EPERM },
    { what: "zeroes on a read-only export", on: readOnly, of: request({ type: WriteZeroes }), error: EPERM },
    { what: "a read on a read-only export", on: readOnly, of: request({ type: Read }), error: Ok },
    { what: "FUA where offered", on: info, of: request({ type: Write, flags: CommandFlag.Fua }), error: Ok },
    { what: "FUA where not offered", on: plain, of: request({ type: Write, flags: CommandFlag.Fua }), error: EINVAL },
    { what: "a flush where not offered", on: plain, of: request({ type: Flush }), error: EINVAL },
    { what: "a trim where not offered", on: plain, of: request({ type: Trim }), error: EINVAL },
    { what: "a cache where not offered", on: plain, of: request({ type: Cache }), error: EINVAL },
    { what: "a flush with an offset", on: info, of: request({ type: Flush }, 12_345), error: Ok },
    {
      what: "DF without structured replies",
      on: info,
      of: request({ type: Read, flags: CommandFlag.Df }),
      error: EINVAL
    },
    { what: "NO_HOLE on a read", on: info, of: request({ type: Read, flags: CommandFlag.NoHole }), error: EINVAL },
    {
      what: "PAYLOAD_LEN on a compact write",
      on: info,
      of: request({ type: Write, flags: CommandFlag.PayloadLen }),
      error: EINVAL
    },
    { what: "a resize", on: info, of: request({ type: Resize }), error: EINVAL },
    { what: "a block status without a context", on: info, of: request({ type: BlockStatus }), error: EINVAL }
  ])("$what: $error", ({ on, of, error }) => expect(admit(on, SIMPLE_MODE, of)).toBe(error))
})

describe("negotiation", () => {
  const table = { find: (name: string) => name === "disk" ? exportInfo({ name, size: SIZE }) : null, list: () => null }
  const option = (negotiation: Negotiation, code: number, data = "") =>
    negotiation.step({ kind: "option", option: code, data: hex(data) })
  const type = (reply: Uint8Array): string => toHex(reply.subarray(12, 16))
  const begin = (tls: "none" | "optional" | "required"): Negotiation => {
    const negotiation = new Negotiation(table, tls)
    negotiation.step({ kind: "clientFlags", flags: 3 })
    return negotiation
  }

  it("lists nothing when that is against the policy", () => {
    expect(type(option(begin("none"), Option.List).reply)).toBe("80000002")
  })

  it("with TLS required answers ERR_TLS_REQD to all but STARTTLS and ABORT (nbdkit --tls=require)", () => {
    const negotiation = begin("required")
    expect(type(option(negotiation, Option.List).reply)).toBe("80000005")
    expect(type(option(negotiation, 0x07654321).reply)).toBe("80000005")
    expect(option(negotiation, Option.ExportName, "6469736b").next).toBe("close")
    const step = option(negotiation, Option.StartTls)
    expect([step.next, type(step.reply)]).toEqual(["tls", "00000001"])
    negotiation.tlsStarted()
    expect(type(option(negotiation, Option.StartTls).reply)).toBe("80000003")
    expect(type(option(negotiation, Option.List).reply)).toBe("80000002")
  })

  it("forgets structured replies when TLS starts", () => {
    const negotiation = begin("optional")
    expect(type(option(negotiation, Option.StructuredReply).reply)).toBe("00000001")
    expect(type(option(negotiation, Option.StructuredReply).reply)).toBe("80000003")
    negotiation.tlsStarted()
    expect(type(option(negotiation, Option.StructuredReply).reply)).toBe("00000001")
  })

  it("voids contexts that were selected for another export", () => {
    const negotiation = new Negotiation({ find: (name) => exportInfo({ name, size: SIZE }), list: () => null })
    negotiation.step({ kind: "clientFlags", flags: 3 })
    option(negotiation, Option.StructuredReply)
    option(negotiation, Option.SetMetaContext, "00000004 6469736b 00000001 0000000f 626173653a616c6c6f636174696f6e")
    const other = option(negotiation, Option.Info, "00000003 616263 0000")
    expect(other.next).toBe("options")
    const step = option(negotiation, Option.Go, "00000003 616263 0000")
    expect(step.next === "transmission" && step.mode.contextIds).toEqual([])
  })

  it("goes on in another process wherever it has come to", () => {
    const options: ReadonlyArray<readonly [option: number, data: string]> = [
      [Option.StructuredReply, ""],
      [Option.Info, "00000004 6469736b 0000"],
      [Option.ExtendedHeaders, ""],
      [Option.SetMetaContext, "00000004 6469736b 00000001 0000000f 626173653a616c6c6f636174696f6e"],
      [Option.StructuredReply, ""],
      [Option.Go, "00000004 6469736b 0000"]
    ]
    for (const secure of [false, true]) {
      const alone = begin("optional")
      let moving = begin("optional")
      if (secure) {
        alone.tlsStarted()
        moving.tlsStarted()
      }
      for (const [code, data] of options) {
        moving = new Negotiation(table, "optional", JSON.parse(JSON.stringify(moving.state)) as NegotiationState)
        expect(option(moving, code, data)).toEqual(option(alone, code, data))
      }
      expect(moving.state).toEqual({ ...alone.state, secure, options: options.length, contextExport: "disk" })
    }
  })

  it("turns everybody away when shutting down", () => {
    const negotiation = begin("none")
    negotiation.shuttingDown = true
    expect(type(option(negotiation, Option.Go, "00000004 6469736b 0000").reply)).toBe("80000007")
    expect(option(negotiation, Option.ExportName, "6469736b").next).toBe("close")
  })

  it("closes after too many options, and answers too much data with ERR_TOO_BIG", () => {
    const negotiation = begin("none")
    expect(type(negotiation.step({ kind: "option", option: Option.Go, data: null }).reply)).toBe("80000009")
    let step = option(negotiation, 99)
    for (let i = 0; i < 300 && step.next === "options"; i++) step = option(negotiation, 99)
    expect(step.next).toBe("close")
  })
})
