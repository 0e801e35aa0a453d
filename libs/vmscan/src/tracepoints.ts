// Tracepoints of reclaim (include/trace/events/vmscan.h, writeback.h, oom.h), with the fields of v3.6. `page` is the
// frame number, as everywhere in the model.
import type { Sim, Tracepoint } from "@swaplab/sim"

/** Bits of the `flags` field (RECLAIM_WB_…). */
export const RECLAIM_WB_ANON = 0x1
export const RECLAIM_WB_FILE = 0x2
export const RECLAIM_WB_ASYNC = 0x8

export class VmscanTracepoints {
  readonly kswapdSleep: Tracepoint
  readonly kswapdWake: Tracepoint
  readonly wakeupKswapd: Tracepoint
  readonly directReclaimBegin: Tracepoint
  readonly directReclaimEnd: Tracepoint
  readonly lruIsolate: Tracepoint
  readonly writepage: Tracepoint
  readonly lruShrinkInactive: Tracepoint
  readonly congestionWait: Tracepoint
  readonly waitIffCongested: Tracepoint

  constructor(sim: Sim) {
    const point = (name: string, ...fields: ReadonlyArray<string>) => sim.trace.point(name, fields)
    this.kswapdSleep = point("mm_vmscan_kswapd_sleep", "nid")
    this.kswapdWake = point("mm_vmscan_kswapd_wake", "nid", "order")
    this.wakeupKswapd = point("mm_vmscan_wakeup_kswapd", "nid", "zid", "order")
    this.directReclaimBegin = point("mm_vmscan_direct_reclaim_begin", "order", "may_writepage", "gfp_flags")
    this.directReclaimEnd = point("mm_vmscan_direct_reclaim_end", "nr_reclaimed")
    this.lruIsolate = point(
      "mm_vmscan_lru_isolate",
      "isolate_mode",
      "order",
      "nr_requested",
      "nr_scanned",
      "nr_taken",
      "file"
    )
    this.writepage = point("mm_vmscan_writepage", "page", "pfn", "flags")
    this.lruShrinkInactive = point(
      "mm_vmscan_lru_shrink_inactive",
      "nid",
      "zid",
      "nr_scanned",
      "nr_reclaimed",
      "priority",
      "flags"
    )
    this.congestionWait = point("writeback_congestion_wait", "usec_timeout", "usec_delayed")
    this.waitIffCongested = point("writeback_wait_iff_congested", "usec_timeout", "usec_delayed")
  }
}
