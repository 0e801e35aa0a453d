// Answers to BLOCK_STATUS.
// source: doc/proto.md "Metadata querying"
import { getU32, getU64, toNumber, toU64 } from "../wire/bytes.ts"
import { CommandFlag, NbdError } from "../wire/constants.ts"
import type { RequestMessage } from "../wire/decoders.ts"
import type { Extent } from "../wire/reply.ts"
import type { Request } from "../wire/request.ts"
import { admit } from "./admit.ts"
import type { ExtentSource } from "./dispatch.ts"
import type { ExportInfo, TransmissionMode } from "./export.ts"
import { BASE_ALLOCATION_ID } from "./negotiation.ts"
import { chunkReply } from "./replies.ts"

/** Most extents in a block status reply. */
export const MAX_EXTENTS = 1024

/** What a BLOCK_STATUS asks: the range, and the contexts (null: a malformed payload). */
const blockStatusQuery = (
  request: Request,
  payload: Uint8Array,
  mode: TransmissionMode
): { readonly effectBytes: number; readonly contextIds: ReadonlyArray<number> } | null => {
  if ((request.flags & CommandFlag.PayloadLen) === 0) {
    return { effectBytes: request.length, contextIds: mode.contextIds }
  }
  if (payload.length < 8 || payload.length % 4 !== 0) return null
  const contextIds: Array<number> = []
  for (let at = 8; at < payload.length; at += 4) contextIds.push(getU32(payload, at))
  if (new Set(contextIds).size !== contextIds.length || contextIds.some((id) => !mode.contextIds.includes(id))) {
    return null
  }
  const effect = getU64(payload, 0)
  return { effectBytes: toNumber(effect.hi, effect.lo), contextIds }
}

/** The reply to a BLOCK_STATUS, or the error that answers it; 0 when no context is asked for. */
export const blockStatusReply = (
  info: ExportInfo,
  mode: TransmissionMode,
  { request, payload }: RequestMessage,
  source: ExtentSource | null
): Uint8Array | number => {
  const query = blockStatusQuery(request, payload, mode)
  const error = query === null ? NbdError.EINVAL : admit(info, mode, request, query.effectBytes)
  if (query === null || error !== NbdError.Ok || query.effectBytes === 0) {
    return error === NbdError.Ok ? NbdError.EINVAL : error
  }
  if (query.contextIds.length === 0) return NbdError.Ok
  const length = Math.min(query.effectBytes, 0xffff0000)
  const most = (request.flags & CommandFlag.ReqOne) !== 0 ? 1 : MAX_EXTENTS
  const extents: ReadonlyArray<Extent> = source === null
    ? [{ length: toU64(length), flags: { hi: 0, lo: 0 } }]
    : source.extents(request.offset, length, most)
  return chunkReply(
    mode,
    request,
    { type: mode.extended ? "statusExtended" : "status", contextId: BASE_ALLOCATION_ID, extents },
    true
  )
}
