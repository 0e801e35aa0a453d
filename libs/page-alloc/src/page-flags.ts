// Page flags, one bit each of `Frames.flags`.
//
// Modelled: the flags that decide where a page is and what reclaim does with it. PG_isolated and PG_pfmemalloc are not
// page flags in Linux: the first is implied by PG_lru being clear on a counted page, the second is a field that shares
// storage with page->index and is valid only right after the allocation.
// source: include/linux/page-flags.h, include/linux/mm_types.h

export const PG_locked = 0x1
export const PG_error = 0x2
export const PG_referenced = 0x4
export const PG_uptodate = 0x8
export const PG_dirty = 0x10
/** On one of the LRU lists. */
export const PG_lru = 0x20
/** On an active LRU list; on a slab page: the slab came from the reserve (SlabPfmemalloc). */
export const PG_active = 0x40
export const PG_slab = 0x80
export const PG_writeback = 0x100
export const PG_swapcache = 0x200
/** To be reclaimed as soon as its write ends. */
export const PG_reclaim = 0x400
/** Head of a free block in the buddy lists. */
export const PG_buddy = 0x800
/** Backed by swap: anonymous memory or shmem. */
export const PG_swapbacked = 0x1000
export const PG_unevictable = 0x2000
/** Taken off its LRU list by reclaim. */
export const PG_isolated = 0x4000
/** The allocation that returned this page used the reserve (page->pfmemalloc). */
export const PG_pfmemalloc = 0x8000

/** PAGE_FLAGS_CHECK_AT_FREE: a page that carries one of these is still in use. */
export const PAGE_FLAGS_CHECK_AT_FREE = PG_locked | PG_lru | PG_active | PG_slab | PG_writeback | PG_swapcache |
  PG_unevictable | PG_buddy
