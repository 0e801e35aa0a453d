/**
 * What SLAB does with slabs whose pages came from the emergency reserve, as single facts.
 *
 * The three values of `PfmemallocHandling` differ in the rows of this table and nowhere else.
 * Differences that are not here because they lie elsewhere or have no effect in this model:
 * - when a page is marked, and who is allowed: the page allocator's own switches (`pagePfmemalloc`, `gfpPfmemallocAllowed`);
 * - "recheck under the node lock": every function here is atomic;
 * - "mark looked up at the head page": SLAB pages are not compound on machines with an MMU, so the head page of an object's
 *   page is that page itself, in both revisions;
 * - "node id read again after growing": there is one node;
 * - the later micro-optimisation (inline test, out-of-line tag handling): no behaviour at all.
 * source: mm/slab.c:ac_get_obj, ac_put_obj, recheck_pfmemalloc_active
 */
import type { PfmemallocHandling } from "@swaplab/kmem"

export interface ReserveRules {
  /** Slab pages from the reserve are marked and their objects tagged. */
  readonly marksSlabs: boolean
  /** Tags are set and respected only while a memalloc socket exists. */
  readonly gatedByMemallocSocks: boolean
  /** Where the search for an untagged entry starts. */
  readonly searchFrom: number
}

export const RESERVE_RULES: { readonly [K in PfmemallocHandling]: ReserveRules } = {
  "none": { marksSlabs: false, gatedByMemallocSocks: false, searchFrom: 0 },
  "feb-2012": { marksSlabs: true, gatedByMemallocSocks: false, searchFrom: 1 },
  "v3.6": { marksSlabs: true, gatedByMemallocSocks: true, searchFrom: 0 }
}
