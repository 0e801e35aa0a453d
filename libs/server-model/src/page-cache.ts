// The page cache of the emulated server, in front of its disk.
// Modelled: least recently used pages are dropped; written pages are dirty until a flusher has written them, oldest first
// and in runs; the flusher starts at a background limit or when a page is too old; writers wait above the dirty limit.
// Reads of images, with read-ahead and one read for all who want a page: image-store.ts, reads-under-way.ts.
// Not modelled: read-ahead of swap exports, which have one reader each that reads at random; the two LRU lists of Linux (a page
// is on one list, most recently used first), memory of the server used by anything else.
import { CHUNK_PAGES } from "@swaplab/nbd"
import { PAGE_SIZE, type Task } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { Disk } from "./disk.ts"
import type { PageCacheOptions } from "./page-cache-options.ts"

const NONE = -1
const CLEAN = 0
const DIRTY = 1
const WRITEBACK = 2
/** Written again while being written to the disk. */
const REDIRTIED = 3

/** A list over the links of the cache, oldest at the tail. */
class EntryList {
  head = NONE
  tail = NONE
  count = 0
}

/** Pages of all exports of a server that share one memory and one disk. */
export class PageCache {
  readonly capacityPages: number
  readonly dirtyLimit: number
  readonly backgroundLimit: number
  /** Where writers wait while too much is dirty. */
  readonly dirtyWait: WaitQueue
  readonly disk: Disk
  hits = 0
  misses = 0
  evictions = 0
  writtenBack = 0
  throttledWriters = 0
  /** Pages under way to the disk. */
  writeback = 0
  readonly #sim: Sim
  readonly #expireNs: Nanoseconds
  readonly #runPages: number
  readonly #flusherWait: WaitQueue
  readonly #clean = new EntryList()
  readonly #dirty = new EntryList()
  /** By export: place on the disk, and chunks of entry numbers. */
  readonly #base: Array<number> = []
  readonly #index: Array<Array<Int32Array | null>> = []
  #used = 0
  #freeHead = NONE
  #owner = new Int32Array(64)
  #page = new Int32Array(64)
  #next = new Int32Array(64)
  #prev = new Int32Array(64)
  #state = new Uint8Array(64)
  #dirtiedAt = new Float64Array(64)

  constructor(sim: Sim, name: string, disk: Disk, options: PageCacheOptions) {
    this.capacityPages = Math.floor(options.capacityBytes / PAGE_SIZE)
    assert(this.capacityPages >= 16, "a page cache of less than 16 pages")
    this.dirtyLimit = Math.max(2, Math.floor(this.capacityPages * (options.dirtyRatio ?? 0.2)))
    this.backgroundLimit = Math.max(1, Math.floor(this.capacityPages * (options.backgroundRatio ?? 0.1)))
    this.disk = disk
    this.dirtyWait = new WaitQueue(sim, `${name} balance_dirty_pages`, "the flusher writes pages back")
    this.#sim = sim
    this.#expireNs = options.expireNs ?? 30e9
    this.#runPages = Math.max(1, Math.floor((options.runBytes ?? 262_144) / PAGE_SIZE))
    this.#flusherWait = new WaitQueue(sim, `${name} flusher`, "dirty pages, or their age")
  }

  /** A new export of so many pages, placed at `position` bytes of the disk. Returns its number. */
  addExport(pages: number, position: number): number {
    this.#base.push(position)
    return this.#index.push(Array.from({ length: Math.ceil(pages / CHUNK_PAGES) }, () => null)) - 1
  }

  /** Pages in the cache, and how many of them the disk does not have yet. */
  get cachedPages(): number {
    return this.#used
  }
  get dirtyPages(): number {
    return this.#dirty.count + this.writeback
  }

  /** Is the page there? */
  has(owner: number, page: number): boolean {
    return this.#find(owner, page) !== NONE
  }

  /** The disk does not have it, or an older version: it was written, or is on its way there. */
  isDirty(owner: number, page: number): boolean {
    const entry = this.#find(owner, page)
    return entry !== NONE && this.#state[entry] !== CLEAN
  }

  /** Uses a page: true when it is there. Counts a hit or a miss. */
  lookup(owner: number, page: number): boolean {
    const entry = this.#find(owner, page)
    if (entry === NONE) {
      this.misses++
      return false
    }
    this.hits++
    if (this.#state[entry] === CLEAN) {
      this.#remove(this.#clean, entry)
      this.#addHead(this.#clean, entry)
    }
    return true
  }

  /** Reads a run of pages from the disk into the cache. */
  *fill(task: Task, owner: number, page: number, count: number): Sleeps<void> {
    yield* this.disk.io(task, this.#base[owner] + page * PAGE_SIZE, count * PAGE_SIZE, false)
    this.insert(owner, page, count)
  }

  /** Begins to read a run of pages from the disk. Returns when they will have come: then the caller calls `insert`. */
  startRead(owner: number, page: number, count: number): Nanoseconds {
    return this.disk.start(this.#base[owner] + page * PAGE_SIZE, count * PAGE_SIZE, false)
  }

  /** Puts pages that the disk has read into the cache. */
  insert(owner: number, page: number, count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#find(owner, page + i) !== NONE) continue
      const entry = this.#take(owner, page + i)
      // everything is dirty: the page is read but not kept
      if (entry === NONE) return
      this.#state[entry] = CLEAN
      this.#addHead(this.#clean, entry)
    }
  }

  /** Makes pages dirty; waits while too many are. */
  *write(task: Task, owner: number, page: number, count: number): Sleeps<void> {
    for (let i = 0; i < count; i++) {
      while (!this.#makeDirty(owner, page + i)) yield* this.#throttle(task)
    }
    if (this.#dirty.count > this.backgroundLimit) this.#flusherWait.wakeOne()
    while (this.dirtyPages > this.dirtyLimit) yield* this.#throttle(task)
  }

  /** fsync: writes back every dirty page of an export. */
  *sync(task: Task, owner: number): Sleeps<void> {
    for (;;) {
      let entry = this.#dirty.tail
      while (entry !== NONE && this.#owner[entry] !== owner) entry = this.#prev[entry]
      if (entry !== NONE) yield* this.#writeRun(task, entry)
      else if (this.#underWriteback(owner)) yield* this.dirtyWait.sleep(task.process)
      else return
    }
  }

  /** Forgets pages whose contents do not matter any more; those being written are kept. */
  drop(owner: number, page: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const entry = this.#find(owner, page + i)
      if (entry === NONE || this.#state[entry] > DIRTY) continue
      this.#remove(this.#state[entry] === DIRTY ? this.#dirty : this.#clean, entry)
      this.#release(entry)
    }
    if (this.dirtyWait.waiters > 0) this.dirtyWait.wakeAll()
  }

  /** Writes dirty pages back, for ever. More than one task may run this: they work on different runs. */
  *flusher(task: Task): Sleeps<never> {
    for (;;) {
      const oldest = this.#dirty.tail
      if (oldest === NONE) {
        yield* this.#flusherWait.sleep(task.process, "interruptible")
        continue
      }
      const age = this.#sim.now - this.#dirtiedAt[oldest]
      if (this.#dirty.count > this.backgroundLimit || age >= this.#expireNs || this.dirtyWait.waiters > 0) {
        yield* this.#writeRun(task, oldest)
      } else yield* this.#flusherWait.sleepTimeout(task.process, this.#expireNs - age, "interruptible")
    }
  }

  checkInvariants(): void {
    assert(this.#used <= this.capacityPages, "more pages in the cache than it holds")
    let clean = 0
    for (let entry = this.#clean.head; entry !== NONE; entry = this.#next[entry]) {
      assert(this.#state[entry] === CLEAN, "a page that is not clean is in the list of clean ones")
      clean++
    }
    let dirty = 0
    for (let entry = this.#dirty.head; entry !== NONE; entry = this.#next[entry]) {
      assert(this.#state[entry] === DIRTY, "a page that is not dirty is in the list of dirty ones")
      dirty++
    }
    assert(clean === this.#clean.count && dirty === this.#dirty.count, "lists of the cache have wrong lengths")
    assert(clean + dirty + this.writeback === this.#used, "pages of the cache were lost")
    let indexed = 0
    this.#index.forEach((chunks, owner) =>
      chunks.forEach((chunk, number) =>
        chunk?.forEach((entry, i) => {
          if (entry === NONE) return
          indexed++
          assert(
            this.#owner[entry] === owner && this.#page[entry] === number * CHUNK_PAGES + i,
            "the index of the cache points to another page"
          )
        })
      )
    )
    assert(indexed === this.#used, "the index of the cache has another number of pages")
  }

  #find(owner: number, page: number): number {
    const chunk = this.#index[owner][Math.floor(page / CHUNK_PAGES)]
    return chunk === null ? NONE : chunk[page % CHUNK_PAGES]
  }

  /** False when there is no room: everything is dirty. */
  #makeDirty(owner: number, page: number): boolean {
    let entry = this.#find(owner, page)
    if (entry === NONE) {
      entry = this.#take(owner, page)
      if (entry === NONE) return false
    } else if (this.#state[entry] === WRITEBACK || this.#state[entry] === REDIRTIED) {
      this.#state[entry] = REDIRTIED
      return true
    } else if (this.#state[entry] === DIRTY) return true
    else this.#remove(this.#clean, entry)
    this.#dirtied(entry)
    return true
  }

  #dirtied(entry: number): void {
    this.#state[entry] = DIRTY
    this.#dirtiedAt[entry] = this.#sim.now
    this.#addHead(this.#dirty, entry)
    // a sleeping flusher must learn of the first page, to watch its age
    if (this.#dirty.count === 1) this.#flusherWait.wakeOne()
  }

  *#throttle(task: Task): Sleeps<void> {
    this.throttledWriters++
    this.#flusherWait.wakeOne()
    yield* this.dirtyWait.sleep(task.process)
  }

  /** Writes a dirty page, and the dirty pages that follow it on the disk. */
  *#writeRun(task: Task, first: number): Sleeps<void> {
    const owner = this.#owner[first]
    const page = this.#page[first]
    let count = 0
    for (let entry = first; count < this.#runPages;) {
      this.#remove(this.#dirty, entry)
      this.#state[entry] = WRITEBACK
      this.writeback++
      count++
      const chunk = this.#index[owner][Math.floor((page + count) / CHUNK_PAGES)]
      entry = chunk === null || chunk === undefined ? NONE : chunk[(page + count) % CHUNK_PAGES]
      if (entry === NONE || this.#state[entry] !== DIRTY) break
    }
    yield* this.disk.io(task, this.#base[owner] + page * PAGE_SIZE, count * PAGE_SIZE, true)
    this.writtenBack += count
    for (let i = 0; i < count; i++) {
      const entry = this.#find(owner, page + i)
      assert(entry !== NONE && this.#state[entry] >= WRITEBACK, "a page vanished while it was written")
      this.writeback--
      if (this.#state[entry] === REDIRTIED) this.#dirtied(entry)
      else {
        this.#state[entry] = CLEAN
        this.#addHead(this.#clean, entry)
      }
    }
    this.dirtyWait.wakeAll()
  }

  #underWriteback(owner: number): boolean {
    if (this.writeback === 0) return false
    for (const chunk of this.#index[owner]) {
      if (chunk === null) continue
      for (const entry of chunk) if (entry !== NONE && this.#state[entry] >= WRITEBACK) return true
    }
    return false
  }

  /** A new entry, or `NONE` when nothing can be evicted. */
  #take(owner: number, page: number): number {
    if (this.#used === this.capacityPages) {
      const victim = this.#clean.tail
      if (victim === NONE) return NONE
      this.evictions++
      this.#remove(this.#clean, victim)
      this.#release(victim)
    }
    let entry = this.#freeHead
    if (entry !== NONE) this.#freeHead = this.#next[entry]
    else {
      entry = this.#used
      if (entry === this.#owner.length) this.#grow()
    }
    this.#used++
    this.#owner[entry] = owner
    this.#page[entry] = page
    const chunks = this.#index[owner]
    const at = Math.floor(page / CHUNK_PAGES)
    const chunk = chunks[at] ?? (chunks[at] = new Int32Array(CHUNK_PAGES).fill(NONE))
    chunk[page % CHUNK_PAGES] = entry
    return entry
  }

  #release(entry: number): void {
    const chunk = this.#index[this.#owner[entry]][Math.floor(this.#page[entry] / CHUNK_PAGES)]
    assert(chunk !== null, "a page of the cache is not in its index")
    chunk[this.#page[entry] % CHUNK_PAGES] = NONE
    this.#next[entry] = this.#freeHead
    this.#freeHead = entry
    this.#used--
  }

  #addHead(list: EntryList, entry: number): void {
    this.#prev[entry] = NONE
    this.#next[entry] = list.head
    if (list.head === NONE) list.tail = entry
    else this.#prev[list.head] = entry
    list.head = entry
    list.count++
  }

  #remove(list: EntryList, entry: number): void {
    const next = this.#next[entry]
    const prev = this.#prev[entry]
    if (prev === NONE) list.head = next
    else this.#next[prev] = next
    if (next === NONE) list.tail = prev
    else this.#prev[next] = prev
    list.count--
  }

  #grow(): void {
    const capacity = this.#owner.length * 2
    const wider = <A extends Int32Array | Uint8Array | Float64Array>(from: A, to: A): A => {
      to.set(from)
      return to
    }
    this.#owner = wider(this.#owner, new Int32Array(capacity))
    this.#page = wider(this.#page, new Int32Array(capacity))
    this.#next = wider(this.#next, new Int32Array(capacity))
    this.#prev = wider(this.#prev, new Int32Array(capacity))
    this.#state = wider(this.#state, new Uint8Array(capacity))
    this.#dirtiedAt = wider(this.#dirtiedAt, new Float64Array(capacity))
  }
}
