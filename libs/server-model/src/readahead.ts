// Read-ahead of one open file, as the file system of the server does it: a reader that goes on where it was is given a window
// of pages in one read of the disk, and the window doubles until it has its full size.
// Modelled: the initial window, its growth, reads at random (no window), the page that starts the next window early.
// Not modelled: the mark is kept by the open file and not by the page, so a page that another reader has marked starts
//   nothing; the search for earlier readers in the cache; thrashing that shrinks a window.
// What that costs: two readers that follow each other closely read ahead a little less than they would.
// source: mm/readahead.c (ondemand_readahead, get_init_ra_size, get_next_ra_size)

const roundUpPowerOfTwo = (value: number): number => {
  let power = 1
  while (power < value) power *= 2
  return power
}

/** The window of one open file. */
export class FileReadahead {
  readonly #max: number
  /** The window: its first page and its pages; reading the page at `#mark` starts the next one. −1: none. */
  #start = -1
  #size = 0
  #mark = -1
  /** The last page of the last read. */
  #previous = -1

  /** `maxPages`: read_ahead_kb. 0 switches it off. */
  constructor(maxPages: number) {
    this.#max = maxPages
  }

  /** `page` is missing, in a read of so many pages from it on: how many to read from there. */
  miss(page: number, count: number): number {
    const sequential = page === 0 || page === this.#previous + 1 || page === this.#previous
    if (this.#max === 0 || (!sequential && count <= this.#max)) return count
    if (page === this.#start + this.#size && this.#start >= 0) return this.#next(page)
    this.#start = page
    this.#size = this.#initial(count)
    this.#mark = page + (this.#size > count ? count : 0)
    return this.#size
  }

  /** `page` is in the cache and was read: how many pages to read after the window, without waiting for them. */
  hit(page: number): { readonly page: number; readonly count: number } | null {
    if (page !== this.#mark) return null
    const next = this.#start + this.#size
    return { page: next, count: this.#next(next) }
  }

  /** A read has ended with this page. */
  ended(page: number): void {
    this.#previous = page
  }

  #initial(count: number): number {
    const wanted = roundUpPowerOfTwo(count)
    if (wanted <= this.#max / 32) return wanted * 4
    return wanted <= this.#max / 4 ? wanted * 2 : this.#max
  }

  /** Moves the window: it begins at `page`, and its first page is the mark. */
  #next(page: number): number {
    this.#size = this.#size < this.#max / 16 ? this.#size * 4 : Math.min(this.#size * 2, this.#max)
    this.#start = page
    this.#mark = page
    return this.#size
  }
}
