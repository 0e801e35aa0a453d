// What a queue counts besides the statistics that Linux shows.

/** What the queue did so far. Arrays are [sync, async]. */
export interface BlkCounters {
  bios: number
  requests: number
  plugMerges: number
  queueMerges: number
  backMerges: number
  frontMerges: number
  /** Plugged requests absorbed by a queued one when their plug was flushed. */
  requestMerges: number
  plugFlushes: number
  completed: number
  errors: number
  /** Times a task slept for a request slot. */
  readonly slotWaits: [number, number]
  /** Time spent in these sleeps. */
  readonly slotWaitNs: [number, number]
  /** Most requests ever allocated. */
  readonly mostRequests: [number, number]
}

export const blkCounters = (): BlkCounters => ({
  bios: 0,
  requests: 0,
  plugMerges: 0,
  queueMerges: 0,
  backMerges: 0,
  frontMerges: 0,
  requestMerges: 0,
  plugFlushes: 0,
  completed: 0,
  errors: 0,
  slotWaits: [0, 0],
  slotWaitNs: [0, 0],
  mostRequests: [0, 0]
})
