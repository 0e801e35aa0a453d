// The files of an image: which pages belong together, and the read-ahead state of each.
// Modelled: a window for the mappings of a file and one for its readers, as each open file has its own.
// Not modelled: two readers of one file at a time have one window here, as if they shared the open file.
import { NO_PAGE } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { AddressSpace } from "./address-space.ts"
import { type CachedPages, RaState } from "./readahead.ts"

/** One file: pages [from, to) of the image. */
export class RootFile implements CachedPages {
  readonly from: number
  readonly to: number
  readonly mapped: RaState
  readonly opened: RaState
  readonly #space: AddressSpace

  constructor(space: AddressSpace, from: number, to: number, readaheadPages: number) {
    this.#space = space
    this.from = from
    this.to = to
    this.mapped = new RaState(readaheadPages)
    this.opened = new RaState(readaheadPages)
  }

  isCached(page: number): boolean {
    return page < this.to - this.from && this.#space.find(this.from + page) !== NO_PAGE
  }
}

/** All files of an image. Pages that nobody named as a file are one file together. */
export class RootFileTable {
  readonly #space: AddressSpace
  readonly #readaheadPages: number
  readonly #rest: RootFile
  /** By `from`; they do not overlap. */
  readonly #files: Array<RootFile> = []

  constructor(space: AddressSpace, readaheadPages: number) {
    this.#space = space
    this.#readaheadPages = readaheadPages
    this.#rest = new RootFile(space, 0, space.pages, readaheadPages)
  }

  /** Names the pages [from, to) as a file. Naming it again, or a part of a file that is known, does nothing. */
  add(from: number, to: number): void {
    assert(from >= 0 && from < to && to <= this.#space.pages, "a file lies outside its image")
    const at = this.#behind(from)
    const before = this.#files[at - 1]
    if (before !== undefined && to <= before.to) return
    assert(before === undefined || before.to <= from, "two files of an image overlap")
    assert(at === this.#files.length || to <= this.#files[at].from, "two files of an image overlap")
    this.#files.splice(at, 0, new RootFile(this.#space, from, to, this.#readaheadPages))
  }

  /** The file that a page belongs to. */
  of(page: number): RootFile {
    const before = this.#files[this.#behind(page) - 1]
    return before !== undefined && page < before.to ? before : this.#rest
  }

  /** Index of the first file that begins behind `page`. */
  #behind(page: number): number {
    let low = 0
    let high = this.#files.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#files[middle].from <= page) low = middle + 1
      else high = middle
    }
    return low
  }
}
