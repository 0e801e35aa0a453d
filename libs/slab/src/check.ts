// Consistency of one cache. Slow: tests call it after every step, runs at their end.
import { CACHED, NO_SLAB, objectIndex, type PageSource } from "@swaplab/kmem"
import { PG_slab } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { ArrayCache } from "./array-cache.ts"
import { LISTS, type SlabCache, SLABS_FREE, SLABS_FULL, SLABS_PARTIAL } from "./slab-cache.ts"

/** Lists match the counts of their slabs, free objects add up, every array entry is one object in the state CACHED. */
export function checkCache(cache: SlabCache, pages: PageSource): void {
  const slabs = cache.slabs
  slabs.checkInvariants()
  const { frames } = pages
  const free: Array<number> = []
  let cached = 0
  let listed = 0
  for (let list = 0; list < LISTS * cache.nodes.length; list++) {
    const node = Math.floor(list / LISTS)
    if (list % LISTS === 0) free.push(0)
    for (let row = slabs.head[list]; row !== NO_SLAB; row = slabs.next[row]) {
      listed++
      const inuse = slabs.inuse[row]
      const expected = inuse === 0 ? SLABS_FREE : inuse === cache.objsPerSlab ? SLABS_FULL : SLABS_PARTIAL
      assert(list % LISTS === expected, "slab: slab is on the wrong list")
      assert(pages.zoneOf(slabs.page[row]).node === node, "slab: slab is on the list of another node")
      free[node] += cache.objsPerSlab - inuse
      for (let i = 0; i < cache.objsPerSlab; i++) if (slabs.chain[row * slabs.stride + i] === CACHED) cached++
      const page = slabs.page[row]
      assert(frames.private[page] === row, "slab: page does not find its slab")
      for (let p = page; p < page + (1 << cache.order); p++) {
        assert((frames.flags[p] & PG_slab) !== 0, "slab: page of a slab without PG_slab")
      }
    }
  }
  assert(listed === slabs.rows, "slab: a slab is on no list")
  cache.nodes.forEach((node, n) => assert(free[n] === node.freeObjects, "slab: free_objects accounting error"))
  assert(cached === cache.inArrays, "slab: arrays and cached objects disagree")
  const seen = new Set<number>()
  cache.arrays.forEach((array, cpu) => checkArray(cache, array, pages, pages.numa?.nodeOfCpu[cpu] ?? 0, seen))
  cache.nodes.forEach(({ alien, shared }, node) => {
    if (shared !== null) checkArray(cache, shared, pages, node, seen)
    alien.forEach((array, other) => array === null || checkArray(cache, array, pages, other, seen))
  })
}

/** An array with objects of one node. */
function checkArray(cache: SlabCache, array: ArrayCache, pages: PageSource, node: number, seen: Set<number>): void {
  assert(array.avail >= 0 && array.avail <= array.limit, "slab: array holds more than its limit")
  for (let i = 0; i < array.avail; i++) {
    const entry = array.entry[i]
    const object = entry < 0 ? ~entry : entry
    assert(!seen.has(object), "slab: an object is in two places")
    seen.add(object)
    const page = cache.slabs.pageOf(object)
    const row = pages.frames.private[page]
    assert(pages.zoneOf(page).node === node, "slab: an object is in an array of another node")
    assert(
      cache.slabs.chain[row * cache.slabs.stride + objectIndex(object)] === CACHED,
      "slab: array entry is not a cached object"
    )
  }
}
