// The walk over a zonelist of a kernel with CONFIG_NUMA.
//
// Zones outside the cpuset of the task are passed by, and, once the first zone has failed, zones that were full a moment ago.
// With vm.zone_reclaim_mode a zone below its mark is scanned before the next one is tried. That may sleep: the plain walk then
// stops with WOULD_RECLAIM, nothing done, and the walk of `getPageSleeping` sleeps there and goes on.
// source: mm/page_alloc.c:get_page_from_freelist
import type { Sim, Sleeps } from "@swaplab/sim"
import { ALLOC_CPUSET, ALLOC_NO_WATERMARKS, ALLOC_WMARK_MASK, type PageAllocSwitches } from "./alloc-flags.ts"
import type { AllocTrace } from "./alloc-trace.ts"
import { Memory, type MemoryOptions, NO_PAGE } from "./memory.ts"
import { ALL_NODES } from "./mempolicy.ts"
import type { Numa } from "./numa.ts"
import { NO_RECLAIMER, type Reclaimer, ZONE_RECLAIM_SOME } from "./reclaimer.ts"
import type { Context, Task } from "./sched.ts"
import type { VmStat } from "./vmstat.ts"
import type { ZonelistCache } from "./zone-cache.ts"
import { type Zone, zoneWatermarkOk } from "./zone.ts"

/** The answer of a walk that has come to a zone which zone_reclaim() would scan. */
export const WOULD_RECLAIM = -3

/** Where a walk stands that sleeps in zone_reclaim(), or has slept. */
class Walk {
  /** The zone that was scanned; −1: none yet. */
  at = -1
  cache: ZonelistCache | null = null
  isSetUp = false
  worth = ALL_NODES
  /** The second walk, which takes no zone for full. */
  isSecond = false
}

/** !zlc_zone_worth_trying(): full a moment ago, or outside of the cpuset. */
const notWorth = (cache: ZonelistCache, worth: number, zone: Zone): boolean =>
  cache.isFull(zone.slot) || (worth >> zone.node & 1) === 0

/** {@link Memory} whose zonelists may lead over several nodes. */
export class NumaMemory extends Memory {
  protected readonly sim: Sim
  /** Plugged in when the kernel boots. */
  reclaimer: Reclaimer = NO_RECLAIMER

  constructor(sim: Sim, options: MemoryOptions, vmstat: VmStat, trace: AllocTrace) {
    super(options, vmstat, trace)
    this.sim = sim
  }

  /** first_zones_zonelist(), with the mask of the policy or the cpuset; null: the cpuset has no zone for the mask. */
  protected preferredZone(ctx: Context, zonelist: ReadonlyArray<Zone>): Zone | null {
    return this.numa === null ? zonelist[0] : this.numa.preferredZone(ctx, zonelist)
  }

  /** The preferred zone in the slow path: requests that no policy binds and that may leave their cpuset do so at once. */
  protected slowPreferred(zonelist: ReadonlyArray<Zone>, allocFlags: number, preferred: Zone): Zone {
    return (allocFlags & ALLOC_CPUSET) === 0 ? zonelist[0] : preferred
  }

  /** The list on which a request looks for pages without watermarks. */
  protected reserveList(
    ctx: Context,
    gfp: number,
    place: number,
    zonelist: ReadonlyArray<Zone>,
    { dropNodemask, ignoreMempolicy }: PageAllocSwitches
  ): ReadonlyArray<Zone> {
    const numa = this.numa
    if (numa === null || !(ignoreMempolicy || dropNodemask)) return zonelist
    return numa.list(numa.reservePlace(ctx, place, ignoreMempolicy, dropNodemask), gfp)
  }

  /** The list without the mask of a policy: who is woken and locked is not a matter of policy. */
  protected unmasked(zonelist: ReadonlyArray<Zone>): ReadonlyArray<Zone> {
    return this.numa === null ? zonelist : this.numa.unmasked(zonelist)
  }

  /** Where `alloc` and `tryAlloc` begin if nobody says it. */
  protected placeOf(ctx: Context, gfp: number): number {
    return this.numa === null ? 0 : this.numa.place(ctx, gfp)
  }

  protected override getPageFromFreelist(
    ctx: Context,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    allocFlags: number,
    preferred: Zone
  ): number {
    return this.numa === null
      ? super.getPageFromFreelist(ctx, gfp, order, zonelist, allocFlags, preferred)
      : this.#walk(this.numa, ctx, gfp, order, zonelist, allocFlags, preferred, null)
  }

  /** get_page_from_freelist() for a task that may sleep in zone_reclaim(). */
  protected *getPageSleeping(
    task: Task,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    allocFlags: number,
    preferred: Zone
  ): Sleeps<number> {
    const page = this.getPageFromFreelist(task, gfp, order, zonelist, allocFlags, preferred)
    if (page !== WOULD_RECLAIM || this.numa === null) return page
    const walk = new Walk()
    for (;;) {
      const found = this.#walk(this.numa, task, gfp, order, zonelist, allocFlags, preferred, walk)
      if (found !== WOULD_RECLAIM) return found
      yield* this.reclaimer.zoneReclaim(task, zonelist[walk.at], gfp, order)
    }
  }

  /** `walk`: where to go on and to write down where it stops; null: a walk from the start that does not sleep. */
  #walk(
    numa: Numa,
    ctx: Context,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    allocFlags: number,
    preferred: Zone,
    walk: Walk | null
  ): number {
    const allowed = numa.allowedNodes(ctx, gfp, allocFlags)
    const ignoresMarks = (allocFlags & ALLOC_NO_WATERMARKS) !== 0
    const mark = allocFlags & ALLOC_WMARK_MASK
    let i = 0
    let cache: ZonelistCache | null = null
    let isSetUp = false
    let worth = ALL_NODES
    let isSecond = false
    let scanned = -1
    if (walk !== null && walk.at >= 0) {
      cache = walk.cache
      isSetUp = walk.isSetUp
      worth = walk.worth
      isSecond = walk.isSecond
      i = scanned = walk.at
    }
    for (;;) {
      for (; i < zonelist.length; i++) {
        const zone = zonelist[i]
        if (i !== scanned) {
          if (cache !== null && !isSecond && notWorth(cache, worth, zone)) continue
          if ((allowed >> zone.node & 1) === 0) continue
        }
        if (ignoresMarks || zoneWatermarkOk(zone, order, zone.watermark[mark], preferred.index, allocFlags)) {
          const page = this.#take(numa, ctx, gfp, order, zone, preferred, ignoresMarks)
          if (page !== NO_PAGE) return page
        } else if (i !== scanned) {
          if (!isSetUp && numa.nodes > 1) {
            isSetUp = true
            cache = numa.cacheOf(zonelist)
            cache?.setup(this.sim.now)
            if (!ctx.inInterrupt && (allocFlags & ALLOC_CPUSET) !== 0) worth = ctx.memsAllowed ?? ALL_NODES
          }
          if (numa.zoneReclaimMode !== 0) {
            // the cache may have been set up just now, and know that this zone has failed a moment ago
            if (cache !== null && !isSecond && notWorth(cache, worth, zone)) continue
            if (this.reclaimer.asksZoneReclaim(ctx, zone, gfp) !== ZONE_RECLAIM_SOME) continue
            if (walk !== null) Object.assign(walk, { at: i, cache, isSetUp, worth, isSecond })
            return WOULD_RECLAIM
          }
        }
        numa.markFull(zonelist, zone)
        scanned = -1
      }
      // nothing where the cache said it was worth looking: look everywhere
      if (!isSetUp || isSecond || (cache === null && numa.zoneReclaimMode === 0)) return NO_PAGE
      isSecond = true
      i = 0
    }
  }

  #take(
    numa: Numa,
    ctx: Context,
    gfp: number,
    order: number,
    zone: Zone,
    preferred: Zone,
    usedReserve: boolean
  ): number {
    const page = this.takeFrom(zone, ctx.cpu, gfp, order, usedReserve)
    if (page !== NO_PAGE) numa.count(ctx, preferred, zone, gfp)
    return page
  }
}
