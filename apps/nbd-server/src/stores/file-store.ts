// An export in a sparse file. Requests run in the thread pool of Node; what is not written yet is known to be a hole and
// needs no disk. Node offers no fallocate: nothing punches holes, zeroes are written where data may be, the export does not
// claim TRIM, and FAST_ZERO gets ENOTSUP unless the place is a hole already.
import {
  Command,
  CommandFlag,
  type Extent,
  type ExtentSource,
  type Job,
  NbdError,
  toU64,
  type WaitingStore
} from "@swaplab/nbd"
import { fdatasync, read, write } from "node:fs"

/** Bytes of a block of which is known whether it was ever written. */
export const FILE_BLOCK = 65536

/** Zeroes are written in pieces of so many bytes. */
const ZEROES = new Uint8Array(1 << 20)

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

type Done = (error: number) => void

export interface FileStoreOptions {
  readonly fd: number
  /** The file has at least so many bytes. */
  readonly size: number
  /** Everything behind so many bytes was never written. */
  readonly written: number
  /** How much it may take on disk; beyond, writes get ENOSPC. */
  readonly limitBytes: () => number
  /** Makes everything written durable; fdatasync. */
  readonly sync?: (fd: number, done: (error: NodeJS.ErrnoException | null) => void) => void
}

export class FileStore implements WaitingStore, ExtentSource {
  readonly waits = true as const
  readonly size: number
  readonly #fd: number
  readonly #limitBytes: () => number
  readonly #sync: (fd: number, done: (error: NodeJS.ErrnoException | null) => void) => void
  /** 1 for a block that may hold data. */
  readonly #data: Uint8Array
  #dataBlocks = 0
  /** Calls that wait for the sync that runs, and for the one after it. */
  #syncing: ReadonlyArray<Done> | null = null
  #syncNext: Array<Done> = []
  /** A sync failed: the kernel may have dropped what it could not write, so no later one can vouch for it. */
  #lost = false

  constructor({ fd, limitBytes, size, sync = fdatasync, written }: FileStoreOptions) {
    this.size = size
    this.#fd = fd
    this.#limitBytes = limitBytes
    this.#sync = sync
    this.#data = new Uint8Array(Math.ceil(size / FILE_BLOCK))
    this.#dataBlocks = Math.ceil(written / FILE_BLOCK)
    this.#data.fill(1, 0, this.#dataBlocks)
  }

  /** Bytes that the file may take on disk. */
  get allocatedBytes(): number {
    return this.#dataBlocks * FILE_BLOCK
  }

  perform(job: Job): void {
    const { request } = job
    const { flags, length, offset } = request
    switch (request.type) {
      case Command.Read:
        if (length > 0 && !this.isHole(offset, length)) return this.#read(job, offset, 0)
        job.bytes.fill(0)
        return job.finish(NbdError.Ok)
      case Command.Write:
        if (!this.#claim(offset, length)) return job.finish(NbdError.ENOSPC)
        return this.#write(job.bytes, offset, 0, length, (error) => this.#finish(job, error))
      case Command.WriteZeroes:
        if ((flags & CommandFlag.FastZero) !== 0 && !this.#isFastZero(offset, length, flags)) {
          return job.finish(NbdError.ENOTSUP)
        }
        if ((flags & CommandFlag.NoHole) !== 0 && !this.#claim(offset, length)) return job.finish(NbdError.ENOSPC)
        return this.#zero(offset, offset + length, (error) => this.#finish(job, error))
      case Command.Flush:
        return this.#flush((error) => job.finish(error))
      default:
        // TRIM is a hint, and CACHE is one, too
        return job.finish(NbdError.Ok)
    }
  }

  /** Nothing has to be written. */
  #isFastZero(offset: number, length: number, flags: number): boolean {
    return length === 0 || ((flags & CommandFlag.NoHole) === 0 && this.isHole(offset, length))
  }

  isHole(offset: number, length: number): boolean {
    const end = Math.floor((offset + length - 1) / FILE_BLOCK)
    for (let block = Math.floor(offset / FILE_BLOCK); block <= end; block++) if (this.#data[block] !== 0) return false
    return true
  }

  extents(offset: number, length: number, most = Number.POSITIVE_INFINITY): ReadonlyArray<Extent> {
    const extents: Array<{ length: number; data: number }> = []
    for (let at = offset; at < offset + length;) {
      const end = Math.min(offset + length, (Math.floor(at / FILE_BLOCK) + 1) * FILE_BLOCK)
      const data = this.#data[Math.floor(at / FILE_BLOCK)]
      const last = extents[extents.length - 1]
      if (last !== undefined && last.data === data) last.length += end - at
      else if (extents.length === most) break
      else extents.push({ length: end - at, data })
      at = end
    }
    return extents.map((extent) => ({ length: toU64(extent.length), flags: { hi: 0, lo: extent.data === 0 ? 3 : 0 } }))
  }

  /** Takes the blocks of a range into use; false when that is beyond the limit. */
  #claim(offset: number, length: number): boolean {
    if (length === 0) return true
    const first = Math.floor(offset / FILE_BLOCK)
    const end = Math.floor((offset + length - 1) / FILE_BLOCK)
    let added = 0
    for (let block = first; block <= end; block++) if (this.#data[block] === 0) added++
    if (added > 0 && this.allocatedBytes + added * FILE_BLOCK > this.#limitBytes()) return false
    this.#data.fill(1, first, end + 1)
    this.#dataBlocks += added
    return true
  }

  #read(job: Job, offset: number, done: number): void {
    const { bytes } = job
    read(this.#fd, bytes, done, bytes.length - done, offset + done, (error, count) => {
      if (error !== null) return job.finish(replyError(error))
      // the file was cut behind our back: what is missing reads as zeroes, never as what the buffer held before
      if (count === 0) bytes.fill(0, done)
      else if (done + count < bytes.length) return this.#read(job, offset, done + count)
      job.finish(NbdError.Ok)
    })
  }

  #write(bytes: Uint8Array, offset: number, from: number, to: number, done: Done): void {
    if (from === to) return done(NbdError.Ok)
    write(this.#fd, bytes, from, to - from, offset + from, (error, count) => {
      if (error !== null) return done(replyError(error))
      this.#write(bytes, offset, from + count, to, done)
    })
  }

  /** Writes zeroes where there may be data. */
  #zero(offset: number, end: number, done: Done): void {
    let at = offset
    const endOfBlock = (): number => (Math.floor(at / FILE_BLOCK) + 1) * FILE_BLOCK
    while (at < end && this.#data[Math.floor(at / FILE_BLOCK)] === 0) at = Math.min(end, endOfBlock())
    if (at >= end) return done(NbdError.Ok)
    const from = at
    while (at < end && at - from < ZEROES.length && this.#data[Math.floor(at / FILE_BLOCK)] !== 0) {
      at = Math.min(end, endOfBlock(), from + ZEROES.length)
    }
    this.#write(ZEROES, from, 0, at - from, (error) => error === NbdError.Ok ? this.#zero(at, end, done) : done(error))
  }

  /** Ends a change; with FUA when it is durable. */
  #finish(job: Job, error: number): void {
    if (error !== NbdError.Ok || (job.request.flags & CommandFlag.Fua) === 0) return job.finish(error)
    this.#flush((syncError) => job.finish(syncError))
  }

  /** Makes all finished writes durable. Calls that arrive during a sync share the next one. */
  #flush(done: Done): void {
    if (this.#lost) return done(NbdError.EIO)
    if (this.#syncing !== null) {
      this.#syncNext.push(done)
      return
    }
    this.#startSync([done])
  }

  #startSync(waiters: ReadonlyArray<Done>): void {
    this.#syncing = waiters
    this.#sync(this.#fd, (error) => {
      const next = this.#syncNext
      this.#syncing = null
      this.#syncNext = []
      if (error !== null) this.#lost = true
      for (const waiter of waiters) waiter(error === null ? NbdError.Ok : replyError(error))
      if (next.length === 0) return
      if (this.#lost) { for (const waiter of next) waiter(NbdError.EIO) }
      else if (this.#syncing === null) this.#startSync(next)
      else this.#syncNext.push(...next)
    })
  }
}
