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
import { oomConstraint, OomKiller } from "./oom.ts"
import type { Congestion, OomOps, ReclaimOps } from "./ops.ts"
import type { VmscanOptions, VmscanSwitches } from "./options.ts"
import { Pgdat } from "./pgdat.ts"
import { shrinkInactiveList } from "./shrink-inactive.ts"
import { asksZoneReclaim, zoneReclaim } from "./zone-reclaim.ts"

/** A machine on which nothing can be killed. */
const NO_OOM_OPS: OomOps = {
  candidates: () => [],
  pidOf: () => 0,
  totalPages: () => 1,
  giveMemdie: () => {},
  kill: () => {},
  panic: () => {}
}

/**
 * Reclaim of one machine: direct reclaim, kswapd, the LRU lists and the OOM killer.
 *
 * **When to use.** Make it after the page allocator and set it as that one's `reclaimer`; page tables, swap and page
 * cache put their pages on `lru`.
 *
 * **Details.** Each memory node has its `pgdat`. What reclaim does to a page of the machine goes through `ReclaimOps`.
 * Whatever may sleep is entered with `yield*`; `tryToFreePages` returns pages, times are nanoseconds.
 *
 * **Gotchas.** Nobody starts kswapd by itself: spawn `kswapd(task, node)` for each node. Without `oom` in the options
 * the killer finds no candidate: a task that calls it then sleeps for ever. Pages that reclaimers hold
 * (`isolatedPages`) are on no list, and `lruPages` leaves them out.
 */
export class Vmscan implements Reclaimer {
  /** The memory nodes, and the first of them. */
  readonly pgdats: ReadonlyArray<Pgdat>
  readonly pgdat: Pgdat
  readonly lru: Lru
  readonly oom: OomKiller
  readonly #pages: PageAllocator

  constructor(
    sim: Sim,
    pages: PageAllocator,
    mm: ReclaimOps,
    congestion: Congestion,
    options: VmscanOptions & { readonly oom?: OomOps } = {}
  ) {
    const first = new Pgdat(sim, pages, mm, congestion, options)
    this.pgdat = first
    this.pgdats = Array.from(
      { length: pages.numa?.nodes ?? 1 },
      (_, node) => node === 0 ? first : new Pgdat(sim, pages, mm, congestion, options, node, first)
    )
    this.#pages = pages
    this.lru = this.pgdat.lru
    this.oom = new OomKiller(sim, options.oom ?? NO_OOM_OPS)
  }

  /** Other switches from now on. */
  setSwitches(switches: VmscanSwitches): void {
    for (const pgdat of this.pgdats) pgdat.switches = switches
  }

  /** kswapd of a node (kswapd0 of the first): spawn it as a kernel thread. */
  kswapd(task: Task, node = 0): Sleeps<never> {
    return kswapd(this.pgdats[node], task)
  }

  wakeKswapd(ctx: Context, zone: Zone, order: number, classzone: number): void {
    const { numa } = this.#pages
    if (numa !== null && !numa.cpusetAllows(ctx, zone)) return
    wakeupKswapd(this.pgdats[zone.node], zone, order, classzone)
  }

  tryToFreePages(
    task: Task,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    unmasked: ReadonlyArray<Zone> = zonelist
  ): Sleeps<number> {
    return tryToFreePages(this.pgdats[unmasked[0].node], task, gfp, order, zonelist, unmasked[0])
  }

  asksZoneReclaim(ctx: Context, zone: Zone, gfp: number): number {
    const { numa } = this.#pages
    assert(numa !== null, "zone_reclaim: a kernel without memory nodes")
    return asksZoneReclaim(numa, ctx, zone, gfp)
  }

  zoneReclaim(task: Task, zone: Zone, gfp: number, order: number): Sleeps<number> {
    const { numa } = this.#pages
    assert(numa !== null, "zone_reclaim: a kernel without memory nodes")
    return zoneReclaim(this.pgdats[zone.node], numa, task, zone, gfp, order)
  }

  emergencyFreePages(task: Task, gfp: number, order: number, zonelist: ReadonlyArray<Zone>): number {
    return emergencyFreePages(this.pgdats[zonelist[0].node], task, gfp, order, zonelist)
  }

  /** out_of_memory, for the allocator, which has locked the zones of its zonelist. */
  outOfMemory(task: Task, gfp: number, _order: number, zonelist: ReadonlyArray<Zone>): Sleeps<boolean> {
    return this.oom.outOfMemory(task, oomConstraint(this.#pages, task, gfp, zonelist))
  }

  /** pagefault_out_of_memory: a fault could not get memory although its allocation was allowed to fail. */
  *pagefaultOutOfMemory(task: Task): Sleeps<void> {
    const zones = this.#pages.populatedZones
    if (!zones.some((zone) => zone.oomLocked)) {
      for (const zone of zones) zone.oomLocked = true
      yield* this.oom.outOfMemory(task, null)
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
    for (const lruvec of this.lru.lruvecs) pages += lruvec.isolated[0] + lruvec.isolated[1]
    return pages
  }

  /** Pages on LRU lists now. */
  lruPages(): number {
    let pages = 0
    for (const lruvec of this.lru.lruvecs) {
      for (const list of lruvec.lists) pages += list.count
    }
    return pages
  }

  checkInvariants(): void {
    this.lru.checkInvariants()
    let held = 0
    for (const pgdat of this.pgdats) for (const batch of pgdat.batchesInUse()) held += batch.taken
    assert(held === this.isolatedPages(), "isolated pages differ from those that reclaimers hold")
  }
}
