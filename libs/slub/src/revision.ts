/**
 * What SLUB does with slabs whose pages came from the emergency reserve, as single facts.
 *
 * The three values of `PfmemallocHandling` differ in the rows of this table and nowhere else. In February 2012 the mark of the
 * CPU's slab was tested on every allocation; the merged series moved the test off the fast path, so whoever runs on a CPU after
 * a reserve user may take what is left on its freelist, but made the walk over the node's partial slabs skip marked ones.
 * source: mm/slub.c:pfmemalloc_match, slab_alloc, __slab_alloc, get_partial_node
 */
import type { PfmemallocHandling } from "@swaplab/kmem"

export interface ReserveRules {
  /** Slabs from the reserve are marked, and a marked CPU slab is deactivated on the slow path of a caller not allowed. */
  readonly marksSlabs: boolean
  /** The fast path tests the mark too. */
  readonly fastPathTest: boolean
  /** The node's partial list is searched for unmarked slabs only. */
  readonly nodePartialTest: boolean
  /** A slab just got is tested again; one that the caller may not use gives one object and is deactivated. */
  readonly newSlabTest: boolean
}

export const RESERVE_RULES: { readonly [K in PfmemallocHandling]: ReserveRules } = {
  "none": { marksSlabs: false, fastPathTest: false, nodePartialTest: false, newSlabTest: false },
  "feb-2012": { marksSlabs: true, fastPathTest: true, nodePartialTest: false, newSlabTest: false },
  "v3.6": { marksSlabs: true, fastPathTest: false, nodePartialTest: true, newSlabTest: true }
}
