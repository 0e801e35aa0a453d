// The numbers a zone is run by, computed from its size: reserve, watermarks, lowmem protection, per-CPU list sizes and
// counter thresholds. Pure functions over page counts; all divisions round down as in the kernel.
//
// source: mm/page_alloc.c:init_per_zone_wmark_min, __setup_per_zone_wmarks, setup_per_zone_lowmem_reserve,
// zone_batchsize, calculate_zone_inactive_ratio; mm/huge_memory.c:set_recommended_min_free_kbytes;
// mm/vmstat.c:calculate_normal_threshold, calculate_pressure_threshold

export const PAGE_SIZE = 4096
export const PAGE_SHIFT = 12
/** Orders 0 … MAX_ORDER − 1. */
export const MAX_ORDER = 11
export const PAGEBLOCK_ORDER = 9
export const PAGEBLOCK_PAGES = 512
/** Up to this order an allocation that may sleep is retried for ever. */
export const PAGE_ALLOC_COSTLY_ORDER = 3

/** Index of the highest bit set, counted from 1; 0 for 0. */
export const fls = (x: number): number => 32 - Math.clz32(x)

const intSqrt = (x: number): number => Math.floor(Math.sqrt(x))

/** min_free_kbytes at boot, for so many kB in zones that GFP_USER may use. */
export const minFreeKbytes = (lowmemKbytes: number): number =>
  Math.min(65536, Math.max(128, intSqrt(lowmemKbytes * 16)))

/**
 * What transparent huge pages raise min_free_kbytes to (never below `current`): two pageblocks a zone, and one for each
 * pair of migrate types, but at most 5 % of `freeBufferPages`.
 */
export const thpMinFreeKbytes = (populatedZones: number, freeBufferPages: number, current: number): number => {
  const recommended = PAGEBLOCK_PAGES * populatedZones * 2 + PAGEBLOCK_PAGES * populatedZones * 9
  return Math.max(current, Math.min(recommended, Math.floor(freeBufferPages / 20)) * 4)
}

/** min, low and high watermark of a zone in pages. */
export const zoneWatermarks = (
  minFreeKbytes: number,
  presentPages: number,
  lowmemPages: number
): [min: number, low: number, high: number] => {
  const min = Math.floor(Math.floor(minFreeKbytes / 4) * presentPages / lowmemPages)
  return [min, min + (min >> 2), min + (min >> 1)]
}

/** sysctl_lowmem_reserve_ratio by the zone to be protected. */
const LOWMEM_RESERVE_RATIO: ReadonlyArray<number> = [256, 256, 32, 1]

/** Pages of zone `zone` that allocations of each class may not touch, from the present pages of all zones. */
export const lowmemReserve = (presentPages: ReadonlyArray<number>, zone: number): Array<number> => {
  const reserve: Array<number> = []
  let above = 0
  for (let classzone = 0; classzone < presentPages.length; classzone++) {
    if (classzone > zone) above += presentPages[classzone]
    reserve.push(classzone > zone ? Math.floor(above / LOWMEM_RESERVE_RATIO[zone]) : 0)
  }
  return reserve
}

/** Sizes of a per-CPU page list. */
export interface PcpSizes {
  /** The value of the rule; 0 in small zones. */
  readonly rule: number
  /** Pages moved between list and buddy at once. */
  readonly batch: number
  /** From this count on a free returns a batch to the buddy. */
  readonly high: number
}

export const pcpSizes = (presentPages: number): PcpSizes => {
  const quarter = Math.max(1, Math.min(Math.floor(presentPages / 1024), (512 * 1024) / PAGE_SIZE) >> 2)
  const rule = (1 << (fls(quarter + (quarter >> 1)) - 1)) - 1
  return { rule, batch: Math.max(1, rule), high: 6 * rule }
}

/** How far a CPU's delta of a zone counter may grow before it is folded in. */
export const normalStatThreshold = (presentPages: number, cpus: number): number =>
  Math.min(125, 2 * fls(cpus) * (1 + fls(presentPages >> 15)))

/** The same while kswapd is awake, in zones that have a drift mark. */
export const pressureStatThreshold = (min: number, low: number, cpus: number): number =>
  Math.min(125, Math.max(1, Math.floor((low - min) / cpus)))

/** Below this many free pages a drifting counter could hide a breach of the min watermark; 0: no such mark. */
export const percpuDriftMark = (
  [min, low, high]: readonly [number, number, number],
  cpus: number,
  threshold: number
): number => cpus * threshold > low - min ? high + cpus * threshold : 0

/** Wanted ratio of active to inactive anonymous pages. */
export const inactiveRatio = (presentPages: number): number => {
  const gib = presentPages >> (30 - PAGE_SHIFT)
  return gib === 0 ? 1 : intSqrt(10 * gib)
}
