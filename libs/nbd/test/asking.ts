// A negotiation in a given state, and what it answers.
import { utf8 } from "#src/wire/bytes.ts"
import {
  encodeInfoRequest,
  encodeMetaContextRequest,
  exportInfo,
  type ExportTable,
  Negotiation,
  type NegotiationState,
  type NegotiationStep,
  OptionReplyType,
  type TlsMode
} from "@swaplab/nbd"
import { toHex } from "./golden.ts"

export const T = OptionReplyType
export const disk = exportInfo({ name: "disk", size: 0x1234567, description: "a disk", preferredBlock: 8192 })
const secret = exportInfo({ name: "secret", size: 4096 })
export const table: ExportTable = {
  find: (name) => [disk, secret].find((info) => info.name === name) ?? null,
  list: () => [disk, secret],
  needsTls: (name) => name === "secret"
}
export const READY: NegotiationState = {
  secure: false,
  fixedNewstyle: true,
  noZeroes: true,
  structured: false,
  extended: false,
  options: 0,
  contextExport: null
}
export const at = (state: Partial<NegotiationState> = {}, tls: TlsMode = "none", exports: ExportTable = table) =>
  new Negotiation(exports, tls, { ...READY, ...state })
export const ask = (
  negotiation: Negotiation,
  option: number,
  data: Uint8Array | null = new Uint8Array(0)
): NegotiationStep => negotiation.step({ kind: "option", option, data })
/** The types of the replies in a step, and their data. */
export const replies = ({ reply }: NegotiationStep): ReadonlyArray<readonly [type: number, data: string]> => {
  const view = new DataView(reply.buffer, reply.byteOffset, reply.byteLength)
  const found: Array<readonly [number, string]> = []
  for (let from = 0; from < reply.length;) {
    const length = view.getUint32(from + 16)
    found.push([view.getUint32(from + 12), toHex(reply.subarray(from + 20, from + 20 + length))])
    from += 20 + length
  }
  return found
}
export const types = (step: NegotiationStep) => replies(step).map(([type]) => type)
export const go = (name: string, infos: ReadonlyArray<number> = []) => encodeInfoRequest({ name, infos })
export const meta = (name: string, ...queries: ReadonlyArray<string>) => encodeMetaContextRequest({ name, queries })
export const text = (value: string) => toHex(utf8(value))
