// Contents page of @swaplab/vmscan, in reading order.
export { ReclaimBatch, ScanControl } from "./batch.ts"
export {
  DEF_PRIORITY,
  LRU_ACTIVE_ANON,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  LRU_UNEVICTABLE,
  PAGEVEC_SIZE,
  SWAP_CLUSTER_MAX
} from "./constants.ts"
export { ALL_UNRECLAIMABLE } from "./emergency.ts"
export { Lru } from "./lru.ts"
export { LruVec } from "./lruvec.ts"
export { oomBadness, OomKiller, selectBadProcess } from "./oom.ts"
export {
  type Congestion,
  type OomCandidate,
  type OomOps,
  PAGE_ACTIVATE,
  PAGE_CLEAN,
  PAGE_KEEP,
  PAGE_SUCCESS,
  type ReclaimOps,
  REFERENCED_EXEC,
  SWAP_AGAIN,
  SWAP_FAIL,
  SWAP_MLOCK,
  SWAP_SUCCESS
} from "./ops.ts"
export {
  DEFAULT_COSTS,
  DEFAULT_SWITCHES,
  type VmscanCosts,
  type VmscanOptions,
  type VmscanSwitches
} from "./options.ts"
export { Pgdat } from "./pgdat.ts"
export { getScanCount, inactiveAnonIsLow, inactiveFileIsLow, type ScanCountInput } from "./scan-count.ts"
export { shrinkPageList } from "./shrink-page-list.ts"
export { aboveHalfReserve } from "./throttle.ts"
export { Vmscan } from "./vmscan.ts"
