// Contents page of @swaplab/swap, in reading order.
export {
  EIO,
  PAGE_ACTIVATE,
  PAGE_CLEAN,
  PAGE_KEEP,
  PAGE_SUCCESS,
  pageClusterFor,
  SECTORS_PER_SLOT,
  type SwapCounters,
  type SwapOps,
  type SwapOptions
} from "./ops.ts"
export { PageIo } from "./page-io.ts"
export { PageLocks, waitTableEntries } from "./page-lock.ts"
export { RADIX_TREE_MAP_SHIFT, RADIX_TREE_PRELOAD_SIZE, RadixNodes } from "./radix-nodes.ts"
export { Readahead } from "./readahead.ts"
export { NOT_CACHED, SwapCache } from "./swap-cache.ts"
export {
  IN_CACHE,
  NO_SLOT,
  NOT_IN_USE,
  PREPARED,
  SWAP_HAS_CACHE,
  SWAP_MAP_BAD,
  SWAP_MAP_MAX,
  SWAPFILE_CLUSTER,
  SwapMap,
  type SwapMapOptions
} from "./swap-map.ts"
export { SwapState } from "./swap-state.ts"
export { Swap } from "./swap.ts"
