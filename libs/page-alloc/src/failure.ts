// Allocations that failed or are stuck, in words: "page allocation failure" messages and what a sleeping task waits for.
//
// Modelled: the message line and its rate limit (10 in 5 s). Not modelled: the stack dump and memory report after it.
// source: mm/page_alloc.c:warn_alloc_failed, lib/ratelimit.c
import type { Nanoseconds } from "@swaplab/sim"
import { ALLOC_NO_WATERMARKS } from "./alloc-flags.ts"
import { gfpFlagNames } from "./gfp.ts"
import { type Context, isTask } from "./sched.ts"
import { MAX_ORDER } from "./watermark.ts"
import { watermarkFloor, WMARK_MIN, type Zone } from "./zone.ts"

/** An allocation that failed, as the log line of the kernel would report it. */
export interface AllocationFailure {
  readonly timeNs: Nanoseconds
  /** Task name, or "softirq". */
  readonly comm: string
  readonly inInterrupt: boolean
  readonly cpu: number
  readonly order: number
  readonly gfp: number
  /** Preferred zone of the mask. */
  readonly zone: string
  /** NR_FREE_PAGES of that zone. */
  readonly freePages: number
  /** The allocation would have needed more free pages than this; 0 if it was allowed to ignore watermarks. */
  readonly floorPages: number
  /** "<comm>: page allocation failure: order:<n>, mode:0x<hex>" */
  readonly message: string
}

/** What happened in the allocator, beyond /proc/vmstat. */
export interface AllocCounters {
  /** Requests that the first attempt, at the low watermark, did not satisfy. */
  slowpath: number
  /** Pages of allocations that ignored the watermarks. */
  reservePages: number
  /** Rounds of direct reclaim, those without progress, and rounds that led to another try. */
  directReclaim: number
  noProgress: number
  retries: number
  /** drain_all_pages() calls. */
  drains: number
  /** Times the OOM killer was called. */
  outOfMemory: number
  /** Failed requests by order, with and without __GFP_NOWARN. */
  readonly failures: Array<number>
  /** Those of them that had __GFP_NOWARN. */
  quietFailures: number
  /** Messages printed, and messages lost to the rate limit. */
  messages: number
  messagesSuppressed: number
}

export const allocCounters = (): AllocCounters => ({
  slowpath: 0,
  reservePages: 0,
  directReclaim: 0,
  noProgress: 0,
  retries: 0,
  drains: 0,
  outOfMemory: 0,
  failures: Array.from({ length: MAX_ORDER }, () => 0),
  quietFailures: 0,
  messages: 0,
  messagesSuppressed: 0
})

/** "order:0, mode:0x10 (GFP_NOIO)" */
export const allocationName = (gfp: number, order: number): string =>
  `order:${order}, mode:0x${gfp.toString(16)} (${gfpFlagNames(gfp)})`

/** Free pages that an allocation at mark MIN must leave in the zone: it fails at this number and below. */
export const minFloor = (zone: Zone, classzone: number, allocFlags: number): number =>
  (allocFlags & ALLOC_NO_WATERMARKS) !== 0
    ? 0
    : watermarkFloor(zone.watermark[WMARK_MIN], allocFlags) + zone.lowmemReserve[classzone]

/** Why an allocation does not get its pages now: "order:0, mode:0x10 (GFP_NOIO), DMA32 free 1180 <= floor 1425". */
export const describeShortage = (gfp: number, order: number, zone: Zone, allocFlags: number): string => {
  const floor = minFloor(zone, zone.index, allocFlags)
  const left = zone.free - (1 << order) + 1
  const shortage = left <= floor
    ? `${zone.label} free ${zone.free} <= floor ${floor + (1 << order) - 1}`
    : order === 0
    ? `${zone.label} free ${zone.free} > floor ${floor}`
    : `${zone.label} free ${zone.free} but too few blocks of order ${order} or more`
  return `${allocationName(gfp, order)}, ${shortage}`
}

/** The message of warn_alloc_failed() about an allocation whose preferred zone is `zone`. */
export const allocationFailure = (
  timeNs: Nanoseconds,
  ctx: Context,
  gfp: number,
  order: number,
  allocFlags: number,
  zone: Zone
): AllocationFailure => {
  const comm = isTask(ctx) ? ctx.process.name : "softirq"
  return {
    timeNs,
    comm,
    inInterrupt: ctx.inInterrupt,
    cpu: ctx.cpu,
    order,
    gfp,
    zone: zone.label,
    freePages: zone.free,
    floorPages: minFloor(zone, zone.index, allocFlags),
    message: `${comm}: page allocation failure: order:${order}, mode:0x${gfp.toString(16)}`
  }
}

/** ___ratelimit() with the kernel's defaults. */
export class RateLimit {
  readonly intervalNs: Nanoseconds
  readonly burst: number
  #begin = -1
  #passed = 0

  constructor(intervalNs: Nanoseconds = 5_000_000_000, burst = 10) {
    this.intervalNs = intervalNs
    this.burst = burst
  }

  /** True if one more may pass now. */
  pass(now: Nanoseconds): boolean {
    if (this.#begin < 0) this.#begin = now
    if (now > this.#begin + this.intervalNs) {
      this.#begin = -1
      this.#passed = 0
    }
    if (this.#passed >= this.burst) return false
    this.#passed++
    return true
  }
}
