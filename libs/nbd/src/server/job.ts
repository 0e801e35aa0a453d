// A request that a store performs in its own time. Jobs are used again: a store forgets a job when it has finished it.
import { copyBytes } from "../wire/bytes.ts"
import { Command } from "../wire/constants.ts"
import { Request } from "../wire/request.ts"

/** Called when a job has ended. */
export interface JobOwner {
  finished(job: Job, error: number): void
}

/** Data buffers of jobs by size, used again. A store must fill all of a READ: what is in them came from other clients. */
export class Buffers {
  readonly #bySize = new Map<number, Array<Uint8Array>>()

  take(bytes: number): Uint8Array {
    return this.#bySize.get(bytes)?.pop() ?? new Uint8Array(bytes)
  }

  give(buffer: Uint8Array): void {
    if (buffer.length > 16384 || buffer.length === 0) return
    let free = this.#bySize.get(buffer.length)
    if (free === undefined) {
      if (this.#bySize.size >= 16) return
      this.#bySize.set(buffer.length, free = [])
    }
    if (free.length < 64) free.push(buffer)
  }
}

const buffers = new Buffers()
const NOTHING = new Uint8Array(0)

export class Job {
  /** The request; its payload is `bytes`. */
  readonly request = new Request()
  /** What a WRITE writes; where a READ puts its data, all of it. */
  bytes: Uint8Array = NOTHING
  /** For the store that takes the job: when it began, in the store's own time. */
  stamp = 0
  /** The payload's memory came from the connection. */
  #given = false
  readonly #owner: JobOwner

  constructor(owner: JobOwner) {
    this.#owner = owner
  }

  /**
   * Takes over a request and its payload; a payload that is not `given` is copied. `readBytes`: room that the data of a
   * READ takes.
   */
  take(
    request: Request,
    bytes: Uint8Array,
    at: number,
    payloadBytes: number,
    given: boolean,
    readBytes: number
  ): void {
    const own = this.request
    own.extended = request.extended
    own.flags = request.flags
    own.type = request.type
    own.cookieHi = request.cookieHi
    own.cookieLo = request.cookieLo
    own.offsetHi = request.offsetHi
    own.offsetLo = request.offsetLo
    own.lengthHi = request.lengthHi
    own.lengthLo = request.lengthLo
    this.#given = given
    if (request.type === Command.Read) this.bytes = buffers.take(readBytes)
    else if (payloadBytes === 0) this.bytes = NOTHING
    else if (given) this.bytes = bytes.subarray(at, at + payloadBytes)
    else {
      this.bytes = buffers.take(payloadBytes)
      copyBytes(this.bytes, 0, bytes, at, at + payloadBytes)
    }
  }

  /** Answers the request: 0, or one of `NbdError`. */
  finish(error: number): void {
    this.#owner.finished(this, error)
  }

  /** Its reply has been written: the data is no longer needed. */
  release(): void {
    if (!this.#given) buffers.give(this.bytes)
    this.bytes = NOTHING
  }
}
