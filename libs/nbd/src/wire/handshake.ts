// Messages of the handshake: greeting, client flags, options and their replies.
// source: doc/proto.md "Handshake", "Option types", "Option reply types"
import { concat, getU16, getU32, putNumber, putU16, putU32, toNumber, utf8, utf8Text } from "./bytes.ts"
import {
  GREETING_BYTES,
  IHAVEOPT_HI,
  IHAVEOPT_LO,
  InfoType,
  MAX_STRING,
  NBDMAGIC_HI,
  NBDMAGIC_LO,
  OPTION_BYTES,
  OPTION_REPLY_BYTES,
  OPTION_REPLY_MAGIC_HI,
  OPTION_REPLY_MAGIC_LO
} from "./constants.ts"

const NOTHING = new Uint8Array(0)

/** Server greeting: 18 bytes; `flags` of `HandshakeFlag`. */
export const encodeGreeting = (flags: number): Uint8Array => {
  const out = new Uint8Array(GREETING_BYTES)
  putU32(out, 0, NBDMAGIC_HI)
  putU32(out, 4, NBDMAGIC_LO)
  putU32(out, 8, IHAVEOPT_HI)
  putU32(out, 12, IHAVEOPT_LO)
  putU16(out, 16, flags)
  return out
}

/** The client's answer to the greeting: 4 bytes. */
export const encodeClientFlags = (flags: number): Uint8Array => {
  const out = new Uint8Array(4)
  putU32(out, 0, flags)
  return out
}

/** An option request with its data. */
export const encodeOption = (option: number, data: Uint8Array = NOTHING): Uint8Array => {
  const out = new Uint8Array(OPTION_BYTES + data.length)
  putU32(out, 0, IHAVEOPT_HI)
  putU32(out, 4, IHAVEOPT_LO)
  putU32(out, 8, option)
  putU32(out, 12, data.length)
  out.set(data, OPTION_BYTES)
  return out
}

/** An option reply with its data; `type` is one of `OptionReplyType`. */
export const encodeOptionReply = (option: number, type: number, data: Uint8Array = NOTHING): Uint8Array => {
  const out = new Uint8Array(OPTION_REPLY_BYTES + data.length)
  putU32(out, 0, OPTION_REPLY_MAGIC_HI)
  putU32(out, 4, OPTION_REPLY_MAGIC_LO)
  putU32(out, 8, option)
  putU32(out, 12, type)
  putU32(out, 16, data.length)
  out.set(data, OPTION_REPLY_BYTES)
  return out
}

/** A string behind its 32-bit length. */
const lengthPrefixed = (text: string): Uint8Array => {
  const bytes = utf8(text)
  const length = new Uint8Array(4)
  putU32(length, 0, bytes.length)
  return concat(length, bytes)
}

/** The answer to EXPORT_NAME: 10 bytes, and 124 zero bytes unless both sides agreed on NO_ZEROES. */
export const encodeExportNameReply = (size: number, transmissionFlags: number, noZeroes: boolean): Uint8Array => {
  const out = new Uint8Array(noZeroes ? 10 : 134)
  putNumber(out, 0, size)
  putU16(out, 8, transmissionFlags)
  return out
}

/** Data of INFO and GO. */
export interface InfoRequest {
  readonly name: string
  /** Codes of `InfoType`. */
  readonly infos: ReadonlyArray<number>
}

export const encodeInfoRequest = ({ name, infos }: InfoRequest): Uint8Array => {
  const out = new Uint8Array(2 + 2 * infos.length)
  putU16(out, 0, infos.length)
  infos.forEach((info, i) => putU16(out, 2 + 2 * i, info))
  return concat(lengthPrefixed(name), out)
}

/** Null when malformed. */
export const decodeInfoRequest = (data: Uint8Array): InfoRequest | null => {
  if (data.length < 6) return null
  const nameEnd = 4 + getU32(data, 0)
  if (nameEnd - 4 > MAX_STRING || nameEnd + 2 > data.length) return null
  const name = utf8Text(data.subarray(4, nameEnd))
  const count = getU16(data, nameEnd)
  if (name === null || nameEnd + 2 + 2 * count !== data.length) return null
  const infos: Array<number> = []
  for (let at = nameEnd + 2; at < data.length; at += 2) infos.push(getU16(data, at))
  return { name, infos }
}

/** Data of LIST_META_CONTEXT and SET_META_CONTEXT. */
export interface MetaContextRequest {
  readonly name: string
  readonly queries: ReadonlyArray<string>
}

export const encodeMetaContextRequest = ({ name, queries }: MetaContextRequest): Uint8Array => {
  const count = new Uint8Array(4)
  putU32(count, 0, queries.length)
  return concat(lengthPrefixed(name), count, ...queries.map(lengthPrefixed))
}

/** Null when malformed. */
export const decodeMetaContextRequest = (data: Uint8Array): MetaContextRequest | null => {
  if (data.length < 8) return null
  let at = 4 + getU32(data, 0)
  if (at - 4 > MAX_STRING || at + 4 > data.length) return null
  const name = utf8Text(data.subarray(4, at))
  if (name === null) return null
  const count = getU32(data, at)
  at += 4
  const queries: Array<string> = []
  for (let i = 0; i < count; i++) {
    if (at + 4 > data.length) return null
    const end = at + 4 + getU32(data, at)
    if (end - at - 4 > MAX_STRING || end > data.length) return null
    const query = utf8Text(data.subarray(at + 4, end))
    if (query === null) return null
    queries.push(query)
    at = end
  }
  return at === data.length ? { name, queries } : null
}

/** Data of a REP_SERVER: an export in a list. */
export const encodeServerReply = (name: string, description = ""): Uint8Array =>
  concat(lengthPrefixed(name), utf8(description))

export const decodeServerReply = (data: Uint8Array): { readonly name: string; readonly description: string } | null => {
  if (data.length < 4 || getU32(data, 0) > MAX_STRING || 4 + getU32(data, 0) > data.length) return null
  const name = utf8Text(data.subarray(4, 4 + getU32(data, 0)))
  const description = utf8Text(data.subarray(4 + getU32(data, 0)))
  return name === null || description === null ? null : { name, description }
}

/** Data of a REP_INFO. */
export type Info =
  | { readonly type: "export"; readonly size: number; readonly transmissionFlags: number }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "description"; readonly description: string }
  | {
    readonly type: "blockSize"
    readonly minimum: number
    readonly preferred: number
    readonly maximumPayload: number
  }
  | { readonly type: "unknown"; readonly code: number; readonly data: Uint8Array }

const infoText = (code: number, text: string): Uint8Array => {
  const prefix = new Uint8Array(2)
  putU16(prefix, 0, code)
  return concat(prefix, utf8(text))
}

export const encodeInfo = (info: Info): Uint8Array => {
  switch (info.type) {
    case "export": {
      const out = new Uint8Array(12)
      putU16(out, 0, InfoType.Export)
      putNumber(out, 2, info.size)
      putU16(out, 10, info.transmissionFlags)
      return out
    }
    case "name":
      return infoText(InfoType.Name, info.name)
    case "description":
      return infoText(InfoType.Description, info.description)
    case "blockSize": {
      const out = new Uint8Array(14)
      putU16(out, 0, InfoType.BlockSize)
      putU32(out, 2, info.minimum)
      putU32(out, 6, info.preferred)
      putU32(out, 10, info.maximumPayload)
      return out
    }
    case "unknown": {
      const out = new Uint8Array(2 + info.data.length)
      putU16(out, 0, info.code)
      out.set(info.data, 2)
      return out
    }
  }
}

/** Null when malformed, or when the export is larger than 2^53 bytes. */
export const decodeInfo = (data: Uint8Array): Info | null => {
  if (data.length < 2) return null
  const code = getU16(data, 0)
  switch (code) {
    case InfoType.Export: {
      if (data.length !== 12) return null
      const size = toNumber(getU32(data, 2), getU32(data, 6))
      return size > Number.MAX_SAFE_INTEGER ? null : { type: "export", size, transmissionFlags: getU16(data, 10) }
    }
    case InfoType.Name: {
      const name = utf8Text(data.subarray(2))
      return name === null ? null : { type: "name", name }
    }
    case InfoType.Description: {
      const description = utf8Text(data.subarray(2))
      return description === null ? null : { type: "description", description }
    }
    case InfoType.BlockSize:
      return data.length !== 14 ? null : {
        type: "blockSize",
        minimum: getU32(data, 2),
        preferred: getU32(data, 6),
        maximumPayload: getU32(data, 10)
      }
    default:
      return { type: "unknown", code, data: data.subarray(2) }
  }
}

/** Data of a REP_META_CONTEXT. */
export const encodeMetaContext = (id: number, name: string): Uint8Array => {
  const prefix = new Uint8Array(4)
  putU32(prefix, 0, id)
  return concat(prefix, utf8(name))
}

export const decodeMetaContext = (data: Uint8Array): { readonly id: number; readonly name: string } | null => {
  if (data.length < 4) return null
  const name = utf8Text(data.subarray(4))
  return name === null ? null : { id: getU32(data, 0), name }
}
