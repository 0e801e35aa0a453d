// Which requests a server admits: each command with each flag, in each mode, at the limits of its range.
import { admit } from "#src/server/admit.ts"
import {
  Command,
  CommandFlag,
  exportInfo,
  NbdError,
  Request,
  SIMPLE_MODE,
  SWAP_EXPORT_FLAGS,
  TransmissionFlag as T
} from "@swaplab/nbd"
import { describe, expect, it } from "vitest"
import { EXTENDED, STRUCTURED } from "./rig.ts"

const { BlockStatus, Cache, Disc, Flush, Read, Trim, Write, WriteZeroes } = Command

describe("admission", () => {
  const request = (type: number, flags = 0, length = 4096, offset = 0) =>
    Object.assign(new Request(), { type, flags, lengthLo: length, offsetLo: offset })
  const info = (flags: number = SWAP_EXPORT_FLAGS) =>
    exportInfo({ name: "disk", size: 1 << 20, flags, minimumBlock: 512, maximumPayload: 65_536 })
  const { Df, FastZero, Fua, NoHole, PayloadLen, ReqOne } = CommandFlag
  const { EINVAL, ENOSPC, EPERM, Ok } = NbdError

  // which flags each command knows, with everything offered
  it.each([
    { type: Read, knows: Fua | Df },
    { type: Write, knows: Fua | PayloadLen },
    { type: Flush, knows: Fua },
    { type: Trim, knows: Fua },
    { type: Cache, knows: Fua },
    { type: WriteZeroes, knows: Fua | NoHole | FastZero },
    { type: BlockStatus, knows: Fua | ReqOne | PayloadLen },
    { type: Disc, knows: -1 },
    { type: 99, knows: -1 }
  ])("command $type knows the flags $knows", ({ knows, type }) => {
    for (const flag of [0, Fua, NoHole, Df, ReqOne, FastZero, PayloadLen, 0x8000]) {
      const known = knows >= 0 && (flag & ~knows) === 0
      expect([flag, admit(info(), EXTENDED, request(type, flag))]).toEqual([flag, known ? Ok : EINVAL])
    }
  })

  // what an export does not offer
  it.each([
    { type: Flush, flags: 0, lacks: T.SendFlush },
    { type: Trim, flags: 0, lacks: T.SendTrim },
    { type: Cache, flags: 0, lacks: T.SendCache },
    { type: WriteZeroes, flags: 0, lacks: T.SendWriteZeroes },
    { type: Write, flags: Fua, lacks: T.SendFua },
    { type: WriteZeroes, flags: FastZero, lacks: T.SendFastZero }
  ])("command $type with flags $flags needs $lacks", ({ flags, lacks, type }) => {
    expect(admit(info(), EXTENDED, request(type, flags))).toBe(Ok)
    expect(admit(info(SWAP_EXPORT_FLAGS & ~lacks), EXTENDED, request(type, flags))).toBe(EINVAL)
    expect(admit(info(T.HasFlags | lacks), EXTENDED, request(type, flags & ~Fua & ~FastZero))).toBe(
      type === WriteZeroes && lacks === T.SendFastZero ? EINVAL : Ok
    )
  })

  it.each([
    { mode: SIMPLE_MODE, type: Read, flags: Df, error: EINVAL },
    { mode: STRUCTURED, type: Read, flags: Df, error: Ok },
    { mode: SIMPLE_MODE, type: Write, flags: PayloadLen, error: EINVAL },
    { mode: STRUCTURED, type: BlockStatus, flags: PayloadLen, error: EINVAL },
    { mode: STRUCTURED, type: BlockStatus, flags: 0, error: Ok },
    { mode: { ...STRUCTURED, contextIds: [] }, type: BlockStatus, flags: 0, error: EINVAL },
    { mode: { ...EXTENDED, contextIds: [] }, type: BlockStatus, flags: PayloadLen, error: EINVAL },
    { mode: { ...EXTENDED, contextIds: [] }, type: Write, flags: PayloadLen, error: Ok }
  ])("command $type with flags $flags in $mode: $error", ({ error, flags, mode, type }) => {
    expect(admit(info(), mode, request(type, flags))).toBe(error)
  })

  it.each([
    { type: Read, length: 65_536, offset: 0, error: Ok },
    { type: Read, length: 65_536 + 512, offset: 0, error: EINVAL },
    { type: Write, length: 65_536 + 512, offset: 0, error: EINVAL },
    { type: Cache, length: 65_536 + 512, offset: 0, error: Ok },
    { type: WriteZeroes, length: 1 << 20, offset: 0, error: Ok },
    { type: WriteZeroes, length: 512, offset: 1 << 20, error: ENOSPC },
    { type: Write, length: 512, offset: (1 << 20) - 511, error: ENOSPC },
    { type: Cache, length: 512, offset: 1 << 20, error: EINVAL },
    { type: BlockStatus, length: 512, offset: 1 << 20, error: EINVAL },
    { type: Read, length: 0, offset: 1 << 20, error: Ok },
    { type: Read, length: 511, offset: 0, error: EINVAL },
    { type: Read, length: 512, offset: 511, error: EINVAL },
    { type: Flush, length: 511, offset: 511, error: Ok }
  ])("command $type of $length bytes at $offset: $error", ({ error, length, offset, type }) => {
    expect(admit(info(), EXTENDED, request(type, 0, length, offset))).toBe(error)
  })

  it("a read-only export is not changed, and only that", () => {
    const errors = [Read, Write, Flush, Trim, Cache, WriteZeroes, BlockStatus].map((type) =>
      admit(info(SWAP_EXPORT_FLAGS | T.ReadOnly), EXTENDED, request(type))
    )
    expect(errors).toEqual([Ok, EPERM, Ok, EPERM, Ok, EPERM, Ok])
  })

  it("the range of a BLOCK_STATUS may be given apart from its length", () => {
    expect(admit(info(), EXTENDED, request(BlockStatus, PayloadLen, 12), 512)).toBe(Ok)
    expect(admit(info(), EXTENDED, request(BlockStatus, PayloadLen, 12), 513)).toBe(EINVAL)
  })
})

it("an export is what its maker may say", () => {
  const make = (options: object) => () => exportInfo({ name: "a", size: 1, ...options })
  for (
    const good of [
      { size: 0 },
      { size: 2 ** 53 - 2 ** 32 - 1 },
      { minimumBlock: 65_536, preferredBlock: 65_536 },
      { preferredBlock: 512 },
      { name: "a".repeat(4096) },
      { maximumPayload: 4096 }
    ]
  ) {
    expect(make(good)).not.toThrow()
  }
  for (
    const bad of [
      { size: -1 },
      { size: 1.5 },
      { size: 2 ** 53 - 2 ** 32 },
      { minimumBlock: 0 },
      { minimumBlock: 3 },
      { minimumBlock: 131_072, preferredBlock: 131_072 },
      { preferredBlock: 511 },
      { minimumBlock: 8192 },
      { maximumPayload: 4095 },
      { name: "a".repeat(4097) }
    ]
  ) {
    expect(make(bad)).toThrow()
  }
})
