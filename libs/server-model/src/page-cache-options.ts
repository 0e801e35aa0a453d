import type { Nanoseconds } from "@swaplab/sim"

/** What a page cache is given; the ratios are those of /proc/sys/vm. */
export interface PageCacheOptions {
  /** Memory that may hold pages. */
  readonly capacityBytes: number
  /** vm.dirty_ratio: writers wait when this share of it is dirty. 0.2 by default. */
  readonly dirtyRatio?: number
  /** vm.dirty_background_ratio: the flusher starts at this share. 0.1 by default. */
  readonly backgroundRatio?: number
  /** dirty_expire_centisecs: the flusher writes a page that has been dirty this long. 30 s by default. */
  readonly expireNs?: Nanoseconds
  /** Longest run that is written at once. 256 KiB by default. */
  readonly runBytes?: number
}
