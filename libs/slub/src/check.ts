// Consistency of one cache. Slow: tests call it after every step, runs at their end.
import { CHAIN_END, HELD, NO_SLAB, ON_NO_LIST, type PageSource } from "@swaplab/kmem"
import { PG_slab } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { SlubCache } from "./slub-cache.ts"

/** Frozen slabs are exactly those that CPUs hold; every object is free, on one CPU's freelist, or held. Pages held. */
export function checkCache(c: SlubCache, pageSource: PageSource): number {
  const { frames } = pageSource
  const slabs = c.slabs
  slabs.checkInvariants()
  const frozen = new Set<number>()
  const onFreelist = new Map<number, number>()
  for (let cpu = 0; cpu < c.cpuSlab.length; cpu++) {
    const row = c.cpuSlab[cpu]
    if (row === NO_SLAB) {
      assert(c.cpuFreelist[cpu] === CHAIN_END, "slub: freelist without a slab")
    } else {
      addFrozen(c, frozen, row)
      onFreelist.set(row, freelistLength(c, cpu, row))
    }
    for (let partial = c.cpuPartial[cpu]; partial !== NO_SLAB; partial = slabs.next[partial]) {
      addFrozen(c, frozen, partial)
      assert(slabs.inuse[partial] < slabs.objects[partial], "slub: full slab on a CPU partial list")
    }
  }
  let pages = 0
  let objects = 0
  for (let row = 0; row < slabs.capacity; row++) {
    if (!slabs.exists(row)) continue
    pages += 1 << slabs.order[row]
    objects += slabs.objects[row]
    assert((slabs.frozen[row] !== 0) === frozen.has(row), "slub: frozen slab that no CPU holds")
    const listed = slabs.list[row] === pageSource.zoneOf(slabs.page[row]).node
    assert(listed || slabs.list[row] === ON_NO_LIST, "slub: unknown list")
    if (!frozen.has(row)) {
      assert(
        listed === slabs.inuse[row] < slabs.objects[row],
        "slub: slab with free objects is nowhere, or full one listed"
      )
    } else {
      assert(!listed, "slub: frozen slab on the node's list")
    }
    let held = 0
    for (let i = 0; i < slabs.objects[row]; i++) if (slabs.chain[row * slabs.stride + i] === HELD) held++
    assert(held + (onFreelist.get(row) ?? 0) === slabs.inuse[row], "slub: inuse and held objects disagree")
    const page = slabs.page[row]
    assert(frames.private[page] === row, "slub: page does not find its slab")
    for (let p = page; p < page + (1 << slabs.order[row]); p++) {
      assert((frames.flags[p] & PG_slab) !== 0, "slub: page of a slab without PG_slab")
    }
  }
  assert(objects === c.totalObjects, "slub: total_objects is wrong")
  return pages
}

function addFrozen(c: SlubCache, frozen: Set<number>, row: number): void {
  assert(c.slabs.exists(row) && c.slabs.frozen[row] !== 0, "slub: a CPU holds a slab that is not frozen")
  assert(!frozen.has(row), "slub: a slab belongs to two CPUs")
  frozen.add(row)
}

function freelistLength(c: SlubCache, cpu: number, row: number): number {
  let length = 0
  for (let i = c.cpuFreelist[cpu]; i !== CHAIN_END; i = c.slabs.chain[row * c.slabs.stride + i]) {
    assert(++length <= c.slabs.objects[row], "slub: freelist does not end")
  }
  return length
}
