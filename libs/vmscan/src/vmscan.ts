// The whole of reclaim behind one object: what the page allocator calls (Reclaimer), what page tables, swap and page
// cache call (the LRU), and the program of kswapd.
import { type Context, type PageAllocator, PF_KSWAPD, type Reclaimer, type Task, type Zone } from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps } from "@swaplab/sim"
import { ScanControl } from "./batch.ts"
import { congestionWait, waitIffCongested } from "./congestion.ts"
import { DEF_PRIORITY, SWAP_CLUSTER_MAX } from "./constants.ts"
import { tryToFreePages } from "./direct-reclaim.ts"
import { emergencyFreePages } from "./emergency.ts"
import { kswapd, wakeupKswapd } from "./kswapd.ts"
import type { Lru } from "./lru.ts"
import type { LruVec } from "./lruvec.ts"
import { OomKiller } from "./oom.ts"
import type { Congestion, OomOps, ReclaimOps } from "./ops.ts"
import type { VmscanOptions } from "./options.ts"
import { Pgdat } from "./pgdat.ts"
import { shrinkInactiveList } from "./shrink-inactive.ts"

/** A machine on which nothing can be killed. */
const NO_OOM_OPS: OomOps = {
  candidates: () => [],
  pidOf: () => 0,
  totalPages: () => 1,
  giveMemdie: () => {},
  kill: () => {},
  panic: () => {}
}

export class Vmscan implements Reclaimer {
  readonly pgdat: Pgdat
  readonly lru: Lru
  readonly oom: OomKiller

  constructor(
    sim: Sim,
    pages: PageAllocator,
    mm: ReclaimOps,
    congestion: Congestion,
    options: VmscanOptions & { readonly oom?: OomOps } = {}
  ) {
    this.pgdat = new Pgdat(sim, pages, mm, congestion, options)
    this.lru = this.pgdat.lru
    this.oom = new OomKiller(sim, options.oom ?? NO_OOM_OPS)
  }

  /** kswapd0: spawn it as a kernel thread. */
  kswapd(task: Task): Sleeps<never> {
    return kswapd(this.pgdat, task)
  }

  wakeKswapd(_ctx: Context, zone: Zone, order: number, classzone: number): void {
    wakeupKswapd(this.pgdat, zone, order, classzone)
  }

  tryToFreePages(task: Task, gfp: number, order: number, highZone: number): Sleeps<number> {
    return tryToFreePages(this.pgdat, task, gfp, order, highZone)
  }

  emergencyFreePages(task: Task, gfp: number, order: number, highZone: number): number {
    return emergencyFreePages(this.pgdat, task, gfp, order, highZone)
  }

  /** out_of_memory, for the allocator, which has locked the zones of its zonelist. */
  outOfMemory(task: Task, _gfp: number, _order: number): Sleeps<boolean> {
    return this.oom.outOfMemory(task)
  }

  /** pagefault_out_of_memory: a fault could not get memory although its allocation was allowed to fail. */
  *pagefaultOutOfMemory(task: Task): Sleeps<void> {
    const zones = this.pgdat.zones
    if (!zones.some((zone) => zone.oomLocked)) {
      for (const zone of zones) zone.oomLocked = true
      yield* this.oom.outOfMemory(task)
      for (const zone of zones) zone.oomLocked = false
    }
    yield* this.oom.pause(task)
  }

  waitIffCongested(task: Task, zone: Zone, ns: number): Sleeps<void> {
    return waitIffCongested(this.pgdat, task, zone, ns, "page allocation: waits before it tries again")
  }

  /**
   * shrink_inactive_list: one batch of at most 32 pages of the inactive list of anonymous (0) or file (1) pages, outside
   * any session. For experiments and tests. Returns the pages reclaimed.
   */
  shrinkInactive(
    task: Task,
    lruvec: LruVec,
    file: 0 | 1,
    gfp: number,
    nrToScan = SWAP_CLUSTER_MAX,
    priority = DEF_PRIORITY
  ): Sleeps<number> {
    const sc = new ScanControl(gfp, 0, nrToScan, priority, (task.flags & PF_KSWAPD) !== 0)
    return shrinkInactiveList(this.pgdat, task, nrToScan, lruvec, sc, file << 1)
  }

  /** congestion_wait, for swap and page cache. */
  congestionWait(task: Task, ns: number, why: string): Sleeps<void> {
    return congestionWait(this.pgdat, task, ns, why)
  }

  /** Pages that reclaimers hold now. */
  isolatedPages(): number {
    let pages = 0
    for (const lruvec of this.pgdat.lruvecs) pages += lruvec.isolated[0] + lruvec.isolated[1]
    return pages
  }

  /** Pages on LRU lists now. */
  lruPages(): number {
    let pages = 0
    for (const lruvec of this.pgdat.lruvecs) {
      for (const list of lruvec.lists) pages += list.count
    }
    return pages
  }

  checkInvariants(): void {
    this.lru.checkInvariants()
    let held = 0
    for (const batch of this.pgdat.batchesInUse()) held += batch.taken
    assert(held === this.isolatedPages(), "isolated pages differ from those that reclaimers hold")
  }
}
