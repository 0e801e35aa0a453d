// The pages that one call of shrink_inactive_list holds: at most 32, isolated, on no list. They stay with their
// reclaimer while it sleeps for a request slot, which is what too_many_isolated counts.
import { SWAP_CLUSTER_MAX } from "./constants.ts"
import type { PageoutList } from "./pageout-list.ts"

export class ReclaimBatch {
  /** Isolated pages in the order in which they left the list. */
  readonly pages = new Int32Array(SWAP_CLUSTER_MAX)
  taken = 0
  /** Index of the next page to look at. */
  next = 0
  /** Pages to put back. */
  readonly kept = new Int32Array(SWAP_CLUSTER_MAX)
  nrKept = 0
  /** Pages reclaimed, freed together when the whole batch is done. */
  readonly freed = new Int32Array(SWAP_CLUSTER_MAX)
  nrFreed = 0

  nrDirty = 0
  nrCongested = 0
  nrWriteback = 0
  nrActivated = 0
  /** Pages that went on to the pageout list: no longer of this batch. */
  nrListed = 0

  reset(): void {
    this.taken = 0
    this.next = 0
    this.nrKept = 0
    this.nrFreed = 0
    this.nrDirty = 0
    this.nrCongested = 0
    this.nrWriteback = 0
    this.nrActivated = 0
    this.nrListed = 0
  }
}

/** struct scan_control: one reclaim session. */
export class ScanControl {
  gfp: number
  order: number
  priority: number
  nrToReclaim: number
  maySwap = true
  mayWritepage = true
  /** Mapped pages may be unmapped. */
  mayUnmap = true
  /** ISOLATE_UNMAPPED; ISOLATE_CLEAN, which leaves pages under writeback, too. What is left goes to the head of its list. */
  isolateUnmapped = false
  isolateClean = false
  /** Pages that the last isolation looked at, taken or not. */
  looked = 0
  /** Where dirty swap pages go instead of being written at once. */
  pageoutList: PageoutList | null = null
  nrScanned = 0
  nrReclaimed = 0
  /** PF_KSWAPD is set on the caller. */
  readonly isKswapd: boolean
  /** Left to scan of each list, in the order of the lists. */
  readonly nr: Array<number> = [0, 0, 0, 0]

  constructor(gfp: number, order: number, nrToReclaim: number, priority: number, isKswapd: boolean) {
    this.gfp = gfp
    this.order = order
    this.nrToReclaim = nrToReclaim
    this.priority = priority
    this.isKswapd = isKswapd
  }
}
