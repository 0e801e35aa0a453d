// One-page bios as columns.
//
// Modelled: every bio is one object of the bio-0 cache behind a mempool of two; its page, sector and direction.
// Not modelled: more than one segment per bio (swap never builds one), bio splitting, integrity, remapping.
// source: fs/bio.c:bio_alloc_bioset, bio_put; mm/page_io.c:get_swap_bio
import type { Context, Task } from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps } from "@swaplab/sim"
import { type BlkMemory, Mempool } from "./mempool.ts"

/** Elements that fs_bio_set keeps back. */
const BIO_POOL_SIZE = 2

/** A bio in no chain. */
export const NO_BIO = -1

const FIRST_CAPACITY = 128

/**
 * `fs_bio_set`, or the set of a device that sends its own bios, and its bios. A bio is an index into the columns; they are
 * replaced when they grow.
 */
export class BioSet {
  /** Page frame of the bio. */
  page = new Int32Array(FIRST_CAPACITY)
  /** Next bio of the same request, or `NO_BIO`. */
  next = new Int32Array(FIRST_CAPACITY)
  /** First 512-byte sector. */
  sector = new Uint32Array(FIRST_CAPACITY)
  /** 1 = write. */
  write = new Uint8Array(FIRST_CAPACITY)
  /** 1 = somebody waits for it (all reads). */
  sync = new Uint8Array(FIRST_CAPACITY)
  /** The object of the cache, −1 when the index is free. */
  object = new Int32Array(FIRST_CAPACITY).fill(-1)
  /** Bios in existence. */
  inUse = 0
  readonly pool: Mempool
  #freeHead = 0

  /** `owner` tells a set from `fs_bio_set` where they are shown. */
  constructor(sim: Sim, memory: BlkMemory, poolSize: number = BIO_POOL_SIZE, owner?: string) {
    this.pool = new Mempool(sim, owner === undefined ? "bio-0" : `bio-0 of ${owner}`, poolSize, memory)
    this.#link(0)
  }

  /** A bio, `NO_ELEMENT` or `WOULD_SLEEP` (then nothing was done). */
  tryAlloc(ctx: Context, gfp: number): number {
    const object = this.pool.tryAlloc(ctx, gfp)
    return object < 0 ? object : this.#claim(object)
  }

  /** A bio; `NO_ELEMENT` only for masks without `__GFP_WAIT`. */
  *alloc(task: Task, gfp: number): Sleeps<number> {
    const object = yield* this.pool.alloc(task, gfp)
    return object < 0 ? object : this.#claim(object)
  }

  /** Describes what the bio carries. */
  init(bio: number, write: boolean, sector: number, pfn: number, sync: boolean): void {
    assert(this.object[bio] >= 0, "using a bio that was freed")
    assert(sector >= 0 && sector <= 0xffff_fff7, "a sector number does not fit in 32 bits")
    this.write[bio] = write ? 1 : 0
    this.sync[bio] = sync ? 1 : 0
    this.sector[bio] = sector
    this.page[bio] = pfn
  }

  /** `bio_put`. */
  free(ctx: Context, bio: number): void {
    const object = this.object[bio]
    assert(object >= 0, "a bio was freed twice")
    this.object[bio] = -1
    this.next[bio] = this.#freeHead
    this.#freeHead = bio
    this.inUse--
    this.pool.free(ctx, object)
  }

  checkInvariants(): void {
    let free = 0
    for (let bio = this.#freeHead; bio !== NO_BIO; bio = this.next[bio]) {
      assert(this.object[bio] === -1, "a free bio owns an object")
      free++
      assert(free <= this.page.length, "the free list of bios has a cycle")
    }
    assert(free + this.inUse === this.page.length, "bios were lost")
    assert(this.pool.inUse() === this.inUse, "bios and their objects differ in number")
    this.pool.checkInvariants()
  }

  #claim(object: number): number {
    if (this.#freeHead === NO_BIO) this.#grow()
    const bio = this.#freeHead
    this.#freeHead = this.next[bio]
    this.next[bio] = NO_BIO
    this.object[bio] = object
    this.inUse++
    return bio
  }

  #link(from: number): void {
    const capacity = this.next.length
    for (let bio = from; bio < capacity; bio++) this.next[bio] = bio + 1
    this.next[capacity - 1] = NO_BIO
    this.#freeHead = from
  }

  #grow(): void {
    const old = this.page.length
    const grown = <A extends { set(from: A): void }>(from: A, to: A): A => {
      to.set(from)
      return to
    }
    this.page = grown(this.page, new Int32Array(2 * old))
    this.next = grown(this.next, new Int32Array(2 * old))
    this.sector = grown(this.sector, new Uint32Array(2 * old))
    this.write = grown(this.write, new Uint8Array(2 * old))
    this.sync = grown(this.sync, new Uint8Array(2 * old))
    this.object = grown(this.object, new Int32Array(2 * old).fill(-1))
    this.#link(old)
  }
}
