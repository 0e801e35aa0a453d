// dm-crypt between swap and its device: what LTSP5 puts there when cryptsetup is in the image (ENCRYPT_SWAP).
//
//   write   crypt_map queues an io on kcryptd; kcryptd takes a clone and a page of its own for it (GFP_NOIO | __GFP_HIGHMEM),
//           encrypts into that page and submits it; when the device has written it, page, clone and io go back and the write
//           ends
//   read    the clone reads into the page itself and is submitted at once; when it has ended, kcryptd decrypts the page in
//           place, and the read ends
//
// So every write needs a second page before it can free one, and every page passes a thread that has no right to the reserve.
//
// Modelled: the pools (MIN_IOS, MIN_POOL_PAGES) and their masks, kcryptd as one thread a CPU, kcryptd_io for a read that found
// no clone without waiting, requests that no plug holds together for writes, CPU time a page, content tokens (encryption does
// not change them; they travel in the page that is written).
// Not modelled: what device mapper itself takes for a bio (a dm_io and one more clone); kcryptd is not bound to its CPU; the
// initial vector; ciphers on a coprocessor (async crypto); bios of several pages. What that costs: each page under way holds
// two small objects less than in Linux, and a page may be encrypted by another CPU than that of its task.
// source: drivers/md/dm-crypt.c:crypt_map, kcryptd_crypt_write_convert, crypt_alloc_buffer, kcryptd_io_read, crypt_endio
import { type BioSet, type BlkMemory, type BlockQueue, Mempool, NO_ELEMENT, SUBMITTED } from "@swaplab/blk"
import {
  __GFP_HIGHMEM,
  type Context,
  type Frames,
  GFP_NOIO,
  GFP_NOWAIT,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { SwapDevice } from "../swap-device.ts"

/** Ios, clones and crypto requests kept back, and pages. */
export const MIN_IOS = 16
const MIN_POOL_PAGES = 32

/** Size of `struct dm_crypt_io`, and of a crypto request with the context of AES in CBC mode and its initial vector. */
export const DM_CRYPT_IO = 152
export const CRYPT_REQUEST = 256

const NONE = -1

/** CPU time of a page. */
export interface CryptCosts {
  readonly encryptNs: number
  readonly decryptNs: number
}

/** Where its memory comes from. */
export interface CryptMemory {
  /** `fs_bio_set`, which the bios come from that swap submits. */
  readonly bios: BioSet
  readonly ios: BlkMemory
  readonly requests: BlkMemory
  readonly pages: BlkMemory
}

/** What happened so far. */
export interface CryptCounters {
  encrypted: number
  decrypted: number
  /** Reads that kcryptd_io had to submit. */
  deferredReads: number
  /** CPU time of the cipher. */
  cpuNs: number
  /** Most ios that waited for kcryptd. */
  mostQueued: number
}

/** Ios that wait for a thread, in order: a ring that grows. */
class IoFifo {
  readonly wait: WaitQueue
  count = 0
  #ring = new Int32Array(64)
  #head = 0

  constructor(wait: WaitQueue) {
    this.wait = wait
  }

  push(io: number): void {
    if (this.count === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.count++) & (this.#ring.length - 1)] = io
    this.wait.wakeUp()
  }

  *shift(task: Task): Sleeps<number> {
    while (this.count === 0) yield* this.wait.sleep(task.process, "interruptible")
    const io = this.#ring[this.#head]
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.count--
    return io
  }

  #grow(): void {
    const old = this.#ring
    this.#ring = new Int32Array(2 * old.length)
    this.#ring.set(old.subarray(this.#head))
    this.#ring.set(old.subarray(0, this.#head), old.length - this.#head)
    this.#head = 0
  }
}

/** A crypt target over one queue. */
export class DmCrypt implements SwapDevice {
  readonly bios: BioSet
  onBioEnd: (ctx: Context, pfn: number, write: boolean, error: number) => void = () => {}
  readonly ioPool: Mempool
  readonly reqPool: Mempool
  readonly pagePool: Mempool
  readonly lower: BlockQueue
  readonly counters: CryptCounters = { encrypted: 0, decrypted: 0, deferredReads: 0, cpuNs: 0, mostQueued: 0 }
  /** Ios that wait for kcryptd. */
  queued = 0
  /** What each kcryptd has to do, and kcryptd_io. */
  readonly crypt: ReadonlyArray<IoFifo>
  readonly submit: IoFifo
  readonly #frames: Frames
  readonly #costs: CryptCosts
  /** The crypto request of each CPU. */
  readonly #request: Int32Array
  /** 1: the kcryptd of the CPU has an io in its hands. */
  readonly #inHands: Uint8Array
  /** The bio of the io that a page is in, by the page that the device sees. */
  readonly #bioOf: Int32Array
  /** The object of the io of each bio. */
  readonly #ioOf: Array<number> = []

  /** `lower` has a bio set of its own that keeps `MIN_IOS` back: its bios are the clones. */
  constructor(sim: Sim, frames: Frames, lower: BlockQueue, memory: CryptMemory, cpus: number, costs: CryptCosts) {
    this.lower = lower
    this.#frames = frames
    this.#costs = costs
    assert(lower.bios !== memory.bios && lower.bios.pool.minNr === MIN_IOS, "dm-crypt has a bio set of its own")
    this.bios = memory.bios
    this.ioPool = new Mempool(sim, "dm_crypt_io", MIN_IOS, memory.ios)
    this.reqPool = new Mempool(sim, "crypt requests", MIN_IOS, memory.requests)
    this.pagePool = new Mempool(sim, "crypt pages", MIN_POOL_PAGES, memory.pages)
    for (const pool of [this.bios.pool, this.ioPool, this.reqPool, this.pagePool]) {
      pool.alsoBeforeSleep((process) => lower.flushPlugOnSchedule(process))
    }
    this.crypt = Array.from(
      { length: cpus },
      (_, cpu) => new IoFifo(new WaitQueue(sim, `kcryptd/${cpu} queue`, "a page to encrypt or decrypt"))
    )
    this.submit = new IoFifo(new WaitQueue(sim, "kcryptd_io queue", "a read to submit"))
    this.#request = new Int32Array(cpus).fill(NONE)
    this.#inHands = new Uint8Array(cpus)
    this.#bioOf = new Int32Array(frames.count).fill(NONE)
    lower.onBioEnd = (ctx, pfn, write, error) => this.#endio(ctx, pfn, write, error)
  }

  /** Ios under way. */
  get inFlight(): number {
    return this.ioPool.inUse()
  }

  /** Ios that a kcryptd has to do: that wait for it, and the one in its hands. */
  workOf(cpu: number): number {
    return this.crypt[cpu].count + this.#inHands[cpu]
  }

  maySubmit(task: Task, write: boolean, sector: number, sync: boolean): boolean {
    return write || this.lower.maySubmit(task, false, sector, sync)
  }

  /** `crypt_map`. */
  trySubmitBio(task: Task, bio: number): number {
    if (this.bios.write[bio] === 1) {
      const io = this.ioPool.tryAlloc(task, GFP_NOIO)
      if (io < 0) return WOULD_SLEEP
      this.#ioOf[bio] = io
      this.#queueCrypt(task, bio)
      return SUBMITTED
    }
    if (!this.lower.maySubmit(task, false, this.bios.sector[bio], true)) return WOULD_SLEEP
    const io = this.ioPool.tryAlloc(task, GFP_NOIO)
    if (io < 0) return WOULD_SLEEP
    this.#ioOf[bio] = io
    const clone = this.lower.bios.tryAlloc(task, GFP_NOWAIT)
    if (clone === NO_ELEMENT) {
      this.#defer(bio)
      return SUBMITTED
    }
    this.#initRead(clone, bio)
    if (this.lower.trySubmitBio(task, clone) === SUBMITTED) return SUBMITTED
    this.#bioOf[this.bios.page[bio]] = NONE
    this.lower.bios.free(task, clone)
    this.ioPool.free(task, io)
    return WOULD_SLEEP
  }

  *submitBio(task: Task, bio: number): Sleeps<void> {
    this.#ioOf[bio] = yield* this.ioPool.alloc(task, GFP_NOIO)
    if (this.bios.write[bio] === 1) {
      this.#queueCrypt(task, bio)
      return
    }
    const clone = this.lower.bios.tryAlloc(task, GFP_NOWAIT)
    if (clone === NO_ELEMENT) {
      this.#defer(bio)
      return
    }
    this.#initRead(clone, bio)
    yield* this.lower.submitBio(task, clone)
  }

  // — its threads —

  /** `kcryptd_crypt`, one thread for each CPU. */
  *kcryptd(task: Task, cpu: number): Sleeps<never> {
    for (;;) {
      const bio = yield* this.crypt[cpu].shift(task)
      this.queued--
      this.#inHands[cpu] = 1
      if (this.bios.write[bio] === 1) yield* this.#encrypt(task, bio, cpu)
      else yield* this.#decrypt(task, bio, cpu)
      this.#inHands[cpu] = 0
      yield* task.condResched()
    }
  }

  /** `kcryptd_io`. */
  *kcryptdIo(task: Task): Sleeps<never> {
    for (;;) {
      const bio = yield* this.submit.shift(task)
      const clone = yield* this.lower.bios.alloc(task, GFP_NOIO)
      this.#initRead(clone, bio)
      yield* this.lower.submitBio(task, clone)
    }
  }

  checkInvariants(): void {
    this.bios.checkInvariants()
    for (const pool of [this.ioPool, this.reqPool, this.pagePool]) pool.checkInvariants()
    assert(this.bios.inUse >= this.ioPool.inUse(), "dm-crypt has more ios than bios")
    let queued = 0
    for (const { count } of this.crypt) queued += count
    assert(queued === this.queued, "ios that wait for kcryptd were miscounted")
    assert(this.pagePool.inUse() <= this.ioPool.inUse(), "dm-crypt has more pages than ios")
  }

  // — inside —

  #queueCrypt(ctx: Context, bio: number): void {
    this.crypt[ctx.cpu].push(bio)
    this.queued++
    if (this.queued > this.counters.mostQueued) this.counters.mostQueued = this.queued
  }

  #defer(bio: number): void {
    this.counters.deferredReads++
    this.submit.push(bio)
  }

  #initRead(clone: number, bio: number): void {
    const pfn = this.bios.page[bio]
    this.lower.bios.init(clone, false, this.bios.sector[bio], pfn, true)
    this.#bioOf[pfn] = bio
  }

  #use(task: Task, ns: number): void {
    task.ns += ns
    this.counters.cpuNs += ns
  }

  /** `crypt_alloc_req`: a CPU keeps its request for good. */
  *#takeRequest(task: Task, cpu: number): Sleeps<void> {
    if (this.#request[cpu] === NONE) this.#request[cpu] = yield* this.reqPool.alloc(task, GFP_NOIO)
  }

  /** `kcryptd_crypt_write_convert`. */
  *#encrypt(task: Task, bio: number, cpu: number): Sleeps<void> {
    const clone = yield* this.lower.bios.alloc(task, GFP_NOIO)
    const page = yield* this.pagePool.alloc(task, GFP_NOIO | __GFP_HIGHMEM)
    yield* this.#takeRequest(task, cpu)
    const { tokenVersion, tokenWriter } = this.#frames
    const pfn = this.bios.page[bio]
    this.#use(task, this.#costs.encryptNs)
    yield* task.condResched()
    tokenWriter[page] = tokenWriter[pfn]
    tokenVersion[page] = tokenVersion[pfn]
    this.counters.encrypted++
    this.#bioOf[page] = bio
    this.lower.bios.init(clone, true, this.bios.sector[bio], page, this.bios.sync[bio] === 1)
    yield* this.lower.submitBio(task, clone)
  }

  /** `kcryptd_crypt_read_convert`. */
  *#decrypt(task: Task, bio: number, cpu: number): Sleeps<void> {
    yield* this.#takeRequest(task, cpu)
    this.#use(task, this.#costs.decryptNs)
    yield* task.condResched()
    this.counters.decrypted++
    this.#end(task, bio, 0)
  }

  /** `crypt_endio`: the device has done its part. */
  #endio(ctx: Context, pfn: number, write: boolean, error: number): void {
    const bio = this.#bioOf[pfn]
    assert(bio !== NONE, "a page that dm-crypt did not submit has ended")
    this.#bioOf[pfn] = NONE
    if (write) this.pagePool.free(ctx, pfn)
    if (write || error !== 0) this.#end(ctx, bio, error)
    else this.#queueCrypt(ctx, bio)
  }

  /** `crypt_dec_pending`. */
  #end(ctx: Context, bio: number, error: number): void {
    this.ioPool.free(ctx, this.#ioOf[bio])
    this.onBioEnd(ctx, this.bios.page[bio], this.bios.write[bio] === 1, error)
    this.bios.free(ctx, bio)
  }
}
