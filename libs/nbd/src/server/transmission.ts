// The transmission phase of one connection: bytes in, replies out. Nothing here waits.
// Not done: ordering between requests in flight (the protocol asks for none), a READ in several chunks.
// source: doc/proto.md "Transmission", "Simple reply message", "Structured reply chunk message"
import { type Carriage, carried } from "../tokens/carriage.ts"
import { assert } from "../wire/assert.ts"
import { copyBytes, getU32 } from "../wire/bytes.ts"
import {
  Command,
  EXTENDED_REQUEST_BYTES,
  MAX_PAYLOAD,
  NBD_EXTENDED_REQUEST_MAGIC,
  NBD_REQUEST_MAGIC,
  NbdError
} from "../wire/constants.ts"
import { decodeRequestHeader, Request, requestBytes } from "../wire/request.ts"
import { admit } from "./admit.ts"
import { Answers } from "./answers.ts"
import { Backlog } from "./backlog.ts"
import { blockStatusReply } from "./block-status.ts"
import { dispatch } from "./dispatch.ts"
import type { TransmissionMode } from "./export.ts"
import { Job } from "./job.ts"
import { Placement } from "./placement.ts"
import type { ReplyBuffer } from "./reply-buffer.ts"
import type { ByteStore, PromptStore, ServedExport, WaitingStore } from "./served-export.ts"
import * as sizes from "./sizes.ts"
import type { TransmissionHost } from "./transmission-host.ts"

const NOTHING = new Uint8Array(0)

/** Why a transmission ended. */
export type EndReason = "disc" | "bad magic" | "payload too long" | "stopped"

/**
 * **When to use.** After a negotiation, for the owner of a socket: give what arrives to `receive`; the host sends the
 * replies.
 *
 * **Details.** Requests that lie whole in what arrived are performed there; a store that must wait takes a Job and
 * finishes it later. The host may stop it in front of any request, until `resume`.
 *
 * **Gotchas.** A wrong client ends it, and nothing is thrown: look at `ended`, then go on until `done`.
 */
export class Transmission {
  readonly served: ServedExport
  readonly mode: TransmissionMode
  readonly replies: ReplyBuffer
  /** Requests given to a store that waits, not answered yet. */
  inFlight = 0
  /** Why no more requests are taken, or null. What is in flight is still answered. */
  ended: EndReason | null = null
  /** The connection is gone: jobs end without an answer. */
  abandoned = false
  /** It waits in front of a request. */
  stopped = false
  /** Bytes taken so far of payloads that do not lie whole in what arrives. The owner may set it back. */
  absorbed = 0
  readonly #host: TransmissionHost
  readonly #direct: ByteStore | null
  readonly #waiting: WaitingStore | null
  readonly #prompt: PromptStore | null
  /** The request that started last is performed at once instead of as a job. */
  #isPrompt = false
  readonly #answers: Answers
  readonly #tokens: boolean
  /** A cut request's payload of more bytes than this is not kept for the next one. */
  readonly #keptPayload: number
  readonly #request = new Request()
  readonly #headerBytes: number
  readonly #header = new Uint8Array(EXTENDED_REQUEST_BYTES)
  #headerHave = 0
  /** The header of a cut request is whole, its payload is being put together. */
  #cut = false
  #payload: Uint8Array = NOTHING
  #payloadHave = 0
  readonly #placement = new Placement()
  readonly #backlog = new Backlog()
  #inside = false
  /** Jobs to be used again. */
  readonly #jobs: Array<Job> = []

  constructor(
    served: ServedExport,
    mode: TransmissionMode,
    replies: ReplyBuffer,
    host: TransmissionHost,
    carriage: Carriage = "bytes"
  ) {
    this.served = served
    this.mode = mode
    this.replies = replies
    this.#host = host
    this.#headerBytes = requestBytes(mode.extended)
    this.#answers = new Answers(served, mode, replies, host)
    this.#direct = "waits" in served.store ? null : served.store
    this.#waiting = "waits" in served.store ? served.store : null
    this.#keptPayload = this.#waiting === null ? sizes.FIRST_PAYLOAD_BYTES * 4 : sizes.LEAST_PAYLOAD_BYTES
    this.#tokens = carriage === "tokens"
    this.#prompt = this.#tokens ? null : this.#waiting?.prompt ?? null
    assert(
      !this.#tokens || (this.#direct === null && !mode.structured && !mode.extended),
      "tokens travel in simple replies of jobs"
    )
  }

  /** Nothing more will be sent: it ended, and all that was in flight is answered. */
  get done(): boolean {
    return this.ended !== null && this.inFlight === 0
  }

  /** The request whose header is there and whose payload is not, or null. */
  get cutRequest(): Request | null {
    return this.#cut ? this.#request : null
  }

  /** The header of a request has been taken, and not all of its payload. */
  get absorbing(): boolean {
    return this.#cut || this.#placement.left > 0
  }

  /** Memory held for a request that is not whole, and for what arrived behind a stop. */
  get heldBytes(): number {
    return this.#payload.length + this.#backlog.bytes.length
  }

  /** Takes bytes [from, to) of the client; they need not stay. Replies are sent before it returns. */
  receive(bytes: Uint8Array, from = 0, to = bytes.length): void {
    if (this.ended !== null) return
    this.#inside = true
    if (this.stopped) this.#backlog.push(bytes, from, to)
    else {
      const at = this.#take(bytes, from, to)
      if (this.stopped) this.#backlog.push(bytes, at, to)
    }
    this.#inside = false
    if (this.replies.length > 0) this.#host.send(this.replies)
  }

  /**
   * Memory of the store that the next bytes of the client belong to, or null: they are to be received. Whoever reads them to
   * there tells it by `placed`, before anything else is received.
   */
  get place(): Uint8Array | null {
    return this.#placement.left < sizes.DIRECT_BYTES || this.ended !== null ? null : this.#placement.room()
  }

  /** So many bytes were put into `place`. */
  placed(bytes: number): void {
    const { left } = this.#placement
    assert(left >= bytes && this.ended === null, "nothing is to be placed")
    this.#placement.advance(bytes)
    this.absorbed += bytes
    this.#inside = true
    if (left === bytes) this.#answers.status(this.#request, this.#placement.error)
    this.#inside = false
    if (this.replies.length > 0) this.#host.send(this.replies)
  }

  /** Goes on after a stop. True when it no longer waits and has taken everything that arrived. */
  resume(): boolean {
    if (!this.stopped) return true
    this.stopped = false
    this.#inside = true
    const { at, bytes, end } = this.#backlog
    this.#backlog.taken(this.#take(bytes, at, end))
    this.#inside = false
    if (this.replies.length > 0) this.#host.send(this.replies)
    return !this.stopped
  }

  /** Starts nothing more: what has not started is as if it had not come. What is in flight is still answered. */
  stop(): void {
    if (this.ended !== null) return
    this.#end("stopped", 0)
    this.stopped = false
    this.#backlog.clear()
  }

  /** The answer to a job: called by `Job.finish`. */
  finished(job: Job, error: number): void {
    assert(this.inFlight > 0, "a job finished twice")
    this.inFlight--
    const { request } = job
    if (!this.#inside && !this.abandoned) this.#host.replyReady()
    this.#answers.job = job
    if (this.abandoned) this.#host.answered(request, error, 0, job)
    else if (request.type === Command.Read && error === NbdError.Ok) {
      this.#answers.data(request, job.bytes)
    } else this.#answers.status(request, error)
    this.#answers.job = null
    job.release()
    this.#jobs.push(job)
  }

  /** Performs what is whole in [at, to); returns where it stopped, which is `to` unless it waits. */
  #take(bytes: Uint8Array, at: number, to: number): number {
    const request = this.#request
    const headerBytes = this.#headerBytes
    const { extended } = this.mode
    if (this.#placement.left > 0) {
      at = this.#place(bytes, at, to)
      if (this.#placement.left > 0) return at
    } else if (this.#cut || this.#headerHave > 0) {
      at = this.#complete(bytes, at, to)
      if (this.stopped || this.#cut || this.#headerHave > 0 || this.#placement.left > 0) return at
    }
    while (this.ended === null) {
      if (to - at < headerBytes) return at === to ? to : this.#complete(bytes, at, to)
      if (!decodeRequestHeader(bytes, at, extended, request)) return this.#end("bad magic", to)
      if (request.payloadBytes > MAX_PAYLOAD) return this.#end("payload too long", to)
      const payloadBytes = carried(this.#tokens, request.payloadBytes)
      const whole = to - at - headerBytes >= payloadBytes
      if (!whole && !this.#isPlaced(request)) {
        this.#cut = true
        return this.#complete(bytes, at + headerBytes, to)
      }
      if (!this.#tryStart(request, !whole)) return at
      at += headerBytes
      if (!whole) return this.#beginPlacing(request, bytes, at, to)
      this.#perform(request, bytes, at, payloadBytes, false)
      at += payloadBytes
    }
    return to
  }

  /** Puts a cut request together, and performs it when it is whole. */
  #complete(bytes: Uint8Array, at: number, to: number): number {
    const request = this.#request
    if (!this.#cut) {
      const added = Math.min(this.#headerBytes - this.#headerHave, to - at)
      copyBytes(this.#header, this.#headerHave, bytes, at, at + added)
      this.#headerHave += added
      at += added
      // a wrong magic is seen in its first four bytes: a short message of garbage must not leave the server waiting
      const magic = this.mode.extended ? NBD_EXTENDED_REQUEST_MAGIC : NBD_REQUEST_MAGIC
      if (this.#headerHave >= 4 && getU32(this.#header, 0) !== magic) return this.#end("bad magic", to)
      if (this.#headerHave < this.#headerBytes) return at
      decodeRequestHeader(this.#header, 0, this.mode.extended, request)
      if (request.payloadBytes > MAX_PAYLOAD) return this.#end("payload too long", to)
      if (this.#isPlaced(request)) {
        if (!this.#tryStart(request, true)) return at
        this.#headerHave = 0
        return this.#beginPlacing(request, bytes, at, to)
      }
      this.#cut = true
    }
    const payloadBytes = carried(this.#tokens, request.payloadBytes)
    const added = Math.min(payloadBytes - this.#payloadHave, to - at)
    if (added > 0) {
      this.#makeRoom(this.#payloadHave + added, payloadBytes)
      copyBytes(this.#payload, this.#payloadHave, bytes, at, at + added)
      this.#payloadHave += added
      this.absorbed += added
      at += added
    }
    if (this.#payloadHave < payloadBytes) return at
    if (!this.#tryStart(request, true)) return at
    const payload = this.#payload
    this.#cut = false
    this.#headerHave = 0
    this.#payloadHave = 0
    // one that no job takes along, or a small one, is kept for the next cut request
    const given = payload.length > (this.#isPrompt ? sizes.PROMPT_PAYLOAD_BYTES : this.#keptPayload)
    if (given) this.#payload = NOTHING
    this.#perform(request, payload, 0, payloadBytes, given)
    return at
  }

  #tryStart(request: Request, apart: boolean): boolean {
    this.#isPrompt = this.#prompt !== null && this.#prompt.mayRun(request)
    this.stopped = !this.#host.tryStart(request, apart, this.#isPrompt)
    return !this.stopped
  }

  /** A cut request that goes into its store as it comes. */
  #isPlaced(request: Request): boolean {
    return request.type === Command.Write && this.#direct?.room !== undefined &&
      request.payloadBytes >= sizes.PLACED_BYTES
  }

  #beginPlacing(request: Request, bytes: Uint8Array, at: number, to: number): number {
    assert(this.#direct !== null, "a placement without a store")
    const error = admit(this.served.info, this.mode, request)
    this.#placement.begin(this.#direct, request.offset, request.payloadBytes, error)
    return this.#place(bytes, at, to)
  }

  #place(bytes: Uint8Array, at: number, to: number): number {
    const next = this.#placement.take(bytes, at, to)
    this.absorbed += next - at
    if (this.#placement.left === 0) this.#answers.status(this.#request, this.#placement.error)
    return next
  }

  #makeRoom(bytes: number, whole: number): void {
    if (bytes <= this.#payload.length) return
    let length = Math.max(this.#payload.length, sizes.FIRST_PAYLOAD_BYTES)
    while (length < bytes) length *= 2
    const payload = new Uint8Array(Math.min(length, Math.max(whole, sizes.LEAST_PAYLOAD_BYTES)))
    payload.set(this.#payload.subarray(0, this.#payloadHave))
    this.#payload = payload
  }

  #end(reason: EndReason, to: number): number {
    this.ended = reason
    this.#payload = NOTHING
    return to
  }

  /** `given`: the payload's memory may be kept by a job. */
  #perform(request: Request, bytes: Uint8Array, at: number, payloadBytes: number, given: boolean): void {
    const { mode, served } = this
    const { type } = request
    if (type === Command.Disc) {
      this.ended = "disc"
      return
    }
    if (type === Command.BlockStatus) {
      const payload = bytes.subarray(at, at + payloadBytes)
      const reply = blockStatusReply(served.info, mode, { kind: "request", request, payload }, served.extents)
      return typeof reply === "number" ? this.#answers.status(request, reply) : this.#answers.whole(request, reply)
    }
    const error = admit(served.info, mode, request)
    if (error !== NbdError.Ok) return this.#answers.status(request, error)
    if (this.#isPrompt && this.#prompt !== null) {
      if (type === Command.Read) return this.#answers.readNow(this.#prompt, request)
      return this.#answers.status(request, this.#prompt.write(request.offset, payloadBytes, bytes, at))
    }
    if (this.#direct === null) {
      assert(this.#waiting !== null, "a store of neither kind")
      const job = this.#jobs.pop() ?? new Job(this)
      job.take(
        request,
        bytes,
        at,
        payloadBytes,
        given,
        type === Command.Read ? carried(this.#tokens, request.length) : 0
      )
      this.inFlight++
      this.#host.jobTaken(job)
      this.#waiting.perform(job)
      return
    }
    if (type === Command.Read) return this.#answers.read(this.#direct, request)
    this.#answers.status(
      request,
      dispatch(this.#direct, request, payloadBytes === 0 ? NOTHING : bytes.subarray(at, at + payloadBytes))
    )
  }
}
