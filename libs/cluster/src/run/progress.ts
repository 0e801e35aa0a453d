// What counts as progress of one client, sampled by the watchdog.
import type { Machine } from "@swaplab/kernel"
import { PGFREE } from "@swaplab/page-alloc"

/** Progress of one client: counts that only grow, and the state of its memory. */
export interface ProgressSample {
  /** Touches of pages by the workload. */
  readonly touched: number
  /** Block requests completed. */
  readonly completions: number
  /** Pages given back to the allocator. */
  readonly freed: number
  /** Requests that exist: plugged, queued, sent or awaiting their reply. */
  readonly outstanding: number
  /** Free pages, pages on LRU lists and pages of slabs: equal sums mean that no memory changed hands. */
  readonly free: number
  readonly lru: number
  readonly slab: number
}

export const sampleProgress = (machine: Machine): ProgressSample => ({
  touched: machine.touched,
  completions: machine.disk.counters.completed,
  freed: machine.pages.vmstat.items[PGFREE],
  outstanding: machine.disk.inFlight(),
  free: machine.pages.zones.reduce((sum, zone) => sum + zone.free, 0),
  lru: machine.vmscan.lruPages(),
  slab: machine.objects.slabPages()
})

/** Nothing of the memory changed between two samples. */
export const memoryUnchanged = (a: ProgressSample, b: ProgressSample): boolean =>
  a.free === b.free && a.lru === b.lru && a.slab === b.slab
