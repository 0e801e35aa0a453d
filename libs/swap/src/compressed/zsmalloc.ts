// zsmalloc: memory for compressed pages, taken from the page allocator page by page.
//
// An object belongs to the class of its size, 16 bytes apart. A class takes its memory in zspages of one to four pages, as many
// as waste the smallest share of them, and its objects may lie across the border of two. A zspage without free objects is in
// no list; the others stand in one of two lists of their class, almost full ones first, newest first. One that becomes empty
// goes back to the page allocator at once.
//
// Modelled: classes, zspages, the two lists and their order, what an allocation takes and gives back when it fails halfway.
// Not modelled: where in its zspage an object lies. Costs nothing: objects are never moved.
// source: drivers/staging/zsmalloc/zsmalloc-main.c:zs_malloc, zs_free, alloc_zspage, get_pages_per_zspage, fix_fullness_group
import type { BlkMemory } from "@swaplab/blk"
import { type Context, PAGE_SIZE, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"

/** `ZS_MIN_ALLOC_SIZE`, `ZS_SIZE_CLASS_DELTA` and `ZS_MAX_PAGES_PER_ZSPAGE`. */
const MIN_SIZE = 32
const DELTA = 16
const MAX_PAGES = 4

const CLASSES = (PAGE_SIZE - MIN_SIZE) / DELTA + 1

/** No memory. */
export const NO_OBJECT = -1

const NONE = -1

/** Lists of a class: fuller than a quarter, and the others. */
const ALMOST_FULL = 0
const ALMOST_EMPTY = 1
const UNLISTED = 2

/** Class of a size. */
const classOf = (size: number): number => size <= MIN_SIZE ? 0 : Math.ceil((size - MIN_SIZE) / DELTA)

/** `get_pages_per_zspage`: as many pages as are used best, counted in whole percent. */
export const pagesPerZspage = (classSize: number): number => {
  let best = 1
  let most = 0
  for (let pages = 1; pages <= MAX_PAGES; pages++) {
    const bytes = pages * PAGE_SIZE
    const used = Math.floor((bytes - (bytes % classSize)) * 100 / bytes)
    if (used > most) {
      most = used
      best = pages
    }
  }
  return best
}

const grown = (old: Int32Array, fill: number): Int32Array<ArrayBuffer> => {
  const next = new Int32Array(2 * old.length).fill(fill)
  next.set(old)
  return next
}

/** `zs_pool`. An object is the number of its zspage. */
export class Zsmalloc {
  /** Pages of all zspages, and objects in them. */
  pages = 0
  objects = 0
  readonly #memory: BlkMemory
  readonly #gfp: number
  readonly #pagesOf = new Uint8Array(CLASSES)
  readonly #objectsOf = new Uint16Array(CLASSES)
  /** First zspage of the two lists of each class. */
  readonly #heads = new Int32Array(2 * CLASSES).fill(NONE)
  // columns of zspages
  #class = new Int32Array(64).fill(NONE)
  #inuse = new Int32Array(64)
  #list = new Int32Array(64).fill(UNLISTED)
  #next = new Int32Array(64).fill(NONE)
  #prev = new Int32Array(64).fill(NONE)
  #frames = new Int32Array(64 * MAX_PAGES).fill(NONE)
  #freeHead = NONE
  #made = 0

  /** Pages come from `memory` with that mask. */
  constructor(memory: BlkMemory, gfp: number) {
    this.#memory = memory
    this.#gfp = gfp
    for (let k = 0; k < CLASSES; k++) {
      const size = MIN_SIZE + k * DELTA
      this.#pagesOf[k] = pagesPerZspage(size)
      this.#objectsOf[k] = Math.floor(this.#pagesOf[k] * PAGE_SIZE / size)
    }
  }

  /** `zs_malloc` without sleeping: an object, `NO_OBJECT`, or `WOULD_SLEEP` and nothing was done. */
  tryMalloc(ctx: Context, size: number): number {
    if (size > PAGE_SIZE) return NO_OBJECT
    const k = classOf(size)
    let zspage = this.#find(k)
    if (zspage === NONE) {
      zspage = this.#row()
      const wanted = this.#pagesOf[k]
      for (let n = 0; n < wanted; n++) {
        const pfn = this.#memory.tryAlloc(ctx, this.#gfp)
        if (pfn < 0) {
          this.#giveBack(ctx, zspage, n)
          return pfn === WOULD_SLEEP ? WOULD_SLEEP : NO_OBJECT
        }
        this.#frames[zspage * MAX_PAGES + n] = pfn
      }
      this.#complete(zspage, k)
    }
    return this.#take(zspage)
  }

  /** `zs_malloc`: an object or `NO_OBJECT`. */
  *malloc(task: Task, size: number): Sleeps<number> {
    if (size > PAGE_SIZE) return NO_OBJECT
    const k = classOf(size)
    let zspage = this.#find(k)
    if (zspage === NONE) {
      zspage = this.#row()
      const wanted = this.#pagesOf[k]
      for (let n = 0; n < wanted; n++) {
        const pfn = yield* this.#memory.alloc(task, this.#gfp)
        if (pfn < 0) {
          this.#giveBack(task, zspage, n)
          return NO_OBJECT
        }
        this.#frames[zspage * MAX_PAGES + n] = pfn
      }
      this.#complete(zspage, k)
    }
    return this.#take(zspage)
  }

  /** `zs_free`. */
  free(ctx: Context, zspage: number): void {
    const k = this.#class[zspage]
    assert(k !== NONE && this.#inuse[zspage] > 0, "freeing an object of zsmalloc that does not exist")
    this.#inuse[zspage]--
    this.objects--
    this.#file(zspage)
    if (this.#inuse[zspage] > 0) return
    this.pages -= this.#pagesOf[k]
    this.#class[zspage] = NONE
    this.#giveBack(ctx, zspage, this.#pagesOf[k])
  }

  checkInvariants(): void {
    let pages = 0
    let objects = 0
    let listed = 0
    for (let zspage = 0; zspage < this.#made; zspage++) {
      const k = this.#class[zspage]
      if (k === NONE) continue
      const inuse = this.#inuse[zspage]
      assert(inuse > 0 && inuse <= this.#objectsOf[k], "a zspage is empty, or holds more than fits")
      assert((this.#list[zspage] === UNLISTED) === (inuse === this.#objectsOf[k]), "a zspage is in the wrong list")
      if (this.#list[zspage] !== UNLISTED) listed++
      pages += this.#pagesOf[k]
      objects += inuse
    }
    for (const head of this.#heads) for (let at = head; at !== NONE; at = this.#next[at]) listed--
    assert(listed === 0, "the lists of zspages lost one")
    assert(pages === this.pages && objects === this.objects, "zsmalloc was miscounted")
  }

  #find(k: number): number {
    const full = this.#heads[2 * k + ALMOST_FULL]
    return full !== NONE ? full : this.#heads[2 * k + ALMOST_EMPTY]
  }

  /** A row for a zspage whose pages come one by one; until it has all of them it is of no class. */
  #row(): number {
    const zspage = this.#freeHead
    if (zspage !== NONE) {
      this.#freeHead = this.#next[zspage]
      return zspage
    }
    if (this.#made === this.#class.length) this.#grow()
    return this.#made++
  }

  /** Frees the first pages of a zspage, and its row. */
  #giveBack(ctx: Context, zspage: number, pages: number): void {
    for (let n = 0; n < pages; n++) this.#memory.free(ctx, this.#frames[zspage * MAX_PAGES + n])
    this.#next[zspage] = this.#freeHead
    this.#freeHead = zspage
  }

  #complete(zspage: number, k: number): void {
    this.#class[zspage] = k
    this.#inuse[zspage] = 0
    this.#list[zspage] = UNLISTED
    this.pages += this.#pagesOf[k]
  }

  #take(zspage: number): number {
    this.#inuse[zspage]++
    this.objects++
    this.#file(zspage)
    return zspage
  }

  /** `fix_fullness_group`: moves a zspage to the head of the list that it belongs to now. */
  #file(zspage: number): void {
    const k = this.#class[zspage]
    const inuse = this.#inuse[zspage]
    const most = this.#objectsOf[k]
    const list = inuse === 0 || inuse === most ? UNLISTED : inuse <= most >> 2 ? ALMOST_EMPTY : ALMOST_FULL
    const old = this.#list[zspage]
    if (list === old) return
    if (old !== UNLISTED) {
      const next = this.#next[zspage]
      const prev = this.#prev[zspage]
      if (prev === NONE) this.#heads[2 * k + old] = next
      else this.#next[prev] = next
      if (next !== NONE) this.#prev[next] = prev
    }
    this.#list[zspage] = list
    this.#prev[zspage] = NONE
    this.#next[zspage] = NONE
    if (list === UNLISTED) return
    const head = this.#heads[2 * k + list]
    this.#next[zspage] = head
    if (head !== NONE) this.#prev[head] = zspage
    this.#heads[2 * k + list] = zspage
  }

  #grow(): void {
    this.#class = grown(this.#class, NONE)
    this.#inuse = grown(this.#inuse, 0)
    this.#list = grown(this.#list, UNLISTED)
    this.#next = grown(this.#next, NONE)
    this.#prev = grown(this.#prev, NONE)
    this.#frames = grown(this.#frames, NONE)
  }
}
