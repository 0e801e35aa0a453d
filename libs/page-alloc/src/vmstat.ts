// Counters of memory management, as in /proc/vmstat.
//
// Modelled: every line of v3.6 in its place; groups that a kernel configuration leaves out can be left out of the text. Counters are exact: the per-CPU deltas of Linux, which let a zone counter drift by up to
// cpus × threshold pages, are not modelled (their thresholds are computed in watermark.ts and shown in /proc/zoneinfo).
// source: mm/vmstat.c
import { assert } from "@swaplab/sim"
import {
  COMPACT_BLOCKS_MOVED,
  COMPACT_SUCCESS,
  HTLB_BUDDY_ALLOC_FAIL,
  HTLB_BUDDY_ALLOC_SUCCESS,
  NR_VMSTAT_ITEMS,
  NUMA_HIT,
  NUMA_OTHER,
  PGSCAN_DIRECT_THROTTLE,
  THP_FAULT_ALLOC,
  THP_SPLIT,
  VMSTAT_NAMES,
  ZONE_RECLAIM_FAILED
} from "./vmstat-items.ts"

/** Which optional groups of lines /proc/vmstat has. */
export interface VmStatLines {
  /** pgscan_direct_throttle (merged patch 16). */
  readonly directThrottle?: boolean
  /** CONFIG_NUMA. */
  readonly numa?: boolean
  /** CONFIG_COMPACTION; compaction is not modelled, its counters stay 0. */
  readonly compaction?: boolean
  /** CONFIG_HUGETLB_PAGE; on by default. */
  readonly hugetlb?: boolean
  /** CONFIG_TRANSPARENT_HUGEPAGE. */
  readonly transparentHugepages?: boolean
}

const ITEM_BY_NAME: ReadonlyMap<string, number> = new Map(VMSTAT_NAMES.map((name, item) => [name, item]))

/** Is it a line of CONFIG_NUMA? */
export const isNumaItem = (item: number): boolean =>
  (item >= NUMA_HIT && item <= NUMA_OTHER) || item === ZONE_RECLAIM_FAILED

export class VmStat {
  /** Values by item; items kept per zone hold the sum over zones here. */
  readonly items = new Float64Array(NR_VMSTAT_ITEMS)
  readonly #shown: ReadonlyArray<number>

  constructor(lines: VmStatLines = {}) {
    const shown: Array<number> = []
    for (let item = 0; item < NR_VMSTAT_ITEMS; item++) {
      if (item === PGSCAN_DIRECT_THROTTLE && lines.directThrottle !== true) continue
      if (isNumaItem(item) && lines.numa !== true) continue
      if (item >= COMPACT_BLOCKS_MOVED && item <= COMPACT_SUCCESS && lines.compaction !== true) continue
      if (item >= HTLB_BUDDY_ALLOC_SUCCESS && item <= HTLB_BUDDY_ALLOC_FAIL && lines.hugetlb === false) continue
      if (item >= THP_FAULT_ALLOC && item <= THP_SPLIT && lines.transparentHugepages !== true) continue
      shown.push(item)
    }
    this.#shown = shown
  }

  inc(item: number, n = 1): void {
    this.items[item] += n
  }

  dec(item: number, n = 1): void {
    this.items[item] -= n
  }

  /** Value by its name in /proc/vmstat; also for lines that this kernel does not print. */
  get(name: string): number {
    const item = ITEM_BY_NAME.get(name)
    assert(item !== undefined, "no such item in /proc/vmstat")
    return this.items[item]
  }

  /** Names of the lines, in order. */
  names(): ReadonlyArray<string> {
    return this.#shown.map((item) => VMSTAT_NAMES[item])
  }

  /** Content of /proc/vmstat. */
  text(): string {
    let text = ""
    for (const item of this.#shown) text += `${VMSTAT_NAMES[item]} ${this.items[item]}\n`
    return text
  }
}
