// WRITE_ZEROES on a file. A long range is punched where that works. A short one is written, because that is faster; its whole
// pages may become holes later. Pages that are holes stay holes, unless the client wants the place.
import { CommandFlag, NbdError } from "@swaplab/nbd"
import type { Done, FileData } from "./file-calls.ts"
import type { FilePages } from "./file-pages.ts"
import { endPage, firstPage, PAGE } from "./page-set.ts"

/** Zeroes are written in pieces of so many bytes. */
const ZEROES = new Uint8Array(1 << 20)
/** From so many pages on, punching is faster than writing: the program takes a millisecond or two. */
export const PUNCH_PAGES = 256

export class Zeroes {
  readonly #file: FileData
  readonly #pages: FilePages

  constructor(file: FileData, pages: FilePages) {
    this.#file = file
    this.#pages = pages
  }

  /** The zeroes are there faster than by writing them. */
  isFast(offset: number, length: number, flags: number): boolean {
    if (length === 0) return true
    if ((flags & CommandFlag.NoHole) !== 0) return false
    return this.#pages.data.isHole(offset, length) ||
      (offset % PAGE === 0 && length % PAGE === 0 && this.#isPunched(firstPage(offset), endPage(offset, length)))
  }

  write(offset: number, length: number, flags: number, done: Done): void {
    const to = offset + length
    if ((flags & CommandFlag.NoHole) !== 0) {
      return this.#pages.change(offset, length, (written) => this.#fill(offset, to, written), done)
    }
    const [first, end] = [endPage(offset, 0), firstPage(to)]
    if (!this.#isPunched(first, end)) return this.#zero(offset, to, done)
    // what is left of the pages at both ends
    this.#zero(offset, first * PAGE, (error) => {
      if (error !== NbdError.Ok) return done(error)
      this.#zero(end * PAGE, to, (lastError) => {
        if (lastError !== NbdError.Ok) return done(lastError)
        this.#pages.trims.punchNow(first, end, (why) => {
          if (why === null) done(NbdError.Ok)
          else this.#zero(first * PAGE, end * PAGE, done)
        })
      })
    })
  }

  #isPunched(first: number, end: number): boolean {
    return this.#pages.canPunch && this.#pages.data.countIn(first, end) >= PUNCH_PAGES
  }

  /** Writes zeroes where there may be data; where it is not known whether there is any, it looks. */
  #zero(offset: number, to: number, done: Done): void {
    if (offset >= to) return done(NbdError.Ok)
    this.#pages.look(firstPage(offset), endPage(offset, to - offset), (error) => {
      if (error !== NbdError.Ok) return done(error)
      this.#zeroOnDisk(offset, to, (written) => {
        if (written === NbdError.Ok) this.#pages.trim(offset, to - offset)
        done(written)
      })
    })
  }

  /** Writes zeroes to the pages that are on the disk. */
  #zeroOnDisk(offset: number, to: number, done: Done): void {
    const past = endPage(offset, to - offset)
    const from = Math.max(offset, this.#pages.onDisk.next(firstPage(offset), past, true) * PAGE)
    if (from >= to) return done(NbdError.Ok)
    const end = Math.min(to, this.#pages.onDisk.next(firstPage(from), past, false) * PAGE, from + ZEROES.length)
    const zeroed: Done = (error) => {
      if (error === NbdError.Ok) this.#zeroOnDisk(end, to, done)
      else done(error)
    }
    const moved = (): void => this.#zeroOnDisk(from, to, done)
    this.#pages.changeOnDisk(from, end - from, (written) => this.#fill(from, end, written), zeroed, moved)
  }

  #fill(from: number, to: number, done: Done): void {
    if (from >= to) return done(NbdError.Ok)
    const end = Math.min(to, from + ZEROES.length)
    this.#file.write(ZEROES, 0, end - from, from, (error) => {
      if (error === NbdError.Ok) this.#fill(end, to, done)
      else done(error)
    })
  }
}
