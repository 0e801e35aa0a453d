// An image with squashfs: a page is read by reading and decompressing its whole block, whose other pages go into the page
// cache as well, as far as they can be had at once.
//
// squashfs of 2012 has readpage and no readpages. So read-ahead calls readpage for each page it has allocated; the first one
// fills its block, and the others of that block find that somebody has added them, and are freed again. Each call
// waits for the device, so read-ahead never runs ahead of its caller: it only makes the caller wait for the next block, too.
// There is one decompressed block in memory for all tasks of a machine ("data", 1 entry): readers wait for each other. A
// block that could not be read stays there as an error until another one is read.
// Modelled: the compressed bytes go through the page cache of the block device, where they stay until reclaim takes them;
//   each 1-KiB buffer of them counts as an access; the whole block is waited for, then decompressed.
// Not modelled: the heads of these buffers (416 bytes of slab for each cached page of the device) and bios of 1 KiB (four a
//   page, a bio of a page here); decompression that begins with the first buffer (costs the overlap, some tenths of
//   the CPU time of a block); fragments (the tail of a file is in the block where its pages lie); metadata.
// source: fs/squashfs/file.c:squashfs_readpage; cache.c:squashfs_cache_get; block.c:squashfs_read_data; mm/filemap.c:
//   grab_cache_page_nowait; fs/buffer.c:__getblk, grow_dev_page, ll_rw_block
import {
  __GFP_FS,
  __GFP_MOVABLE,
  GFP_HIGHUSER_MOVABLE,
  GFP_NOFS,
  GFP_NOIO,
  GFP_USER,
  NO_PAGE,
  PAGE_SIZE,
  type PageAllocator,
  PG_error,
  PG_uptodate
} from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { PageLocks } from "@swaplab/swap"
import type { Vmscan } from "@swaplab/vmscan"
import type { KernelTask } from "../task.ts"
import { ADDED, type AddressSpace, EEXIST, ENOMEM } from "./address-space.ts"
import type { ImageFormat } from "./image-format.ts"
import type { RootDevice } from "./root-device.ts"
import type { RootFile } from "./root-file.ts"
import { blockBytes, type RootSpec } from "./root-spec.ts"

/** msblk->devblksize: SQUASHFS_DEVBLK_SIZE, the device's sectors are not larger. */
const DEVBLK_SIZE = 1024
/** Pages of the block device, and those that are filled beside the one that was asked for. */
const GFP_BUFFERS = (GFP_USER & ~__GFP_FS) | __GFP_MOVABLE
const GFP_NEIGHBOUR = GFP_HIGHUSER_MOVABLE & ~__GFP_FS
const NO_BLOCK = -1

/** The pieces that squashfs works with. */
export interface SquashfsParts {
  readonly sim: Sim
  readonly pages: PageAllocator
  readonly vmscan: Pick<Vmscan, "lru">
  readonly locks: PageLocks
  readonly device: RootDevice
  /** Page cache of the files, and of the block device. */
  readonly files: AddressSpace
  readonly buffers: AddressSpace
  readonly log: (message: string) => void
}

/** The file system. */
export class SquashfsFormat implements ImageFormat {
  /** Blocks decompressed. */
  blocks = 0
  /** Pages that a block had and that could not be filled, because somebody held them or there was no memory. */
  skipped = 0
  readonly #parts: SquashfsParts
  readonly #spec: RootSpec
  readonly #blockPages: number
  readonly #cpuPerBlockNs: number
  /** The one entry of the "data" cache: its block, its users, being filled, could not be read. */
  #block = NO_BLOCK
  #users = 0
  #pending = false
  #failed = false
  readonly #filled: WaitQueue
  readonly #unused: WaitQueue

  constructor(parts: SquashfsParts, spec: RootSpec) {
    assert(spec.format.kind === "squashfs", "an image of another format")
    this.#parts = parts
    this.#spec = spec
    this.#blockPages = spec.format.blockPages
    this.#cpuPerBlockNs = spec.format.cpuPerBlockNs
    this.#filled = new WaitQueue(parts.sim, "squashfs data entry", "the task that reads the block")
    this.#unused = new WaitQueue(parts.sim, "squashfs data cache", "the task that uses the only entry")
  }

  /** `squashfs_readpage`. */
  *readPage(task: KernelTask, file: RootFile, page: number, pfn: number): Sleeps<void> {
    const { device, locks, pages: { frames } } = this.#parts
    const block = Math.floor(page / this.#blockPages)
    if (!(yield* this.#getDatablock(task, block))) {
      this.#putDatablock()
      this.#logUnreadable(block)
      frames.flags[pfn] |= PG_error
      locks.unlock(pfn)
      return
    }
    const start = Math.max(file.from, block * this.#blockPages)
    const end = Math.min(file.to, (block + 1) * this.#blockPages)
    for (let at = start; at < end; at++) {
      const push = at === page ? pfn : yield* this.#grabNowait(task, at)
      if (push === NO_PAGE) {
        this.skipped++
        continue
      }
      if ((frames.flags[push] & PG_uptodate) === 0) {
        device.setToken(push)
        frames.flags[push] |= PG_uptodate
      }
      locks.unlock(push)
      if (push !== pfn) this.#parts.vmscan.lru.putPage(task, push)
    }
    this.#putDatablock()
  }

  checkInvariants(): void {
    assert(this.#users > 0 || !this.#pending, "nobody fills the squashfs entry")
  }

  /** `squashfs_get_datablock`: the entry, filled, with a use of it for the caller. False: it holds an error. */
  *#getDatablock(task: KernelTask, block: number): Sleeps<boolean> {
    for (;;) {
      if (this.#block === block) {
        this.#users++
        while (this.#pending) yield* this.#filled.sleep(task)
        return !this.#failed
      }
      if (this.#users === 0) break
      yield* this.#unused.sleep(task)
    }
    this.#block = block
    this.#users = 1
    this.#pending = true
    this.#failed = !(yield* this.#readData(task, block))
    this.#pending = false
    this.#filled.wakeAll()
    return !this.#failed
  }

  /** What the cache and then the reader say about a block with an error, at each try. */
  #logUnreadable(block: number): void {
    const [from, to] = blockBytes(this.#spec, block)
    this.#error(`Unable to read data cache entry [${from.toString(16)}]`)
    this.#error(`Unable to read page, block ${from.toString(16)}, size ${(to - from).toString(16)}`)
  }

  #error(message: string): void {
    this.#parts.log(`SQUASHFS error: ${message}`)
  }

  #putDatablock(): void {
    if (--this.#users === 0) this.#unused.wakeAll()
  }

  /** `squashfs_read_data`. */
  *#readData(task: KernelTask, block: number): Sleeps<boolean> {
    const { device, locks, pages: { frames }, vmscan } = this.#parts
    const [from, to] = blockBytes(this.#spec, block)
    const first = Math.floor(from / PAGE_SIZE)
    const held: Array<number> = []
    for (let page = first; page * PAGE_SIZE < to; page++) {
      const buffers = Math.ceil(Math.min(to, (page + 1) * PAGE_SIZE) / DEVBLK_SIZE) -
        Math.floor(Math.max(from, page * PAGE_SIZE) / DEVBLK_SIZE)
      held.push(yield* this.#getBuffers(task, page, buffers))
    }
    for (const [i, pfn] of held.entries()) {
      if ((frames.flags[pfn] & PG_uptodate) !== 0 || !locks.tryLock(pfn)) continue
      frames.flags[pfn] &= ~PG_error
      yield* device.read(task, first + i, pfn, GFP_NOIO)
    }
    let complete = true
    for (const pfn of held) {
      yield* locks.waitUnlocked(task, pfn)
      if ((frames.flags[pfn] & PG_uptodate) === 0) complete = false
      vmscan.lru.putPage(task, pfn)
    }
    if (!complete) {
      this.#error(`squashfs_read_data failed to read block 0x${from.toString(16)}`)
      return false
    }
    this.blocks++
    task.ns += this.#cpuPerBlockNs
    yield* task.condResched()
    return true
  }

  /** `__getblk` for the buffers of a block in one page of the device: its frame, held. It tries until there is memory. */
  *#getBuffers(task: KernelTask, page: number, buffers: number): Sleeps<number> {
    const { buffers: space, locks, pages, sim, vmscan } = this.#parts
    let pfn = space.findGet(page)
    while (pfn === NO_PAGE) {
      const fresh = yield* pages.alloc(task, GFP_BUFFERS, 0)
      const added = fresh < 0 ? ENOMEM : yield* space.add(task, fresh, page, GFP_BUFFERS)
      if (added === ADDED) {
        locks.unlock(fresh)
        pfn = fresh
        break
      }
      if (fresh >= 0) vmscan.lru.putPage(task, fresh)
      pfn = space.findGet(page)
      // free_more_memory
      if (pfn === NO_PAGE && added !== EEXIST) yield* task.hold(sim.tickNs)
    }
    for (let i = 0; i < buffers; i++) vmscan.lru.markAccessed(task, pfn)
    return pfn
  }

  /** `grab_cache_page_nowait`: the page, locked and held, or NO_PAGE when somebody holds its lock or there is no memory. */
  *#grabNowait(task: KernelTask, page: number): Sleeps<number> {
    const { files, locks, pages, vmscan } = this.#parts
    const cached = files.findGet(page)
    if (cached !== NO_PAGE) {
      if (locks.tryLock(cached)) return cached
      vmscan.lru.putPage(task, cached)
      return NO_PAGE
    }
    const fresh = yield* pages.alloc(task, GFP_NEIGHBOUR, 0)
    if (fresh < 0) return NO_PAGE
    if ((yield* files.add(task, fresh, page, GFP_NOFS)) === ADDED) return fresh
    vmscan.lru.putPage(task, fresh)
    return NO_PAGE
  }
}
