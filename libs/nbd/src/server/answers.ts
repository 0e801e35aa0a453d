// Replies of one connection, put in line behind each other: in place, without an object of their own where they are what a
// client that swaps waits for.
// source: doc/proto.md "Simple reply message", "Structured reply chunk message"
import { assert } from "../wire/assert.ts"
import { CommandFlag, NbdError } from "../wire/constants.ts"
import type { Request } from "../wire/request.ts"
import type { TransmissionMode } from "./export.ts"
import type { Job } from "./job.ts"
import {
  effectOf,
  encodeReadPrefix,
  encodeStatus,
  errorReply,
  holeReply,
  needsChunks,
  PREFIX_BYTES,
  readPrefixBytes
} from "./replies.ts"
import type { ReplyBuffer } from "./reply-buffer.ts"
import type { ByteStore, PromptStore, ServedExport } from "./served-export.ts"
import * as sizes from "./sizes.ts"
import type { TransmissionHost } from "./transmission-host.ts"

export class Answers {
  /** The job that is being answered; null: the request was performed at once. */
  job: Job | null = null
  readonly #extents: ServedExport["extents"]
  readonly #mode: TransmissionMode
  readonly #chunked: boolean
  readonly #prefixBytes: number
  readonly #replies: ReplyBuffer
  readonly #host: TransmissionHost

  constructor({ extents }: ServedExport, mode: TransmissionMode, replies: ReplyBuffer, host: TransmissionHost) {
    this.#extents = extents
    this.#mode = mode
    this.#chunked = mode.structured || mode.extended
    this.#prefixBytes = readPrefixBytes(mode)
    this.#replies = replies
    this.#host = host
  }

  /** The error of a request, or its success when it brings no data. */
  status(request: Request, error: number): void {
    if (error !== NbdError.Ok && needsChunks(this.#mode, request)) {
      this.#append(errorReply(this.#mode, request, error))
    } else {
      this.#makeRoom(PREFIX_BYTES)
      this.#replies.at += encodeStatus(this.#replies.bytes, this.#replies.at, this.#mode, request, error)
    }
    this.#sent(request, 0, error)
  }

  /** A reply that is made already. */
  whole(request: Request, reply: Uint8Array): void {
    this.#append(reply)
    this.#sent(request, 0, NbdError.Ok)
  }

  /** A READ from a store that answers at once. */
  read(store: ByteStore, request: Request): void {
    const { length, offset } = request
    if (this.#isHole(request)) return this.#hole(request)
    if (this.#isEmptyChunk(request)) return this.status(request, NbdError.Ok)
    if (length >= sizes.VIEW_BYTES && store.view !== undefined) {
      this.#prefix(request)
      for (let done = 0; done < length;) {
        const view = store.view(offset + done, length - done)
        this.#replies.view(view)
        done += view.length
      }
      return this.#sent(request, length, NbdError.Ok)
    }
    if (!this.#replies.fits(this.#prefixBytes + length)) {
      const data = new Uint8Array(length)
      const error = store.read(offset, length, data)
      return error === NbdError.Ok ? this.data(request, data) : this.status(request, error)
    }
    const { at, bytes } = this.#replies
    const from = at + this.#prefixBytes
    const error = store.read(offset, length, bytes.subarray(from, from + length))
    if (error !== NbdError.Ok) return this.status(request, error)
    encodeReadPrefix(bytes, at, this.#mode, request)
    this.#replies.at = from + length
    this.#sent(request, length, NbdError.Ok)
  }

  /** A READ that a store with jobs performs at once: its data goes where the reply is written. */
  readNow(store: PromptStore, request: Request): void {
    const { length, offset } = request
    if (this.#isHole(request)) return this.#hole(request)
    if (this.#isEmptyChunk(request)) return this.status(request, NbdError.Ok)
    this.#makeRoom(this.#prefixBytes + length)
    const { at, bytes } = this.#replies
    const from = at + this.#prefixBytes
    assert(from + length <= bytes.length, "a prompt READ that is larger than the buffer of replies")
    const error = store.read(offset, length, bytes, from)
    if (error !== NbdError.Ok) return this.status(request, error)
    encodeReadPrefix(bytes, at, this.#mode, request)
    this.#replies.at = from + length
    this.#sent(request, length, NbdError.Ok)
  }

  /** The data of a READ. */
  data(request: Request, data: Uint8Array): void {
    if (this.#isHole(request)) return this.#hole(request)
    if (this.#isEmptyChunk(request)) return this.status(request, NbdError.Ok)
    this.#prefix(request)
    if (data.length >= sizes.VIEW_BYTES) this.#replies.view(data)
    else this.#append(data)
    this.#sent(request, request.length, NbdError.Ok)
  }

  /** The whole range of a READ is a hole, and the client understands that and did not ask for one fragment. */
  #isHole(request: Request): boolean {
    return this.#chunked && this.#extents !== null && (request.flags & CommandFlag.Df) === 0 && request.lengthLo > 0 &&
      this.#extents.isHole(request.offset, request.length)
  }

  /** A chunk has no empty data. */
  #isEmptyChunk(request: Request): boolean {
    return this.#chunked && request.length === 0
  }

  #hole(request: Request): void {
    this.#append(holeReply(this.#mode, request))
    this.#sent(request, request.length, NbdError.Ok)
  }

  #prefix(request: Request): void {
    this.#makeRoom(PREFIX_BYTES)
    encodeReadPrefix(this.#replies.bytes, this.#replies.at, this.#mode, request)
    this.#replies.at += this.#prefixBytes
  }

  #append(reply: Uint8Array): void {
    this.#makeRoom(reply.length)
    this.#replies.append(reply)
  }

  #makeRoom(bytes: number): void {
    if (!this.#replies.fits(bytes)) this.#host.send(this.#replies)
  }

  #sent(request: Request, bytes: number, error: number): void {
    const effect = error !== NbdError.Ok || bytes > 0 ? bytes : effectOf(request)
    this.#host.answered(request, error, effect, this.job)
    const { at, bytes: room, length } = this.#replies
    if (at >= room.length / 2 || length >= sizes.SEND_BYTES) this.#host.send(this.#replies)
  }
}
