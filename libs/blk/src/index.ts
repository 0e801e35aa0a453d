// Contents page of @swaplab/blk, in reading order.
export { BIO_POOL_SIZE, BioSet, NO_BIO } from "./bio-set.ts"
export { BlockQueue, SUBMITTED } from "./block-queue.ts"
export {
  BLK_RW_ASYNC,
  BLK_RW_SYNC,
  CongestionState,
  queueCongestionOffThreshold,
  queueCongestionOnThreshold
} from "./congestion.ts"
export type { BlkCounters } from "./counters.ts"
export { type DiskSnapshot, DiskStats, iostat, type IostatRow } from "./disk-stats.ts"
export { type BlockDriver, DispatchQueue } from "./dispatch-queue.ts"
export { type BlkMemory, Mempool, MEMPOOL_WAIT_NS, type MempoolCounters, NO_ELEMENT } from "./mempool.ts"
export { SECTORS_PER_PAGE } from "./merge.ts"
export {
  BLK_SAFE_MAX_SECTORS,
  type BlkCosts,
  BLKDEV_MIN_RQ,
  type BlockQueueOptions,
  DEFAULT_BLK_COSTS
} from "./options.ts"
export { BLKDEV_MAX_RQ, RequestList } from "./request-list.ts"
export { NO_REQUEST, Requests } from "./requests.ts"
export { BLK_BATCH_REQ, BLK_BATCH_TIME_NS, BLK_MAX_REQUEST_COUNT } from "./task-io.ts"
