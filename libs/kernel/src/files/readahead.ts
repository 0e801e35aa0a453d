// How much of a file is read ahead: the window of an open file and how it moves.
//
// A window is `size` pages from `start`; the page `asyncSize` before its end is marked. Whoever comes to the marked page
// starts the reading of the next window, twice as large up to the limit, while the rest of this one is still ahead. A miss
// that nothing precedes in the cache is a random read and leaves the window alone.
// Pages are numbered within the file.
// source: mm/readahead.c:ondemand_readahead, get_init_ra_size, get_next_ra_size, try_context_readahead; mm/filemap.c:
//   do_sync_mmap_readahead
import { assert } from "@swaplab/sim"

/** MMAP_LOTSAMISS: misses of a mapping, less the hits, after which nothing is read around a fault any more. */
const MMAP_LOTSAMISS = 100

/** `file_ra_state` of an open file. */
export class RaState {
  start = 0
  size = 0
  asyncSize = 0
  /** Largest window; a quarter after each page that could not be read. */
  raPages: number
  mmapMiss = 0
  /** The page that the last read ended with (prev_pos), −1 before the first one. */
  prevPage = -1

  constructor(raPages: number) {
    this.raPages = raPages
  }
}

/** Which pages of a file are in the page cache. */
export interface CachedPages {
  isCached(page: number): boolean
}

/** What is to be read. */
export const READ_NOTHING = 0
/** The window of the state. */
export const READ_WINDOW = 1
/** The pages that were asked for, no more. */
const READ_REQUEST = 2

const roundUpPowerOfTwo = (n: number): number => {
  let power = 1
  while (power < n) power *= 2
  return power
}

/** get_init_ra_size. */
const initRaSize = (size: number, max: number): number => {
  const rounded = roundUpPowerOfTwo(size)
  if (rounded <= Math.floor(max / 32)) return rounded * 4
  if (rounded <= Math.floor(max / 4)) return rounded * 2
  return max
}

/** get_next_ra_size. */
const nextRaSize = (size: number, max: number): number =>
  Math.min(size < Math.floor(max / 16) ? 4 * size : 2 * size, max)

/** Cached pages in one piece that end right before `offset`, `max` at most: count_history_pages. */
const historyPages = (file: CachedPages, offset: number, max: number): number => {
  let count = 0
  while (count < max && count < offset && file.isCached(offset - 1 - count)) count++
  return count
}

/** First page that is not cached from `from` on, `from` + `max` if there is none before: radix_tree_next_hole. */
const nextHole = (file: CachedPages, from: number, max: number): number => {
  let page = from
  while (page < from + max && file.isCached(page)) page++
  return page
}

const setWindow = (ra: RaState, start: number, size: number, asyncSize: number): void => {
  ra.start = start
  ra.size = size
  ra.asyncSize = asyncSize
}

/** `ondemand_readahead`: moves the window and says what to read. `max` is max_sane_readahead of the limit. */
export const ondemandReadahead = (
  ra: RaState,
  file: CachedPages,
  hitMarker: boolean,
  offset: number,
  request: number,
  max: number
): number => {
  assert(request > 0, "read-ahead for nothing")
  const sequential = offset !== 0 && (offset === ra.start + ra.size - ra.asyncSize || offset === ra.start + ra.size)
  if (sequential) {
    const size = nextRaSize(ra.size, max)
    setWindow(ra, ra.start + ra.size, size, size)
  } else if (offset !== 0 && hitMarker) {
    // a marked page of another window: the pages behind it tell how large that was
    const start = nextHole(file, offset + 1, max)
    if (start - offset > max) return READ_NOTHING
    const size = nextRaSize(start - offset + request, max)
    setWindow(ra, start, size, size)
  } else if (offset === 0 || request > max || offset - ra.prevPage === 0 || offset - ra.prevPage === 1) {
    const size = initRaSize(request, max)
    setWindow(ra, offset, size, size > request ? size - request : size)
  } else {
    const history = historyPages(file, offset, max)
    if (history === 0) return READ_REQUEST
    // cached from the beginning of the file: the whole file is being read
    const size = initRaSize((history >= offset ? 2 * history : history) + request, max)
    setWindow(ra, offset, size, size)
  }
  // a read that would meet its own marker starts the next window at once
  if (offset === ra.start && ra.size === ra.asyncSize) {
    ra.asyncSize = nextRaSize(ra.size, max)
    ra.size += ra.asyncSize
  }
  return READ_WINDOW
}

/** The part of do_sync_mmap_readahead that decides: the window around a fault that found no page. */
export const mmapReadAround = (ra: RaState, offset: number, max: number): number => {
  if (ra.raPages === 0) return READ_NOTHING
  if (ra.mmapMiss < MMAP_LOTSAMISS * 10) ra.mmapMiss++
  if (ra.mmapMiss > MMAP_LOTSAMISS) return READ_NOTHING
  setWindow(ra, Math.max(0, offset - Math.floor(max / 2)), max, Math.floor(max / 4))
  return READ_WINDOW
}
