// The page allocator: its face towards the kernel, and the first attempt of an allocation, at mark LOW.
//
// source: mm/page_alloc.c:__alloc_pages_nodemask
import { assert, type Sim, type Sleeps } from "@swaplab/sim"
import { ALLOC_CPUSET, ALLOC_WMARK_LOW, gfpToAllocFlags, pfmemallocAllowed } from "./alloc-flags.ts"
import { describeShortage } from "./failure.ts"
import type { FailPageAlloc } from "./fault-inject.ts"
import { __GFP_HARDWALL, __GFP_WAIT } from "./gfp.ts"
import { NO_PAGE } from "./memory.ts"
import { WOULD_RECLAIM } from "./numa-memory.ts"
import { ANY_NODE } from "./numa.ts"
import type { PageAllocOptions } from "./options.ts"
import { buddyinfoText, zoneinfoText } from "./proc.ts"
import { type Context, type Task } from "./sched.ts"
import { SlowPath, WOULD_SLEEP } from "./slow-path.ts"
import { MAX_ORDER } from "./watermark.ts"

/**
 * The page allocator of one machine: `tryAlloc` never sleeps, `alloc` may; `free` takes pages back.
 *
 * **When to use.** As the memory of an emulated kernel, or alone, to see watermarks, zones and fragmentation at work.
 *
 * **Details.** A block is 2^order frames of 4 KiB and is named by its first frame, 0 or more. A failed allocation is
 * NO_PAGE. `tryAlloc` may also return WOULD_SLEEP: then `yield* alloc(…)` reclaims. CPU time of each call, in
 * nanoseconds, is added to the `ns` of the context. `buddyinfo` and `zoneinfo` write the files of /proc.
 *
 * **Gotchas.** Frame 0 is a page: compare with NO_PAGE. Contents are stale without __GFP_ZERO. Without a `reclaimer` an
 * allocation that enters direct reclaim fails an assertion. So do a mask with __GFP_WAIT in an interrupt, and to free
 * with another order, twice or while mapped: those are bugs of the caller.
 */
export class PageAllocator extends SlowPath {
  /** Makes allocations fail; null: none. */
  failPageAlloc: FailPageAlloc | null = null
  readonly #fastNs: number
  readonly #firstAttemptFlags = ALLOC_WMARK_LOW | ALLOC_CPUSET

  constructor(sim: Sim, options: PageAllocOptions) {
    super(sim, options)
    this.#fastNs = this.costs.allocFastNs
  }

  /** gfp_pfmemalloc_allowed(): may this context be handed memory that came from the reserve? */
  gfpPfmemallocAllowed(ctx: Context, gfp: number): boolean {
    return pfmemallocAllowed(ctx, gfp, this.switches)
  }

  /**
   * Allocates 2^order pages as far as that is possible without sleeping: the first frame, NO_PAGE when the allocation
   * failed, WOULD_SLEEP when the caller has to reclaim (never without __GFP_WAIT, nor for a caller with PF_MEMALLOC).
   * `place` is where to look for them on a machine with memory nodes: see {@link Numa}.
   */
  tryAlloc(ctx: Context, gfp: number, order: number, place = ANY_NODE): number {
    if (this.numa === null) return this.#tryAt(ctx, gfp, order, place)
    const page = this.#tryPlaced(ctx, gfp, order, place)
    return page === WOULD_RECLAIM ? WOULD_SLEEP : page
  }

  #tryPlaced(ctx: Context, gfp: number, order: number, place: number): number {
    const numa = this.numa
    if (numa === null) return this.#tryAt(ctx, gfp, order, place)
    const at = place === ANY_NODE ? numa.place(ctx, gfp) : place
    const page = this.#tryAt(ctx, gfp, order, at)
    if (page === WOULD_RECLAIM) return page
    if (page !== WOULD_SLEEP && place === ANY_NODE) numa.placed(ctx, at)
    if (page >= 0) numa.countInterleave(at, this.zoneOf(page))
    return page
  }

  #tryAt(ctx: Context, gfp: number, order: number, place: number): number {
    assert((gfp & __GFP_WAIT) === 0 || !ctx.inInterrupt, "an allocation that may sleep, in interrupt context")
    ctx.ns += this.#fastNs
    if (this.failPageAlloc !== null && this.failPageAlloc.shouldFail(ctx, gfp, order)) return NO_PAGE
    const zonelist = this.zonelistAt(place, gfp)
    assert(zonelist.length > 0, "the zone bits of the mask contradict each other")
    const preferred = this.preferredZone(ctx, zonelist)
    if (preferred === null) return NO_PAGE
    const page = order < MAX_ORDER
      ? this.getPageFromFreelist(ctx, gfp | __GFP_HARDWALL, order, zonelist, this.#firstAttemptFlags, preferred)
      : NO_PAGE
    if (page === NO_PAGE) {
      const slow = this.trySlow(ctx, gfp, order, place, zonelist, preferred)
      if (slow === WOULD_SLEEP && this.failPageAlloc !== null) this.failPageAlloc.attr.passed(ctx)
      return slow
    }
    if (page === WOULD_RECLAIM) return WOULD_RECLAIM
    if (this.trace.alloc.enabled) this.traceAlloc(page, order, gfp)
    return page
  }

  /** The first attempt of a task that has come to a zone which zone_reclaim() scans, and what follows if it fails. */
  *#allocReclaiming(task: Task, gfp: number, order: number, place: number): Sleeps<number> {
    const zonelist = this.zonelistAt(place, gfp)
    const preferred = this.preferredZone(task, zonelist) ?? zonelist[0]
    const page = yield* this.getPageSleeping(
      task,
      gfp | __GFP_HARDWALL,
      order,
      zonelist,
      this.#firstAttemptFlags,
      preferred
    )
    if (page === NO_PAGE) {
      const slow = this.trySlow(task, gfp, order, place, zonelist, preferred)
      return slow === WOULD_SLEEP ? yield* this.allocSlow(task, gfp, order, place) : slow
    }
    if (this.trace.alloc.enabled) this.traceAlloc(page, order, gfp)
    return page
  }

  /** Allocates 2^order pages: the first frame, or NO_PAGE. The pages' contents are stale unless __GFP_ZERO is given. */
  *alloc(task: Task, gfp: number, order: number, place = ANY_NODE): Sleeps<number> {
    const page = this.#tryPlaced(task, gfp, order, place)
    if (page !== WOULD_SLEEP && page !== WOULD_RECLAIM) return page
    if (this.failPageAlloc !== null) this.failPageAlloc.attr.passed(null)
    const numa = this.numa
    if (numa === null) return yield* this.allocSlow(task, gfp, order, place)
    const at = place === ANY_NODE ? numa.place(task, gfp) : place
    if (place === ANY_NODE) numa.placed(task, at)
    const slow = yield* page === WOULD_RECLAIM
      ? this.#allocReclaiming(task, gfp, order, at)
      : this.allocSlow(task, gfp, order, at)
    if (slow >= 0) numa.countInterleave(at, this.zoneOf(slow))
    return slow
  }

  /** What an allocation by this context waits for right now, in words; for reports. */
  describeShortage(ctx: Context, gfp: number, order: number): string {
    return describeShortage(
      gfp,
      order,
      this.zonelistAt(this.placeOf(ctx, gfp), gfp)[0],
      gfpToAllocFlags(ctx, gfp, this.switches)
    )
  }

  /** Content of /proc/buddyinfo. */
  buddyinfo(): string {
    return buddyinfoText(this)
  }

  /** Content of /proc/zoneinfo. */
  zoneinfo(): string {
    return zoneinfoText(this)
  }
}
