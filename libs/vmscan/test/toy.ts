// A toy machine to test reclaim with: a page allocator, an mm whose page table is one entry per frame, and a swap device
// that takes a fixed time per page and has a limited number of requests.
import {
  type Context,
  GFP_HIGHUSER_MOVABLE,
  NO_PAGE,
  NR_WRITEBACK,
  type NumaOptions,
  PageAllocator,
  type PageAllocOptions,
  PG_dirty,
  PG_locked,
  PG_reclaim,
  PG_swapbacked,
  PG_swapcache,
  PG_uptodate,
  PG_writeback,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, type EventKind, Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import {
  type Congestion,
  type OomOps,
  PAGE_CLEAN,
  PAGE_SUCCESS,
  type ReclaimOps,
  SWAP_SUCCESS,
  Vmscan,
  type VmscanOptions
} from "@swaplab/vmscan"
import { Effect } from "effect"

export const context = (cpu = 0): Context => ({
  flags: 0,
  memdie: false,
  inInterrupt: false,
  servingSoftirq: false,
  cpu,
  ns: 0
})

export class ToyTask implements Task {
  readonly process: Process
  flags = 0
  memdie = false
  inInterrupt = false
  servingSoftirq = false
  cpu = 0
  ns = 0

  constructor(sim: Sim, name: string, flags = 0) {
    this.process = new Process(sim, name)
    this.flags = flags
  }

  *condResched(): Sleeps<void> {
    if (this.ns >= 100_000) {
      const ns = this.ns
      this.ns = 0
      yield* this.process.hold(ns)
    }
  }
}

export interface ToyOptions {
  readonly memory?: PageAllocOptions["memory"]
  readonly cpus?: number
  readonly numa?: NumaOptions
  readonly swapSlots?: number
  readonly writeNs?: number
  /** Writes in flight at most; 0: the device takes none. */
  readonly requests?: number
  readonly vmscan?: VmscanOptions & { readonly oom?: OomOps }
  readonly seed?: number
}

/** Swap, page tables and block layer in one. */
export class ToyMm implements ReclaimOps {
  readonly young: Uint8Array
  freeSlots: number
  readonly totalSlots: number
  requests: number
  inFlight = 0
  writes = 0
  slabObjects = 0
  writeback = 0
  dirtyLimit = Number.MAX_SAFE_INTEGER
  referencedResult = 1
  refuseAddToSwap = false
  /** pfn of each call, in order, by name: only while a test sets this. */
  log: Array<string> | null = null
  readonly slotFreed: WaitQueue
  lru!: Vmscan["lru"]
  pages!: PageAllocator
  readonly #sim: Sim
  readonly #writeNs: number
  readonly #written: EventKind
  readonly #softirq = context()

  constructor(sim: Sim, frames: number, options: ToyOptions) {
    this.#sim = sim
    this.young = new Uint8Array(frames)
    this.totalSlots = this.freeSlots = options.swapSlots ?? 100_000
    this.requests = options.requests ?? 128
    this.#writeNs = options.writeNs ?? 100_000
    this.slotFreed = new WaitQueue(sim, "toy request slot", "the end of a write")
    this.#written = sim.queue.register((pfn) => this.endWrite(pfn))
    this.#softirq.servingSoftirq = this.#softirq.inInterrupt = true
  }

  nrSwapPages(): number {
    return this.freeSlots
  }
  totalSwapPages(): number {
    return this.totalSlots
  }
  vmSwapFull(): boolean {
    return this.freeSlots * 2 < this.totalSlots
  }
  pageReferenced(pfn: number): number {
    const young = this.young[pfn]
    this.young[pfn] = 0
    return young === 0 ? 0 : this.referencedResult
  }
  isYoung(pfn: number): boolean {
    return this.young[pfn] !== 0
  }
  addToSwap(_ctx: Context, pfn: number): boolean {
    this.log?.push(`addToSwap ${pfn}`)
    if (this.freeSlots === 0 || this.refuseAddToSwap) return false
    this.freeSlots--
    const frames = this.pages.frames
    frames.flags[pfn] |= PG_swapcache | PG_dirty
    frames.refCount[pfn]++
    return true
  }
  tryToUnmap(_ctx: Context, pfn: number): number {
    this.log?.push(`unmap ${pfn}`)
    const frames = this.pages.frames
    frames.rmap[pfn] = -1
    frames.refCount[pfn]--
    return SWAP_SUCCESS
  }
  tryPageout(_task: Task, pfn: number): number {
    const frames = this.pages.frames
    if ((frames.flags[pfn] & PG_dirty) === 0) return PAGE_CLEAN
    if (this.inFlight >= this.requests) return WOULD_SLEEP
    this.log?.push(`write ${pfn}`)
    this.inFlight++
    this.writes++
    this.writeback++
    frames.flags[pfn] = (frames.flags[pfn] & ~(PG_dirty | PG_locked)) | PG_writeback
    this.pages.zoneOf(pfn).modState(NR_WRITEBACK, 1)
    if (this.#writeNs !== Number.POSITIVE_INFINITY) this.#sim.queue.after(this.#writeNs, this.#written, pfn)
    return PAGE_SUCCESS
  }
  *pageout(task: Task, pfn: number): Sleeps<number> {
    for (;;) {
      const result = this.tryPageout(task, pfn)
      if (result !== WOULD_SLEEP) return result
      yield* this.slotFreed.sleepExclusive(task.process)
    }
  }
  endWrite(pfn: number): void {
    const { flags } = this.pages.frames
    this.inFlight--
    this.writeback--
    if ((flags[pfn] & PG_reclaim) !== 0) {
      flags[pfn] &= ~PG_reclaim
      this.lru.rotateReclaimable(this.#softirq, pfn)
    }
    flags[pfn] &= ~PG_writeback
    this.pages.zoneOf(pfn).modState(NR_WRITEBACK, -1)
    this.slotFreed.wakeOne()
  }
  unlockPage(pfn: number): void {
    this.pages.frames.flags[pfn] &= ~PG_locked
  }
  removeMapping(_ctx: Context, pfn: number): boolean {
    const { flags, refCount } = this.pages.frames
    assert((flags[pfn] & PG_locked) !== 0, "toy: unlocked")
    if (refCount[pfn] !== 2 || (flags[pfn] & (PG_dirty | PG_writeback)) !== 0) return false
    this.log?.push(`remove ${pfn}`)
    flags[pfn] &= ~PG_swapcache
    refCount[pfn]--
    return true
  }
  tryToFreeSwap(_ctx: Context, pfn: number): boolean {
    const { flags, refCount, rmap } = this.pages.frames
    if ((flags[pfn] & PG_writeback) !== 0 || rmap[pfn] < 0) return false
    flags[pfn] = (flags[pfn] & ~PG_swapcache) | PG_dirty
    refCount[pfn]--
    this.freeSlots++
    return true
  }
  startPlug(): void {}
  *finishPlug(): Sleeps<void> {}
  shrinkSlab(): number {
    return this.slabObjects
  }
  writebackPages(): number {
    return this.writeback
  }
  hardDirtyLimit(): number {
    return this.dirtyLimit
  }
  wakeFlushers(): void {}
}

export class Toy {
  readonly sim: Sim
  readonly pages: PageAllocator
  readonly mm: ToyMm
  readonly congestion: Congestion & { congested: boolean }
  readonly vmscan: Vmscan

  constructor(options: ToyOptions = {}) {
    this.sim = new Sim({ seed: options.seed ?? 1, hz: 250 })
    this.pages = new PageAllocator(this.sim, {
      memory: options.memory ?? { dma: 0, dma32: 4096, normal: 0 },
      cpus: options.cpus ?? 1,
      ...(options.numa !== undefined && { numa: options.numa })
    })
    this.mm = new ToyMm(this.sim, this.pages.frames.count, options)
    this.congestion = {
      congested: false,
      wait: new WaitQueue(this.sim, "congestion_wqh[async]", "a device leaves congestion"),
      anyCongested: () => this.congestion.congested
    }
    this.vmscan = new Vmscan(this.sim, this.pages, this.mm, this.congestion, options.vmscan ?? {})
    this.mm.lru = this.vmscan.lru
    this.mm.pages = this.pages
    this.pages.reclaimer = this.vmscan
  }

  get zone() {
    return this.pages.populatedZones[this.pages.populatedZones.length - 1]
  }

  get lruvec() {
    return this.vmscan.lru.lruvecOf(this.zone.start)
  }

  /** Spawns a task. */
  spawn(name: string, body: (task: ToyTask) => Sleeps<unknown>, flags = 0): ToyTask {
    const task = new ToyTask(this.sim, name, flags)
    this.sim.spawn(task.process, Effect.gen(() => body(task)))
    return task
  }

  spawnKswapd(): ToyTask {
    return this.spawn("kswapd0", (task) => this.vmscan.kswapd(task))
  }

  at(time: number, act: () => void): void {
    this.sim.queue.at(time, this.sim.queue.register(act), 0)
  }

  /** Makes a page anonymous and mapped; its one reference belongs to the page table. */
  mapAnon(ctx: Context, pfn: number, active = true): void {
    this.pages.frames.flags[pfn] |= PG_swapbacked | PG_uptodate
    this.pages.frames.rmap[pfn] = pfn
    this.vmscan.lru.add(ctx, pfn, active)
  }

  /** Makes a page part of the page cache, clean and unmapped; its one reference belongs to the cache. */
  cacheFile(ctx: Context, pfn: number, active = false): void {
    this.pages.frames.flags[pfn] |= PG_uptodate
    this.vmscan.lru.add(ctx, pfn, active)
  }

  /** A page without any wait or reclaim. */
  take(ctx: Context = context()): number {
    const pfn = this.pages.tryAlloc(ctx, 0x20, 0)
    assert(pfn >= 0, "toy: no page")
    return pfn
  }

  /** Takes pages, mapped and anonymous, until the zone has `free` free pages. */
  fillAnon(free: number, active = false): void {
    const ctx = { ...context(), flags: 0x800 }
    while (this.zone.free > free) {
      const pfn = this.pages.tryAlloc(ctx, 0, 0)
      assert(pfn !== NO_PAGE, "toy: no page")
      this.mapAnon(ctx, pfn, active)
    }
    this.vmscan.lru.drain(ctx)
  }

  /** A write fault on a new page, waiting in reclaim where it must. */
  *fault(task: Task): Sleeps<number> {
    const pfn = yield* this.pages.alloc(task, GFP_HIGHUSER_MOVABLE, 0)
    if (pfn >= 0) {
      this.mapAnon(task, pfn)
      this.mm.young[pfn] = 1
    }
    return pfn
  }

  check(): void {
    this.pages.checkInvariants()
    this.vmscan.checkInvariants()
  }
}
