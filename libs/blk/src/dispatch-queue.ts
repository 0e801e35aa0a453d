// The request queue of one disk, from below: what its driver sees.
//
// Modelled: a FIFO elevator, running of the driver, completion page by page, the order in which a request and its slot go
// back. Not modelled: flushes, discard, request timeouts and requeueing (nbd of 3.5/3.6 uses none of them).
// source: block/blk-core.c:__blk_run_queue, blk_fetch_request, blk_end_request_all, __blk_put_request
import type { Context } from "@swaplab/page-alloc"
import { assert, type Sim, type WaitQueue } from "@swaplab/sim"
import { BioSet, NO_BIO } from "./bio-set.ts"
import { BlkTrace } from "./blk-trace.ts"
import { CongestionState } from "./congestion.ts"
import { type BlkCounters, blkCounters } from "./counters.ts"
import { DiskStats } from "./disk-stats.ts"
import { type BlkMemory, Mempool } from "./mempool.ts"
import { SECTORS_PER_PAGE } from "./merge.ts"
import {
  BLK_SAFE_MAX_SECTORS,
  type BlkCosts,
  BLKDEV_MIN_RQ,
  type BlockQueueOptions,
  DEFAULT_BLK_COSTS
} from "./options.ts"
import { BLKDEV_MAX_RQ, RequestList } from "./request-list.ts"
import { NO_REQUEST, RequestFifo, Requests, RQ_QUEUED, RQ_STARTED } from "./requests.ts"
import type { TaskIoTable } from "./task-io.ts"

/** What the block layer calls when a queue holds requests. It may take them now, or later with `fetch`. */
export interface BlockDriver {
  requestFn(queue: DispatchQueue): void
}

/** `request_queue` as a driver uses it. Requests and bios are integers; their columns are public to read. */
export class DispatchQueue {
  readonly name: string
  /** Largest request in pages. */
  readonly maxPages: number
  /** Shared by the queues of a machine, or its own. */
  readonly bios: BioSet
  readonly requests: Requests
  readonly requestPool: Mempool
  readonly slots: RequestList
  readonly congestion: CongestionState
  readonly stats: DiskStats
  readonly counters: BlkCounters = blkCounters()
  /** Plugged in by the driver of the disk. Without one, requests stay in the elevator. */
  driver: BlockDriver | null = null
  /** Called once for every page of a request that ends, in ascending sector order. */
  onBioEnd: (ctx: Context, pfn: number, write: boolean, error: number) => void = () => {}
  protected readonly costs: BlkCosts
  protected readonly trace: BlkTrace
  protected readonly elevator = new RequestFifo()
  /** Requests that the driver has. */
  protected started = 0

  constructor(
    sim: Sim,
    name: string,
    bios: BlkMemory | BioSet,
    requestMemory: BlkMemory,
    options: BlockQueueOptions,
    tasks: TaskIoTable
  ) {
    this.name = name
    this.maxPages = Math.floor((options.maxSectors ?? BLK_SAFE_MAX_SECTORS) / SECTORS_PER_PAGE)
    assert(this.maxPages >= 1, "a request must have room for a page")
    this.costs = options.costs ?? DEFAULT_BLK_COSTS
    this.congestion = options.congestion ?? new CongestionState(sim)
    this.slots = new RequestList(sim, name, options.nrRequests ?? BLKDEV_MAX_RQ, this.congestion, tasks)
    this.requests = new Requests(2 * this.slots.hardCap)
    this.bios = bios instanceof BioSet ? bios : new BioSet(sim, bios)
    this.requestPool = new Mempool(sim, "blkdev_requests", BLKDEV_MIN_RQ, requestMemory)
    this.stats = new DiskStats(sim)
    this.trace = new BlkTrace(sim, options.group ?? 0, options.dev ?? [0, 0])
  }

  /** First 512-byte sector, by request. */
  get rqSector(): Uint32Array {
    return this.requests.sector
  }
  /** Pages, by request. */
  get rqPages(): Uint16Array {
    return this.requests.pages
  }
  /** 1 = write, by request. */
  get rqWrite(): Uint8Array {
    return this.requests.write
  }
  /** First bio of a request. */
  get rqBioHead(): Int32Array {
    return this.requests.bioHead
  }
  /** The bio behind a bio, or `NO_BIO`. The array changes when bios grow in number: do not keep it. */
  get bioNext(): Int32Array {
    return this.bios.next
  }
  /** Page frame of a bio. The array changes when bios grow in number: do not keep it. */
  get bioPage(): Int32Array {
    return this.bios.page
  }
  /** Where tasks wait for a request: [sync, async]. */
  get requestSlot(): readonly [sync: WaitQueue, async: WaitQueue] {
    return this.slots.wait
  }

  /** Requests that exist: plugged, queued or with the driver. */
  inFlight(): number {
    return this.requests.inUse
  }

  /** `blk_fetch_request`: takes the oldest queued request, or `NO_REQUEST`. */
  fetch(): number {
    const rq = this.elevator.popHead(this.requests)
    if (rq === NO_REQUEST) return NO_REQUEST
    assert(this.requests.state[rq] === RQ_QUEUED, "the elevator holds a request that is not queued")
    this.requests.state[rq] = RQ_STARTED
    this.started++
    if (this.trace.rqIssue.enabled) this.trace.request(this.trace.rqIssue, this.requests, rq)
    return rq
  }

  /** `__elv_add_request` at the tail. */
  protected insert(rq: number): void {
    this.requests.state[rq] = RQ_QUEUED
    if (this.trace.rqInsert.enabled) this.trace.request(this.trace.rqInsert, this.requests, rq)
    this.elevator.addTail(this.requests, rq)
  }

  /** Requests in the elevator. */
  queued(): number {
    return this.elevator.count
  }

  /** `__blk_run_queue`: calls the driver if there is anything to take. */
  runQueue(): void {
    if (this.driver !== null && this.elevator.count !== 0) this.driver.requestFn(this)
  }

  /** `blk_end_request_all`: ends every page, then frees the request and its slot. `error` is 0 or an errno. */
  endRequest(ctx: Context, rq: number, error: number): void {
    const rqs = this.requests
    assert(rqs.state[rq] === RQ_STARTED, "ending a request that the driver does not have")
    if (this.trace.rqComplete.enabled) this.trace.complete(rqs, rq, error)
    const write = rqs.write[rq] === 1
    let bio = rqs.bioHead[rq]
    rqs.bioHead[rq] = NO_BIO
    rqs.bioTail[rq] = NO_BIO
    let pages = 0
    while (bio !== NO_BIO) {
      const next = this.bios.next[bio]
      const pfn = this.bios.page[bio]
      ctx.ns += this.costs.endBioNs
      this.onBioEnd(ctx, pfn, write, error)
      this.bios.free(ctx, bio)
      pages++
      bio = next
    }
    assert(pages === rqs.pages[rq], "a request ended with another number of pages")
    this.counters.completed++
    if (error !== 0) this.counters.errors++
    this.stats.end(rqs.write[rq], pages * SECTORS_PER_PAGE, rqs.start[rq])
    this.started--
    this.putRequest(ctx, rq)
  }

  /** `__blk_put_request`: the object goes back first, then the slot. */
  protected putRequest(ctx: Context, rq: number): void {
    const rwClass = this.requests.rwClass[rq]
    this.requestPool.free(ctx, this.requests.release(rq))
    this.slots.put(rwClass)
  }
}
