// What is written down of allocations: counters, the message of a failure, the tracepoint, and the first allocation in an
// interrupt that failed since the machine last got something done.
//
// source: mm/page_alloc.c:warn_alloc_failed
import type { Nanoseconds } from "@swaplab/sim"
import { ALLOC_PFMEMALLOC } from "./alloc-flags.ts"
import { type AllocationFailure, allocationFailure, type AllocCounters, allocCounters, RateLimit } from "./failure.ts"
import { __GFP_NORETRY, __GFP_NOWARN, gfpMigrateType } from "./gfp.ts"
import { NO_PAGE } from "./memory.ts"
import { NumaMemory } from "./numa-memory.ts"
import { PG_pfmemalloc } from "./page-flags.ts"
import { Refusal } from "./refusal.ts"
import type { Context } from "./sched.ts"
import { MAX_ORDER } from "./watermark.ts"
import type { Zone } from "./zone.ts"

/** {@link NumaMemory} that keeps records of what it is asked. */
export class AllocRecords extends NumaMemory {
  /** Called for each "page allocation failure" message that passes the rate limit. */
  onAllocationFailure: (info: AllocationFailure) => void = () => {}
  /** The first message. */
  firstFailure: AllocationFailure | null = null
  /**
   * The first allocation in interrupt context that failed since `lastProgressNs`. Tasks have records of their own (see
   * {@link Task}).
   */
  readonly atomicRefusal = new Refusal()
  /** When the machine last got something done; asked when an allocation in interrupt context fails. */
  lastProgressNs: () => Nanoseconds = () => 0
  readonly counters: AllocCounters = allocCounters()
  readonly #rateLimit = new RateLimit()

  protected gotPage(page: number, order: number, gfp: number, allocFlags: number): number {
    if ((allocFlags & ALLOC_PFMEMALLOC) !== 0) this.frames.flags[page] |= PG_pfmemalloc
    if (this.trace.alloc.enabled) this.traceAlloc(page, order, gfp)
    return page
  }

  protected traceAlloc(page: number, order: number, gfp: number): void {
    this.trace.alloc.emit(this.trace.group, page, order, gfpMigrateType(gfp), gfp)
  }

  /** nopage: counts the failure and, unless the caller expects it, reports it. */
  protected fail(ctx: Context, gfp: number, order: number, allocFlags: number, zone: Zone): number {
    const counters = this.counters
    counters.failures[Math.min(order, MAX_ORDER - 1)]++
    if (this.trace.alloc.enabled) this.traceAlloc(NO_PAGE, order, gfp)
    if (ctx.inInterrupt) this.#recordAtomic(gfp, order, allocFlags, zone)
    if ((gfp & __GFP_NOWARN) !== 0) {
      counters.quietFailures++
    } else if (!this.#rateLimit.pass(this.sim.now)) {
      counters.messagesSuppressed++
    } else {
      counters.messages++
      const info = allocationFailure(this.sim.now, ctx, gfp, order, allocFlags, zone)
      this.firstFailure ??= info
      this.onAllocationFailure(info)
    }
    return NO_PAGE
  }

  /** An attempt at a preferred order does not count; one before the reserve is asked gives way to one with no way out. */
  #recordAtomic(gfp: number, order: number, allocFlags: number, zone: Zone): void {
    const record = this.atomicRefusal
    if ((gfp & __GFP_NORETRY) !== 0) return
    const first = record.timeNs < this.lastProgressNs()
    const final = (gfp & __GFP_NOWARN) === 0 && (record.gfp & __GFP_NOWARN) !== 0
    if (first || final) record.write(this.sim.now, "softirq", gfp, order, allocFlags, this.zonelistAt(zone.node, gfp))
  }
}
