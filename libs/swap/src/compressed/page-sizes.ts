// How small pages get.
//
// Modelled: a size for each page that is compressed, drawn from a stream of its own: normal around PAGE_SIZE / ratio, cut off
// below at what lzo makes of a page of one value and above at what it makes of one without any pattern; pages of zeros.
// Not modelled: contents. The same page compressed twice has two sizes, neighbours are no more alike than strangers, and a
// program's pages compress like any other's. What that costs: pools hold the right number of bytes on average, in no
// particular order.
// source: lib/lzo/lzo1x_compress.c (lzo1x_worst_compress)
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { assert, type Random } from "@swaplab/sim"

/** What lzo makes of a page that repeats one value. */
export const SMALLEST = 32

/** `lzo1x_worst_compress`: what it makes at most of a page. */
const LARGEST = PAGE_SIZE + PAGE_SIZE / 16 + 64 + 3

/** A page of zeros. */
export const ZERO_PAGE = 0

/** What is known of the pages of a machine. */
export interface PageSizesOptions {
  /** Bytes of a page to its compressed bytes, on average. */
  readonly ratio: number
  /** Standard deviation of the compressed size, as a share of its mean. */
  readonly spread: number
  /** Share of pages that contain only zeros. */
  readonly zeroPages: number
}

/** The sizes of the pages of one machine. */
export class PageSizes {
  readonly #random: Random
  readonly #mean: number
  readonly #deviation: number
  readonly #zeroPages: number

  constructor(random: Random, { ratio, spread, zeroPages }: PageSizesOptions) {
    assert(ratio > 1 && spread >= 0 && zeroPages >= 0 && zeroPages <= 1, "pages cannot compress like that")
    this.#random = random
    this.#mean = PAGE_SIZE / ratio
    this.#deviation = this.#mean * spread
    this.#zeroPages = zeroPages
  }

  /** Compressed bytes of the next page, or `ZERO_PAGE`. */
  draw(): number {
    if (this.#zeroPages > 0 && this.#random.unit() < this.#zeroPages) return ZERO_PAGE
    const size = Math.round(this.#mean + this.#deviation * this.#random.normal())
    return Math.min(LARGEST, Math.max(SMALLEST, size))
  }
}
