// A small stock of objects that guarantees progress to a task that holds none yet.
//
// Modelled: the order of the rounds, the flags added to every mask (so no element ever comes from the page reserve), the
// uninterruptible sleep in 5-second rounds, refilling before anything else on free, and waking of all waiters.
// Not modelled: resizing. Costs nothing: nobody resizes the two pools of the block layer.
// source: mm/mempool.c:mempool_alloc, mempool_free, mempool_create_node
import {
  __GFP_IO,
  __GFP_NOMEMALLOC,
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_WAIT,
  bootContext,
  type Context,
  GFP_KERNEL,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, keepAsDoubles, type Process, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"

/** What an allocation answers when there is no object and the caller may not sleep. */
export const NO_ELEMENT = -1

/** How long a sleeper waits for an element to come back before it asks the allocator again. */
const MEMPOOL_WAIT_NS = 5_000_000_000

/**
 * Where objects come from: one object cache (`bio-0`, `blkdev_requests`, …), plugged in by the kernel.
 * An object is an integer ≥ 0.
 */
export interface BlkMemory {
  /** An object, `NO_ELEMENT`, or `WOULD_SLEEP` (only for masks with `__GFP_WAIT`). */
  tryAlloc(ctx: Context, gfp: number): number
  /** An object or `NO_ELEMENT`. */
  alloc(task: Task, gfp: number): Sleeps<number>
  free(ctx: Context, object: number): void
}

/** What happened in a pool so far. */
export interface MempoolCounters {
  /** Elements handed out, from wherever. */
  allocated: number
  /** Of these, taken from the stock. */
  fromStock: number
  freed: number
  /** Sleeps begun because neither the allocator nor the stock had anything. */
  waits: number
  /** Virtual time spent in these sleeps. */
  waitNs: number
}

const ADDED = __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN
const SLEEPING = __GFP_WAIT | __GFP_IO

/** `mempool_t`: `minNr` elements are kept back from the time of its creation on. */
export class Mempool {
  readonly name: string
  readonly minNr: number
  /** Elements in stock. */
  currNr = 0
  readonly wait: WaitQueue
  readonly counters: MempoolCounters = { allocated: 0, fromStock: 0, freed: 0, waits: 0, waitNs: 0 }
  /** Called before a task goes to sleep here (`io_schedule` flushes the plug of the task). */
  beforeSleep: ((process: Process) => void) | null = null
  readonly #sim: Sim
  readonly #memory: BlkMemory
  readonly #elements: Int32Array

  /** Allocates the stock at once, as GFP_KERNEL; `name` is that of the cache, for example `bio-0`. */
  constructor(sim: Sim, name: string, minNr: number, memory: BlkMemory, boot: Context = bootContext()) {
    this.#sim = sim
    this.name = `mempool ${name}`
    this.minNr = minNr
    this.#memory = memory
    this.wait = new WaitQueue(sim, this.name, `a freed ${name} object`)
    this.#elements = new Int32Array(minNr)
    keepAsDoubles(this.counters, "waitNs")
    while (this.currNr < minNr) {
      const element = memory.tryAlloc(boot, GFP_KERNEL)
      assert(element >= 0, "a mempool cannot be filled at boot")
      this.#elements[this.currNr++] = element
    }
  }

  /** A device more whose plug a task flushes before it goes to sleep here. */
  alsoBeforeSleep(flush: (process: Process) => void): void {
    const others = this.beforeSleep
    this.beforeSleep = others === null ? flush : (process) => {
      others(process)
      flush(process)
    }
  }

  /**
   * Goes as far as an atomic caller can: one allocation without WAIT and IO, then the stock. `WOULD_SLEEP` when the mask
   * allows more than that, `NO_ELEMENT` when it does not.
   */
  tryAlloc(ctx: Context, gfp: number): number {
    const element = this.#memory.tryAlloc(ctx, (gfp | ADDED) & ~SLEEPING)
    if (element >= 0) {
      this.counters.allocated++
      return element
    }
    if (this.currNr > 0) return this.#take()
    return (gfp & __GFP_WAIT) === 0 ? NO_ELEMENT : WOULD_SLEEP
  }

  /** `mempool_alloc`. With `__GFP_WAIT` it never fails; it may sleep for ever, 5 seconds at a time. */
  *alloc(task: Task, gfp: number): Sleeps<number> {
    const full = gfp | ADDED
    let mask = full & ~SLEEPING
    for (;;) {
      const element = (mask & __GFP_WAIT) === 0
        ? this.#memory.tryAlloc(task, mask)
        : yield* this.#memory.alloc(task, mask)
      if (element >= 0) {
        this.counters.allocated++
        return element
      }
      if (this.currNr > 0) return this.#take()
      if (mask !== full) {
        mask = full
        continue
      }
      if ((full & __GFP_WAIT) === 0) return NO_ELEMENT
      yield* this.#sleep(task.process)
    }
  }

  /** `mempool_free`: the stock is refilled first, and waiters learn of it. */
  free(ctx: Context, element: number): void {
    assert(element >= 0, "freeing no mempool element")
    this.counters.freed++
    if (this.currNr < this.minNr) {
      this.#elements[this.currNr++] = element
      this.wait.wakeAll()
      return
    }
    this.#memory.free(ctx, element)
  }

  /** Elements handed out and not yet returned. */
  inUse(): number {
    return this.counters.allocated - this.counters.freed
  }

  checkInvariants(): void {
    assert(this.currNr >= 0 && this.currNr <= this.minNr, "a mempool stocks more than its minimum")
    assert(this.inUse() >= 0, "more elements were freed than allocated")
    assert(
      this.inUse() + this.currNr >= this.minNr,
      "a mempool is below its minimum although too few elements are out"
    )
    for (let i = 0; i < this.currNr; i++) assert(this.#elements[i] >= 0, "a mempool stocks a bad element")
  }

  #take(): number {
    this.counters.allocated++
    this.counters.fromStock++
    return this.#elements[--this.currNr]
  }

  *#sleep(process: Process): Sleeps<void> {
    const { freed } = this.counters
    if (this.beforeSleep !== null) this.beforeSleep(process)
    // prepare_to_wait() comes before io_schedule(): what the flush itself returns, where requests fail at once, is a wake-up
    if (this.currNr > 0 && this.counters.freed > freed) return
    this.counters.waits++
    const since = this.#sim.now
    yield* this.wait.sleepTimeout(process, this.#sim.jiffies(MEMPOOL_WAIT_NS))
    this.counters.waitNs += this.#sim.now - since
  }
}
