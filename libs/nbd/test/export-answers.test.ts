// What a server tells of an export, which export an option is about, and options on the wire.
import { utf8 } from "#src/wire/bytes.ts"
import {
  encodeOption,
  MAX_OPTION_DATA,
  MAX_SKIPPED_OPTION_DATA,
  MAX_STRING,
  namedIn,
  Option,
  OptionDecoder
} from "@swaplab/nbd"
import { describe, expect, it } from "vitest"
import { ask, at, disk, go, meta, replies, T, text } from "./asking.ts"
import { hex, toHex } from "./golden.ts"

const { ExportName, Go, Info, List, ListMetaContext, SetMetaContext } = Option

describe("what GO tells", () => {
  // export: size and flags with DF only where chunks are known
  const EXPORT = "0000" + "0000000001234567"
  it.each([
    { infos: [], told: [`${EXPORT}0d6d`] },
    { infos: [0], told: [`${EXPORT}0d6d`] },
    { infos: [1], told: [`0001${text("disk")}`, `${EXPORT}0d6d`] },
    { infos: [2], told: [`0002${text("a disk")}`, `${EXPORT}0d6d`] },
    { infos: [3], told: ["0003000000010000200002000000", `${EXPORT}0d6d`] },
    {
      infos: [2, 1, 77, 3],
      told: ["0003000000010000200002000000", `0001${text("disk")}`, `0002${text("a disk")}`, `${EXPORT}0d6d`]
    },
    { infos: [], state: { structured: true }, told: [`${EXPORT}0ded`] },
    { infos: [], state: { extended: true, contextExport: "disk" }, told: [`${EXPORT}1ded`] },
    { infos: [], state: { extended: true, contextExport: "secret" }, told: [`${EXPORT}0ded`] }
  ])("about $infos in $state", ({ infos, state = {}, told }) => {
    const step = ask(at(state), Go, go("disk", infos))
    expect(replies(step)).toEqual([...told.map((data) => [T.Info, data]), [T.Ack, ""]])
    expect(step).toMatchObject({
      next: "transmission",
      exportInfo: disk,
      mode: {
        structured: "structured" in state,
        extended: "extended" in state,
        contextIds: "contextExport" in state && state.contextExport === "disk" ? [1] : []
      }
    })
  })

  it.each([true, false])("EXPORT_NAME with NO_ZEROES %s", (noZeroes) => {
    const step = ask(at({ noZeroes, structured: true, contextExport: "disk" }), ExportName, utf8("disk"))
    expect([step.reply.length, toHex(step.reply.subarray(0, 10))]).toEqual([
      noZeroes ? 10 : 134,
      "00000000012345670ded"
    ])
    expect(step).toMatchObject({ exportInfo: disk, mode: { structured: true, extended: false, contextIds: [1] } })
  })

  it("the context has an id when it is set, and none when it is listed", () => {
    const [context] = [replies(ask(at({ structured: true }), SetMetaContext, meta("disk", "base:allocation")))[0]]
    expect(context[1]).toBe(`00000001${text("base:allocation")}`)
    expect(replies(ask(at(), ListMetaContext, meta("disk")))[0][1]).toBe(`00000000${text("base:allocation")}`)
  })
})

it.each([
  { option: ExportName, data: utf8("disk"), name: "disk" },
  { option: ExportName, data: new Uint8Array(MAX_STRING).fill(65), name: "A".repeat(MAX_STRING) },
  { option: ExportName, data: new Uint8Array(MAX_STRING + 1).fill(65), name: null },
  { option: ExportName, data: null, name: null },
  { option: Go, data: go("a"), name: "a" },
  { option: Info, data: go("b"), name: "b" },
  { option: Go, data: hex("00"), name: null },
  { option: ListMetaContext, data: meta("c"), name: "c" },
  { option: SetMetaContext, data: meta("d"), name: "d" },
  { option: SetMetaContext, data: hex("00"), name: null },
  { option: List, data: utf8("disk"), name: null }
])("option $option is about $name", ({ data, name, option }) => {
  expect(namedIn({ kind: "option", option, data })).toBe(name)
})

describe("options on the wire", () => {
  const greeted = () => {
    const decoder = new OptionDecoder()
    decoder.push(hex("00000003"))
    expect([decoder.next(), decoder.next()]).toEqual([{ kind: "clientFlags", flags: 3 }, null])
    return decoder
  }
  const header = (length: number) => {
    const bytes = encodeOption(Info)
    new DataView(bytes.buffer).setUint32(12, length)
    return bytes
  }

  it.each([
    { length: MAX_OPTION_DATA, kept: true },
    { length: MAX_OPTION_DATA + 1, kept: false }
  ])("with $length bytes are kept: $kept", ({ kept, length }) => {
    const decoder = greeted()
    decoder.push(header(length))
    expect(decoder.next()).toBe(null)
    decoder.push(new Uint8Array(length - 1))
    expect(decoder.next()).toBe(null)
    decoder.push(new Uint8Array(1))
    expect(decoder.next()).toEqual({ kind: "option", option: Info, data: kept ? new Uint8Array(length) : null })
    expect([decoder.next(), decoder.rest().length]).toEqual([null, 0])
  })

  it.each([{ length: MAX_SKIPPED_OPTION_DATA, fault: false }, { length: MAX_SKIPPED_OPTION_DATA + 1, fault: true }])(
    "that announce $length bytes are a fault: $fault",
    ({ fault, length }) => {
      const decoder = greeted()
      decoder.push(header(length))
      expect(decoder.next()).toEqual(fault ? { kind: "fault", reason: "payload too long" } : null)
    }
  )

  it("with a wrong magic are a fault, whatever comes after it; eight bytes tell", () => {
    for (const wrong of ["49484156454f5055", "49484157454f5054"]) {
      const decoder = greeted()
      decoder.push(hex(wrong).subarray(0, 7))
      expect(decoder.next()).toBe(null)
      decoder.push(hex(wrong).subarray(7))
      const fault = { kind: "fault", reason: "bad magic" }
      expect(decoder.next()).toEqual(fault)
      decoder.push(encodeOption(List))
      expect([decoder.next(), decoder.rest().length]).toEqual([fault, 8])
    }
  })
})
