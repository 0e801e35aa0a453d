// Reads of the disk into the page cache that are under way, so that a page is read once however many want it at that time:
// the first one that misses it starts the read, the others wait for it.
// Modelled: a page that is being read is locked, and whoever wants it sleeps until it is there (lock_page).
// Not modelled: pages under way take no memory of the cache until they have come. A cache that is all dirty keeps none of
//   them; those who waited have their data all the same.
import type { Task } from "@swaplab/page-alloc"
import { assert, type EventKind, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { PageCache } from "./page-cache.ts"

/** One read of a run of pages. Used again when it has ended. */
interface Run {
  page: number
  /** 0: not under way. */
  count: number
  readonly done: WaitQueue
}

/** The reads of one export. */
export class ReadsUnderWay {
  readonly #sim: Sim
  readonly #name: string
  readonly #cache: PageCache
  readonly #owner: number
  readonly #runs: Array<Run> = []
  readonly #end: EventKind

  constructor(sim: Sim, name: string, cache: PageCache, owner: number) {
    this.#sim = sim
    this.#name = name
    this.#cache = cache
    this.#owner = owner
    this.#end = sim.queue.register((index) => {
      const run = this.#runs[index]
      const { count, page } = run
      run.count = 0
      cache.insert(owner, page, count)
      run.done.wakeAll()
    }, { name: "end of a read of the server" })
  }

  /** Is the page on its way? */
  has(page: number): boolean {
    return this.#find(page) !== null
  }

  /** Starts to read pages from `page` on, up to the first that is there or on its way. */
  start(page: number, count: number): void {
    let length = 0
    while (length < count && !this.#cache.has(this.#owner, page + length) && !this.has(page + length)) length++
    if (length === 0) return
    const index = this.#free()
    this.#runs[index].page = page
    this.#runs[index].count = length
    const end = this.#cache.startRead(this.#owner, page, length)
    this.#sim.queue.at(Math.max(end, this.#sim.now + 1), this.#end, index)
  }

  /** Sleeps until a page that is on its way has come. Returns the first page after its run. */
  *wait(task: Task, page: number): Sleeps<number> {
    const run = this.#find(page)
    assert(run !== null, "waiting for a page that is not on its way")
    const after = run.page + run.count
    yield* run.done.sleep(task.process)
    return after
  }

  #find(page: number): Run | null {
    for (const run of this.#runs) if (page >= run.page && page < run.page + run.count) return run
    return null
  }

  #free(): number {
    const free = this.#runs.findIndex(({ count }) => count === 0)
    if (free >= 0) return free
    const done = new WaitQueue(this.#sim, `${this.#name} page lock`, "the disk of the server")
    return this.#runs.push({ page: 0, count: 0, done }) - 1
  }
}
