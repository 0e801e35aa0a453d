// A machine small enough for the tests of swap: frames without zones, an LRU that only counts, a disk that ends requests
// when the test says so, and a reclaimer that visits pages as the real one does.
import { PAGE_SUCCESS } from "#src/ops.ts"
import { type BlkMemory, type BlockDriver, BlockQueue, type DispatchQueue, NO_ELEMENT } from "@swaplab/blk"
import {
  __GFP_WAIT,
  bootContext,
  type Context,
  Frames,
  NO_PAGE,
  NONE,
  PG_dirty,
  PG_locked,
  PG_reclaim,
  PG_swapbacked,
  PG_swapcache,
  PG_uptodate,
  PG_writeback,
  type Task,
  VmStat,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { Swap, type SwapAreaOptions, type SwapOps, type SwapOptions } from "@swaplab/swap"
import { Effect } from "effect"

export class TestTask implements Task {
  flags = 0
  memdie = false
  inInterrupt = false
  servingSoftirq = false
  cpu = 0
  ns = 0
  readonly process: Process

  constructor(sim: Sim, name: string) {
    this.process = new Process(sim, name)
  }

  *condResched(): Sleeps<void> {}
}

/** Starts a task whose whole life is `body`. */
export const start = (sim: Sim, name: string, body: (task: TestTask) => Sleeps<void>): TestTask => {
  const task = new TestTask(sim, name)
  sim.spawn(task.process, Effect.gen(() => body(task)))
  return task
}

/** An object cache with a limit. */
export class TestMemory implements BlkMemory {
  limit = Number.POSITIVE_INFINITY
  inUse = 0
  readonly asked: Array<number> = []
  readonly #free: Array<number> = []
  #made = 0

  tryAlloc(_ctx: Context, gfp: number): number {
    this.asked.push(gfp)
    if (this.inUse < this.limit) {
      this.inUse++
      return this.#free.pop() ?? this.#made++
    }
    return (gfp & __GFP_WAIT) === 0 ? NO_ELEMENT : WOULD_SLEEP
  }

  *alloc(task: Task, gfp: number): Sleeps<number> {
    const object = this.tryAlloc(task, gfp)
    return object === WOULD_SLEEP ? NO_ELEMENT : object
  }

  free(_ctx: Context, object: number): void {
    this.inUse--
    this.#free.push(object)
  }
}

/** Takes requests at once; ends them when told to. Stores what it is given: the token of each slot. */
export class TestDisk implements BlockDriver {
  readonly held: Array<number> = []
  /** Requests ever taken, as [first slot, pages, write]. */
  readonly taken: Array<readonly [number, number, number]> = []
  readonly content = new Map<number, number>()
  readonly #frames: Frames

  constructor(frames: Frames) {
    this.#frames = frames
  }

  requestFn(queue: DispatchQueue): void {
    for (let rq = queue.fetch(); rq >= 0; rq = queue.fetch()) {
      this.held.push(rq)
      this.taken.push([queue.rqSector[rq] / 8, queue.rqPages[rq], queue.rqWrite[rq]])
    }
  }

  end(queue: BlockQueue, n = 1, error = 0): void {
    for (const rq of this.held.splice(0, n)) {
      let slot = queue.rqSector[rq] / 8
      for (let bio = queue.rqBioHead[rq]; bio >= 0; bio = queue.bioNext[bio]) {
        const pfn = queue.bioPage[bio]
        if (queue.rqWrite[rq] === 1) this.content.set(slot, this.#frames.tokenVersion[pfn])
        else this.#frames.tokenVersion[pfn] = this.content.get(slot) ?? 0
        slot++
      }
      queue.endRequest(bootContext(), rq, error)
    }
  }
}

export interface RigOptions extends Partial<SwapOptions>, Partial<SwapAreaOptions> {
  readonly frames?: number
  readonly nrRequests?: number
  readonly seed?: number
}

/** The machine. Pages are anonymous and mapped once; `rmap` is the frame number itself when mapped. */
export class Rig {
  readonly sim: Sim
  readonly frames: Frames
  readonly queue: BlockQueue
  readonly disk: TestDisk
  readonly swap: Swap
  readonly vmstat = new VmStat()
  readonly nodes = new TestMemory()
  readonly bioMemory = new TestMemory()
  readonly requestMemory = new TestMemory()
  readonly log: Array<string> = []
  readonly rotated: Array<number> = []
  readonly onLru = new Set<number>()
  /** Where a page allocation that finds nothing waits. */
  readonly memoryWait: WaitQueue
  drains = 0
  readonly #free: Array<number> = []

  constructor(options: RigOptions = {}) {
    this.sim = new Sim({ seed: options.seed ?? 1, hz: 1000 })
    this.frames = new Frames(options.frames ?? 256)
    for (let pfn = this.frames.count - 1; pfn >= 0; pfn--) this.#free.push(pfn)
    this.memoryWait = new WaitQueue(this.sim, "memory")
    this.queue = new BlockQueue(this.sim, "nbd0", this.bioMemory, this.requestMemory, {
      nrRequests: options.nrRequests ?? 128
    })
    this.disk = new TestDisk(this.frames)
    this.queue.driver = this.disk
    const ops: SwapOps = {
      tryAllocPage: () => {
        const pfn = this.tryPage()
        return pfn === NO_PAGE ? WOULD_SLEEP : pfn
      },
      allocPage: (task) => this.#allocPage(task),
      freePage: (_ctx, pfn) => this.freePage(pfn),
      lruCacheAddAnon: (_ctx, pfn) => void this.onLru.add(pfn),
      lruAddDrain: () => void this.drains++,
      rotateReclaimable: (_ctx, pfn) => {
        assert((this.frames.flags[pfn] & PG_writeback) !== 0, "rotated after its writeback")
        this.rotated.push(pfn)
      },
      modZoneState: (_pfn, item, n) => this.vmstat.inc(item, n),
      log: (message) => void this.log.push(message),
      vmstat: this.vmstat,
      radixTreeNodes: this.nodes
    }
    this.swap = new Swap(this.sim, this.frames, this.queue, ops, {
      areas: [{
        path: "/dev/nbd0",
        device: [43, 0],
        slots: 1024,
        solidState: false,
        random: this.sim.stream("swap"),
        on: this.queue,
        ...options
      }],
      cpus: 2,
      readaheadPlug: false,
      ...options
    })
  }

  /** Starts a task on a CPU that does what schedule() does: whoever goes to sleep hands over what it has plugged. */
  start(name: string, body: (task: TestTask) => Sleeps<void>): TestTask {
    const task = start(this.sim, name, body)
    task.process.dispatcher = {
      ready: (process) => process.resume(),
      sleeping: (process) => this.queue.flushPlugOnSchedule(process)
    }
    return task
  }

  get freePages(): number {
    return this.#free.length
  }

  tryPage(): number {
    const pfn = this.#free.pop() ?? NO_PAGE
    if (pfn === NO_PAGE) return NO_PAGE
    this.frames.refCount[pfn] = 1
    this.frames.flags[pfn] = 0
    this.frames.private[pfn] = 0
    return pfn
  }

  freePage(pfn: number): void {
    const busy = PG_locked | PG_writeback | PG_swapcache
    assert((this.frames.flags[pfn] & busy) === 0, "a page in use was freed")
    assert(this.frames.rmap[pfn] === NONE, "a mapped page was freed")
    this.frames.refCount[pfn] = 0
    this.onLru.delete(pfn)
    this.#free.push(pfn)
    this.memoryWait.wakeOne()
  }

  /** A page of a process: mapped, up to date, with that content. */
  anonPage(token: number): number {
    const pfn = this.tryPage()
    assert(pfn !== NO_PAGE, "the test ran out of pages")
    this.frames.flags[pfn] = PG_uptodate | PG_swapbacked
    this.frames.rmap[pfn] = pfn
    this.frames.tokenVersion[pfn] = token
    this.onLru.add(pfn)
    return pfn
  }

  /** Isolates and locks, as reclaim does before it looks at a page. False when it is locked. */
  isolate(pfn: number): boolean {
    if (!this.swap.locks.tryLock(pfn)) return false
    this.frames.refCount[pfn]++
    return true
  }

  /** try_to_unmap of a page with a slot. Returns the slot. */
  unmap(pfn: number): number {
    const slot = this.frames.private[pfn]
    this.swap.swapDuplicate(slot)
    this.frames.rmap[pfn] = NONE
    this.frames.refCount[pfn]--
    return slot
  }

  /** One visit of reclaim, without sleeping. */
  visit(task: Task, pfn: number): "put back" | "activated" | "written" | "freed" | "would sleep" {
    if (!this.isolate(pfn)) return "put back"
    const result = this.#decide(task, pfn)
    if (result === "freed") return result
    if (result !== "written") this.swap.locks.unlock(pfn)
    this.swap.state.putPage(task, pfn)
    return result
  }

  /** All that must hold between two steps. */
  check(): void {
    this.queue.checkInvariants()
    this.swap.checkInvariants()
  }

  #decide(task: Task, pfn: number): "put back" | "activated" | "written" | "freed" | "would sleep" {
    const flags = this.frames.flags
    if ((flags[pfn] & PG_writeback) !== 0) return "put back"
    if ((flags[pfn] & PG_swapcache) === 0 && !this.swap.addToSwap(task, pfn)) return "activated"
    if (this.frames.rmap[pfn] !== NONE) this.unmap(pfn)
    if ((flags[pfn] & PG_dirty) !== 0) {
      flags[pfn] |= PG_reclaim
      const result = this.swap.tryPageout(task, pfn)
      if (result === WOULD_SLEEP) return "would sleep"
      assert(result === PAGE_SUCCESS, "pageout neither wrote nor would sleep")
      return "written"
    }
    if (!this.swap.removeMapping(task, pfn)) return "put back"
    this.swap.locks.unlock(pfn)
    this.swap.state.putPage(task, pfn)
    return "freed"
  }

  *#allocPage(task: Task): Sleeps<number> {
    for (;;) {
      const pfn = this.tryPage()
      if (pfn !== NO_PAGE) return pfn
      yield* this.memoryWait.sleep(task.process)
    }
  }
}
