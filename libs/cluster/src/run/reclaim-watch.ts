// Livelock in reclaim: requests complete and pages come in, yet nearly all work is scanning that frees nothing.
//
// Over a window of `watchdog.livelock` two things must hold. Reclaim has scanned at least `watchdog.scanRatio` pages for each
// that it has freed. And it has scanned at least six times the pages on its lists, the point at which the kernel itself calls
// a zone unreclaimable. Completions must go on, else it is a hang or a deadlock, which the watchdog tells apart.
// Not modelled by this rule: who is to blame; the report says who scans, what lies on the lists, and what was refused.
// source: mm/vmscan.c:zone_reclaimable (v3.5)
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

/** A window in which reclaim scanned and freed next to nothing. */
export interface ScanningWindow {
  readonly fromNs: Nanoseconds
  readonly toNs: Nanoseconds
  readonly kswapd: number
  readonly direct: number
  readonly reclaimed: number
  readonly completions: number
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

  constructor(machine: Machine, limits: ReclaimLimits) {
    this.#machine = machine
    this.#limits = limits
  }

  /** A window that has just ended and was a livelock, or null. */
  look(): ScanningWindow | null {
    const now = this.#machine.sim.now
    if (now - this.#from < this.#limits.windowNs) return null
    const { items } = this.#machine.pages.vmstat
    const kswapd = this.#scanned(PGSCAN_KSWAPD_DMA)
    const direct = this.#scanned(PGSCAN_DIRECT_DMA)
    const reclaimed = pagesReclaimed(this.#machine)
    const { completed } = this.#machine.disk.counters
    const window = {
      fromNs: this.#from,
      toNs: now,
      kswapd: kswapd - this.#kswapd,
      direct: direct - this.#direct,
      reclaimed: reclaimed - this.#reclaimed,
      completions: completed - this.#completions,
      inactive: items[NR_INACTIVE_ANON],
      active: items[NR_ACTIVE_ANON],
      writeback: items[NR_WRITEBACK]
    }
    this.#from = now
    this.#kswapd = kswapd
    this.#direct = direct
    this.#reclaimed = reclaimed
    this.#completions = completed
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
  const { active, completions, direct, inactive, kswapd, reclaimed } = window
  const scanned = kswapd + direct
  return completions > 0 && scanned >= scanRatio * Math.max(1, reclaimed) &&
    scanned >= SCANS_OF_THE_LISTS * (inactive + active)
}

/** The window in words. */
export const scanningText = (window: ScanningWindow): string => {
  const { active, completions, direct, fromNs, inactive, kswapd, reclaimed, toNs, writeback } = window
  const seconds = ((toNs - fromNs) / 1e9).toFixed(1)
  return `in ${seconds} s ${
    kswapd + direct
  } pages scanned (kswapd ${kswapd}, direct ${direct}) and ${reclaimed} freed, ` +
    `${completions} requests completed; lists: inactive ${inactive}, active ${active}, under writeback ${writeback}`
}
