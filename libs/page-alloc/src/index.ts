// Contents page of @swaplab/page-alloc, in reading order.
export * from "./alloc-flags.ts"
export { Buddy } from "./buddy.ts"
export { type AllocationFailure, allocationName, type AllocCounters } from "./failure.ts"
export { BYTES_PER_FRAME, Frames, NONE, OFF_LIST, type PageToken } from "./frames.ts"
export * from "./gfp.ts"
export {
  PRESENT_PAGES_PRESETS,
  type PresentPages,
  type ZoneSize,
  zonesOfPresentPages,
  zonesOfRam
} from "./memory-map.ts"
export { NO_PAGE, Node } from "./node.ts"
export { type AllocCosts, DEFAULT_ALLOC_COSTS, type PageAllocOptions } from "./options.ts"
export { PageAllocator } from "./page-allocator.ts"
export * from "./page-flags.ts"
export { PageList } from "./page-list.ts"
export { buddyinfoText, zoneinfoText } from "./proc.ts"
export { NO_RECLAIMER, type Reclaimer } from "./reclaimer.ts"
export { Refusal } from "./refusal.ts"
export {
  bootContext,
  BURST_NS,
  type Context,
  needResched,
  PF_EXITING,
  PF_KSWAPD,
  PF_KTHREAD,
  PF_MEMALLOC,
  PF_SWAPWRITE,
  type Task
} from "./sched.ts"
export { shouldAllocRetry, WOULD_SLEEP } from "./slow-path.ts"
export * from "./vmstat-items.ts"
export { VmStat, type VmStatLines } from "./vmstat.ts"
export * from "./watermark.ts"
export {
  MAX_ORDER_NR_PAGES,
  PerCpuPages,
  watermarkFloor,
  WMARK_HIGH,
  WMARK_LOW,
  WMARK_MIN,
  Zone,
  ZONE_NAMES,
  zoneWatermarkOk
} from "./zone.ts"
