// The swap of one machine, with one area or several: the parts put together, in the form in which reclaim and the fault handler
// use them.
//
// The life of a page that is swapped out takes two visits of reclaim. First visit: `addToSwap`, unmapping, `tryPageout` (or
// `pageout`); the page is under writeback and stays in memory. When the write ends the page is rotated to the tail of its
// list. Second visit: it is clean, `removeMapping` takes it out of the cache, and reclaim frees it.
// source: mm/swapfile.c:sys_swapon, swap_show; mm/swap.c:swap_setup
import type { BlockQueue } from "@swaplab/blk"
import type { Context, Frames, Task } from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps } from "@swaplab/sim"
import type { SwapCounters, SwapOps, SwapOptions } from "./ops.ts"
import { PageIo, type SwapIo } from "./page-io.ts"
import { PageLocks } from "./page-lock.ts"
import { RadixNodes, RadixPreloads } from "./radix-nodes.ts"
import { Readahead } from "./readahead.ts"
import { prioritiesOf, SwapAreas } from "./swap-areas.ts"
import { SwapCache } from "./swap-cache.ts"
import { type SlotMap, SwapMap } from "./swap-map.ts"
import { SwapState } from "./swap-state.ts"

const KIB_PER_PAGE = 4

/** An area that is switched on. */
export interface SwapArea {
  readonly path: string
  readonly priority: number
  readonly map: SwapMap
  readonly io: PageIo
}

/** Swap I/O of several areas: that of the area of the page. */
class AreaIo implements SwapIo {
  readonly #ios: ReadonlyArray<PageIo>
  readonly #areas: SwapAreas
  readonly #slots: Int32Array

  constructor(ios: ReadonlyArray<PageIo>, areas: SwapAreas, frames: Frames) {
    this.#ios = ios
    this.#areas = areas
    this.#slots = frames.private
  }

  tryPageout(task: Task, pfn: number): number {
    return this.#of(this.#slots[pfn]).tryPageout(task, pfn)
  }

  pageout(task: Task, pfn: number): Sleeps<number> {
    return this.#of(this.#slots[pfn]).pageout(task, pfn)
  }

  tryRead(task: Task, pfn: number, slot: number): number {
    return this.#of(slot).tryRead(task, pfn, slot)
  }

  read(task: Task, pfn: number): Sleeps<void> {
    return this.#of(this.#slots[pfn]).read(task, pfn)
  }

  #of(slot: number): PageIo {
    return this.#ios[this.#areas.typeOf(slot)]
  }
}

/**
 * Swap of one machine: slots, swap cache, page locks, I/O and readahead of all its areas.
 *
 * **When to use.** Reclaim calls the first half of its methods to swap a page out, the fault handler the second half to
 * bring one back; `swapsText` writes /proc/swaps.
 *
 * **Details.** A slot is one page of an area; a page in the swap cache has its slot in `frames.private`. try-methods
 * return `WOULD_SLEEP` with nothing done. `swapinReadahead` brings in the block of 2^pageCluster slots around the one
 * wanted.
 *
 * **Gotchas.** The areas take over `onBioEnd` of their devices, so a device carries one area. An area out of slots is
 * no error: `addToSwap` says false and `counters.noSlot` rises. A write that fails leaves the page dirty in memory: see
 * `counters.writeErrors`.
 */
export class Swap {
  readonly state: SwapState
  /** By type: in the order of their swapon. */
  readonly areas: ReadonlyArray<SwapArea>
  /** The slots of all areas: of the one area, where there is one. */
  readonly slots: SlotMap
  readonly cache: SwapCache
  readonly nodes: RadixNodes
  readonly locks: PageLocks
  readonly io: SwapIo
  readonly readahead: Readahead
  readonly counters: SwapCounters = {
    writesSubmitted: 0,
    writesEnded: 0,
    readsSubmitted: 0,
    readsEnded: 0,
    writeErrors: 0,
    readErrors: 0,
    writesDropped: 0,
    noSlot: 0,
    noNodes: 0,
    readaheads: 0,
    readaheadHoles: 0,
    readaheadNoPage: 0
  }
  readonly #queue: BlockQueue

  /** `swapon` of each area. Their devices call back into them from now on. Readahead plugs `queue`. */
  constructor(sim: Sim, frames: Frames, queue: BlockQueue, ops: SwapOps, options: SwapOptions) {
    this.#queue = queue
    const { areas: all } = options
    assert(all.length > 0, "a machine that swaps has an area")
    const maps = all.map((area) => new SwapMap(area))
    const several = maps.length === 1
      ? null
      : new SwapAreas(maps.map((map, type) => ({ map, priority: all[type].priority ?? null })))
    this.slots = several ?? maps[0]
    this.cache = new SwapCache(frames)
    this.nodes = new RadixNodes(this.slots.max, new RadixPreloads(options.cpus, ops.radixTreeNodes))
    this.locks = new PageLocks(sim, frames, (process) => queue.flushPlugOnSchedule(process))
    this.state = new SwapState(frames, this.slots, this.cache, this.nodes, this.locks, ops, this.counters)
    const priorities = several?.priorities ?? prioritiesOf([all[0].priority ?? null])
    this.areas = all.map(({ device, on, path }, type) => ({
      path,
      priority: priorities[type],
      map: maps[type],
      io: new PageIo(this.state, on, device, several?.bases[type])
    }))
    this.io = several === null ? this.areas[0].io : new AreaIo(this.areas.map(({ io }) => io), several, frames)
    this.readahead = new Readahead(this.state, this.io, queue, options.pageCluster ?? 3, options.readaheadPlug)
  }

  // — what reclaim calls (the swap half of its operations table) —

  /** Free slots. */
  nrSwapPages(): number {
    return this.slots.nrSwapPages
  }

  /** More than half of the slots are in use. */
  vmSwapFull(): boolean {
    return this.slots.vmSwapFull()
  }

  /** See `SwapState.addToSwap`. */
  addToSwap(ctx: Context, pfn: number): boolean {
    return this.state.addToSwap(ctx, pfn)
  }

  /** See `PageIo.tryPageout`. */
  tryPageout(task: Task, pfn: number): number {
    return this.io.tryPageout(task, pfn)
  }

  /** See `PageIo.pageout`. */
  pageout(task: Task, pfn: number): Sleeps<number> {
    return this.io.pageout(task, pfn)
  }

  /** See `SwapState.removeMapping`. */
  removeMapping(ctx: Context, pfn: number): boolean {
    return this.state.removeMapping(ctx, pfn)
  }

  /** See `SwapState.tryToFreeSwap`. */
  tryToFreeSwap(ctx: Context, pfn: number): boolean {
    return this.state.tryToFreeSwap(ctx, pfn)
  }

  /** `blk_start_plug`. */
  startPlug(task: Task): void {
    this.#queue.plug(task)
  }

  /** `blk_finish_plug`; it never sleeps, but its callers may. */
  *finishPlug(task: Task): Sleeps<void> {
    this.#queue.unplug(task)
  }

  // — what the fault handler and exit call —

  /** See `SwapCache.lookup`: the frame or `NOT_CACHED`, without a reference. */
  lookupSwapCache(slot: number): number {
    return this.cache.lookup(slot)
  }

  /** See `Readahead.swapinReadahead`. */
  swapinReadahead(task: Task, slot: number): Sleeps<number> {
    return this.readahead.swapinReadahead(task, slot)
  }

  /** See `SwapState.reuseSwapPage`. */
  reuseSwapPage(ctx: Context, pfn: number): boolean {
    return this.state.reuseSwapPage(ctx, pfn)
  }

  /** `swap_duplicate`: a page table entry now refers to the slot. */
  swapDuplicate(slot: number): void {
    this.slots.duplicate(slot)
  }

  /** `swap_free`: a page table entry that referred to the slot now refers to its page. */
  swapFree(slot: number, ctx: Context): void {
    this.slots.free(slot, ctx)
  }

  /** See `SwapState.freeSwapAndCache`. */
  freeSwapAndCache(ctx: Context, slot: number): void {
    this.state.freeSwapAndCache(ctx, slot)
  }

  /** See `SwapState.freeSwapCache`. */
  freeSwapCache(ctx: Context, pfn: number): void {
    this.state.freeSwapCache(ctx, pfn)
  }

  // — /proc —

  /** Content of /proc/swaps. */
  swapsText(): string {
    const rows = this.areas.map(({ map, path, priority }) => {
      const pad = " ".repeat(path.length < 40 ? 40 - path.length : 1)
      const size = map.pages * KIB_PER_PAGE
      return `${path}${pad}partition\t${size}\t${map.inusePages * KIB_PER_PAGE}\t${priority}\n`
    })
    return `Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n${rows.join("")}`
  }

  /** What show_mem prints of the swap cache. */
  swapCacheText(): string {
    const { pages, addTotal, delTotal, findSuccess, findTotal } = this.cache
    return `${pages} pages in swap cache\n` +
      `Swap cache stats: add ${addTotal}, delete ${delTotal}, find ${findSuccess}/${findTotal}\n` +
      `Free swap  = ${this.slots.nrSwapPages * KIB_PER_PAGE}kB\n` +
      `Total swap = ${this.slots.pages * KIB_PER_PAGE}kB\n`
  }

  checkInvariants(): void {
    this.state.checkInvariants()
    const { writesSubmitted, writesEnded, readsSubmitted, readsEnded } = this.counters
    assert(writesSubmitted >= writesEnded, "more writes ended than were submitted")
    assert(readsSubmitted >= readsEnded, "more reads ended than were submitted")
  }
}
