// What swap calls in the rest of the machine, and what it is made with.
import type { BlkMemory } from "@swaplab/blk"
import type { Context, Task, VmStat } from "@swaplab/page-alloc"
import type { Random, Sleeps } from "@swaplab/sim"
import type { SwapDevice } from "./swap-device.ts"

/** Plugged in by the kernel. */
export interface SwapOps {
  /** A page for the content of a slot: a frame with one reference, NO_PAGE or WOULD_SLEEP. */
  tryAllocPage(task: Task, gfp: number): number
  /** The same, sleeping in reclaim where it must: a frame or NO_PAGE. */
  allocPage(task: Task, gfp: number): Sleeps<number>
  /** The last reference to the page is gone: take it off its LRU list and free it. */
  freePage(ctx: Context, pfn: number): void
  /** lru_cache_add_anon: puts the page on its way to the head of the inactive anonymous list (it takes its own reference). */
  lruCacheAddAnon(ctx: Context, pfn: number): void
  /** lru_add_drain: moves the pages of this CPU's pagevecs to their lists. */
  lruAddDrain(ctx: Context): void
  /** rotate_reclaimable_page: the write of a page marked PG_reclaim has ended; the mark is cleared, PG_writeback still set. */
  rotateReclaimable(ctx: Context, pfn: number): void
  /** mod_zone_page_state for the zone of the page. */
  modZoneState(pfn: number, item: number, n: number): void
  /** A line of the kernel log. */
  log(message: string): void
  readonly vmstat: VmStat
  /** The radix_tree_node cache. */
  readonly radixTreeNodes: BlkMemory
}

/** One area, as it is switched on. */
export interface SwapAreaOptions {
  /** Path in /proc/swaps. */
  readonly path: string
  /** Major and minor number of the device, for messages. */
  readonly device: readonly [major: number, minor: number]
  /** Slots of the area, the header included. */
  readonly slots: number
  /** The queue says non-rotational (nbd and zram do). */
  readonly solidState: boolean
  /** Where the first slot comes from on solid-state media. */
  readonly random: Random
  /** `swapon -p`, 0 … 32767; without it lower than that of all areas before it: −1, −2, … */
  readonly priority?: number
  /** What it lies on, which carries this area alone: the queue of a disk, dm-crypt over it, a zram. */
  readonly on: SwapDevice
}

export interface SwapOptions {
  /** In the order of their swapon; at least one. */
  readonly areas: ReadonlyArray<SwapAreaOptions>
  /** CPUs, each with a pool of radix tree nodes. */
  readonly cpus: number
  /** log2 of the slots of a readahead block: 3, or 2 with less than 16 MiB of RAM. */
  readonly pageCluster?: number
  /** Switch: readahead holds its reads in a plug, so that they become one request. */
  readonly readaheadPlug: boolean
}

/** What happened so far. */
export interface SwapCounters {
  /** Pages whose write was submitted, and whose write has ended. */
  writesSubmitted: number
  writesEnded: number
  readsSubmitted: number
  readsEnded: number
  writeErrors: number
  readErrors: number
  /** Writes skipped because nobody used the slot any more. */
  writesDropped: number
  /** add_to_swap failed: no slot, no memory for the radix tree. */
  noSlot: number
  noNodes: number
  /** Readahead blocks read. */
  readaheads: number
  /** Pages allocated for a slot that turned out to be unused. */
  readaheadHoles: number
  /** Readahead had no page to read into. */
  readaheadNoPage: number
}

/** Results of `tryPageout` and `pageout`; the numbers are those that reclaim expects. */
export const PAGE_SUCCESS = 0
export const PAGE_CLEAN = 3

/** page_cluster of a machine with that much RAM. source: mm/swap.c:swap_setup */
export const pageClusterFor = (ramPages: number): number => (ramPages >> 8 < 16 ? 2 : 3)

/** Space in 512-byte sectors of a slot. */
export const SECTORS_PER_SLOT = 8
