import { assert } from "../wire/assert.ts"
import { MAX_PAYLOAD, MAX_STRING, TransmissionFlag } from "../wire/constants.ts"

/** What a server tells of an export, and holds its clients to. */
export interface ExportInfo {
  readonly name: string
  readonly description: string
  /** Bytes, at most 2^53 − 1 − 2^32. */
  readonly size: number
  /** Bits of `TransmissionFlag`, without those that depend on what was negotiated (see `modeFlags`). */
  readonly flags: number
  /** Power of two, 1 … 65536: offsets and lengths must be multiples of it. */
  readonly minimumBlock: number
  readonly preferredBlock: number
  /** Largest READ or WRITE. */
  readonly maximumPayload: number
}

/** A swap export: can be written, has holes, one coherent store for all connections. */
export const SWAP_EXPORT_FLAGS = TransmissionFlag.HasFlags | TransmissionFlag.SendFlush | TransmissionFlag.SendFua |
  TransmissionFlag.SendTrim | TransmissionFlag.SendWriteZeroes | TransmissionFlag.CanMultiConn |
  TransmissionFlag.SendCache | TransmissionFlag.SendFastZero

/** An image that many clients read: read-only, one coherent store for all connections. */
export const IMAGE_EXPORT_FLAGS = TransmissionFlag.HasFlags | TransmissionFlag.ReadOnly | TransmissionFlag.SendFlush |
  TransmissionFlag.CanMultiConn | TransmissionFlag.SendCache

/** An export with the usual values for what is left out. */
export const exportInfo = (options: Partial<ExportInfo> & Pick<ExportInfo, "name" | "size">): ExportInfo => {
  const info: ExportInfo = {
    description: "",
    flags: SWAP_EXPORT_FLAGS,
    minimumBlock: 1,
    preferredBlock: 4096,
    maximumPayload: MAX_PAYLOAD,
    ...options
  }
  const { size, minimumBlock, preferredBlock, maximumPayload } = info
  assert(Number.isInteger(size) && size >= 0 && size < 2 ** 53 - 2 ** 32, "size of an export")
  assert(
    minimumBlock >= 1 && minimumBlock <= 65536 && (minimumBlock & (minimumBlock - 1)) === 0,
    "minimum block size of an export"
  )
  assert(preferredBlock >= Math.max(minimumBlock, 512) && maximumPayload >= preferredBlock, "block sizes of an export")
  assert(info.name.length <= MAX_STRING, "name of an export")
  return info
}

/** What a connection has negotiated. */
export interface TransmissionMode {
  readonly structured: boolean
  /** Extended headers; they imply extended replies to everything. */
  readonly extended: boolean
  /** Ids of the meta contexts that were selected. */
  readonly contextIds: ReadonlyArray<number>
}

/** Old-style requests and simple replies: what the kernel of 2012 speaks. */
export const SIMPLE_MODE: TransmissionMode = { structured: false, extended: false, contextIds: [] }

/** The transmission flags of an export on a connection. */
export const modeFlags = (info: ExportInfo, mode: TransmissionMode): number =>
  info.flags | (mode.structured || mode.extended ? TransmissionFlag.SendDf : 0) |
  (mode.extended && mode.contextIds.length > 0 ? TransmissionFlag.BlockStatusPayload : 0)
