// Writes dirty file pages back, and holds tasks that write faster than the disk.
// Modelled: the background threshold, the periodic wake-up, dirty pages older than 30 s, the throttling of writers between
//   the thresholds in pauses of at most 200 ms.
// Not modelled: the rate control of balance_dirty_pages (a writer here sleeps until pages have been written, there it gets
//   pauses that make its rate meet the disk's); several disks.
// source: fs/fs-writeback.c:wb_do_writeback, mm/page-writeback.c:balance_dirty_pages
import { type Nanoseconds, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { KernelTask } from "../task.ts"
import { type FileCache, REQUEST_PAGES } from "./file-cache.ts"

const SECOND = 1_000_000_000
/** dirty_writeback_centisecs, dirty_expire_centisecs, MAX_PAUSE. */
const WRITEBACK_INTERVAL = 5 * SECOND
const EXPIRE = 30 * SECOND
const MAX_PAUSE = SECOND / 5
/** Pages that a writer dirties between two looks at the thresholds (ratelimit_pages of a small machine). */
const RATELIMIT_PAGES = 32
/** CPU time of the flusher for a request: an estimate. */
const REQUEST_NS = 20_000
/** Pages that wait for the disk at most: 128 requests. */
const QUEUE_PAGES = 128 * REQUEST_PAGES

/** How much of memory may be dirty, in pages, and how much is being written. */
export interface DirtyLimits {
  dirtyThreshold(): number
  dirtyBackgroundThreshold(): number
  writebackPages(): number
}

/** The flusher thread of one machine and those it throttles. */
export class Writeback {
  readonly #sim: Sim
  readonly #limits: DirtyLimits
  readonly #files: FileCache
  readonly #wait: WaitQueue
  #asked = 0
  #sinceLook = 0
  /** When the oldest page that may be dirty was dirtied. */
  #oldest: Nanoseconds = -1

  constructor(sim: Sim, limits: DirtyLimits, files: FileCache) {
    this.#sim = sim
    this.#limits = limits
    this.#files = files
    this.#wait = new WaitQueue(sim, "flush-8:0", "a writer above the background threshold, or 5 s")
  }

  /** wakeup_flusher_threads. */
  wake(pages: number): void {
    this.#asked += pages
    this.#wait.wakeAll()
  }

  /** balance_dirty_pages_ratelimited, after each page that was written to. */
  *balance(task: KernelTask): Sleeps<void> {
    if (this.#oldest < 0) this.#oldest = task.sim.now
    if (++this.#sinceLook < RATELIMIT_PAGES) return
    this.#sinceLook = 0
    const limits = this.#limits
    for (;;) {
      const background = limits.dirtyBackgroundThreshold()
      const free = (limits.dirtyThreshold() + background) / 2
      if (this.#files.dirty > background) this.#wait.wakeAll()
      if (this.#files.dirty + limits.writebackPages() <= free || task.killed) return
      yield* this.#files.written.sleepTimeout(task, this.#sim.jiffies(MAX_PAUSE))
    }
  }

  /** fsync: writes the dirty pages of [from, to) and waits for all of them. */
  *sync(task: KernelTask, from: number, to: number): Sleeps<void> {
    while (this.#files.writePages(from, to) > 0) { /* all of it */ }
    while (this.#files.underWriteback > 0) yield* this.#files.written.sleep(task)
  }

  /** The flusher thread. */
  *flusher(task: KernelTask): Sleeps<void> {
    for (;;) {
      while (this.#hasWork()) {
        const at = this.#files.firstDirty(0, this.#files.pages)
        if (at < 0) break
        this.#asked = Math.max(0, this.#asked - this.#files.writePages(at, this.#files.pages))
        task.ns += REQUEST_NS
        yield* task.settle()
        while (this.#files.disk.queued >= QUEUE_PAGES) yield* this.#files.written.sleep(task)
      }
      this.#asked = 0
      if (this.#files.dirty === 0) this.#oldest = -1
      yield* this.#wait.sleepTimeout(task, this.#sim.jiffies(WRITEBACK_INTERVAL))
    }
  }

  #hasWork(): boolean {
    if (this.#files.dirty === 0) return false
    return this.#asked > 0 || this.#files.dirty > this.#limits.dirtyBackgroundThreshold() ||
      (this.#oldest >= 0 && this.#sim.now - this.#oldest >= EXPIRE)
  }
}
