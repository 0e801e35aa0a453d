// Consistency of one cache. Slow: tests call it after every step, runs at their end.
import { CACHED, NO_SLAB, objectIndex, type PageSource } from "@swaplab/kmem"
import { PG_slab } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { ArrayCache } from "./array-cache.ts"
import { type SlabCache, SLABS_FREE, SLABS_FULL, SLABS_PARTIAL } from "./slab-cache.ts"

/** Lists match the counts of their slabs, free objects add up, every array entry is one object in the state CACHED. */
export function checkCache(cache: SlabCache, frames: PageSource["frames"]): void {
  const slabs = cache.slabs
  slabs.checkInvariants()
  let free = 0
  let cached = 0
  let listed = 0
  for (let list = SLABS_FULL; list <= SLABS_FREE; list++) {
    for (let row = slabs.head[list]; row !== NO_SLAB; row = slabs.next[row]) {
      listed++
      const inuse = slabs.inuse[row]
      const expected = inuse === 0 ? SLABS_FREE : inuse === cache.objsPerSlab ? SLABS_FULL : SLABS_PARTIAL
      assert(list === expected, "slab: slab is on the wrong list")
      free += cache.objsPerSlab - inuse
      for (let i = 0; i < cache.objsPerSlab; i++) if (slabs.chain[row * slabs.stride + i] === CACHED) cached++
      const page = slabs.page[row]
      assert(frames.private[page] === row, "slab: page does not find its slab")
      for (let p = page; p < page + (1 << cache.order); p++) {
        assert((frames.flags[p] & PG_slab) !== 0, "slab: page of a slab without PG_slab")
      }
    }
  }
  assert(listed === slabs.rows, "slab: a slab is on no list")
  assert(free === cache.freeObjects, "slab: free_objects accounting error")
  assert(cached === cache.inArrays, "slab: arrays and cached objects disagree")
  const seen = new Set<number>()
  for (const array of cache.arrays) checkArray(cache, array, frames, seen)
  if (cache.shared !== null) checkArray(cache, cache.shared, frames, seen)
}

function checkArray(cache: SlabCache, array: ArrayCache, frames: PageSource["frames"], seen: Set<number>): void {
  assert(array.avail >= 0 && array.avail <= array.limit, "slab: array holds more than its limit")
  for (let i = 0; i < array.avail; i++) {
    const entry = array.entry[i]
    const object = entry < 0 ? ~entry : entry
    assert(!seen.has(object), "slab: an object is in two places")
    seen.add(object)
    const row = frames.private[cache.slabs.pageOf(object)]
    assert(
      cache.slabs.chain[row * cache.slabs.stride + objectIndex(object)] === CACHED,
      "slab: array entry is not a cached object"
    )
  }
}
