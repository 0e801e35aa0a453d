// What BLOCK_STATUS may ask, and the flags that announce it.
import { blockStatusReply } from "#src/server/block-status.ts"
import { modeFlags } from "#src/server/export.ts"
import { Command, CommandFlag, exportInfo, NbdError, Request, SWAP_EXPORT_FLAGS, TransmissionFlag } from "@swaplab/nbd"
import { describe, expect, it } from "vitest"
import { hex, toHex } from "./golden.ts"

const SIZE = 1 << 20
const info = exportInfo({ name: "disk", size: SIZE })
const extended = { structured: true, extended: true, contextIds: [1] }
const request = (length: number, flags = 0, offset = 0): Request =>
  Object.assign(new Request(), { type: Command.BlockStatus, extended: true, lengthLo: length, offsetLo: offset, flags })

const { PayloadLen, ReqOne } = CommandFlag
const EFFECT = "0000000000001000"

describe("BLOCK_STATUS", () => {
  it.each([
    { what: "an empty payload", payload: "", error: NbdError.EINVAL },
    { what: "half of an effect length", payload: "00000000", error: NbdError.EINVAL },
    { what: "a payload that is no row of numbers", payload: `${EFFECT} 000000`, error: NbdError.EINVAL },
    { what: "a context twice", payload: `${EFFECT} 00000001 00000001`, error: NbdError.EINVAL },
    { what: "a context that was not selected", payload: `${EFFECT} 00000002`, error: NbdError.EINVAL },
    { what: "no context", payload: EFFECT, error: NbdError.Ok },
    { what: "an effect of nothing", payload: "0000000000000000 00000001", error: NbdError.EINVAL },
    { what: "an effect past the end", payload: "0000000000100001 00000001", error: NbdError.EINVAL }
  ])("with $what", ({ error, payload }) => {
    const bytes = hex(payload)
    const asked = { kind: "request" as const, request: request(bytes.length, PayloadLen), payload: bytes }
    expect(blockStatusReply(info, extended, asked, null)).toBe(error)
  })

  it.each([
    { what: "by its length", request: request(4096), payload: "" },
    { what: "by its payload", request: request(12, PayloadLen), payload: `${EFFECT} 00000001` }
  ])("$what, where nobody knows holes: one extent of data", ({ payload, request }) => {
    const reply = blockStatusReply(
      info,
      extended,
      { kind: "request", request, payload: hex(payload) },
      null
    ) as Uint8Array
    // context 1, one extent, its length and its flags, in 64 bits each
    expect(toHex(reply).endsWith("00000001000000010000000000001000" + "0000000000000000")).toBe(true)
  })

  it.each([{ flags: 0, most: 1024 }, { flags: ReqOne, most: 1 }])("with flags $flags: at most $most extents", (row) => {
    let seen: ReadonlyArray<number> = []
    const source = {
      isHole: () => false,
      extents: (...of: [offset: number, length: number, most: number]) => {
        seen = of
        return [{ length: { hi: 0, lo: of[1] }, flags: { hi: 0, lo: 0 } }]
      }
    }
    blockStatusReply(
      info,
      extended,
      { kind: "request", request: request(8192, row.flags, 512), payload: hex("") },
      source
    )
    expect(seen).toEqual([512, 8192, row.most])
  })
})

it.each([
  { structured: false, extended: false, contexts: 0, df: false, payload: false },
  { structured: true, extended: false, contexts: 0, df: true, payload: false },
  { structured: true, extended: false, contexts: 1, df: true, payload: false },
  { structured: false, extended: true, contexts: 0, df: true, payload: false },
  { structured: true, extended: true, contexts: 1, df: true, payload: true }
])("structured $structured, extended $extended, $contexts contexts: DF $df, BLOCK_STATUS_PAYLOAD $payload", (row) => {
  const mode = { ...row, contextIds: row.contexts === 0 ? [] : [1] }
  expect(modeFlags(info, mode)).toBe(
    SWAP_EXPORT_FLAGS | (row.df ? TransmissionFlag.SendDf : 0) | (row.payload ? TransmissionFlag.BlockStatusPayload : 0)
  )
})
