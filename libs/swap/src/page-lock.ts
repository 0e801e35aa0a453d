// The page lock and its hashed wait queues.
//
// Modelled: lock_page and wait_on_page_locked over one table of wait queues per machine, sized as the zone's wait table.
// Not modelled: waking only the waiters of the page at hand: all sleepers of a queue wake and look again. Costs a wake-up for
// each task that waits for another page of the same 256, and strict first come, first served among them.
// source: mm/filemap.c:__lock_page, wait_on_page_bit_killable, unlock_page; mm/page_alloc.c:wait_table_hash_nr_entries
import { type Frames, PG_locked, type Task } from "@swaplab/page-alloc"
import { assert, keepAsDoubles, type Process, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"

/** `PAGES_PER_WAITQUEUE`. */
const PAGES_PER_WAITQUEUE = 256

/** Size of the table for that many pages: a power of two between 4 and 4096. */
export const waitTableEntries = (pages: number): number => {
  let size = 1
  while (size < pages / PAGES_PER_WAITQUEUE) size <<= 1
  return Math.max(4, Math.min(size, 4096))
}

/** All page locks of a machine. */
export class PageLocks {
  /** Sleeps so far, and the time spent in them. */
  waits = 0
  waitNs = 0
  /** Flushes the plugs of a task that is about to sleep. */
  beforeSleep: (process: Process) => void
  readonly #sim: Sim
  readonly #frames: Frames
  readonly #queues: ReadonlyArray<WaitQueue>

  constructor(sim: Sim, frames: Frames, beforeSleep: (process: Process) => void) {
    this.#sim = sim
    this.#frames = frames
    this.beforeSleep = beforeSleep
    keepAsDoubles<PageLocks>(this, "waitNs")
    this.#queues = Array.from(
      { length: waitTableEntries(frames.count) },
      () => new WaitQueue(sim, "page lock", "the end of the read or write that holds the page")
    )
  }

  isLocked(pfn: number): boolean {
    return (this.#frames.flags[pfn] & PG_locked) !== 0
  }

  /** `trylock_page`. */
  tryLock(pfn: number): boolean {
    if (this.isLocked(pfn)) return false
    this.#frames.flags[pfn] |= PG_locked
    return true
  }

  /** `lock_page`. */
  *lock(task: Task, pfn: number): Sleeps<void> {
    while (!this.tryLock(pfn)) yield* this.#sleep(task.process, pfn, "uninterruptible")
  }

  /** `wait_on_page_locked`, uninterruptible. */
  *waitUnlocked(task: Task, pfn: number): Sleeps<void> {
    while (this.isLocked(pfn)) yield* this.#sleep(task.process, pfn, "uninterruptible")
  }

  /** `wait_on_page_locked_killable`: false when the task was killed while it waited. */
  *waitUnlockedKillable(task: Task, pfn: number): Sleeps<boolean> {
    while (this.isLocked(pfn)) {
      if (task.process.killed) return false
      yield* this.#sleep(task.process, pfn, "killable")
    }
    return true
  }

  /** `unlock_page`. */
  unlock(pfn: number): void {
    assert(this.isLocked(pfn), "unlocking a page that is not locked")
    this.#frames.flags[pfn] &= ~PG_locked
    this.wake(pfn)
  }

  /** `wake_up_page`: after the lock bit was cleared by other means. */
  wake(pfn: number): void {
    const queue = this.#queueOf(pfn)
    if (queue.waiters !== 0) queue.wakeAll()
  }

  *#sleep(process: Process, pfn: number, state: "uninterruptible" | "killable"): Sleeps<void> {
    this.beforeSleep(process)
    // flushing the plug may have ended the read already, when the driver answers at once
    if (!this.isLocked(pfn)) return
    this.waits++
    const since = this.#sim.now
    yield* this.#queueOf(pfn).sleep(process, state)
    this.waitNs += this.#sim.now - since
  }

  #queueOf(pfn: number): WaitQueue {
    const queues = this.#queues
    return queues[(Math.imul(pfn, 0x9e3779b1) >>> 8) & (queues.length - 1)]
  }
}
