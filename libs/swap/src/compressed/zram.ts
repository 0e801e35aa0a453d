// zram: a block device in memory, compressed. As an area of swap it is as fast as the compressor, and it takes its memory
// from the machine that has too little of it.
//
//   write   the old object of the block goes; the page is compressed; an object is allocated for it (in the reclaim path,
//           GFP_NOIO | __GFP_HIGHMEM: reclaim itself may take the last pages of the reserve). No memory: the write fails,
//           end_swap_bio_write marks the page dirty again, and reclaim comes back to it
//   read    decompressed straight into the page; the object stays
//   freed   swap_slot_free_notify gives the object back as soon as swap gives up the slot
//
// Modelled: bios are carried out by the task that submits them, without a request queue; objects of zsmalloc; pages that
// compress to more than three quarters are stored whole, in a page of their own; a page of zeros is a flag; the memory of the
// table, the compressor and its buffer; the CPU time of every page; content tokens.
// Not modelled: the lock of a device, held while a page is compressed: a task on another CPU waits some µs for it, which is why
// Puavo makes one device a CPU; the copy through a buffer of objects that lie across two pages, and that of a page stored
// whole; Linux 3.6, which keeps pages above three quarters compressed and fails those that grow. What that costs: some µs of
// a page's time where tasks of several CPUs write to one device; a page or two of the pool more than 3.6 would take.
// source: drivers/staging/zram/zram_drv.c:zram_bvec_write, zram_bvec_read, zram_free_page, zram_slot_free_notify (3.5)
import { type BioSet, type BlkMemory, SUBMITTED } from "@swaplab/blk"
import {
  __GFP_HIGHMEM,
  type Context,
  EIO,
  type Frames,
  GFP_NOIO,
  PAGE_SIZE,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { SECTORS_PER_SLOT } from "../ops.ts"
import type { SwapDevice } from "../swap-device.ts"
import { type PageSizes, ZERO_PAGE } from "./page-sizes.ts"
import { NO_OBJECT, Zsmalloc } from "./zsmalloc.ts"

/** Mask of its pages. */
const GFP_ZRAM = GFP_NOIO | __GFP_HIGHMEM

/** `max_zpage_size`: what compresses to more is stored whole. */
export const MAX_ZPAGE_SIZE = PAGE_SIZE / 4 * 3

/** Bytes of `struct table`, one a block of the device. */
const TABLE_ENTRY = 16
/** Pages of the compressor's memory (`LZO1X_MEM_COMPRESS`), of its buffer, and of the classes of zsmalloc. */
const WORK_PAGES = 32
const BUFFER_PAGES = 2
const POOL_PAGES = 4

/** Pages that a device of so many blocks takes when it is set up. */
export const zramSetupPages = (blocks: number): number =>
  Math.ceil(blocks * TABLE_ENTRY / PAGE_SIZE) + WORK_PAGES + BUFFER_PAGES + POOL_PAGES

/** No object for a block, a page of its own, and a block of zeros. */
const EMPTY = -1
const WHOLE = 1
const ZERO = 2
const COMPRESSED = 3

/** CPU time of a page. */
export interface CompressionCosts {
  readonly compressNs: number
  readonly decompressNs: number
}

/** `zram_stats`, by its names where it has them. */
export interface ZramStats {
  /** Blocks with an object; of zeros; of the first, those stored whole, and those that became at most half as large. */
  pagesStored: number
  pagesZero: number
  pagesExpand: number
  goodCompress: number
  /** Bytes of the objects. */
  comprSize: number
  /** The most blocks that held something, zeros included, and the most pages that their objects took. */
  mostBlocks: number
  mostPages: number
  numReads: number
  numWrites: number
  /** Writes that found no memory. */
  failedWrites: number
  notifyFree: number
  /** All that was ever stored, pages of zeros included: pages, and their bytes after compression. */
  stores: number
  storedBytes: number
  /** CPU time of the compressor, both ways. */
  cpuNs: number
}

/** One /dev/zramN. */
export class Zram implements SwapDevice {
  readonly bios: BioSet
  onBioEnd: (ctx: Context, pfn: number, write: boolean, error: number) => void = () => {}
  readonly pool: Zsmalloc
  readonly stats: ZramStats = {
    pagesStored: 0,
    pagesZero: 0,
    pagesExpand: 0,
    goodCompress: 0,
    comprSize: 0,
    mostBlocks: 0,
    mostPages: 0,
    numReads: 0,
    numWrites: 0,
    failedWrites: 0,
    notifyFree: 0,
    stores: 0,
    storedBytes: 0,
    cpuNs: 0
  }
  readonly #memory: BlkMemory
  readonly #frames: Frames
  readonly #sizes: PageSizes
  readonly #costs: CompressionCosts
  // columns of blocks
  readonly #kind: Uint8Array
  readonly #object: Int32Array
  readonly #size: Uint16Array
  readonly #writer: Uint32Array
  readonly #version: Uint32Array
  /** Compressed size of a page whose write would have slept: the page is compressed once. EMPTY: none. */
  readonly #drawn: Int16Array

  /** A device of so many blocks. Pages come from `memory`, bios from the set of the machine. */
  constructor(
    frames: Frames,
    bios: BioSet,
    memory: BlkMemory,
    blocks: number,
    sizes: PageSizes,
    costs: CompressionCosts
  ) {
    this.bios = bios
    this.#frames = frames
    this.#memory = memory
    this.#sizes = sizes
    this.#costs = costs
    this.pool = new Zsmalloc(memory, GFP_ZRAM)
    this.#kind = new Uint8Array(blocks)
    this.#object = new Int32Array(blocks).fill(EMPTY)
    this.#size = new Uint16Array(blocks)
    this.#writer = new Uint32Array(blocks)
    this.#version = new Uint32Array(blocks)
    this.#drawn = new Int16Array(blocks).fill(EMPTY)
  }

  /** Pages of objects: of zsmalloc, and those stored whole. */
  get pages(): number {
    return this.pool.pages + this.stats.pagesExpand
  }

  maySubmit(): boolean {
    return true
  }

  /** `zram_make_request`. */
  trySubmitBio(task: Task, bio: number): number {
    if (this.bios.write[bio] === 0) {
      this.#read(task, bio)
      return SUBMITTED
    }
    const block = this.#block(bio)
    const size = this.#prepare(task, block)
    if (size !== ZERO_PAGE) {
      const object = size > MAX_ZPAGE_SIZE
        ? this.#memory.tryAlloc(task, GFP_ZRAM)
        : this.pool.tryMalloc(task, size)
      if (object === WOULD_SLEEP) {
        this.#drawn[block] = size
        return WOULD_SLEEP
      }
      this.#object[block] = object
    }
    this.#store(task, bio, block, size)
    return SUBMITTED
  }

  *submitBio(task: Task, bio: number): Sleeps<void> {
    if (this.bios.write[bio] === 0) {
      this.#read(task, bio)
      return
    }
    const block = this.#block(bio)
    const size = this.#prepare(task, block)
    if (size !== ZERO_PAGE) {
      this.#object[block] = size > MAX_ZPAGE_SIZE
        ? yield* this.#memory.alloc(task, GFP_ZRAM)
        : yield* this.pool.malloc(task, size)
    }
    this.#store(task, bio, block, size)
  }

  /** `zram_slot_free_notify`. */
  slotFreeNotify(ctx: Context, block: number): void {
    this.#drop(ctx, block)
    this.stats.notifyFree++
  }

  checkInvariants(): void {
    this.pool.checkInvariants()
    let [stored, zero, whole, good, bytes] = [0, 0, 0, 0, 0]
    for (let block = 0; block < this.#kind.length; block++) {
      const kind = this.#kind[block]
      if (kind === ZERO) zero++
      if (kind === WHOLE) whole++
      if (kind === WHOLE || kind === COMPRESSED) stored++
      if (kind === COMPRESSED && this.#size[block] <= PAGE_SIZE / 2) good++
      bytes += this.#size[block]
      assert((kind === WHOLE || kind === COMPRESSED) === (this.#object[block] >= 0), "a block of zram lost its object")
    }
    const { comprSize, goodCompress, pagesExpand, pagesStored, pagesZero } = this.stats
    assert(good === goodCompress, "well compressed blocks of zram were miscounted")
    assert(stored === pagesStored && zero === pagesZero && whole === pagesExpand, "blocks of zram were miscounted")
    assert(bytes === comprSize, "bytes of zram were miscounted")
    assert(this.pool.objects === stored - whole, "objects of zram were miscounted")
  }

  #block(bio: number): number {
    return this.bios.sector[bio] / SECTORS_PER_SLOT
  }

  /** What comes before an object is needed: the old one goes, the page is compressed. Its size. */
  #prepare(task: Task, block: number): number {
    const drawn = this.#drawn[block]
    if (drawn !== EMPTY) {
      this.#drawn[block] = EMPTY
      return drawn
    }
    this.#drop(task, block)
    const size = this.#sizes.draw()
    if (size !== ZERO_PAGE) this.#use(task, this.#costs.compressNs)
    return size
  }

  #use(ctx: Context, ns: number): void {
    ctx.ns += ns
    this.stats.cpuNs += ns
  }

  /** Files a page whose object was allocated, or was not, and ends the bio. */
  #store(task: Task, bio: number, block: number, size: number): void {
    const { stats } = this
    const pfn = this.bios.page[bio]
    stats.numWrites++
    if (size !== ZERO_PAGE && this.#object[block] < 0) {
      this.#object[block] = EMPTY
      stats.failedWrites++
      this.#end(task, bio, pfn, true, EIO)
      return
    }
    const whole = size > MAX_ZPAGE_SIZE
    const bytes = whole ? PAGE_SIZE : size
    this.#kind[block] = size === ZERO_PAGE ? ZERO : whole ? WHOLE : COMPRESSED
    this.#size[block] = bytes
    this.#writer[block] = this.#frames.tokenWriter[pfn]
    this.#version[block] = this.#frames.tokenVersion[pfn]
    if (size === ZERO_PAGE) stats.pagesZero++
    else stats.pagesStored++
    if (whole) stats.pagesExpand++
    if (size !== ZERO_PAGE && bytes <= PAGE_SIZE / 2) stats.goodCompress++
    stats.comprSize += bytes
    if (stats.pagesStored + stats.pagesZero > stats.mostBlocks) stats.mostBlocks = stats.pagesStored + stats.pagesZero
    if (this.pages > stats.mostPages) stats.mostPages = this.pages
    stats.stores++
    stats.storedBytes += bytes
    this.#end(task, bio, pfn, true, 0)
  }

  /** A block that was never written, or given up, reads as zeros: swap does not read it. */
  #read(task: Task, bio: number): void {
    const block = this.#block(bio)
    const pfn = this.bios.page[bio]
    this.stats.numReads++
    if (this.#kind[block] === COMPRESSED) this.#use(task, this.#costs.decompressNs)
    this.#frames.tokenWriter[pfn] = this.#writer[block]
    this.#frames.tokenVersion[pfn] = this.#version[block]
    this.#end(task, bio, pfn, false, 0)
  }

  #end(ctx: Context, bio: number, pfn: number, write: boolean, error: number): void {
    this.onBioEnd(ctx, pfn, write, error)
    this.bios.free(ctx, bio)
  }

  /** `zram_free_page`. */
  #drop(ctx: Context, block: number): void {
    const { stats } = this
    const kind = this.#kind[block]
    const object = this.#object[block]
    if (kind === ZERO) stats.pagesZero--
    if (kind === WHOLE || kind === COMPRESSED) {
      assert(object !== NO_OBJECT, "a block of zram has no object")
      if (kind === WHOLE) {
        this.#memory.free(ctx, object)
        stats.pagesExpand--
      } else {
        this.pool.free(ctx, object)
      }
      if (this.#size[block] <= PAGE_SIZE / 2) stats.goodCompress--
      stats.comprSize -= this.#size[block]
      stats.pagesStored--
    }
    this.#kind[block] = 0
    this.#size[block] = 0
    this.#object[block] = EMPTY
    this.#writer[block] = 0
    this.#version[block] = 0
    this.#drawn[block] = EMPTY
  }
}
