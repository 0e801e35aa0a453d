// An export in a sparse file. A READ or WRITE that will find the page cache ready is done at once, by the event loop; all
// others are jobs for the thread pool of Node. What is not written yet is known to be a hole and needs no disk. Node offers no
// fallocate: nothing punches holes, zeroes are written where data may be, the export does not claim TRIM, and FAST_ZERO gets
// ENOTSUP unless the place is a hole already.
import {
  Command,
  CommandFlag,
  type Extent,
  type ExtentSource,
  type Job,
  NbdError,
  type PromptStore,
  type Request,
  type WaitingStore
} from "@swaplab/nbd"
import { performance } from "node:perf_hooks"
import { DataPages } from "./data-pages.ts"
import { type Done, FILE_CALLS, type FileCalls, FileData } from "./file-calls.ts"
import { Pace } from "./pace.ts"
import { endPage, firstPage, PAGE } from "./page-set.ts"
import { RecentPages } from "./recent-pages.ts"
import { Syncs } from "./syncs.ts"

/** Zeroes are written in pieces of so many bytes. */
const ZEROES = new Uint8Array(1 << 20)

/** The largest READ or WRITE that the event loop does itself: copying it takes some 20 µs. */
const PROMPT_BYTES = 131_072

export interface FileStoreOptions {
  readonly fd: number
  /** The file has at least so many bytes. */
  readonly size: number
  /** Everything behind so many bytes was never written. */
  readonly written: number
  /** How much it may take on disk; beyond, writes get ENOSPC. */
  readonly limitBytes: () => number
  /** When writes may be done at once. The stores of a disk share it, because the kernel holds back all who write to it. */
  readonly writePace?: Pace
  /** When reads may be done at once. */
  readonly readPace?: Pace
  readonly calls?: Partial<FileCalls>
  /** A clock in milliseconds that does not go back. */
  readonly nowMs?: () => number
}

export class FileStore implements WaitingStore, PromptStore, ExtentSource {
  readonly waits = true as const
  readonly size: number
  readonly #readPace: Pace
  readonly #writePace: Pace
  readonly #limitBytes: () => number
  readonly #file: FileData
  readonly #syncs: Syncs
  readonly #data: DataPages
  readonly #recent: RecentPages
  readonly #nowMs: () => number

  constructor(options: FileStoreOptions) {
    const { fd, limitBytes, size, written } = options
    const calls = { ...FILE_CALLS, ...options.calls }
    this.size = size
    this.#limitBytes = limitBytes
    this.#readPace = options.readPace ?? new Pace()
    this.#writePace = options.writePace ?? new Pace()
    this.#nowMs = options.nowMs ?? (() => performance.now())
    this.#file = new FileData(fd, calls)
    this.#syncs = new Syncs(fd, calls.sync)
    const pages = endPage(0, size)
    this.#data = new DataPages(pages)
    this.#data.add(0, endPage(0, written))
    this.#recent = new RecentPages(pages)
  }

  get prompt(): PromptStore {
    return this
  }

  /** Bytes that the file may take on disk. */
  get allocatedBytes(): number {
    return this.#data.count * PAGE
  }

  isHole(offset: number, length: number): boolean {
    return this.#data.isHole(offset, length)
  }

  extents(offset: number, length: number, most?: number): ReadonlyArray<Extent> {
    return this.#data.extents(offset, length, most)
  }

  mayRun({ flags, length, offset, type }: Request): boolean {
    if (length === 0 || length > PROMPT_BYTES || offset + length > this.size) return false
    const first = firstPage(offset)
    const end = endPage(offset, length)
    const isRead = type === Command.Read
    if (isRead && !this.#data.hasAny(first, end)) return true
    if (isRead) return this.#readPace.mayCall(this.#nowMs()) && this.#recent.has(first, end)
    if (type !== Command.Write || (flags & CommandFlag.Fua) !== 0 || this.#syncs.busy) return false
    // a page that is written in part is read first
    const isWhole = offset % PAGE === 0 && length % PAGE === 0
    return (isWhole || this.#recent.has(first, end)) && this.#writePace.mayCall(this.#nowMs())
  }

  read(offset: number, length: number, into: Uint8Array, at: number): number {
    if (this.isHole(offset, length)) {
      into.fill(0, at, at + length)
      return NbdError.Ok
    }
    const start = this.#nowMs()
    this.#readPace.calls(start)
    const error = this.#file.readNow(into, at, at + length, offset)
    const end = this.#nowMs()
    this.#readPace.called(start, end)
    this.#recent.add(firstPage(offset), endPage(offset, length), end)
    return error
  }

  write(offset: number, length: number, from: Uint8Array, at: number): number {
    if (!this.#claim(offset, length)) return NbdError.ENOSPC
    const start = this.#nowMs()
    this.#writePace.calls(start)
    const error = this.#file.writeNow(from, at, at + length, offset)
    const end = this.#nowMs()
    this.#writePace.called(start, end)
    this.#recent.add(firstPage(offset), endPage(offset, length), end)
    return error
  }

  perform(job: Job): void {
    const { bytes, request } = job
    const { flags, length, offset } = request
    switch (request.type) {
      case Command.Read:
        if (length > 0 && !this.isHole(offset, length)) {
          return this.#file.read(bytes, 0, length, offset, (error) => this.#moved(job, error))
        }
        bytes.fill(0)
        return job.finish(NbdError.Ok)
      case Command.Write:
        if (!this.#claim(offset, length)) return job.finish(NbdError.ENOSPC)
        return this.#file.write(bytes, 0, length, offset, (error) => this.#moved(job, error))
      case Command.WriteZeroes:
        if ((flags & CommandFlag.FastZero) !== 0 && !this.#isFastZero(offset, length, flags)) {
          return job.finish(NbdError.ENOTSUP)
        }
        if ((flags & CommandFlag.NoHole) !== 0 && !this.#claim(offset, length)) return job.finish(NbdError.ENOSPC)
        return this.#zero(offset, offset + length, (error) => this.#finish(job, error))
      case Command.Flush:
        return this.#syncs.flush((error) => job.finish(error))
      default:
        // TRIM is a hint, and CACHE is one, too
        return job.finish(NbdError.Ok)
    }
  }

  /** Nothing has to be written. */
  #isFastZero(offset: number, length: number, flags: number): boolean {
    return length === 0 || ((flags & CommandFlag.NoHole) === 0 && this.isHole(offset, length))
  }

  /** Takes the pages of a range into use; false when that is beyond the limit. */
  #claim(offset: number, length: number): boolean {
    if (length === 0) return true
    const first = firstPage(offset)
    const end = endPage(offset, length)
    const added = end - first - this.#data.countIn(first, end)
    if (added > 0 && this.allocatedBytes + added * PAGE > this.#limitBytes()) return false
    this.#data.add(first, end)
    return true
  }

  /** Writes zeroes where there may be data. */
  #zero(offset: number, end: number, done: Done): void {
    const past = endPage(offset, end - offset)
    const from = Math.max(offset, this.#data.next(firstPage(offset), past, true) * PAGE)
    if (from >= end) return done(NbdError.Ok)
    const hole = this.#data.next(firstPage(from), past, false) * PAGE
    const to = Math.min(end, hole, from + ZEROES.length)
    this.#file.write(
      ZEROES,
      0,
      to - from,
      from,
      (error) => error === NbdError.Ok ? this.#zero(to, end, done) : done(error)
    )
  }

  /** Ends a job that has read or written: its pages are in the page cache now. */
  #moved(job: Job, error: number): void {
    const { length, offset, type } = job.request
    if (error === NbdError.Ok) this.#recent.add(firstPage(offset), endPage(offset, length), this.#nowMs())
    if (type === Command.Read) job.finish(error)
    else this.#finish(job, error)
  }

  /** Ends a change; with FUA when it is durable. */
  #finish(job: Job, error: number): void {
    if (error !== NbdError.Ok || (job.request.flags & CommandFlag.Fua) === 0) return job.finish(error)
    this.#syncs.flush((syncError) => job.finish(syncError))
  }
}
