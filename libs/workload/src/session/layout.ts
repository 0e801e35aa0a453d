// How a heap of a program is cut into runs of neighbouring pages, and how popular each run is.
//
// A heap is tiled with runs whose lengths come from a measured mixture; then the runs are shuffled. A run's place in the
// shuffled order is its popularity: what a program uses all the time are the first runs, what it hardly ever uses the last.
// Whoever touches the first so many pages of the order touches runs that lie scattered over the heap; the more of the order
// is touched, the more neighbours are, so that long runs come of themselves.
import { exp, log, Random } from "@swaplab/sim"

/** Lengths of runs: the shares of all pages that lie in runs of 1, 2 to 7, 8 to 31, 32 to 127, and 128 pages or more. */
export type RunLengths = readonly [number, number, number, number, number]

const CLASSES = [[1, 1], [2, 7], [8, 31], [32, 127], [128, 700]] as const

/** Runs of a heap in the order of their popularity. */
export interface Layout {
  readonly pages: number
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Pages of all runs before this one in the order; one entry more than there are runs. */
  readonly before: Int32Array
  /** A number from 0 to 255 of each run: runs below a share of 256 are those that are written. */
  readonly grain: Uint8Array
}

/** A length drawn from the mixture, so that pages fall into its classes as the shares say. */
const lengthOf = (weights: ReadonlyArray<number>, random: Random): number => {
  let left = random.unit() * weights.reduce((sum, weight) => sum + weight, 0)
  let at = 0
  while (at < weights.length - 1 && left >= weights[at]) left -= weights[at++]
  const [least, most] = CLASSES[at]
  // as likely to lie between 8 and 16 as between 16 and 32
  return Math.min(most, Math.floor(least * exp(random.unit() * log((most + 1) / least))))
}

/** Weights by runs instead of by pages: a class of long runs has fewer of them. */
const byRuns = (lengths: RunLengths): ReadonlyArray<number> =>
  CLASSES.map(([least, most], i) => {
    const mean = least === most ? least : (most + 1 - least) / log((most + 1) / least)
    return lengths[i] / mean
  })

/** Lengths that tile so many pages. */
export const tilesOf = (pages: number, lengths: RunLengths, random: Random): Int32Array => {
  const weights = byRuns(lengths)
  const tiles: Array<number> = []
  for (let at = 0; at < pages;) {
    const length = Math.min(pages - at, lengthOf(weights, random))
    tiles.push(length)
    at += length
  }
  return Int32Array.from(tiles)
}

const makeLayout = (pages: number, lengths: RunLengths, name: string): Layout => {
  const random = new Random(1, "layout", name, String(pages))
  const tiles = tilesOf(pages, lengths, random)
  const begins = new Int32Array(tiles.length)
  for (let i = 1; i < tiles.length; i++) begins[i] = begins[i - 1] + tiles[i - 1]
  const order = Int32Array.from(tiles, (_, i) => i)
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const other = order[j]
    order[j] = order[i]
    order[i] = other
  }
  const before = new Int32Array(tiles.length + 1)
  for (let i = 0; i < order.length; i++) before[i + 1] = before[i] + tiles[order[i]]
  return {
    pages,
    starts: order.map((tile) => begins[tile]),
    ends: order.map((tile) => begins[tile] + tiles[tile]),
    before,
    grain: Uint8Array.from(order, () => random.below(256))
  }
}

/** Layouts by size: all clients share them. They are the same in every run, whatever its seed. */
const made = new Map<string, Layout>()

/** The layout of a heap of so many pages. `name` is that of the mixture. */
export const layoutOf = (pages: number, lengths: RunLengths, name: string): Layout => {
  const key = `${name} ${pages}`
  const known = made.get(key)
  if (known !== undefined) return known
  const layout = makeLayout(pages, lengths, name)
  made.set(key, layout)
  return layout
}

/** The first run of the order that has `pages` pages before it. */
export const runAt = ({ before }: Layout, pages: number): number => {
  let low = 0
  let high = before.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (before[middle] < pages) low = middle + 1
    else high = middle
  }
  return low
}
