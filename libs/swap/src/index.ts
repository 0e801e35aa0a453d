// Contents page of @swaplab/swap, in reading order.
export { pageClusterFor, type SwapCounters, type SwapOps, type SwapOptions } from "./ops.ts"
export { type PageLocks } from "./page-lock.ts"
export { RadixNodes, RadixPreloads } from "./radix-nodes.ts"
export { NOT_CACHED } from "./swap-cache.ts"
export { Swap } from "./swap.ts"
