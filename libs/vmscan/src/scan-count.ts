// How many pages of each LRU list one pass scans, and when an inactive list is too short.
//
// Exact, with integer divisions in the kernel's order. Not modelled: memory control groups.
// source: mm/vmscan.c:get_scan_count, inactive_anon_is_low_global, inactive_file_is_low_global
import { SWAP_CLUSTER_MAX } from "./constants.ts"
import type { LruVec } from "./lruvec.ts"

/** What get_scan_count reads besides the lists. */
export interface ScanCountInput {
  readonly priority: number
  readonly swappiness: number
  /** nr_swap_pages > 0 and swapping allowed. */
  readonly maySwap: boolean
  /** NR_FREE_PAGES of the zone. */
  readonly freePages: number
  /** High watermark of the zone. */
  readonly highWatermark: number
  /** kswapd looking at an all_unreclaimable zone: scan at least 32 of each list. */
  readonly forceScan: boolean
}

const scanOf = (
  size: number,
  fraction: number,
  denominator: number,
  input: ScanCountInput
): number => {
  if (input.priority === 0 && input.maySwap && input.swappiness !== 0) return size
  let scan = size >> input.priority
  if (scan === 0 && input.forceScan) scan = SWAP_CLUSTER_MAX
  return Math.floor((scan * fraction) / denominator)
}

/**
 * get_scan_count: fills `nr` with the pages to scan of inactive_anon, active_anon, inactive_file, active_file. Halves
 * the floating averages of the lruvec where they have grown past a quarter of their lists.
 */
export const getScanCount = (lruvec: LruVec, input: ScanCountInput, nr: Array<number>): void => {
  const [inactiveAnon, activeAnon, inactiveFile, activeFile] = lruvec.lists
  const anon = inactiveAnon.count + activeAnon.count
  const file = inactiveFile.count + activeFile.count
  let anonFraction: number
  let fileFraction: number
  let denominator = 1
  if (!input.maySwap) {
    anonFraction = 0
    fileFraction = 1
  } else if (file + input.freePages <= input.highWatermark) {
    anonFraction = 1
    fileFraction = 0
  } else {
    const { recentScanned, recentRotated } = lruvec
    if (recentScanned[0] > Math.floor(anon / 4)) {
      recentScanned[0] = Math.floor(recentScanned[0] / 2)
      recentRotated[0] = Math.floor(recentRotated[0] / 2)
    }
    if (recentScanned[1] > Math.floor(file / 4)) {
      recentScanned[1] = Math.floor(recentScanned[1] / 2)
      recentRotated[1] = Math.floor(recentRotated[1] / 2)
    }
    anonFraction = Math.floor((input.swappiness * (recentScanned[0] + 1)) / (recentRotated[0] + 1))
    fileFraction = Math.floor(((200 - input.swappiness) * (recentScanned[1] + 1)) / (recentRotated[1] + 1))
    denominator = anonFraction + fileFraction + 1
  }
  nr[0] = scanOf(inactiveAnon.count, anonFraction, denominator, input)
  nr[1] = scanOf(activeAnon.count, anonFraction, denominator, input)
  nr[2] = scanOf(inactiveFile.count, fileFraction, denominator, input)
  nr[3] = scanOf(activeFile.count, fileFraction, denominator, input)
}

/** Too few inactive anonymous pages: active ones must be deactivated. Pointless, hence false, without swap. */
export const inactiveAnonIsLow = (lruvec: LruVec, totalSwapPages: number): boolean =>
  totalSwapPages > 0 && lruvec.lists[0].count * lruvec.zone.inactiveRatio < lruvec.lists[1].count

export const inactiveFileIsLow = (lruvec: LruVec): boolean => lruvec.lists[3].count > lruvec.lists[2].count
