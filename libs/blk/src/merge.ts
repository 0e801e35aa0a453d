// Merging of one-page bios into requests, and of a plugged request into a queued one.
//
// Modelled: back and front merges up to the largest request, in the plug of the task (newest request first) and then in
// the elevator; joining of a flushed request to the queued request that it continues.
// Not modelled: the elevator's hash and red-black trees (a walk over the queue finds the same request; nbd keeps that queue
// empty, so nothing is walked); merging of two queued requests that a merged bio made adjacent (no effect for the same reason).
// source: block/blk-core.c:attempt_plug_merge, blk_queue_bio; block/elevator.c:elv_merge, elv_attempt_insert_merge
import { type BioSet, NO_BIO } from "./bio-set.ts"
import { NO_REQUEST, type RequestFifo, type Requests } from "./requests.ts"

/** 512-byte sectors of a page. */
export const SECTORS_PER_PAGE = 8

/** `ELEVATOR_NO_MERGE` and the two ways to merge. */
export const NO_MERGE = 0
export const BACK_MERGE = 1
const FRONT_MERGE = 2

/** `blk_try_merge` and the size limit of `ll_back_merge_fn`, `ll_front_merge_fn`. */
const tryMerge = (rqs: Requests, rq: number, write: number, sector: number, maxPages: number): number => {
  if (rqs.write[rq] !== write || rqs.pages[rq] >= maxPages) return NO_MERGE
  const first = rqs.sector[rq]
  if (first + rqs.pages[rq] * SECTORS_PER_PAGE === sector) return BACK_MERGE
  if (first - SECTORS_PER_PAGE === sector) return FRONT_MERGE
  return NO_MERGE
}

const append = (rqs: Requests, rq: number, bios: BioSet, bio: number): void => {
  const tail = rqs.bioTail[rq]
  bios.next[bio] = NO_BIO
  if (tail === NO_BIO) rqs.bioHead[rq] = bio
  else bios.next[tail] = bio
  rqs.bioTail[rq] = bio
  rqs.pages[rq]++
}

const prepend = (rqs: Requests, rq: number, bios: BioSet, bio: number): void => {
  bios.next[bio] = rqs.bioHead[rq]
  rqs.bioHead[rq] = bio
  rqs.sector[rq] = bios.sector[bio]
  rqs.pages[rq]++
}

/** Puts the first bio into a new request. */
export const initRequestFromBio = (rqs: Requests, rq: number, bios: BioSet, bio: number): void => {
  rqs.sector[rq] = bios.sector[bio]
  rqs.write[rq] = bios.write[bio]
  rqs.pages[rq] = 0
  rqs.bioTail[rq] = NO_BIO
  append(rqs, rq, bios, bio)
}

/** The newest request of the list that a page at `sector` can be merged into, or `NO_REQUEST`. */
export const findMerge = (
  rqs: Requests,
  list: RequestFifo,
  write: number,
  sector: number,
  maxPages: number
): number => {
  let rq = list.tail
  while (rq !== NO_REQUEST && tryMerge(rqs, rq, write, sector, maxPages) === NO_MERGE) rq = rqs.prev[rq]
  return rq
}

/** Merges the bio into the newest request of the list that it fits. Which way, or `NO_MERGE`. */
export const mergeIntoList = (
  rqs: Requests,
  list: RequestFifo,
  bios: BioSet,
  bio: number,
  maxPages: number
): number => {
  const write = bios.write[bio]
  const sector = bios.sector[bio]
  const rq = findMerge(rqs, list, write, sector, maxPages)
  if (rq === NO_REQUEST) return NO_MERGE
  if (sector >= rqs.sector[rq]) {
    append(rqs, rq, bios, bio)
    return BACK_MERGE
  }
  prepend(rqs, rq, bios, bio)
  return FRONT_MERGE
}

/**
 * Hands all bios of `rq` to the queued request that ends where it begins. False when there is none; when true, `rq` is
 * empty and is to be freed.
 */
export const mergeIntoQueued = (
  rqs: Requests,
  queued: RequestFifo,
  bios: BioSet,
  rq: number,
  maxPages: number
): boolean => {
  const sector = rqs.sector[rq]
  for (let to = queued.tail; to !== NO_REQUEST; to = rqs.prev[to]) {
    if (rqs.write[to] !== rqs.write[rq] || rqs.pages[to] + rqs.pages[rq] > maxPages) continue
    if (rqs.sector[to] + rqs.pages[to] * SECTORS_PER_PAGE !== sector) continue
    bios.next[rqs.bioTail[to]] = rqs.bioHead[rq]
    rqs.bioTail[to] = rqs.bioTail[rq]
    rqs.pages[to] += rqs.pages[rq]
    rqs.start[to] = Math.min(rqs.start[to], rqs.start[rq])
    rqs.bioHead[rq] = NO_BIO
    rqs.bioTail[rq] = NO_BIO
    return true
  }
  return false
}
