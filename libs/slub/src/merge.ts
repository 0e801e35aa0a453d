/**
 * Which existing cache a new one is merged into.
 *
 * Modelled: the rules that have an effect here. Linux tests alignment as well; waste below one pointer means equal slots, and
 * equal slots are aligned alike. Not modelled: debugging flags and DMA caches, which never merge with others.
 * source: mm/slub.c:find_mergeable, slab_unmergeable
 */
import { align, type CacheOptions, slotAlignment } from "@swaplab/kmem"
import type { SlubCache } from "./slub-cache.ts"

/** Waste from which on merging does not pay: one pointer. */
const MAX_WASTE = 8

/** The newest cache that can also serve objects of this kind, or null. */
export function findMergeable(
  caches: ReadonlyArray<SlubCache>,
  objectSize: number,
  options: CacheOptions
): SlubCache | null {
  if (options.ctor === true || options.rcu === true) return null
  const wordSize = align(objectSize, 8)
  const alignment = slotAlignment(wordSize, options.hwAlign ?? false, options.align ?? 0)
  const size = align(wordSize, alignment)
  for (let i = caches.length - 1; i >= 0; i--) {
    const cache = caches[i]
    if (!cache.mergeable || size > cache.size) continue
    if (cache.reclaimAccount !== (options.reclaimAccount ?? false)) continue
    if (cache.size - size >= MAX_WASTE) continue
    return cache
  }
  return null
}
