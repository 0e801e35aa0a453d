// Livelock in reclaim: work ends all the time, yet nothing is won, because nearly all of it is scanning that frees nothing.
//
// Three things must hold over a window of `watchdog.livelock`:
//   (a) reclaim has scanned at least `watchdog.scanRatio` pages for each that it has freed;
//   (b) it has scanned at least six times the pages on its lists, the point at which the kernel itself calls a zone
//       unreclaimable;
//   (c) requests have completed all the time: no pause between completions was longer than half of the window.
// Without (c) a standstill would pass for a livelock: requests complete for a moment, then the sender needs a page, scans for
// it without end, and no reply is read. That is a wait-for cycle with one member that works instead of sleeping. Scanning
// opens it no more than sleeping would, so it is a stall, and a hang or a deadlock in the end; the watchdog tells them.
//
// The window: Linux has no figure for this. khungtaskd's 120 s are for a task asleep, the soft lockup's 20 s for a CPU that
// does not schedule, the RCU stall's 60 s for a grace period that does not end; a scanning task trips none of them, because
// it reschedules. What bounds the window from below are the polls of the kernel. They let a client crawl, and the longest is
// mempool_alloc's 5 s (SLAB's reaper comes every 2 and 4 s). Half of the window is one such round, so that each poll has
// come in each half.
// Not modelled by this rule: who is to blame; the report says who scans, what lies on the lists, and what was refused.
// Pauses are seen at the watchdog's looks, to 100 ms.
// source: mm/vmscan.c:zone_reclaimable (v3.5), mm/mempool.c:mempool_alloc (v3.5)
import type { Machine } from "@swaplab/kernel"
import {
  NR_ACTIVE_ANON,
  NR_INACTIVE_ANON,
  NR_WRITEBACK,
  PGSCAN_DIRECT_DMA,
  PGSCAN_KSWAPD_DMA
} from "@swaplab/page-alloc"
import type { Nanoseconds } from "@swaplab/sim"
import { pagesReclaimed, ZONES } from "./progress.ts"

/** zone_reclaimable(): a zone whose reclaimable pages were scanned so often without a page freed. */
const SCANS_OF_THE_LISTS = 6

export interface ReclaimLimits {
  readonly windowNs: Nanoseconds
  /** Pages scanned for each that is freed. */
  readonly scanRatio: number
}

/** A window in which reclaim scanned and freed next to nothing while requests completed. */
export interface ScanningWindow {
  readonly fromNs: Nanoseconds
  readonly toNs: Nanoseconds
  readonly kswapd: number
  readonly direct: number
  readonly reclaimed: number
  readonly completions: number
  /** The longest time in it without a completion. */
  readonly longestPauseNs: Nanoseconds
  /** Pages on the lists at its end, and those under writeback. */
  readonly inactive: number
  readonly active: number
  readonly writeback: number
}

/** Looks at the reclaim of one client, window after window. */
export class ReclaimWatch {
  readonly #machine: Machine
  readonly #limits: ReclaimLimits
  #from: Nanoseconds = 0
  #kswapd = 0
  #direct = 0
  #reclaimed = 0
  #completions = 0
  #completed = 0
  #completedAt: Nanoseconds = 0
  #longestPause: Nanoseconds = 0

  constructor(machine: Machine, limits: ReclaimLimits) {
    this.#machine = machine
    this.#limits = limits
  }

  /** A window that has just ended and was a livelock, or null. */
  look(): ScanningWindow | null {
    const now = this.#machine.sim.now
    const { completed } = this.#machine.disk.counters
    this.#longestPause = Math.max(this.#longestPause, now - Math.max(this.#from, this.#completedAt))
    if (completed !== this.#completed) {
      this.#completed = completed
      this.#completedAt = now
    }
    if (now - this.#from < this.#limits.windowNs) return null
    const { items } = this.#machine.pages.vmstat
    const kswapd = this.#scanned(PGSCAN_KSWAPD_DMA)
    const direct = this.#scanned(PGSCAN_DIRECT_DMA)
    const reclaimed = pagesReclaimed(this.#machine)
    const window = {
      fromNs: this.#from,
      toNs: now,
      kswapd: kswapd - this.#kswapd,
      direct: direct - this.#direct,
      reclaimed: reclaimed - this.#reclaimed,
      completions: completed - this.#completions,
      longestPauseNs: this.#longestPause,
      inactive: items[NR_INACTIVE_ANON],
      active: items[NR_ACTIVE_ANON],
      writeback: items[NR_WRITEBACK]
    }
    this.#from = now
    this.#kswapd = kswapd
    this.#direct = direct
    this.#reclaimed = reclaimed
    this.#completions = completed
    this.#longestPause = 0
    return isLivelock(window, this.#limits.scanRatio) ? window : null
  }

  #scanned(first: number): number {
    const { items } = this.#machine.pages.vmstat
    let sum = 0
    for (let zone = 0; zone < ZONES; zone++) sum += items[first + zone]
    return sum
  }
}

/** Whether the figures of a window are those of a livelock. */
export const isLivelock = (window: ScanningWindow, scanRatio: number): boolean => {
  const { active, completions, direct, fromNs, inactive, kswapd, longestPauseNs, reclaimed, toNs } = window
  const scanned = kswapd + direct
  return completions > 0 && longestPauseNs <= (toNs - fromNs) / 2 && scanned >= scanRatio * Math.max(1, reclaimed) &&
    scanned >= SCANS_OF_THE_LISTS * (inactive + active)
}

/** The window in words. */
export const scanningText = (window: ScanningWindow): string => {
  const { active, completions, direct, fromNs, inactive, kswapd, longestPauseNs, reclaimed, toNs, writeback } = window
  const seconds = (ns: Nanoseconds): string => (ns / 1e9).toFixed(1)
  return `in ${seconds(toNs - fromNs)} s ${
    kswapd + direct
  } pages scanned (kswapd ${kswapd}, direct ${direct}) and ${reclaimed} freed, ` +
    `${completions} requests completed, ${
      seconds(longestPauseNs)
    } s without one at most; lists: inactive ${inactive}, active ${active}, under writeback ${writeback}`
}
