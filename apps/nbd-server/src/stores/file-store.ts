// An export in a sparse file. A READ or WRITE that will find the page cache ready is done at once, by the event loop; all
// others are jobs for the thread pool of Node. What is known to be a hole needs no disk. TRIM and WRITE_ZEROES make holes
// where a program punches them (see trims.ts); without one, zeroes are written and the export does not offer TRIM.
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
import type { CountBlocks } from "./disk-use.ts"
import { FILE_CALLS, type FileCalls, FileData } from "./file-calls.ts"
import { FilePages, type Room } from "./file-pages.ts"
import { Pace } from "./pace.ts"
import { endPage, firstPage, PAGE } from "./page-set.ts"
import type { Puncher } from "./puncher.ts"
import { RecentPages } from "./recent-pages.ts"
import type { Why } from "./refusals.ts"
import { Syncs } from "./syncs.ts"
import { Zeroes } from "./zeroes.ts"

/** The largest READ or WRITE that the event loop does itself: copying it takes some 20 µs. */
const PROMPT_BYTES = 131_072

export interface FileStoreOptions {
  readonly fd: number
  /** The file has at least so many bytes. */
  readonly size: number
  /** Everything behind so many bytes was never written. */
  readonly written: number
  /** The first so many bytes are on the disk for certain. */
  readonly onDisk?: number
  /** Whether more may be taken on the disk; beyond, writes get ENOSPC. */
  readonly room: Room
  /** Told why the next error is answered. */
  readonly note?: (why: Why) => void
  /** Told why a hole could not be punched. */
  readonly onPunchFailure?: (why: string) => void
  /** What makes holes; null: nothing does. */
  readonly puncher?: Puncher | null
  /** When writes may be done at once. The stores of a disk share it, because the kernel holds back all who write to it. */
  readonly writePace?: Pace
  /** When reads may be done at once. */
  readonly readPace?: Pace
  readonly calls?: Partial<FileCalls>
  readonly countBlocks?: CountBlocks
  /** A clock in milliseconds that does not go back. */
  readonly nowMs?: () => number
}

export class FileStore implements WaitingStore, PromptStore, ExtentSource {
  readonly waits = true as const
  readonly size: number
  readonly #readPace: Pace
  readonly #writePace: Pace
  readonly #file: FileData
  readonly #syncs: Syncs
  readonly #pages: FilePages
  readonly #zeroes: Zeroes
  readonly #recent: RecentPages
  readonly #nowMs: () => number

  constructor(options: FileStoreOptions) {
    const { fd, size } = options
    const calls = { ...FILE_CALLS, ...options.calls }
    this.size = size
    this.#readPace = options.readPace ?? new Pace()
    this.#writePace = options.writePace ?? new Pace()
    this.#nowMs = options.nowMs ?? (() => performance.now())
    const note = options.note ?? (() => {})
    this.#file = new FileData(fd, calls, note)
    this.#syncs = new Syncs(fd, calls.sync, note)
    this.#pages = new FilePages({ ...options, file: this.#file, puncher: options.puncher ?? null, note })
    this.#zeroes = new Zeroes(this.#file, this.#pages)
    this.#recent = new RecentPages(endPage(0, size))
  }

  get prompt(): PromptStore {
    return this
  }

  /** Bytes that the file takes on the disk, as du counts them. */
  get allocatedBytes(): number {
    this.#pages.use.recount()
    return this.#pages.use.bytes
  }

  /** The same, without asking the kernel: as many or more. */
  get mostBytes(): number {
    return this.#pages.use.bytes
  }

  /** Resolves when the descriptor may be closed. */
  close(): Promise<void> {
    return this.#pages.trims.close()
  }

  isHole(offset: number, length: number): boolean {
    return this.#pages.data.isHole(offset, length)
  }

  extents(offset: number, length: number, most?: number): ReadonlyArray<Extent> {
    return this.#pages.data.extents(offset, length, most)
  }

  mayRun({ flags, length, offset, type }: Request): boolean {
    if (length === 0 || length > PROMPT_BYTES || offset + length > this.size) return false
    const first = firstPage(offset)
    const end = endPage(offset, length)
    const isRead = type === Command.Read
    if (isRead && !this.#pages.data.hasAny(first, end)) return true
    if (isRead) return this.#readPace.mayCall(this.#nowMs()) && this.#recent.has(first, end)
    if (type !== Command.Write || (flags & CommandFlag.Fua) !== 0) return false
    if (this.#syncs.busy || this.#pages.trims.isPunching || !this.#pages.mayTake(first, end)) return false
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
    const first = firstPage(offset)
    const end = endPage(offset, length)
    this.#pages.trims.take(first, end)
    const claimed = this.#pages.take(first, end)
    const startMs = this.#nowMs()
    this.#writePace.calls(startMs)
    const error = this.#file.writeNow(from, at, at + length, offset)
    const endMs = this.#nowMs()
    this.#writePace.called(startMs, endMs)
    this.#pages.written(first, end, claimed, error)
    this.#recent.add(first, end, endMs)
    return error
  }

  perform(job: Job): void {
    const { bytes, request } = job
    const { flags, length, offset } = request
    switch (request.type) {
      case Command.Read:
        if (length > 0 && !this.isHole(offset, length)) {
          return this.#file.read(bytes, 0, length, offset, (error) => {
            this.#moved(job, error)
            job.finish(error)
          })
        }
        bytes.fill(0)
        return job.finish(NbdError.Ok)
      case Command.Write:
        return this.#pages.change(
          offset,
          length,
          (done) => this.#file.write(bytes, 0, length, offset, done),
          (error) => {
            this.#moved(job, error)
            this.#finish(job, error)
          }
        )
      case Command.WriteZeroes:
        if ((flags & CommandFlag.FastZero) !== 0 && !this.#zeroes.isFast(offset, length, flags)) {
          return job.finish(NbdError.ENOTSUP)
        }
        return this.#zeroes.write(offset, length, flags, (error) => this.#finish(job, error))
      case Command.Flush:
        return this.#syncs.flush((error) => job.finish(error))
      case Command.Trim:
        this.#pages.trim(offset, length)
        return this.#finish(job, NbdError.Ok)
      default:
        // CACHE is a hint
        return job.finish(NbdError.Ok)
    }
  }

  /** A job has read or written: its pages are in the page cache now. */
  #moved({ request: { length, offset } }: Job, error: number): void {
    if (error === NbdError.Ok) this.#recent.add(firstPage(offset), endPage(offset, length), this.#nowMs())
  }

  /** Ends a change; with FUA when it is durable. */
  #finish(job: Job, error: number): void {
    if (error !== NbdError.Ok || (job.request.flags & CommandFlag.Fua) === 0) return job.finish(error)
    this.#syncs.flush((syncError) => job.finish(syncError))
  }
}
