// What every zone keeps back, set at boot and by a write to vm.min_free_kbytes.
// source: mm/page_alloc.c:__setup_per_zone_wmarks, setup_per_zone_lowmem_reserve, calculate_totalreserve_pages;
// mm/vmstat.c:refresh_zone_stat_thresholds, set_pgdat_percpu_threshold
import type { Buddy } from "./buddy.ts"
import { MAX_NR_ZONES } from "./gfp.ts"
import {
  lowmemReserve,
  normalStatThreshold,
  percpuDriftMark,
  pressureStatThreshold,
  zoneWatermarks
} from "./watermark.ts"
import { WMARK_HIGH, WMARK_LOW, WMARK_MIN, type Zone } from "./zone.ts"

/** The pages of each zone that allocations for higher zones of its own node may not touch. */
export const setLowmemReserves = (zones: ReadonlyArray<Zone>): void => {
  for (let first = 0; first < zones.length; first += MAX_NR_ZONES) {
    const own = zones.slice(first, first + MAX_NR_ZONES)
    const present = own.map((zone) => zone.present)
    for (const zone of own) {
      lowmemReserve(present, zone.index).forEach((pages, classzone) => zone.lowmemReserve[classzone] = pages)
    }
  }
}

/** Shares `kbytes` out among the zones of all nodes by their size. Returns the pages that user memory can never use. */
export const setWatermarks = (populated: ReadonlyArray<Zone>, buddy: Buddy, cpus: number, kbytes: number): number => {
  let lowmem = 0
  for (const zone of populated) lowmem += zone.present
  let totalReserve = 0
  for (const zone of populated) {
    const [min, low, high] = zoneWatermarks(kbytes, zone.present, lowmem)
    zone.watermark[WMARK_MIN] = min
    zone.watermark[WMARK_LOW] = low
    zone.watermark[WMARK_HIGH] = high
    buddy.setupMigrateReserve(zone)
    zone.dirtyBalanceReserve = Math.min(zone.present, Math.max(...zone.lowmemReserve) + high)
    totalReserve += zone.dirtyBalanceReserve
    zone.percpuDriftMark = percpuDriftMark(zone.watermark, cpus, normalStatThreshold(zone.present, cpus))
  }
  return totalReserve
}

/** How far a CPU's counters may drift: less while the kswapd of the zones' node is awake. Shown, without effect. */
export const setPercpuThresholds = (zones: ReadonlyArray<Zone>, cpus: number, pressure: boolean): void => {
  for (const zone of zones) {
    if (zone.percpuDriftMark === 0) continue
    zone.statThreshold = pressure
      ? pressureStatThreshold(zone.watermark[WMARK_MIN], zone.watermark[WMARK_LOW], cpus)
      : normalStatThreshold(zone.present, cpus)
  }
}
