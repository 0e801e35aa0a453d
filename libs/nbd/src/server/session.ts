// A whole connection to a server whose stores answer at once: bytes in, bytes out.
import { getU32, getU64, toNumber, toU64 } from "../wire/bytes.ts"
import { concat } from "../wire/bytes.ts"
import { Command, CommandFlag, NbdError } from "../wire/constants.ts"
import { OptionDecoder, RequestDecoder, type RequestMessage } from "../wire/decoders.ts"
import { encodeGreeting } from "../wire/handshake.ts"
import type { Extent } from "../wire/reply.ts"
import type { Request } from "../wire/request.ts"
import { admit } from "./admit.ts"
import { dispatch, type ExportStore, type ExtentSource } from "./dispatch.ts"
import type { ExportInfo, TransmissionMode } from "./export.ts"
import { BASE_ALLOCATION_ID, type ExportTable, Negotiation } from "./negotiation.ts"
import { chunkReply, readReply, statusReply } from "./replies.ts"

/** Most extents in a block status reply. */
const MAX_EXTENTS = 1024

/** What a BLOCK_STATUS asks: the range, and the contexts (null: a malformed payload). */
export const blockStatusQuery = (
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

/** Cuts what a store says to what the client asked: one extent for REQ_ONE, never longer than `length`. */
const trimmed = (extents: ReadonlyArray<Extent>, flags: number): ReadonlyArray<Extent> =>
  (flags & CommandFlag.ReqOne) !== 0 ? extents.slice(0, 1) : extents.slice(0, MAX_EXTENTS)

/** The answer to a BLOCK_STATUS. */
export const blockStatusReply = (
  info: ExportInfo,
  mode: TransmissionMode,
  { request, payload }: RequestMessage,
  source: ExtentSource | null
): Uint8Array => {
  const query = blockStatusQuery(request, payload, mode)
  const error = query === null ? NbdError.EINVAL : admit(info, mode, request, query.effectBytes)
  if (query === null || error !== NbdError.Ok || query.effectBytes === 0) {
    return statusReply(mode, request, error === NbdError.Ok ? NbdError.EINVAL : error)
  }
  if (query.contextIds.length === 0) return statusReply(mode, request, NbdError.Ok)
  const length = Math.min(query.effectBytes, 0xffff0000)
  const extents = trimmed(
    source === null
      ? [{ length: toU64(length), flags: { hi: 0, lo: 0 } }]
      : source.extents(request.offset, length),
    request.flags
  )
  return chunkReply(
    mode,
    request,
    { type: mode.extended ? "statusExtended" : "status", contextId: BASE_ALLOCATION_ID, extents },
    true
  )
}

/** An export and where its bytes are. */
export interface ServedExport {
  readonly info: ExportInfo
  readonly store: ExportStore<Uint8Array, number>
  readonly extents: ExtentSource | null
}

/** One connection over stores that answer at once. */
export class ServerSession {
  /** The connection must be closed once everything that was returned has been sent. */
  closed = false
  readonly #exports: ReadonlyMap<string, ServedExport>
  readonly #options = new OptionDecoder()
  readonly #requests = new RequestDecoder()
  readonly #negotiation: Negotiation
  #served: ServedExport | null = null
  #mode: TransmissionMode | null = null

  /** The first of the exports is the default one. */
  constructor(exports: ReadonlyArray<ServedExport>) {
    const byName = new Map(exports.map((served) => [served.info.name, served]))
    const table: ExportTable = {
      find: (name) => (name === "" && !byName.has("") ? exports[0] : byName.get(name))?.info ?? null,
      list: () => exports.map(({ info }) => info)
    }
    this.#exports = byName
    this.#negotiation = new Negotiation(table)
  }

  /** What the server says first. */
  greeting(): Uint8Array {
    return encodeGreeting(Negotiation.flags)
  }

  /** Takes bytes of the client; returns the bytes to send. */
  push(bytes: Uint8Array): Uint8Array {
    const out: Array<Uint8Array> = []
    if (this.#served === null) {
      this.#options.push(bytes)
      this.#negotiate(out)
    } else this.#requests.push(bytes)
    if (this.#served !== null) this.#transmit(this.#served, out)
    return concat(...out)
  }

  #negotiate(out: Array<Uint8Array>): void {
    while (!this.closed) {
      const message = this.#options.next()
      if (message === null) return
      if (message.kind === "fault") {
        this.closed = true
        return
      }
      const step = this.#negotiation.step(message)
      out.push(step.reply)
      if (step.next === "close" || step.next === "tls") this.closed = true
      else if (step.next === "transmission") {
        this.#served = this.#exports.get(step.exportInfo.name) ?? null
        this.#mode = step.mode
        this.#requests.extended = step.mode.extended
        this.#requests.push(this.#options.rest())
        return
      }
    }
  }

  #transmit(served: ServedExport, out: Array<Uint8Array>): void {
    const mode = this.#mode
    while (!this.closed && mode !== null) {
      const message = this.#requests.next()
      if (message === null) return
      if (message.kind === "fault" || message.request.type === Command.Disc) {
        this.closed = true
        return
      }
      out.push(this.#perform(served, mode, message))
    }
  }

  #perform({ info, store, extents }: ServedExport, mode: TransmissionMode, message: RequestMessage): Uint8Array {
    const { request, payload } = message
    if (request.type === Command.BlockStatus) return blockStatusReply(info, mode, message, extents)
    const error = admit(info, mode, request)
    if (error !== NbdError.Ok) return statusReply(mode, request, error)
    if (request.type !== Command.Read) return statusReply(mode, request, dispatch(store, request, payload))
    const data = new Uint8Array(request.length)
    const readError = dispatch(store, request, data)
    if (readError !== NbdError.Ok) return statusReply(mode, request, readError)
    const hole = extents !== null && data.length > 0 && (request.flags & CommandFlag.Df) === 0 &&
      extents.extents(request.offset, data.length).every(({ flags }) => flags.lo === 3)
    return readReply(mode, request, data, hole)
  }
}
