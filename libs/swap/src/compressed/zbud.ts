// zbud: two compressed pages to a page.
//
// A zbud page holds up to two objects, one at each end, in chunks of 64 bytes; its first chunk is its header. Pages with one
// object stand in the list of their free chunks: an allocation takes the first list that has enough. All pages stand in one
// LRU list, where a page goes to the front with each allocation; reclaim takes the last one and asks its owner to evict both
// objects.
//
// Modelled: all of that.
// Not modelled: which end an object lies at; the lock of the pool. Costs nothing: an object is never moved, and no call is
// interrupted by another.
// source: mm/zbud.c:zbud_alloc, zbud_free, zbud_reclaim_page (3.11)
import type { BlkMemory } from "@swaplab/blk"
import { type Context, PAGE_SIZE, type Task } from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"

const CHUNK = 64
const CHUNKS = PAGE_SIZE / CHUNK
/** The chunk of the header. */
const HEADER_CHUNKS = 1

/** `zbud_alloc`: the object is too large for a page that another one fits into (−ENOSPC), or there is no page (−ENOMEM). */
export const TOO_LARGE = -28
const NO_MEMORY = -12

const NONE = -1

/** Pages, and objects, that a new pool has columns for. */
const FIRST = 64

/** Columns of the pages of a pool: twice as long when they are full. */
const grown = (old: Int32Array): Int32Array<ArrayBuffer> => {
  const next = new Int32Array(2 * old.length).fill(NONE)
  next.set(old)
  return next
}

/** A list of pages through two columns; the head is the newest. */
class PageList {
  head = NONE
  tail = NONE
  readonly #links: Links

  constructor(links: Links) {
    this.#links = links
  }

  addHead(page: number): void {
    const { next, prev } = this.#links
    next[page] = this.head
    prev[page] = NONE
    if (this.head === NONE) this.tail = page
    else prev[this.head] = page
    this.head = page
  }

  remove(page: number): void {
    const { next, prev } = this.#links
    if (prev[page] === NONE) this.head = next[page]
    else next[prev[page]] = next[page]
    if (next[page] === NONE) this.tail = prev[page]
    else prev[next[page]] = prev[page]
  }
}

/** The columns of a list. They are replaced when they grow. */
interface Links {
  next: Int32Array
  prev: Int32Array
}

const links = (): Links => ({ next: new Int32Array(FIRST).fill(NONE), prev: new Int32Array(FIRST).fill(NONE) })

/** Whose object `evict` is to write back: true when it is gone from the pool. */
export type Evict = (task: Task, owner: number) => Sleeps<boolean>

/** `zbud_pool`. An object has the number that its owner gave it. */
export class Zbud {
  /** Pages of the pool, and objects in it. */
  pages = 0
  objects = 0
  readonly #memory: BlkMemory
  readonly #gfp: number
  // columns of pages: the frame (free: the next free page), the owners at both ends and their chunks
  #pfn = new Int32Array(FIRST).fill(NONE)
  #first = new Int32Array(FIRST).fill(NONE)
  #last = new Int32Array(FIRST).fill(NONE)
  #firstChunks = new Int32Array(FIRST)
  #lastChunks = new Int32Array(FIRST)
  /** 1: under reclaim. */
  #busy = new Int32Array(FIRST)
  readonly #lruLinks = links()
  readonly #buddyLinks = links()
  readonly #lru = new PageList(this.#lruLinks)
  /** By free chunks: pages with one object, the last one filed first. */
  readonly #unbuddied: ReadonlyArray<PageList> = Array.from(
    { length: CHUNKS + 1 },
    () => new PageList(this.#buddyLinks)
  )
  /** The page of each object. */
  #place = new Int32Array(FIRST).fill(NONE)
  #freeHead = NONE
  #made = 0

  constructor(memory: BlkMemory, gfp: number) {
    this.#memory = memory
    this.#gfp = gfp
  }

  /** `zbud_alloc` for the object `owner`: 0, `TOO_LARGE` or `NO_MEMORY`. Never sleeps: its mask has no __GFP_WAIT. */
  alloc(ctx: Context, owner: number, size: number): number {
    if (size > PAGE_SIZE - HEADER_CHUNKS * CHUNK - CHUNK) return TOO_LARGE
    const chunks = Math.ceil(size / CHUNK)
    let page = this.#unbuddiedWith(chunks)
    if (page === NONE) {
      const pfn = this.#memory.tryAlloc(ctx, this.#gfp)
      if (pfn < 0) return NO_MEMORY
      page = this.#make(pfn)
    } else {
      this.#lru.remove(page)
    }
    if (this.#first[page] === NONE) {
      this.#first[page] = owner
      this.#firstChunks[page] = chunks
    } else {
      this.#last[page] = owner
      this.#lastChunks[page] = chunks
    }
    while (owner >= this.#place.length) this.#place = grown(this.#place)
    this.#place[owner] = page
    this.objects++
    this.#file(page)
    this.#lru.addHead(page)
    return 0
  }

  /** `zbud_free`. */
  free(ctx: Context, owner: number): void {
    const page = this.#place[owner]
    assert(page !== undefined && page !== NONE, "freeing an object of zbud that does not exist")
    const busy = this.#busy[page] === 1
    if (!busy) this.#unfile(page)
    if (this.#first[page] === owner) {
      this.#first[page] = NONE
      this.#firstChunks[page] = 0
    } else {
      this.#last[page] = NONE
      this.#lastChunks[page] = 0
    }
    this.#place[owner] = NONE
    this.objects--
    // who reclaims the page sees what has become of it
    if (busy) return
    if (!this.#empty(page)) {
      this.#file(page)
      return
    }
    this.#lru.remove(page)
    this.#release(ctx, page)
  }

  /** `zbud_reclaim_page`: true when a page was freed within so many tries. */
  *reclaim(task: Task, retries: number, evict: Evict): Sleeps<boolean> {
    for (let i = 0; i < retries; i++) {
      const page = this.#lru.tail
      if (page === NONE) return false
      this.#lru.remove(page)
      this.#unfile(page)
      this.#busy[page] = 1
      const first = this.#first[page]
      const last = this.#last[page]
      const gone = first === NONE || (yield* evict(task, first))
      if (gone && last !== NONE && this.#last[page] === last) yield* evict(task, last)
      this.#busy[page] = 0
      if (this.#empty(page)) {
        this.#release(task, page)
        return true
      }
      this.#file(page)
      this.#lru.addHead(page)
    }
    return false
  }

  checkInvariants(): void {
    let objects = 0
    let listed = 0
    for (let page = this.#lru.head; page !== NONE; page = this.#lruLinks.next[page]) {
      listed++
      assert(!this.#empty(page), "a page of zbud is empty")
      assert(this.#freeChunks(page) >= 0, "a page of zbud holds more than fits")
      for (const owner of [this.#first[page], this.#last[page]]) {
        if (owner === NONE) continue
        assert(this.#place[owner] === page, "an object of zbud is elsewhere")
        objects++
      }
    }
    assert(listed <= this.pages, "pages of zbud were miscounted")
    assert(listed < this.pages || objects === this.objects, "objects of zbud were lost")
  }

  #freeChunks(page: number): number {
    return CHUNKS - this.#firstChunks[page] - this.#lastChunks[page] - HEADER_CHUNKS
  }

  #empty(page: number): boolean {
    return this.#first[page] === NONE && this.#last[page] === NONE
  }

  #unbuddiedWith(chunks: number): number {
    for (let free = chunks; free < CHUNKS; free++) {
      const page = this.#unbuddied[free].head
      if (page === NONE) continue
      this.#unbuddied[free].remove(page)
      return page
    }
    return NONE
  }

  /** A page with one object goes into the list of its free chunks. */
  #file(page: number): void {
    if (this.#first[page] === NONE || this.#last[page] === NONE) this.#unbuddied[this.#freeChunks(page)].addHead(page)
  }

  #unfile(page: number): void {
    if (this.#first[page] === NONE || this.#last[page] === NONE) this.#unbuddied[this.#freeChunks(page)].remove(page)
  }

  #make(pfn: number): number {
    let page = this.#freeHead
    if (page === NONE) {
      page = this.#made++
      if (page === this.#pfn.length) this.#grow()
    } else {
      this.#freeHead = this.#pfn[page]
    }
    this.#pfn[page] = pfn
    this.#busy[page] = 0
    this.#firstChunks[page] = 0
    this.#lastChunks[page] = 0
    this.pages++
    return page
  }

  #release(ctx: Context, page: number): void {
    this.pages--
    this.#memory.free(ctx, this.#pfn[page])
    this.#pfn[page] = this.#freeHead
    this.#freeHead = page
  }

  #grow(): void {
    this.#pfn = grown(this.#pfn)
    this.#first = grown(this.#first)
    this.#last = grown(this.#last)
    this.#firstChunks = grown(this.#firstChunks)
    this.#lastChunks = grown(this.#lastChunks)
    this.#busy = grown(this.#busy)
    for (const columns of [this.#lruLinks, this.#buddyLinks]) {
      columns.next = grown(columns.next)
      columns.prev = grown(columns.prev)
    }
  }
}
