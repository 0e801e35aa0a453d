// Contents page of @swaplab/swap, in reading order.
export { pageClusterFor, type SwapCounters, type SwapOps, type SwapOptions } from "./ops.ts"
export { NOT_CACHED } from "./swap-cache.ts"
export { Swap } from "./swap.ts"
