// Requests as columns, and the intrusive list that plugs and the elevator keep them in.
// source: include/linux/blkdev.h:struct request
import { assert, ColumnBuffer } from "@swaplab/sim"
import { NO_BIO } from "./bio-set.ts"

/** No request. */
export const NO_REQUEST = -1

/** States of a request, in the order in which it passes them. */
const RQ_FREE = 0
const RQ_ALLOCATED = 1
export const RQ_PLUGGED = 2
export const RQ_QUEUED = 3
export const RQ_STARTED = 4

/** Of its columns. */
const BYTES_PER_REQUEST = 37

/** All requests of a queue. Their number is bounded by the hard cap of both classes, so the columns never grow. */
export class Requests {
  /** First 512-byte sector. */
  readonly sector: Uint32Array
  /** 4-KiB pages; each is one bio. */
  readonly pages: Uint16Array
  /** 1 = write. */
  readonly write: Uint8Array
  /** `BLK_RW_SYNC` or `BLK_RW_ASYNC`. */
  readonly rwClass: Uint8Array
  readonly bioHead: Int32Array
  readonly bioTail: Int32Array
  /** Links of the list it is in. A driver may use them for a list of its own once it has fetched the request. */
  readonly next: Int32Array
  readonly prev: Int32Array
  readonly state: Uint8Array
  /** The object of the blkdev_requests cache. */
  readonly object: Int32Array
  /** When it was allocated. */
  readonly start: Float64Array
  inUse = 0
  #freeHead = 0

  constructor(capacity: number) {
    const columns = new ColumnBuffer(BYTES_PER_REQUEST * capacity)
    this.start = columns.float64(capacity)
    this.sector = columns.uint32(capacity)
    this.bioHead = columns.int32(capacity).fill(NO_BIO)
    this.bioTail = columns.int32(capacity).fill(NO_BIO)
    this.next = columns.int32(capacity)
    this.prev = columns.int32(capacity).fill(NO_REQUEST)
    this.object = columns.int32(capacity).fill(-1)
    this.pages = columns.uint16(capacity)
    this.write = columns.uint8(capacity)
    this.rwClass = columns.uint8(capacity)
    this.state = columns.uint8(capacity)
    for (let rq = 0; rq < capacity; rq++) this.next[rq] = rq + 1 < capacity ? rq + 1 : NO_REQUEST
  }

  /** An index for the object; there is one for every slot that the request list hands out. */
  claim(object: number, now: number): number {
    const rq = this.#freeHead
    assert(rq !== NO_REQUEST, "more requests than slots")
    this.#freeHead = this.next[rq]
    this.next[rq] = NO_REQUEST
    this.object[rq] = object
    this.state[rq] = RQ_ALLOCATED
    this.start[rq] = now
    this.inUse++
    return rq
  }

  /** Forgets a request and returns its object. */
  release(rq: number): number {
    assert(this.state[rq] !== RQ_FREE, "a request was freed twice")
    assert(this.bioHead[rq] === NO_BIO, "freeing a request that still has bios")
    const object = this.object[rq]
    this.object[rq] = -1
    this.state[rq] = RQ_FREE
    this.next[rq] = this.#freeHead
    this.prev[rq] = NO_REQUEST
    this.#freeHead = rq
    this.inUse--
    return object
  }
}

/** A doubly linked list of requests over their own columns. */
export class RequestFifo {
  head = NO_REQUEST
  tail = NO_REQUEST
  count = 0

  addTail(rqs: Requests, rq: number): void {
    rqs.prev[rq] = this.tail
    rqs.next[rq] = NO_REQUEST
    if (this.tail === NO_REQUEST) this.head = rq
    else rqs.next[this.tail] = rq
    this.tail = rq
    this.count++
  }

  /** The oldest, or `NO_REQUEST`. */
  popHead(rqs: Requests): number {
    const rq = this.head
    if (rq === NO_REQUEST) return NO_REQUEST
    this.head = rqs.next[rq]
    if (this.head === NO_REQUEST) this.tail = NO_REQUEST
    else rqs.prev[this.head] = NO_REQUEST
    rqs.next[rq] = NO_REQUEST
    this.count--
    return rq
  }
}
