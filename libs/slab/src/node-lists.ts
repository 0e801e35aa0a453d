/**
 * Movement of objects between an array, the shared array and the slabs of the node, and of slabs between its three lists.
 *
 * A slab is moved to the head of the full or partial list when objects are taken, to the tail of the partial list when one
 * comes back, to the head of the free list when it becomes empty, and to the tail of that list when it is new.
 * source: mm/slab.c:cache_alloc_refill, cache_flusharray, free_block, slab_destroy, drain_array, drain_freelist
 */
import { CACHED, NO_OBJECT, NO_SLAB, objectIndex, type PageSource } from "@swaplab/kmem"
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { type ArrayCache, transferObjects } from "./array-cache.ts"
import type { ReserveObjects } from "./reserve-objects.ts"
import { LISTS, type SlabCache, SLABS_FREE, SLABS_FULL, SLABS_PARTIAL } from "./slab-cache.ts"
import type { SlabPages } from "./slab-pages.ts"
import type { SlabTopology } from "./topology.ts"

/** An untouched array is refilled with at most this many objects. */
const BATCHREFILL_LIMIT = 16

export class NodeLists {
  readonly #frames: PageSource["frames"]
  readonly #slabPages: SlabPages
  readonly #topology: SlabTopology
  readonly #reserve: ReserveObjects
  /** kmem_cache_free, for the management of a destroyed off-slab slab. */
  readonly #freeObject: (ctx: Context, cache: SlabCache, object: number) => void

  constructor(
    frames: PageSource["frames"],
    slabPages: SlabPages,
    topology: SlabTopology,
    reserve: ReserveObjects,
    freeObject: (ctx: Context, cache: SlabCache, object: number) => void
  ) {
    this.#frames = frames
    this.#slabPages = slabPages
    this.#topology = topology
    this.#reserve = reserve
    this.#freeObject = freeObject
  }

  /** Fills an empty array of a CPU of `node` from its shared array, else from its partial and then free slabs. */
  refill(c: SlabCache, array: ArrayCache, node: number): void {
    const { [node]: list } = c.nodes
    assert(array.avail === 0, "slab: refilling an array that is not empty")
    let want = array.batchcount
    if (array.touched === 0 && want > BATCHREFILL_LIMIT) want = BATCHREFILL_LIMIT
    if (list.shared !== null && transferObjects(array, list.shared, want) > 0) {
      list.shared.touched = 1
      return
    }
    const slabs = c.slabs
    const first = LISTS * node
    while (want > 0) {
      const row = this.#slabWithObjects(c, node)
      if (row === NO_SLAB) break
      slabs.unlink(row)
      for (; want > 0 && slabs.inuse[row] < c.objsPerSlab; want--) {
        array.entry[array.avail++] = this.#reserve.entryFor(c, slabs.objectOf(row, slabs.take(row, CACHED)))
      }
      slabs.addHead(first + (slabs.inuse[row] === c.objsPerSlab ? SLABS_FULL : SLABS_PARTIAL), row)
    }
    list.freeObjects -= array.avail
  }

  /** ____cache_alloc_node as far as the lists of the node have an object: it, or NO_OBJECT. No array, and no tag, is looked at. */
  takeFromNode(c: SlabCache, node: number): number {
    const slabs = c.slabs
    const row = this.#slabWithObjects(c, node)
    if (row === NO_SLAB) return NO_OBJECT
    slabs.unlink(row)
    const object = slabs.objectOf(row, slabs.take(row, CACHED))
    slabs.addHead(LISTS * node + (slabs.inuse[row] === c.objsPerSlab ? SLABS_FULL : SLABS_PARTIAL), row)
    c.nodes[node].freeObjects--
    c.nodeAllocs++
    return object
  }

  nodeOfSlab(c: SlabCache, row: number): number {
    return this.#topology.nodeOfPage(c.slabs.page[row])
  }

  /** The first partial slab of a node, or its first free one. */
  #slabWithObjects(c: SlabCache, node: number): number {
    const row = c.slabs.head[LISTS * node + SLABS_PARTIAL]
    if (row !== NO_SLAB) return row
    c.nodes[node].freeTouched = 1
    return c.slabs.head[LISTS * node + SLABS_FREE]
  }

  /** A new slab goes to the end of the free list of its node. `management` is its off-slab management object, if it has one. */
  addSlab(c: SlabCache, page: number, management: number): number {
    const slabs = c.slabs
    const row = slabs.create(page, c.order, c.objsPerSlab)
    this.#frames.private[page] = row
    slabs.aux[row] = management
    const node = this.#topology.nodeOfPage(page)
    slabs.addTail(LISTS * node + SLABS_FREE, row)
    c.nodes[node].freeObjects += c.objsPerSlab
    c.grown++
    return row
  }

  #destroySlab(ctx: Context, c: SlabCache, row: number, node: number): void {
    const page = c.slabs.page[row]
    const management = c.slabs.aux[row]
    c.nodes[node].freeObjects -= c.objsPerSlab
    c.slabs.destroy(row)
    this.#slabPages.release(ctx, c, page)
    if (c.management !== null) this.#freeObject(ctx, c.management, management)
  }

  /** cache_flusharray: the oldest batch goes to the shared array if that has any room, else to its slabs. */
  flushArray(ctx: Context, c: SlabCache, array: ArrayCache, node: number): void {
    let n = array.batchcount
    const { shared } = c.nodes[node]
    const room = shared === null ? 0 : shared.limit - shared.avail
    if (shared !== null && room > 0) {
      n = Math.min(n, room)
      for (let i = 0; i < n; i++) shared.entry[shared.avail++] = array.entry[i]
    } else {
      this.#freeBlock(ctx, c, array, n, node)
    }
    array.dropFront(n)
  }

  /**
   * cache_free_alien: an object of `node` that is freed on another one, `here`, waits in the alien array there. `entry` is what
   * the array stores for it.
   */
  freeAlien(ctx: Context, c: SlabCache, entry: number, node: number, here: number): void {
    const alien = c.nodes[here].alien[node]
    assert(alien !== null, "slab: a node has no alien array for its own objects")
    c.nodeFrees++
    if (alien.avail === alien.limit) {
      c.alienOverflows++
      this.drainAlien(ctx, c, alien, node)
    }
    alien.entry[alien.avail++] = entry
  }

  /** __drain_alien_cache: to the shared array of their node, newest first, and what does not fit there to their slabs. */
  drainAlien(ctx: Context, c: SlabCache, alien: ArrayCache, node: number): void {
    if (alien.avail === 0) return
    const { shared } = c.nodes[node]
    if (shared !== null) transferObjects(shared, alien, alien.limit)
    this.#freeBlock(ctx, c, alien, alien.avail, node)
    alien.avail = 0
  }

  /** free_block: the first `n` entries of an array go back to their slabs. The caller removes them from the array. */
  #freeBlock(ctx: Context, c: SlabCache, array: ArrayCache, n: number, node: number): void {
    const slabs = c.slabs
    const list = c.nodes[node]
    const first = LISTS * node
    for (let i = 0; i < n; i++) {
      const entry = array.entry[i]
      const object = entry < 0 ? ~entry : entry
      const row = this.#frames.private[slabs.pageOf(object)]
      slabs.unlink(row)
      slabs.put(row, objectIndex(object))
      list.freeObjects++
      if (slabs.inuse[row] > 0) slabs.addTail(first + SLABS_PARTIAL, row)
      else if (list.freeObjects > list.freeLimit) this.#destroySlab(ctx, c, row, node)
      else slabs.addHead(first + SLABS_FREE, row)
    }
  }

  /** drain_array: leaves an array alone that was used since, else frees a fifth of its limit or half of what is there. */
  drainArray(ctx: Context, c: SlabCache, array: ArrayCache, node: number): void {
    if (array.avail === 0) return
    if (array.touched !== 0) {
      array.touched = 0
      return
    }
    let n = Math.ceil(array.limit / 5)
    if (n > array.avail) n = Math.ceil(array.avail / 2)
    this.#freeBlock(ctx, c, array, n, node)
    array.dropFront(n)
  }

  /** drain_freelist: destroys slabs from the end of the free list. */
  drainFreelist(ctx: Context, c: SlabCache, slabsToFree: number, node: number): void {
    for (let n = 0; n < slabsToFree; n++) {
      const row = c.slabs.tail[LISTS * node + SLABS_FREE]
      if (row === NO_SLAB) return
      c.slabs.unlink(row)
      this.#destroySlab(ctx, c, row, node)
      c.reaped++
    }
  }
}
