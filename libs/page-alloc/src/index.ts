/**
 * {@include ../README.md}
 *
 * @module @swaplab/page-alloc
 */
export { ALLOC_HARDER, ALLOC_HIGH, allocFlagNames, type PageAllocSwitches, type PfmemallocMark } from "./alloc-flags.ts"
export {
  EAGAIN,
  EBADR,
  ECONNREFUSED,
  ECONNRESET,
  EINTR,
  EIO,
  ENOBUFS,
  ENOMEM,
  EPIPE,
  EPROTO,
  ETIMEDOUT
} from "./errno.ts"
export { allocationName } from "./failure.ts"
export { FailPageAlloc, type FailPageAllocOptions, FaultAttr, type FaultAttrOptions } from "./fault-inject.ts"
export { FIRST_IMAGE_WRITER, Frames, LOST_WRITER, NONE, OTHER_HOSTS_WRITER, type PageToken } from "./frames.ts"
export {
  __GFP_COLD,
  __GFP_COMP,
  __GFP_DMA32,
  __GFP_FS,
  __GFP_HARDWALL,
  __GFP_HIGH,
  __GFP_HIGHMEM,
  __GFP_IO,
  __GFP_MEMALLOC,
  __GFP_MOVABLE,
  __GFP_NOFAIL,
  __GFP_NOMEMALLOC,
  __GFP_NORETRY,
  __GFP_NOTRACK,
  __GFP_NOWARN,
  __GFP_RECLAIMABLE,
  __GFP_REPEAT,
  __GFP_THISNODE,
  __GFP_WAIT,
  __GFP_WRITE,
  __GFP_ZERO,
  GFP_ATOMIC,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  GFP_NOFS,
  GFP_NOIO,
  GFP_NOWAIT,
  GFP_USER,
  gfpFlagNames
} from "./gfp.ts"
export { minNodeBytes, type PresentPages, type ZoneSize } from "./memory-map.ts"
export { NO_PAGE } from "./memory.ts"
export { ALL_NODES, type Mempolicy, mempolicy, type MempolicyMode } from "./mempolicy.ts"
export { ANY_NODE, Numa } from "./numa.ts"
export { type AllocCosts, type PageAllocOptions } from "./options.ts"
export { PageAllocator } from "./page-allocator.ts"
export {
  PAGE_FLAGS_CHECK_AT_FREE,
  PG_active,
  PG_buddy,
  PG_dirty,
  PG_error,
  PG_isolated,
  PG_locked,
  PG_lru,
  PG_reclaim,
  PG_referenced,
  PG_slab,
  PG_swapbacked,
  PG_swapcache,
  PG_unevictable,
  PG_uptodate,
  PG_writeback
} from "./page-flags.ts"
export { PageList } from "./page-list.ts"
export {
  NO_RECLAIMER,
  type Reclaimer,
  ZONE_RECLAIM_FULL,
  ZONE_RECLAIM_NOSCAN,
  ZONE_RECLAIM_SOME,
  ZONE_RECLAIM_SUCCESS
} from "./reclaimer.ts"
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
export { WOULD_SLEEP } from "./slow-path.ts"
export {
  LOCAL_DISTANCE,
  MAX_NODES,
  nodesOfCpus,
  type NumaOptions,
  RECLAIM_DISTANCE,
  REMOTE_DISTANCE,
  type ZonelistOrder
} from "./topology.ts"
export {
  ALLOCSTALL,
  KSWAPD_HIGH_WMARK_HIT_QUICKLY,
  KSWAPD_LOW_WMARK_HIT_QUICKLY,
  KSWAPD_SKIP_CONGESTION_WAIT,
  NR_ACTIVE_ANON,
  NR_ACTIVE_FILE,
  NR_ANON_PAGES,
  NR_ANON_TRANSPARENT_HUGEPAGES,
  NR_BOUNCE,
  NR_DIRTIED,
  NR_DIRTY,
  NR_DIRTY_BACKGROUND_THRESHOLD,
  NR_DIRTY_THRESHOLD,
  NR_FILE_PAGES,
  NR_FREE_PAGES,
  NR_INACTIVE_ANON,
  NR_INACTIVE_FILE,
  NR_ISOLATED_ANON,
  NR_ISOLATED_FILE,
  NR_KERNEL_STACK,
  NR_LRU_BASE,
  NR_MAPPED,
  NR_MLOCK,
  NR_PAGE_TABLE_PAGES,
  NR_SHMEM,
  NR_SLAB_RECLAIMABLE,
  NR_SLAB_UNRECLAIMABLE,
  NR_UNEVICTABLE,
  NR_UNSTABLE,
  NR_VM_ZONE_STAT_ITEMS,
  NR_VMSCAN_IMMEDIATE_RECLAIM,
  NR_VMSCAN_WRITE,
  NR_WRITEBACK,
  NR_WRITEBACK_TEMP,
  NR_WRITTEN,
  NUMA_FOREIGN,
  NUMA_HIT,
  NUMA_INTERLEAVE,
  NUMA_LOCAL,
  NUMA_MISS,
  NUMA_OTHER,
  PAGEOUTRUN,
  PGACTIVATE,
  PGDEACTIVATE,
  PGFAULT,
  PGMAJFAULT,
  PGPGIN,
  PGPGOUT,
  PGREFILL_DMA,
  PGROTATED,
  PGSCAN_DIRECT_DMA,
  PGSCAN_DIRECT_THROTTLE,
  PGSCAN_KSWAPD_DMA,
  PGSTEAL_DIRECT_DMA,
  PGSTEAL_KSWAPD_DMA,
  PSWPIN,
  PSWPOUT,
  SLABS_SCANNED,
  UNEVICTABLE_PGS_CULLED,
  VMSTAT_NAMES,
  ZONE_RECLAIM_FAILED
} from "./vmstat-items.ts"
export { VmStat, type VmStatLines } from "./vmstat.ts"
export { PAGE_SHIFT, PAGE_SIZE, PAGEBLOCK_ORDER } from "./watermark.ts"
export { watermarkFloor, WMARK_HIGH, WMARK_LOW, WMARK_MIN, Zone } from "./zone.ts"
