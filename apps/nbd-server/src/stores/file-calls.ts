// The calls of Node for the data of a file, those of its thread pool and those that the event loop does itself.
import { NbdError } from "@swaplab/nbd"
import { fdatasync, read, readSync, write, writeSync } from "node:fs"
import { type Why, whyOf } from "./refusals.ts"

/** Called with 0, or one of `NbdError`. */
export type Done = (error: number) => void

type Ended = (error: NodeJS.ErrnoException | null, count: number) => void
type Call = (fd: number, bytes: Uint8Array, at: number, length: number, position: number, ended: Ended) => void
type SyncCall = (fd: number, bytes: Uint8Array, at: number, length: number, position: number) => number

/** What a store asks of its file. */
export interface FileCalls {
  readonly read: Call
  readonly write: Call
  readonly readSync: SyncCall
  readonly writeSync: SyncCall
  /** Makes everything written durable. */
  readonly sync: (fd: number, ended: (error: NodeJS.ErrnoException | null) => void) => void
}

export const FILE_CALLS: FileCalls = { read, write, readSync, writeSync, sync: fdatasync }

/** The error of a reply for an error of the file system. */
export const replyError = (error: NodeJS.ErrnoException): number => {
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return NbdError.ENOSPC
    case "EPERM":
    case "EROFS":
    case "EBADF":
      return NbdError.EPERM
    default:
      return NbdError.EIO
  }
}

/** The data of a file, whole ranges at a time. */
export class FileData {
  readonly #fd: number
  readonly #calls: FileCalls
  readonly #note: (why: Why) => void

  /** `note` is told why a call fails. */
  constructor(fd: number, calls: FileCalls, note: (why: Why) => void) {
    this.#fd = fd
    this.#calls = calls
    this.#note = note
  }

  /** Fills [at, end) of `bytes` from `offset` on. EIO when bytes are missing, because the file was cut. */
  read(bytes: Uint8Array, at: number, end: number, offset: number, done: Done): void {
    this.#calls.read(this.#fd, bytes, at, end - at, offset, (error, count) => {
      if (error !== null) return done(this.#failed(error))
      if (count === 0) return done(this.#cut())
      if (at + count < end) return this.read(bytes, at + count, end, offset + count, done)
      done(NbdError.Ok)
    })
  }

  write(bytes: Uint8Array, at: number, end: number, offset: number, done: Done): void {
    if (at === end) return done(NbdError.Ok)
    this.#calls.write(this.#fd, bytes, at, end - at, offset, (error, count) => {
      if (error !== null) return done(this.#failed(error))
      this.write(bytes, at + count, end, offset + count, done)
    })
  }

  /** `read`, by the event loop itself. */
  readNow(bytes: Uint8Array, at: number, end: number, offset: number): number {
    try {
      while (at < end) {
        const count = this.#calls.readSync(this.#fd, bytes, at, end - at, offset)
        if (count === 0) return this.#cut()
        at += count
        offset += count
      }
      return NbdError.Ok
    } catch (error) {
      return this.#failed(error as NodeJS.ErrnoException)
    }
  }

  /** `write`, by the event loop itself. */
  writeNow(bytes: Uint8Array, at: number, end: number, offset: number): number {
    try {
      while (at < end) {
        const count = this.#calls.writeSync(this.#fd, bytes, at, end - at, offset)
        at += count
        offset += count
      }
      return NbdError.Ok
    } catch (error) {
      return this.#failed(error as NodeJS.ErrnoException)
    }
  }

  #cut(): number {
    this.#note("cut")
    return NbdError.EIO
  }

  #failed(error: NodeJS.ErrnoException): number {
    this.#note(whyOf(error))
    return replyError(error)
  }
}
