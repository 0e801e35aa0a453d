// What a page allocator is made with: memory, sysctls, switches, and what allocations cost in CPU time.
import type { PageAllocSwitches } from "./alloc-flags.ts"
import type { PresentPages } from "./memory-map.ts"
import type { NumaOptions } from "./topology.ts"
import type { VmStatLines } from "./vmstat.ts"

/** CPU time in nanoseconds that allocations add to their context. */
export interface AllocCosts {
  /** Each request. */
  readonly allocFastNs: number
  /** Each entry of the slow path and each further round of it. */
  readonly allocSlowNs: number
  readonly freeNs: number
}

/** Estimates for a machine of 2012; clearing the page is not included. */
export const DEFAULT_ALLOC_COSTS: AllocCosts = { allocFastNs: 100, allocSlowNs: 1000, freeNs: 80 }

export interface PageAllocOptions {
  /** Bytes of RAM, or the present pages of each zone (see PRESENT_PAGES_PRESETS). */
  readonly memory: number | PresentPages
  readonly cpus: number
  /** THP "always" or "madvise" at boot: the reserve grows by a factor of about 8. Off by default. */
  readonly transparentHugepages?: boolean
  /** vm.min_free_kbytes, if it is set by the user. */
  readonly minFreeKbytes?: number
  /** CONFIG_NUMA, with one or more memory nodes; their bytes take the place of `memory`. Off by default. */
  readonly numa?: NumaOptions
  readonly switches?: Partial<PageAllocSwitches>
  readonly vmstat?: VmStatLines
  readonly costs?: Partial<AllocCosts>
  /** The machine, for tracepoints and wait queues. */
  readonly group?: number
}
