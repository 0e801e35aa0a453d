// When a request that got nothing tries again, and how long it waits before.
// source: mm/page_alloc.c:should_alloc_retry
import { __GFP_NOFAIL, __GFP_NORETRY, __GFP_REPEAT } from "./gfp.ts"
import { PAGE_ALLOC_COSTLY_ORDER } from "./watermark.ts"

/** wait_iff_congested() between two tries: HZ/50. */
export const RETRY_WAIT_NS = 20_000_000

/** Rounds of the slow path at one instant after which it is certain that time will never advance. */
export const MAX_ROUNDS_PER_INSTANT = 100_000

/** should_alloc_retry(): up to the costly order for ever, above it only for the stubborn. */
export const shouldAllocRetry = (gfp: number, order: number, totalReclaimed: number): boolean => {
  if ((gfp & __GFP_NORETRY) !== 0) return false
  if ((gfp & __GFP_NOFAIL) !== 0 || order <= PAGE_ALLOC_COSTLY_ORDER) return true
  return (gfp & __GFP_REPEAT) !== 0 && totalReclaimed < 2 ** order
}
