/**
 * {@include ../README.md}
 *
 * @module @swaplab/swap
 */
export { PageSizes, type PageSizesOptions } from "./compressed/page-sizes.ts"
export { type CompressionCosts, Zram, zramSetupPages, type ZramStats } from "./compressed/zram.ts"
export { Zswap, ZSWAP_ENTRY, zswapSetupPages, type ZswapStats } from "./compressed/zswap.ts"
export { CRYPT_REQUEST, type CryptCosts, type CryptCounters, DM_CRYPT_IO, DmCrypt, MIN_IOS } from "./crypt/dm-crypt.ts"
export { pageClusterFor, type SwapAreaOptions, type SwapCounters, type SwapOps, type SwapOptions } from "./ops.ts"
export { type PageLocks } from "./page-lock.ts"
export { RadixNodes, RadixPreloads } from "./radix-nodes.ts"
export { MAX_SLOTS, slotNumbersOf } from "./swap-areas.ts"
export { NOT_CACHED } from "./swap-cache.ts"
export { type SwapDevice } from "./swap-device.ts"
export { Swap, type SwapArea } from "./swap.ts"
