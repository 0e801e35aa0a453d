// Payloads of structured and extended chunks.
// source: doc/proto.md "Structured reply types"
import { concat, getU16, getU32, getU64, putU16, putU32, putU64, type U64, utf8 } from "./bytes.ts"
import { ChunkType } from "./constants.ts"
import type { Extent } from "./reply.ts"

/** What a chunk says. */
export type Chunk =
  | { readonly type: "none" }
  | { readonly type: "data"; readonly offset: U64; readonly data: Uint8Array }
  | { readonly type: "hole"; readonly offset: U64; readonly length: number }
  | { readonly type: "status"; readonly contextId: number; readonly extents: ReadonlyArray<Extent> }
  | { readonly type: "statusExtended"; readonly contextId: number; readonly extents: ReadonlyArray<Extent> }
  | { readonly type: "error"; readonly error: number; readonly message: Uint8Array }
  | { readonly type: "errorOffset"; readonly error: number; readonly message: Uint8Array; readonly offset: U64 }
  /** A type unknown here: an error when bit 15 is set, otherwise the client must disconnect. */
  | { readonly type: "unknown"; readonly code: number; readonly payload: Uint8Array }

const chunkCodes = {
  none: ChunkType.None,
  data: ChunkType.OffsetData,
  hole: ChunkType.OffsetHole,
  status: ChunkType.BlockStatus,
  statusExtended: ChunkType.BlockStatusExt,
  error: ChunkType.Error,
  errorOffset: ChunkType.ErrorOffset
} as const

/** The type code of a chunk. */
export const chunkCode = (chunk: Chunk): number => chunk.type === "unknown" ? chunk.code : chunkCodes[chunk.type]

/** The payload of a chunk. */
export const encodeChunk = (chunk: Chunk): Uint8Array => {
  switch (chunk.type) {
    case "none":
      return new Uint8Array(0)
    case "data": {
      const prefix = new Uint8Array(8)
      putU64(prefix, 0, chunk.offset)
      return concat(prefix, chunk.data)
    }
    case "hole": {
      const out = new Uint8Array(12)
      putU64(out, 0, chunk.offset)
      putU32(out, 8, chunk.length)
      return out
    }
    case "status": {
      const out = new Uint8Array(4 + 8 * chunk.extents.length)
      putU32(out, 0, chunk.contextId)
      chunk.extents.forEach(({ length, flags }, i) => {
        putU32(out, 4 + 8 * i, length.lo)
        putU32(out, 8 + 8 * i, flags.lo)
      })
      return out
    }
    case "statusExtended": {
      const out = new Uint8Array(8 + 16 * chunk.extents.length)
      putU32(out, 0, chunk.contextId)
      putU32(out, 4, chunk.extents.length)
      chunk.extents.forEach(({ length, flags }, i) => {
        putU64(out, 8 + 16 * i, length)
        putU64(out, 16 + 16 * i, flags)
      })
      return out
    }
    case "error":
    case "errorOffset": {
      const prefix = new Uint8Array(6)
      putU32(prefix, 0, chunk.error)
      putU16(prefix, 4, chunk.message.length)
      if (chunk.type === "error") return concat(prefix, chunk.message)
      const offset = new Uint8Array(8)
      putU64(offset, 0, chunk.offset)
      return concat(prefix, chunk.message, offset)
    }
    case "unknown":
      return chunk.payload
  }
}

/** Reads the payload of a chunk of type `code`. Null when it is malformed: the client must disconnect. */
export const decodeChunk = (code: number, payload: Uint8Array): Chunk | null => {
  const { length } = payload
  switch (code) {
    case ChunkType.None:
      return length === 0 ? { type: "none" } : null
    case ChunkType.OffsetData:
      return length < 9 ? null : { type: "data", offset: getU64(payload, 0), data: payload.subarray(8) }
    case ChunkType.OffsetHole:
      return length !== 12 ? null : { type: "hole", offset: getU64(payload, 0), length: getU32(payload, 8) }
    case ChunkType.BlockStatus: {
      if (length < 12 || length % 8 !== 4) return null
      const extents: Array<Extent> = []
      for (let at = 4; at < length; at += 8) {
        extents.push({ length: { hi: 0, lo: getU32(payload, at) }, flags: { hi: 0, lo: getU32(payload, at + 4) } })
      }
      return { type: "status", contextId: getU32(payload, 0), extents }
    }
    case ChunkType.BlockStatusExt: {
      if (length < 24 || length % 16 !== 8 || getU32(payload, 4) !== (length - 8) / 16) return null
      const extents: Array<Extent> = []
      for (let at = 8; at < length; at += 16) {
        extents.push({ length: getU64(payload, at), flags: getU64(payload, at + 8) })
      }
      return { type: "statusExtended", contextId: getU32(payload, 0), extents }
    }
    case ChunkType.Error:
    case ChunkType.ErrorOffset: {
      if (length < 6) return null
      const end = 6 + getU16(payload, 4)
      const message = payload.subarray(6, end)
      const error = getU32(payload, 0)
      if (code === ChunkType.Error) return length === end ? { type: "error", error, message } : null
      return length === end + 8 ? { type: "errorOffset", error, message, offset: getU64(payload, end) } : null
    }
    default:
      return { type: "unknown", code, payload }
  }
}

/** An error chunk with a text. */
export const errorChunk = (error: number, message = ""): Chunk => ({ type: "error", error, message: utf8(message) })
