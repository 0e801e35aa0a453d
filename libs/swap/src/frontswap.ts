// A backend that is asked for a page before its swap area writes or reads it.
// Modelled: store, load and invalidate of one backend (zswap); a page that it takes is not written.
// Not modelled: invalidating a whole area (swapoff); a backend behind another one, and stores that are written through. Costs
//   nothing: zswap does neither.
// source: mm/frontswap.c, include/linux/frontswap.h
import type { Context, Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"

/** The backend took the page. */
export const STORED = 1
/** It did not: the page goes to the device. */
export const REJECTED = 0

/** `frontswap_ops`. Offsets are slots of the machine. */
export interface Frontswap {
  /** `STORED`, `REJECTED`, or `WOULD_SLEEP` and nothing was done. */
  tryStore(task: Task, slot: number, pfn: number): number
  /** The same, sleeping where it must. */
  store(task: Task, slot: number, pfn: number): Sleeps<number>
  /** Fills the page. False: the backend does not hold the slot. */
  load(ctx: Context, slot: number, pfn: number): boolean
  /** The content of the slot is not wanted any more. */
  invalidate(ctx: Context, slot: number): void
}
