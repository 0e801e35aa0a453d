// The walk over a zonelist of a kernel with CONFIG_NUMA.
//
// Zones outside the cpuset of the task are passed by, and, once the first zone has failed, zones that were full a moment ago.
// Not modelled: zone_reclaim (zone_reclaim_mode is 0, what Linux sets up to a distance of 30 between nodes).
// source: mm/page_alloc.c:get_page_from_freelist
import type { Sim } from "@swaplab/sim"
import { ALLOC_CPUSET, ALLOC_NO_WATERMARKS, ALLOC_WMARK_MASK, type PageAllocSwitches } from "./alloc-flags.ts"
import type { AllocTrace } from "./alloc-trace.ts"
import { Memory, type MemoryOptions, NO_PAGE } from "./memory.ts"
import { ALL_NODES } from "./mempolicy.ts"
import type { Numa } from "./numa.ts"
import type { Context } from "./sched.ts"
import type { VmStat } from "./vmstat.ts"
import type { ZonelistCache } from "./zone-cache.ts"
import { type Zone, zoneWatermarkOk } from "./zone.ts"

/** {@link Memory} whose zonelists may lead over several nodes. */
export class NumaMemory extends Memory {
  protected readonly sim: Sim

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
      : this.#walk(this.numa, ctx, gfp, order, zonelist, allocFlags, preferred)
  }

  #walk(
    numa: Numa,
    ctx: Context,
    gfp: number,
    order: number,
    zonelist: ReadonlyArray<Zone>,
    allocFlags: number,
    preferred: Zone
  ): number {
    const allowed = numa.allowedNodes(ctx, gfp, allocFlags)
    const ignoresMarks = (allocFlags & ALLOC_NO_WATERMARKS) !== 0
    const mark = allocFlags & ALLOC_WMARK_MASK
    let cache: ZonelistCache | null = null
    let worth = ALL_NODES
    for (let i = 0; i < zonelist.length; i++) {
      const zone = zonelist[i]
      if (cache !== null && (cache.isFull(zone.slot) || (worth >> zone.node & 1) === 0)) continue
      if ((allowed >> zone.node & 1) === 0) continue
      if (ignoresMarks || zoneWatermarkOk(zone, order, zone.watermark[mark], preferred.index, allocFlags)) {
        const page = this.#take(numa, ctx, gfp, order, zone, preferred, ignoresMarks)
        if (page !== NO_PAGE) return page
      } else if (cache === null && numa.nodes > 1) {
        cache = numa.cacheOf(zonelist)
        cache?.setup(this.sim.now)
        if (!ctx.inInterrupt && (allocFlags & ALLOC_CPUSET) !== 0) worth = ctx.memsAllowed ?? ALL_NODES
      }
      numa.markFull(zonelist, zone)
    }
    if (cache === null) return NO_PAGE
    // nothing where the cache said it was worth looking: look everywhere
    for (let i = 0; i < zonelist.length; i++) {
      const zone = zonelist[i]
      if ((allowed >> zone.node & 1) === 0) continue
      if (!zoneWatermarkOk(zone, order, zone.watermark[mark], preferred.index, allocFlags)) continue
      const page = this.#take(numa, ctx, gfp, order, zone, preferred, false)
      if (page !== NO_PAGE) return page
    }
    return NO_PAGE
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
