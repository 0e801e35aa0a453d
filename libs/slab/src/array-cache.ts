/**
 * The LIFO arrays in front of the slabs: one per CPU, one shared by all CPUs of a memory node.
 *
 * An entry is an object handle; an object of a slab from the emergency reserve is stored as its complement (~object, negative).
 * Linux keeps that tag in bit 0 of the pointer. Tags travel with entries between arrays.
 * source: mm/slab.c:struct array_cache, transfer_objects
 */

/** struct array_cache. */
export class ArrayCache {
  avail = 0
  readonly limit: number
  readonly batchcount: number
  /** Used since the last reap. */
  touched = 0
  readonly entry: Int32Array

  constructor(limit: number, batchcount: number) {
    this.limit = limit
    this.batchcount = batchcount
    this.entry = new Int32Array(limit)
  }

  /** Forgets the `n` oldest entries (they were moved elsewhere) and shifts the rest to the front. */
  dropFront(n: number): void {
    this.entry.copyWithin(0, n, this.avail)
    this.avail -= n
  }
}

/** Moves up to `max` of the newest entries of `from` to the end of `to`. Returns how many. */
export function transferObjects(to: ArrayCache, from: ArrayCache, max: number): number {
  const n = Math.min(from.avail, max, to.limit - to.avail)
  for (let i = 0; i < n; i++) to.entry[to.avail + i] = from.entry[from.avail - n + i]
  from.avail -= n
  to.avail += n
  return n
}
