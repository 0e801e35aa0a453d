// The slow path of an allocation: what happens when the first attempt at mark LOW found nothing.
//
// Modelled: the whole of it in its order: kswapd is woken, mark MIN, the reserve for those who may, direct reclaim, the OOM
// killer, another round, the failure message. Not modelled: direct compaction (x86_64_defconfig of 3.6 has it off, so
// order-1…3 requests depend on reclaim alone, as there), suspend, core dumps.
// CPU costs are parameters and estimates; they decide how long a retry loop takes when nothing makes it sleep.
// source: mm/page_alloc.c:__alloc_pages_slowpath, __alloc_pages_direct_reclaim, __alloc_pages_may_oom, should_alloc_retry
import { assert, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import {
  ALLOC_CPUSET,
  ALLOC_NO_WATERMARKS,
  ALLOC_WMARK_HIGH,
  gfpToAllocFlags,
  NO_SWITCHES,
  type PageAllocSwitches
} from "./alloc-flags.ts"
import { AllocRecords } from "./alloc-records.ts"
import { allocTrace } from "./alloc-trace.ts"
import { describeShortage } from "./failure.ts"
import {
  __GFP_FS,
  __GFP_HARDWALL,
  __GFP_NO_KSWAPD,
  __GFP_NOFAIL,
  __GFP_NORETRY,
  __GFP_WAIT,
  GFP_THISNODE_NUMA,
  gfpZone
} from "./gfp.ts"
import { zonesOfNodes, zonesOfPresentPages, zonesOfRam } from "./memory-map.ts"
import { NO_PAGE, OOM_MIN_ZONE } from "./memory.ts"
import { WOULD_RECLAIM } from "./numa-memory.ts"
import { type AllocCosts, DEFAULT_ALLOC_COSTS, type PageAllocOptions } from "./options.ts"
import { MAX_ROUNDS_PER_INSTANT, RETRY_WAIT_NS, shouldAllocRetry } from "./retry.ts"
import { type Context, isTask, PF_MEMALLOC, type Task } from "./sched.ts"
import { VmStat } from "./vmstat.ts"
import { MAX_ORDER, PAGE_ALLOC_COSTLY_ORDER } from "./watermark.ts"
import type { Zone } from "./zone.ts"

/** The answer of code that may not sleep: nothing was done yet, call the version that may. */
export const WOULD_SLEEP = -2

/** What {@link PageAllocator} does beyond the first attempt. */
export class SlowPath extends AllocRecords {
  readonly costs: AllocCosts
  #switches: PageAllocSwitches
  readonly #oomWait: WaitQueue

  constructor(sim: Sim, options: PageAllocOptions) {
    const switches = { ...NO_SWITCHES, ...options.switches }
    const costs = { ...DEFAULT_ALLOC_COSTS, ...options.costs }
    const { memory, numa } = options
    super(
      sim,
      {
        zoneSizes: numa !== undefined
          ? zonesOfNodes(numa.nodeBytes)
          : [typeof memory === "number" ? zonesOfRam(memory) : zonesOfPresentPages(memory)],
        numa: numa ?? null,
        cpus: options.cpus,
        transparentHugepages: options.transparentHugepages ?? false,
        minFreeKbytes: options.minFreeKbytes ?? null,
        pfmemallocMark: switches.pfmemallocMark,
        freeNs: costs.freeNs
      },
      new VmStat(options.vmstat),
      allocTrace(sim.trace, options.group ?? 0)
    )
    this.#switches = switches
    this.costs = costs
    this.#oomWait = new WaitQueue(sim, "oom in progress", "the next tick")
  }

  get switches(): PageAllocSwitches {
    return this.#switches
  }

  /** Other switches from now on, as if the code were exchanged while the machine runs. */
  set switches(switches: PageAllocSwitches) {
    this.#switches = switches
    this.pfmemallocMark = switches.pfmemallocMark
  }

  /** The slow path up to the point where it would sleep. */
  protected trySlow(
    ctx: Context,
    gfp: number,
    order: number,
    place: number,
    zonelist: ReadonlyArray<Zone>,
    preferred: Zone
  ): number {
    this.counters.slowpath++
    if (order >= MAX_ORDER || (this.numa !== null && (gfp & GFP_THISNODE_NUMA) === GFP_THISNODE_NUMA)) {
      return this.fail(ctx, gfp, order, 0, zonelist[0])
    }
    this.#wakeAllKswapd(ctx, gfp, order, zonelist, preferred)
    const allocFlags = gfpToAllocFlags(ctx, gfp, this.#switches)
    const best = this.slowPreferred(zonelist, allocFlags, preferred)
    const reserveList = this.reserveList(ctx, gfp, place, zonelist, this.#switches)
    const page = this.#rebalance(ctx, gfp, order, zonelist, allocFlags, best, reserveList)
    if (page === NO_PAGE) return this.fail(ctx, gfp, order, allocFlags, zonelist[0])
    return page >= 0 ? this.gotPage(page, order, gfp, allocFlags) : WOULD_SLEEP
  }

  /** The rest of the slow path: entered at the instant at which `tryAlloc` said WOULD_SLEEP. */
  protected *allocSlow(task: Task, gfp: number, order: number, place: number): Sleeps<number> {
    const outerWhy = task.process.why
    const { refusal } = task
    let allocFlags = gfpToAllocFlags(task, gfp, this.#switches)
    let zonelist = this.zonelistAt(place, gfp)
    const preferred = this.slowPreferred(zonelist, allocFlags, this.preferredZone(task, zonelist) ?? zonelist[0])
    let reserveList = this.reserveList(task, gfp, place, zonelist, this.#switches)
    let totalReclaimed = 0
    let rounds = 0
    let instant = this.sim.now
    let mayReclaimZones = this.numa !== null && this.numa.zoneReclaimMode !== 0
    const open = this.numa === null ? zonelist : this.numa.openTo(task, gfp, allocFlags, zonelist)
    if (refusal !== undefined) {
      refusal.write(instant, task.process.name, gfp, order, allocFlags, open)
      refusal.open = true
    }
    for (;;) {
      // a request that has looked at the reserve goes on with the list that it had there
      if ((allocFlags & ALLOC_NO_WATERMARKS) !== 0) zonelist = reserveList
      const asked = (allocFlags & ALLOC_NO_WATERMARKS) === 0 && open.length > 0 ? open : zonelist
      task.process.why = describeShortage(gfp, order, asked[0], allocFlags)
      let page = mayReclaimZones
        ? yield* this.#rebalanceReclaiming(task, gfp, order, zonelist, allocFlags, preferred, reserveList)
        : WOULD_SLEEP
      mayReclaimZones = false
      if (page !== WOULD_SLEEP) return this.#finish(task, gfp, order, allocFlags, zonelist, page, outerWhy)
      page = NO_PAGE
      // a caller that may ignore the watermarks and must not fail waits here: it never reclaims
      let retry = (allocFlags & ALLOC_NO_WATERMARKS) !== 0 &&
        ((gfp & __GFP_NOFAIL) !== 0 || (task.flags & PF_MEMALLOC) !== 0)
      let restart = false
      if (!retry) {
        const reclaimed = yield* this.#directReclaim(task, gfp, order, zonelist)
        if (reclaimed > 0) {
          page = yield* this.#attemptAfterReclaim(task, gfp, order, zonelist, allocFlags, preferred)
        }
        if (page === NO_PAGE && reclaimed === 0 && (gfp & (__GFP_FS | __GFP_NORETRY)) === __GFP_FS) {
          page = yield* this.#mayOom(task, gfp, order, zonelist, preferred)
          restart = (gfp & __GFP_NOFAIL) !== 0 ||
            (order <= PAGE_ALLOC_COSTLY_ORDER && gfpZone(gfp) >= OOM_MIN_ZONE)
          retry = restart
        } else {
          totalReclaimed += reclaimed
          retry = shouldAllocRetry(gfp, order, totalReclaimed)
        }
      }
      if (page === NO_PAGE && retry) {
        this.counters.retries++
        if (!restart) yield* this.reclaimer.waitIffCongested(task, preferred, RETRY_WAIT_NS)
        yield* task.condResched()
        rounds = this.sim.now === instant ? rounds + 1 : 0
        instant = this.sim.now
        assert(rounds < MAX_ROUNDS_PER_INSTANT, "an allocation is retried without end while no time passes")
        if (restart) {
          this.#wakeAllKswapd(task, gfp, order, zonelist, preferred)
          allocFlags = gfpToAllocFlags(task, gfp, this.#switches)
        }
        reserveList = this.reserveList(task, gfp, place, zonelist, this.#switches)
        page = this.#rebalance(task, gfp, order, zonelist, allocFlags, preferred, reserveList)
        mayReclaimZones = page === WOULD_RECLAIM
        if (mayReclaimZones || page === WOULD_SLEEP) continue
      }
      return this.#finish(task, gfp, order, allocFlags, zonelist, page, outerWhy)
    }
  }

  #finish(
    task: Task,
    gfp: number,
    order: number,
    allocFlags: number,
    zonelist: ReadonlyArray<Zone>,
    page: number,
    outerWhy: string | null
  ): number {
    task.process.why = outerWhy
    task.refusal?.close(this.sim.now, page === NO_PAGE)
    return page === NO_PAGE
      ? this.fail(task, gfp, order, allocFlags, zonelist[0])
      : this.gotPage(page, order, gfp, allocFlags)
  }

  /** One more try at mark MIN, then without watermarks; then who must not reclaim fails, and the rest would sleep. */
  #rebalance(
    ctx: Context,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    allocFlags: number,
    preferred: Zone,
    reserveList: ReadonlyArray<Zone>
  ): number {
    ctx.ns += this.costs.allocSlowNs
    const page = this.getPageFromFreelist(ctx, gfp, order, zonelist, allocFlags & ~ALLOC_NO_WATERMARKS, preferred)
    return page === NO_PAGE ? this.#withoutWatermarks(ctx, gfp, order, allocFlags, preferred, reserveList) : page
  }

  /** The same where the try at mark MIN may sleep in zone_reclaim(). */
  *#rebalanceReclaiming(
    task: Task,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    allocFlags: number,
    preferred: Zone,
    reserveList: ReadonlyArray<Zone>
  ): Sleeps<number> {
    const page = yield* this.getPageSleeping(task, gfp, order, zonelist, allocFlags & ~ALLOC_NO_WATERMARKS, preferred)
    return page === NO_PAGE ? this.#withoutWatermarks(task, gfp, order, allocFlags, preferred, reserveList) : page
  }

  #withoutWatermarks(
    ctx: Context,
    gfp: number,
    order: number,
    allocFlags: number,
    preferred: Zone,
    reserveList: ReadonlyArray<Zone>
  ): number {
    let page = NO_PAGE
    if ((allocFlags & ALLOC_NO_WATERMARKS) !== 0) {
      page = this.getPageFromFreelist(ctx, gfp, order, reserveList, ALLOC_NO_WATERMARKS, preferred)
      if (page !== NO_PAGE) {
        this.counters.reservePages += 1 << order
        return page
      }
      if (this.#switches.recursiveReclaim && (ctx.flags & PF_MEMALLOC) !== 0 && !ctx.inInterrupt && isTask(ctx)) {
        page = this.#recursiveReclaim(ctx, gfp, order, reserveList, preferred)
        if (page !== NO_PAGE) return page
      }
      if ((gfp & __GFP_NOFAIL) !== 0 && (gfp & __GFP_WAIT) !== 0) return WOULD_SLEEP
    }
    if ((gfp & __GFP_WAIT) === 0) return NO_PAGE
    if ((ctx.flags & PF_MEMALLOC) !== 0) return NO_PAGE
    if (ctx.memdie && (gfp & __GFP_NOFAIL) === 0) return NO_PAGE
    return WOULD_SLEEP
  }

  /**
   * The concept patch of August 2007: drops clean pages and tries again, for as long as 32 are found each time. That patch
   * takes "every zone is given up" for success and so tries for ever; a caller that may sleep does so here.
   */
  #recursiveReclaim(task: Task, gfp: number, order: number, zonelist: ReadonlyArray<Zone>, preferred: Zone): number {
    for (;;) {
      const dropped = this.reclaimer.emergencyFreePages(task, gfp, order, zonelist)
      if (dropped === 0) return NO_PAGE
      const page = this.getPageFromFreelist(task, gfp, order, zonelist, ALLOC_NO_WATERMARKS, preferred)
      if (page !== NO_PAGE) {
        this.counters.reservePages += 1 << order
        return page
      }
      if (dropped < 0) return (gfp & __GFP_WAIT) !== 0 ? WOULD_SLEEP : NO_PAGE
    }
  }

  /** __perform_reclaim() */
  *#directReclaim(task: Task, gfp: number, order: number, zonelist: ReadonlyArray<Zone>): Sleeps<number> {
    assert((task.flags & PF_MEMALLOC) === 0, "direct reclaim from within reclaim")
    this.counters.directReclaim++
    yield* task.condResched()
    task.flags |= PF_MEMALLOC
    const reclaimed = yield* this.reclaimer.tryToFreePages(task, gfp, order, zonelist, this.unmasked(zonelist))
    task.flags &= ~PF_MEMALLOC
    yield* task.condResched()
    if (reclaimed === 0) this.counters.noProgress++
    return reclaimed
  }

  *#attemptAfterReclaim(
    task: Task,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    allocFlags: number,
    preferred: Zone
  ): Sleeps<number> {
    this.numa?.cacheOf(zonelist)?.clear()
    // with marks per attempt a page got here must not look as if it came from the reserve
    const flags = this.#switches.pfmemallocMark === "no-watermarks" ? allocFlags & ~ALLOC_NO_WATERMARKS : allocFlags
    const page = yield* this.getPageSleeping(task, gfp, order, zonelist, flags, preferred)
    if (page !== NO_PAGE) return page
    this.counters.drains++
    this.drainAllPages()
    return yield* this.getPageSleeping(task, gfp, order, zonelist, flags, preferred)
  }

  /** __alloc_pages_may_oom(): a page that turned up meanwhile, or NO_PAGE after calling the OOM killer. */
  *#mayOom(
    task: Task,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    preferred: Zone
  ): Sleeps<number> {
    const zones = this.unmasked(zonelist)
    if (zones.some((zone) => zone.oomLocked)) {
      yield* this.#oomWait.sleepTimeout(task.process, this.sim.jiffies(1))
      return NO_PAGE
    }
    for (const zone of zones) zone.oomLocked = true
    // somebody else's OOM kill may have just freed memory: look at a mark that needs plenty of it
    const flags = ALLOC_WMARK_HIGH | ALLOC_CPUSET
    const page = yield* this.getPageSleeping(task, gfp | __GFP_HARDWALL, order, zonelist, flags, preferred)
    const mayKill = (gfp & __GFP_NOFAIL) !== 0 ||
      (order <= PAGE_ALLOC_COSTLY_ORDER && gfpZone(gfp) >= OOM_MIN_ZONE &&
        !(this.numa !== null && (gfp & GFP_THISNODE_NUMA) === GFP_THISNODE_NUMA))
    if (page === NO_PAGE && mayKill) {
      this.counters.outOfMemory++
      yield* this.reclaimer.outOfMemory(task, gfp, order, zonelist)
    }
    for (const zone of zones) zone.oomLocked = false
    return page
  }

  /** Of every node on the list, whatever the policy of the task allows. */
  #wakeAllKswapd(ctx: Context, gfp: number, order: number, zonelist: ReadonlyArray<Zone>, preferred: Zone): void {
    if ((gfp & __GFP_NO_KSWAPD) !== 0) return
    const zones = this.unmasked(zonelist)
    for (let i = 0; i < zones.length; i++) this.reclaimer.wakeKswapd(ctx, zones[i], order, preferred.index)
  }
}
