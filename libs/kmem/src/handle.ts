/**
 * Object handles: an object is an integer made of the number of its slab and its index in the slab.
 *
 * No JavaScript object exists per kernel object. The handle finds its slab in O(1): the slab number is in the high bits,
 * `SlabNumbers` knows the first page frame of that slab, and `frames.private` of that frame holds the slab's row in its
 * cache's SlabTable. Frame numbers themselves would not fit: 64 GiB have 2^24 frames, but never as many slabs at a time.
 * Limits: 512 objects a slab (an order-0 slab of the smallest class has exactly 512), 2^22 slabs a machine (16 GiB or more of
 * objects), so that every handle is a non-negative 31-bit integer.
 */
import { assert } from "@swaplab/sim"

/** No object: the allocation failed. Handles are never negative. */
export const NO_OBJECT = -1

const INDEX_BITS = 9

/** Most objects in one slab. */
export const MAX_OBJECTS_PER_SLAB = 1 << INDEX_BITS

/** Most slabs of a machine at a time. */
export const MAX_SLABS = 1 << (31 - INDEX_BITS)

/** Handle of object `index` of the slab with this number. */
export const makeObject = (slab: number, index: number): number => (slab << INDEX_BITS) | index

/** Number of the object's slab. */
export const objectSlab = (object: number): number => object >>> INDEX_BITS

/** Index of the object in its slab. */
export const objectIndex = (object: number): number => object & (MAX_OBJECTS_PER_SLAB - 1)

const NO_NUMBER = -1

/** The numbers of all slabs of a machine. A number is used again after its slab is gone, the last one first. */
export class SlabNumbers {
  /** By number: first page frame of the slab; of a number that is free, the next free one. */
  #page = new Int32Array(64)
  #used = 0
  #free = NO_NUMBER

  /** Gives a new slab a number. */
  take(page: number): number {
    let number = this.#free
    if (number !== NO_NUMBER) this.#free = this.#page[number]
    else {
      number = this.#used++
      assert(number < MAX_SLABS, "kmem: object handles name at most 2^22 slabs")
      if (number === this.#page.length) {
        const wider = new Int32Array(2 * number)
        wider.set(this.#page)
        this.#page = wider
      }
    }
    this.#page[number] = page
    return number
  }

  /** Takes back the number of a slab that is gone. */
  put(number: number): void {
    this.#page[number] = this.#free
    this.#free = number
  }

  /** First page frame of the object's slab. */
  pageOf(object: number): number {
    return this.#page[object >>> INDEX_BITS]
  }
}
