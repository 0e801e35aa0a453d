// Tracepoints of the page allocator, by their Linux names. `page` (an address) is left out; pfn is the frame number.
// source: include/trace/events/kmem.h
import type { Tracepoint, TraceRegistry } from "@swaplab/sim"

export interface AllocTrace {
  /** The machine the hits belong to. */
  readonly group: number
  /** Once per request; pfn is NO_PAGE when it failed. A request that sleeps reports when it ends. */
  readonly alloc: Tracepoint
  readonly free: Tracepoint
  readonly zoneLocked: Tracepoint
  readonly pcpuDrain: Tracepoint
  readonly extfrag: Tracepoint
}

export const allocTrace = (trace: TraceRegistry, group: number): AllocTrace => ({
  group,
  alloc: trace.point("mm_page_alloc", ["pfn", "order", "migratetype", "gfp_flags"]),
  free: trace.point("mm_page_free", ["pfn", "order"]),
  zoneLocked: trace.point("mm_page_alloc_zone_locked", ["pfn", "order", "migratetype", "percpu_refill"]),
  pcpuDrain: trace.point("mm_page_pcpu_drain", ["pfn", "order", "migratetype"]),
  extfrag: trace.point("mm_page_alloc_extfrag", [
    "pfn",
    "alloc_order",
    "fallback_order",
    "alloc_migratetype",
    "fallback_migratetype",
    "change_ownership"
  ])
})
