/**
 * Movement of objects between an array, the shared array and the slabs of the node, and of slabs between its three lists.
 *
 * A slab is moved to the head of the full or partial list when objects are taken, to the tail of the partial list when one
 * comes back, to the head of the free list when it becomes empty, and to the tail of that list when it is new.
 * source: mm/slab.c:cache_alloc_refill, cache_flusharray, free_block, slab_destroy, drain_array, drain_freelist
 */
import { CACHED, NO_SLAB, objectIndex, type PageSource } from "@swaplab/kmem"
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { type ArrayCache, transferObjects } from "./array-cache.ts"
import type { ReserveObjects } from "./reserve-objects.ts"
import { type SlabCache, SLABS_FREE, SLABS_FULL, SLABS_PARTIAL } from "./slab-cache.ts"
import type { SlabPages } from "./slab-pages.ts"

/** An untouched array is refilled with at most this many objects. */
const BATCHREFILL_LIMIT = 16

export class NodeLists {
  readonly #frames: PageSource["frames"]
  readonly #slabPages: SlabPages
  readonly #reserve: ReserveObjects
  /** kmem_cache_free, for the management of a destroyed off-slab slab. */
  readonly #freeObject: (ctx: Context, cache: SlabCache, object: number) => void

  constructor(
    frames: PageSource["frames"],
    slabPages: SlabPages,
    reserve: ReserveObjects,
    freeObject: (ctx: Context, cache: SlabCache, object: number) => void
  ) {
    this.#frames = frames
    this.#slabPages = slabPages
    this.#reserve = reserve
    this.#freeObject = freeObject
  }

  /** Fills an empty array from the shared array, else from partial and then free slabs. */
  refill(c: SlabCache, array: ArrayCache): void {
    assert(array.avail === 0, "slab: refilling an array that is not empty")
    let want = array.batchcount
    if (array.touched === 0 && want > BATCHREFILL_LIMIT) want = BATCHREFILL_LIMIT
    if (c.shared !== null && transferObjects(array, c.shared, want) > 0) {
      c.shared.touched = 1
      return
    }
    const slabs = c.slabs
    while (want > 0) {
      let row = slabs.head[SLABS_PARTIAL]
      if (row === NO_SLAB) {
        c.freeTouched = 1
        row = slabs.head[SLABS_FREE]
        if (row === NO_SLAB) break
      }
      slabs.unlink(row)
      for (; want > 0 && slabs.inuse[row] < c.objsPerSlab; want--) {
        array.entry[array.avail++] = this.#reserve.entryFor(c, slabs.objectOf(row, slabs.take(row, CACHED)))
      }
      slabs.addHead(slabs.inuse[row] === c.objsPerSlab ? SLABS_FULL : SLABS_PARTIAL, row)
    }
    c.freeObjects -= array.avail
  }

  /** A new slab goes to the end of the free list. `management` is its off-slab management object, if it has one. */
  addSlab(c: SlabCache, page: number, management: number): number {
    const slabs = c.slabs
    const row = slabs.create(page, c.order, c.objsPerSlab)
    this.#frames.private[page] = row
    slabs.aux[row] = management
    slabs.addTail(SLABS_FREE, row)
    c.freeObjects += c.objsPerSlab
    c.grown++
    return row
  }

  #destroySlab(ctx: Context, c: SlabCache, row: number): void {
    const page = c.slabs.page[row]
    const management = c.slabs.aux[row]
    c.freeObjects -= c.objsPerSlab
    c.slabs.destroy(row)
    this.#slabPages.release(ctx, c, page)
    if (c.management !== null) this.#freeObject(ctx, c.management, management)
  }

  /** cache_flusharray: the oldest batch goes to the shared array if that has any room, else to its slabs. */
  flushArray(ctx: Context, c: SlabCache, array: ArrayCache): void {
    let n = array.batchcount
    const shared = c.shared
    const room = shared === null ? 0 : shared.limit - shared.avail
    if (shared !== null && room > 0) {
      n = Math.min(n, room)
      for (let i = 0; i < n; i++) shared.entry[shared.avail++] = array.entry[i]
    } else {
      this.#freeBlock(ctx, c, array, n)
    }
    array.dropFront(n)
  }

  /** free_block: the first `n` entries of an array go back to their slabs. The caller removes them from the array. */
  #freeBlock(ctx: Context, c: SlabCache, array: ArrayCache, n: number): void {
    const slabs = c.slabs
    for (let i = 0; i < n; i++) {
      const entry = array.entry[i]
      const object = entry < 0 ? ~entry : entry
      const row = this.#frames.private[slabs.pageOf(object)]
      slabs.unlink(row)
      slabs.put(row, objectIndex(object))
      c.freeObjects++
      if (slabs.inuse[row] > 0) slabs.addTail(SLABS_PARTIAL, row)
      else if (c.freeObjects > c.freeLimit) this.#destroySlab(ctx, c, row)
      else slabs.addHead(SLABS_FREE, row)
    }
  }

  /** drain_array: leaves an array alone that was used since, else frees a fifth of its limit or half of what is there. */
  drainArray(ctx: Context, c: SlabCache, array: ArrayCache): void {
    if (array.avail === 0) return
    if (array.touched !== 0) {
      array.touched = 0
      return
    }
    let n = Math.ceil(array.limit / 5)
    if (n > array.avail) n = Math.ceil(array.avail / 2)
    this.#freeBlock(ctx, c, array, n)
    array.dropFront(n)
  }

  /** drain_freelist: destroys slabs from the end of the free list. */
  drainFreelist(ctx: Context, c: SlabCache, slabsToFree: number): void {
    for (let n = 0; n < slabsToFree; n++) {
      const row = c.slabs.tail[SLABS_FREE]
      if (row === NO_SLAB) return
      c.slabs.unlink(row)
      this.#destroySlab(ctx, c, row)
      c.reaped++
    }
  }
}
