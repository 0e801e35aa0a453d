/**
 * What SLUB does with slabs whose pages came from the emergency reserve, as single facts that follow from its switches.
 *
 * In February 2012 the mark of the CPU's slab was tested on every allocation; the merged series moved the test off the fast
 * path, so whoever runs on a CPU after a reserve user may take what is left on its freelist, but made the walk over the
 * node's partial slabs skip marked ones.
 * source: mm/slub.c:pfmemalloc_match, slab_alloc, __slab_alloc, get_partial_node
 */
import type { ReserveSwitches } from "@swaplab/kmem"

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

export const reserveRules = ({ reserveSlabs, slowPathTest }: ReserveSwitches): ReserveRules => ({
  marksSlabs: reserveSlabs,
  fastPathTest: reserveSlabs && !slowPathTest,
  nodePartialTest: reserveSlabs && slowPathTest,
  newSlabTest: reserveSlabs && slowPathTest
})
