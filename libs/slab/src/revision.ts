/**
 * What SLAB does with slabs whose pages came from the emergency reserve, as single facts that follow from its switches.
 *
 * Differences between revisions of the code that are not here because they lie elsewhere or have no effect in this model:
 * - when a page is marked, and who is allowed: the page allocator's own switches (`pagePfmemalloc`, `gfpPfmemallocAllowed`);
 * - "recheck under the node lock": every function here is atomic;
 * - "mark looked up at the head page": SLAB pages are not compound on machines with an MMU, so the head page of an object's
 *   page is that page itself, in both revisions;
 * - "node id read again after growing": the node is looked up whenever it is needed;
 * - the later micro-optimisation (inline test, out-of-line tag handling): no behaviour at all.
 * source: mm/slab.c:ac_get_obj, ac_put_obj, recheck_pfmemalloc_active
 */
import type { ReserveSwitches } from "@swaplab/kmem"

export interface ReserveRules {
  /** Slab pages from the reserve are marked and their objects tagged. */
  readonly marksSlabs: boolean
  /** Tags are set and respected only while a memalloc socket exists. */
  readonly gatedByMemallocSocks: boolean
  /** Where the search for an untagged entry starts. */
  readonly searchFrom: number
  /** Objects that enter an alien array are tagged. */
  readonly tagsAliens: boolean
}

export const reserveRules = (switches: ReserveSwitches): ReserveRules => ({
  marksSlabs: switches.reserveSlabs,
  gatedByMemallocSocks: switches.memallocGate,
  searchFrom: switches.skipsFirst ? 1 : 0,
  tagsAliens: !switches.rawAliens
})
