// What is known of the pages of a file, and the room that they take. A page is a hole, or on the disk, or it may be either:
// that is so for the pages of a file that an earlier server left. Nothing needs to know more until the room is used up: then a
// page that is not known is read, and one that holds anything but zeroes is on the disk and may be written to.
import { NbdError } from "@swaplab/nbd"
import { DataPages } from "./data-pages.ts"
import { type CountBlocks, DiskUse } from "./disk-use.ts"
import type { Done, FileData } from "./file-calls.ts"
import { endPage, firstPage, PAGE, PageSet } from "./page-set.ts"
import type { Puncher } from "./puncher.ts"
import type { Why } from "./refusals.ts"
import { Trims } from "./trims.ts"

/** The room that files share. */
export interface Room {
  /** May so many bytes more be taken? Counts anew before it says no. */
  mayTake(bytes: number): boolean
}

/** Pages that are looked at in one piece. */
const LOOK_PAGES = 256

const ZERO_PAGE = new Uint8Array(PAGE)

export class FilePages {
  readonly use: DiskUse
  /** Pages that may hold data; the others are holes. */
  readonly data: DataPages
  /** Pages that are on the disk: writing to them takes no room. */
  readonly onDisk: PageSet
  readonly trims: Trims
  readonly canPunch: boolean
  readonly #file: FileData
  readonly #room: Room
  readonly #puncher: Puncher | null
  readonly #note: (why: Why) => void

  constructor(options: {
    readonly fd: number
    readonly size: number
    readonly written: number
    readonly onDisk?: number
    readonly room: Room
    readonly puncher: Puncher | null
    readonly file: FileData
    readonly note: (why: Why) => void
    readonly onPunchFailure?: (why: string) => void
    readonly countBlocks?: CountBlocks
  }) {
    const { fd, puncher, room } = options
    const pages = endPage(0, options.size)
    this.use = new DiskUse(fd, options.countBlocks)
    this.data = new DataPages(pages)
    this.data.add(0, endPage(0, options.written))
    this.onDisk = new PageSet(pages)
    this.onDisk.add(0, endPage(0, options.onDisk ?? 0))
    this.canPunch = puncher !== null
    this.#file = options.file
    this.#room = room
    this.#puncher = puncher
    this.#note = options.note
    this.trims = new Trims({
      fd,
      pages,
      puncher,
      onHole: (first, end) => this.#holes(first, end),
      onFailure: options.onPunchFailure ?? (() => {})
    })
  }

  /** True: there is room for writing these pages. Changes nothing. */
  mayTake(first: number, end: number): boolean {
    const missing = end - first - this.onDisk.countIn(first, end)
    return missing === 0 || this.#room.mayTake(missing * PAGE)
  }

  /** Takes the room for pages that `mayTake` has found; returns the bytes, for `written`. */
  take(first: number, end: number): number {
    const claimed = (end - first - this.onDisk.countIn(first, end)) * PAGE
    if (claimed > 0) this.use.claim(claimed)
    this.data.add(first, end)
    return claimed
  }

  /** Pages have been written, or not. */
  written(first: number, end: number, claimed: number, error: number): void {
    if (error === NbdError.Ok) this.onDisk.add(first, end)
    if (claimed > 0) this.use.written(claimed)
  }

  /** Runs a write of a range when it has room and nothing is punched there; `done` gets its error, or ENOSPC. */
  change(offset: number, length: number, write: (done: Done) => void, done: Done): void {
    if (length === 0) return done(NbdError.Ok)
    const first = firstPage(offset)
    const end = endPage(offset, length)
    this.trims.change(first, end, (change) => {
      this.#findRoom(first, end, (hasRoom) => {
        const claimed = hasRoom ? this.take(first, end) : 0
        const ended: Done = (error) => {
          if (hasRoom) this.written(first, end, claimed, error)
          this.trims.ended(change)
          done(error)
        }
        if (hasRoom) write(ended)
        else {
          this.#note("quota")
          ended(NbdError.ENOSPC)
        }
      })
    })
  }

  /**
   * Runs a write to pages that are on the disk, which takes no room. It may have to wait for a punch; `moved` is called instead
   * when some of them are a hole afterwards.
   */
  changeOnDisk(offset: number, length: number, write: (done: Done) => void, done: Done, moved: () => void): void {
    const first = firstPage(offset)
    const end = endPage(offset, length)
    this.trims.change(first, end, (change) => {
      if (this.onDisk.countIn(first, end) < end - first) {
        this.trims.ended(change)
        return moved()
      }
      write((error) => {
        this.trims.ended(change)
        done(error)
      })
    })
  }

  /** The whole pages of a range may become holes. */
  trim(offset: number, length: number): void {
    const end = firstPage(offset + length)
    for (let at = endPage(offset, 0); at < end;) {
      const first = this.data.next(at, end, true)
      at = this.data.next(first, end, false)
      this.trims.trim(first, at)
    }
  }

  /** Looks which of these pages, where it is not known, are on the disk. One of zeroes stays unknown. */
  look(first: number, end: number, done: (error: number) => void): void {
    const at = this.#nextUnknown(first, end)
    if (at === end) return done(NbdError.Ok)
    const to = Math.min(end, at + LOOK_PAGES)
    const bytes = Buffer.allocUnsafe((to - at) * PAGE)
    this.#file.read(bytes, 0, bytes.length, at * PAGE, (error) => {
      if (error !== NbdError.Ok) return done(error)
      for (let page = at; page < to; page++) {
        const from = (page - at) * PAGE
        if (bytes.compare(ZERO_PAGE, 0, PAGE, from, from + PAGE) !== 0) this.onDisk.add(page, page + 1)
      }
      this.look(to, end, done)
    })
  }

  /** The first page of [at, end) that may be a hole and may be on the disk. */
  #nextUnknown(at: number, end: number): number {
    while (at < end && !(this.data.has(at) && !this.onDisk.has(at))) at++
    return at
  }

  /** Before there is said to be no room: holes that wait to be punched are, and pages that are not known are looked at. */
  #findRoom(first: number, end: number, go: (hasRoom: boolean) => void): void {
    if (this.mayTake(first, end)) return go(true)
    const punched = (): void => {
      if (this.mayTake(first, end)) return go(true)
      if (this.#nextUnknown(first, end) === end) return go(false)
      this.look(first, end, () => go(this.mayTake(first, end)))
    }
    if (this.#puncher === null || this.#puncher.isIdle) punched()
    else this.#puncher.whenIdle(punched)
  }

  #holes(first: number, end: number): void {
    this.data.remove(first, end)
    this.onDisk.remove(first, end)
    this.use.freed()
  }
}
