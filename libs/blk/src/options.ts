// What a queue is made with: limits and CPU costs.
// source: include/linux/blkdev.h, block/blk-settings.c
import type { CongestionState } from "./congestion.ts"

/** `BLKDEV_MIN_RQ`: elements of the request mempool. */
export const BLKDEV_MIN_RQ = 4

/** Largest request of a driver that sets no limit: 31 pages. */
export const BLK_SAFE_MAX_SECTORS = 255

/** CPU time that each step adds to the context that takes it. Our estimates; no source states them. */
export interface BlkCosts {
  readonly bioNs: number
  readonly requestNs: number
  readonly endBioNs: number
}

/** Our estimates for a machine of 2012. */
export const DEFAULT_BLK_COSTS: BlkCosts = { bioNs: 300, requestNs: 700, endBioNs: 200 }

export interface BlockQueueOptions {
  /** Slots per class; 128 by default. */
  readonly nrRequests?: number
  /** Largest request in 512-byte sectors; 255 by default. */
  readonly maxSectors?: number
  /** Shared by the queues of a machine; one of its own by default. */
  readonly congestion?: CongestionState
  readonly costs?: BlkCosts
  /** Group of the machine and numbers of the disk, for tracepoints. */
  readonly group?: number
  readonly dev?: readonly [major: number, minor: number]
}
