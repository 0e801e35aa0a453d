/**
 * {@include ../README.md}
 *
 * @module @swaplab/blk
 */
export { BioSet, NO_BIO } from "./bio-set.ts"
export { BlockQueue, SUBMITTED } from "./block-queue.ts"
export { BLK_RW_SYNC, CongestionState } from "./congestion.ts"
export type { BlkCounters } from "./counters.ts"
export { type BlockDriver, DispatchQueue } from "./dispatch-queue.ts"
export { type BlkMemory, Mempool, NO_ELEMENT } from "./mempool.ts"
export { type BlkCosts, BLKDEV_MIN_RQ, type BlockQueueOptions } from "./options.ts"
export { BLKDEV_MAX_RQ } from "./request-list.ts"
export { NO_REQUEST, Requests } from "./requests.ts"
