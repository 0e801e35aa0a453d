/**
 * The part of a caller's gfp mask that an object allocator hands on to the page allocator.
 * source: mm/internal.h / include/linux/gfp.h: GFP_RECLAIM_MASK, GFP_CONSTRAINT_MASK
 */
import {
  __GFP_FS,
  __GFP_HARDWALL,
  __GFP_HIGH,
  __GFP_IO,
  __GFP_MEMALLOC,
  __GFP_NOFAIL,
  __GFP_NOMEMALLOC,
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_REPEAT,
  __GFP_THISNODE,
  __GFP_WAIT
} from "@swaplab/page-alloc"

/** How hard to try: sleeping, I/O, reserves, retries. */
export const GFP_RECLAIM_MASK = __GFP_WAIT | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_NOWARN | __GFP_REPEAT
  | __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC | __GFP_NOMEMALLOC

/** Where from: cpusets and nodes. */
export const GFP_CONSTRAINT_MASK = __GFP_HARDWALL | __GFP_THISNODE

/** Everything else (zone, mobility, zeroing, colour) is the object allocator's own choice. */
export const GFP_SLAB_PASS_MASK = GFP_RECLAIM_MASK | GFP_CONSTRAINT_MASK
