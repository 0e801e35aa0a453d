// From a gfp mask and the running context to what the allocation may do.
//
// Modelled: the mark, __GFP_HIGH, "harder" for callers that cannot sleep, the right to ignore watermarks in each of its
// revisions, each a switch. Not modelled: ALLOC_HARDER of real-time tasks.
// source: mm/page_alloc.c:gfp_to_alloc_flags, gfp_pfmemalloc_allowed, mm/internal.h
import { __GFP_HIGH, __GFP_MEMALLOC, __GFP_NOMEMALLOC, __GFP_WAIT } from "./gfp.ts"
import { type Context, PF_MEMALLOC } from "./sched.ts"

export const ALLOC_WMARK_MIN = 0x00
export const ALLOC_WMARK_LOW = 0x01
export const ALLOC_WMARK_HIGH = 0x02
export const ALLOC_WMARK_MASK = 0x03
export const ALLOC_NO_WATERMARKS = 0x04
export const ALLOC_HARDER = 0x10
export const ALLOC_HIGH = 0x20
export const ALLOC_CPUSET = 0x40
/** Feb-2012 revision only: a page got through the slow path is marked. */
export const ALLOC_PFMEMALLOC = 0x80

/** When page->pfmemalloc is set (merged patches 1 and 5). */
export type PfmemallocMark =
  /** Never: the field does not exist. */
  | "none"
  /** The slow path succeeded for a caller with PF_MEMALLOC or TIF_MEMDIE, even if the min watermark was met. */
  | "slowpath"
  /** The successful attempt ignored the watermarks. */
  | "no-watermarks"

/** The parts of the allocator that patches change. */
export interface PageAllocSwitches {
  readonly pfmemallocMark: PfmemallocMark
  /** __GFP_MEMALLOC grants the whole reserve in any context (merged patch 3). */
  readonly gfpMemalloc: boolean
  /** PF_MEMALLOC counts while a softirq is served (merged patch 4). */
  readonly softirqMemalloc: boolean
  /** Reserve allocations walk the local node's zonelist, under the mask of a bind policy all the same (merged patch 6). */
  readonly ignoreMempolicy: boolean
  /** Reserve allocations are free of that mask as well (from 2018). */
  readonly dropNodemask: boolean
  /** A PF_MEMALLOC allocation that finds nothing drops clean pages and tries again (proposed in August 2007). */
  readonly recursiveReclaim: boolean
}

/** All switches off: an unpatched kernel. */
export const NO_SWITCHES: PageAllocSwitches = {
  pfmemallocMark: "none",
  gfpMemalloc: false,
  softirqMemalloc: false,
  ignoreMempolicy: false,
  dropNodemask: false,
  recursiveReclaim: false
}

/** May this context, with this mask, ignore the watermarks? */
const noWatermarks = (ctx: Context, gfp: number, switches: PageAllocSwitches): boolean => {
  if ((gfp & __GFP_NOMEMALLOC) !== 0) return false
  if (switches.gfpMemalloc && (gfp & __GFP_MEMALLOC) !== 0) return true
  if (switches.softirqMemalloc && ctx.servingSoftirq && (ctx.flags & PF_MEMALLOC) !== 0) return true
  return !ctx.inInterrupt && ((ctx.flags & PF_MEMALLOC) !== 0 || ctx.memdie)
}

/**
 * gfp_pfmemalloc_allowed(): may this context be handed memory that came from the reserve? In the Feb-2012 revision
 * PF_MEMALLOC and TIF_MEMDIE suffice, whatever the mask and the context say. (That __GFP_MEMALLOC suffices as well once
 * its patch is applied on top of that revision is inferred.)
 */
export const pfmemallocAllowed = (ctx: Context, gfp: number, switches: PageAllocSwitches): boolean =>
  (switches.pfmemallocMark === "slowpath" && ((ctx.flags & PF_MEMALLOC) !== 0 || ctx.memdie)) ||
  noWatermarks(ctx, gfp, switches)

/** gfp_to_alloc_flags(): what the slow path may do, at mark MIN. */
export const gfpToAllocFlags = (ctx: Context, gfp: number, switches: PageAllocSwitches): number => {
  let flags = ALLOC_WMARK_MIN | ALLOC_CPUSET | (gfp & __GFP_HIGH)
  if ((gfp & __GFP_WAIT) === 0) {
    flags &= ~ALLOC_CPUSET
    if ((gfp & __GFP_NOMEMALLOC) === 0) flags |= ALLOC_HARDER
  }
  if (switches.pfmemallocMark === "slowpath" && pfmemallocAllowed(ctx, gfp, switches)) flags |= ALLOC_PFMEMALLOC
  if (noWatermarks(ctx, gfp, switches)) flags |= ALLOC_NO_WATERMARKS
  return flags
}

const NAMES: ReadonlyArray<readonly [bit: number, name: string]> = [
  [ALLOC_WMARK_LOW, "ALLOC_WMARK_LOW"],
  [ALLOC_WMARK_HIGH, "ALLOC_WMARK_HIGH"],
  [ALLOC_NO_WATERMARKS, "ALLOC_NO_WATERMARKS"],
  [ALLOC_HARDER, "ALLOC_HARDER"],
  [ALLOC_HIGH, "ALLOC_HIGH"],
  [ALLOC_CPUSET, "ALLOC_CPUSET"],
  [ALLOC_PFMEMALLOC, "ALLOC_PFMEMALLOC"]
]

/** "ALLOC_WMARK_MIN|ALLOC_HIGH": the flags in words. */
export const allocFlagNames = (flags: number): string => {
  const names = NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name)
  return [...((flags & (ALLOC_WMARK_MASK | ALLOC_NO_WATERMARKS)) === 0 ? ["ALLOC_WMARK_MIN"] : []), ...names].join("|")
}
