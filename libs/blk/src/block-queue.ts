// The request queue of one disk, from above: from a page that is to be read or written to a request in the elevator.
//
// Modelled: plug, merging, request slots, the request mempool. The driver's side is in dispatch-queue.ts.
// Not modelled: barriers; kblockd (a plug flushed because its task sleeps runs the driver at once instead of a scheduling
// latency later).
// source: block/blk-core.c:blk_queue_bio, blk_flush_plug_list
import { bootContext, type Context, GFP_NOIO, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import { assert, type Process, type Sim, type Sleeps } from "@swaplab/sim"
import type { BioSet } from "./bio-set.ts"
import { checkRequestList } from "./check.ts"
import { BLK_RW_ASYNC, BLK_RW_SYNC } from "./congestion.ts"
import { DispatchQueue } from "./dispatch-queue.ts"
import { type BlkMemory } from "./mempool.ts"
import { BACK_MERGE, findMerge, initRequestFromBio, mergeIntoList, mergeIntoQueued, NO_MERGE } from "./merge.ts"
import type { BlockQueueOptions } from "./options.ts"
import { NO_REQUEST, RQ_PLUGGED, RQ_QUEUED } from "./requests.ts"
import { BLK_MAX_REQUEST_COUNT, type TaskIo, TaskIoTable } from "./task-io.ts"

/** The bio was merged or became a request. */
export const SUBMITTED = 1

/**
 * `request_queue` of one disk: bios become requests, merged and limited, in the order in which a driver takes them.
 *
 * **When to use.** Between swap or file pages and a driver: submit pages here, set `driver` and `onBioEnd`, and let the
 * driver call `fetch` and `endRequest`.
 *
 * **Details.** Requests and bios are integers; their columns are public to read. Places are sectors of 512 bytes, a bio
 * carries one page. `bios` is `fs_bio_set`, which all queues of a machine share, another set, or the memory for a set
 * of its own. The try-methods return `SUBMITTED`, or `WOULD_SLEEP` with nothing done; the others sleep for a bio, one of `nrRequests` slots a class, or a request.
 *
 * **Gotchas.** A task under a plug holds its requests back until `unplug`: whoever puts a task to sleep must call
 * `flushPlugOnSchedule`. Without a driver requests stay where they are. `onBioEnd` has one owner.
 */
export class BlockQueue extends DispatchQueue {
  readonly #sim: Sim
  readonly #tasks: TaskIoTable
  /** Runs the flush of a task that is already off its CPU. */
  readonly #nobody: Context = bootContext()

  constructor(
    sim: Sim,
    name: string,
    bios: BlkMemory | BioSet,
    requestMemory: BlkMemory,
    options: BlockQueueOptions = {}
  ) {
    const tasks = new TaskIoTable(sim)
    super(sim, name, bios, requestMemory, options, tasks)
    this.#sim = sim
    this.#tasks = tasks
    // whoever sleeps for a bio flushes its plugs of all queues that share the set
    for (const pool of [this.bios.pool, this.requestPool]) {
      pool.alsoBeforeSleep((process) => this.flushPlugOnSchedule(process))
    }
  }

  // — submitting —

  /**
   * Is there a request slot, or a request to merge into, for such a page now? A bio and a request are needed as well;
   * asking this first saves taking them in vain. Changes nothing.
   */
  maySubmit(task: Task, write: boolean, sector: number, sync: boolean): boolean {
    const io = this.#tasks.of(task.process)
    if (this.slots.available(write && !sync ? BLK_RW_ASYNC : BLK_RW_SYNC, io)) return true
    const direction = write ? 1 : 0
    return findMerge(this.requests, io.plugged, direction, sector, this.maxPages) !== NO_REQUEST ||
      findMerge(this.requests, this.elevator, direction, sector, this.maxPages) !== NO_REQUEST
  }

  /**
   * Submits one page as far as is possible without sleeping: `SUBMITTED`, or `WOULD_SLEEP` and nothing was done.
   * `gfp` is the mask of the bio (GFP_NOIO for writes, GFP_KERNEL for reads in Linux).
   */
  trySubmitPage(
    task: Task,
    write: boolean,
    sector: number,
    pfn: number,
    sync: boolean,
    gfp: number = GFP_NOIO
  ): number {
    if (!this.maySubmit(task, write, sector, sync)) return WOULD_SLEEP
    const bio = this.bios.tryAlloc(task, gfp)
    if (bio < 0) return WOULD_SLEEP
    this.bios.init(bio, write, sector, pfn, sync)
    const result = this.trySubmitBio(task, bio)
    if (result === WOULD_SLEEP) this.bios.free(task, bio)
    return result
  }

  /** Submits one page; sleeps for a bio, a request slot or a request if it must. */
  *submitPage(
    task: Task,
    write: boolean,
    sector: number,
    pfn: number,
    sync: boolean,
    gfp: number = GFP_NOIO
  ): Sleeps<void> {
    const bio = yield* this.bios.alloc(task, gfp)
    assert(bio >= 0, "a bio for a page needs a mask that may sleep")
    this.bios.init(bio, write, sector, pfn, sync)
    yield* this.submitBio(task, bio)
  }

  /** `submit_bio` without sleeping: `SUBMITTED`, or `WOULD_SLEEP` and the bio is still the caller's. */
  trySubmitBio(task: Task, bio: number): number {
    const io = this.#tasks.of(task.process)
    if (this.#tryMerge(task, io, bio, this.trace.bioQueue.enabled)) return SUBMITTED
    const rwClass = this.#classOf(bio)
    if (!this.slots.available(rwClass, io)) return WOULD_SLEEP
    const object = this.requestPool.tryAlloc(task, GFP_NOIO)
    if (object < 0) return WOULD_SLEEP
    if (this.trace.bioQueue.enabled) this.trace.bio(this.trace.bioQueue, this.bios, bio)
    this.slots.take(rwClass, io)
    this.#addRequest(task, io, rwClass, object, bio)
    return SUBMITTED
  }

  /** `submit_bio`. A task that sleeps for a slot does so uninterruptibly, and does not try to merge again afterwards. */
  *submitBio(task: Task, bio: number): Sleeps<void> {
    const io = this.#tasks.of(task.process)
    const { bioQueue, sleeprq } = this.trace
    if (bioQueue.enabled) this.trace.bio(bioQueue, this.bios, bio)
    if (this.#tryMerge(task, io, bio, false)) return
    const rwClass = this.#classOf(bio)
    while (!this.slots.available(rwClass, io)) {
      if (sleeprq.enabled) this.trace.bio(sleeprq, this.bios, bio)
      this.flushPlugOnSchedule(task.process)
      this.counters.slotWaits[rwClass]++
      const since = this.#sim.now
      yield* this.slots.wait[rwClass].sleepExclusive(task.process)
      this.counters.slotWaitNs[rwClass] += this.#sim.now - since
      this.#tasks.setBatching(io)
    }
    // the slot is held while the pool makes its caller wait
    this.slots.take(rwClass, io)
    const object = yield* this.requestPool.alloc(task, GFP_NOIO)
    assert(object >= 0, "the request pool failed a caller that may sleep")
    this.#addRequest(task, io, rwClass, object, bio)
  }

  // — plugs —

  /** `blk_start_plug`: from now on the task's new requests are held back. Plugs nest. */
  plug(task: Task): void {
    this.#tasks.of(task.process).plugDepth++
  }

  /** `blk_finish_plug`: the outermost one hands the held requests to the elevator and runs the driver. */
  unplug(task: Task): void {
    const io = this.#tasks.of(task.process)
    assert(io.plugDepth > 0, "a plug was closed twice")
    io.plugDepth--
    if (io.plugDepth === 0) this.#flushPlug(task, io)
  }

  /** `sched_submit_work`: a task that goes to sleep must not sit on requests that it may be waiting for. */
  flushPlugOnSchedule(process: Process): void {
    const io = this.#tasks.peek(process)
    if (io !== null && io.plugged.count !== 0) this.#flushPlug(null, io)
  }

  /** Requests that the task holds back. */
  pluggedRequests(process: Process): number {
    return this.#tasks.peek(process)?.plugged.count ?? 0
  }

  /** Drops what is known of a task that has ended. */
  forgetTask(process: Process): void {
    this.#tasks.forget(process)
  }

  checkInvariants(): void {
    const rqs = this.requests
    this.bios.checkInvariants()
    this.slots.checkInvariants()
    this.requestPool.checkInvariants()
    let plugged = 0
    for (const io of this.#tasks) plugged += checkRequestList(rqs, io.plugged, RQ_PLUGGED, this.bios, this.maxPages)
    const queued = checkRequestList(rqs, this.elevator, RQ_QUEUED, this.bios, this.maxPages)
    assert(plugged + queued + this.started === rqs.inUse, "requests were lost")
    assert(rqs.inUse <= this.slots.count[0] + this.slots.count[1], "there are more requests than slots taken")
    assert(rqs.inUse === this.stats.inFlight, "in-flight statistics differ from the requests")
    assert(this.requestPool.inUse() === rqs.inUse, "requests and their objects differ in number")
  }

  // — inside —

  #classOf(bio: number): number {
    return this.bios.write[bio] === 0 || this.bios.sync[bio] === 1 ? BLK_RW_SYNC : BLK_RW_ASYNC
  }

  /** `report`: block_bio_queue is still to be told, if the bio merges. */
  #tryMerge(ctx: Context, io: TaskIo, bio: number, report: boolean): boolean {
    let way = mergeIntoList(this.requests, io.plugged, this.bios, bio, this.maxPages)
    if (way !== NO_MERGE) {
      this.counters.plugMerges++
    } else {
      if (this.elevator.count === 0) return false
      way = mergeIntoList(this.requests, this.elevator, this.bios, bio, this.maxPages)
      if (way === NO_MERGE) return false
      this.counters.queueMerges++
    }
    if (report) this.trace.bio(this.trace.bioQueue, this.bios, bio)
    const point = way === BACK_MERGE ? this.trace.bioBackmerge : this.trace.bioFrontmerge
    if (point.enabled) this.trace.bio(point, this.bios, bio)
    if (way === BACK_MERGE) this.counters.backMerges++
    else this.counters.frontMerges++
    this.counters.bios++
    ctx.ns += this.costs.bioNs
    this.stats.merged(this.bios.write[bio])
    return true
  }

  #addRequest(ctx: Context, io: TaskIo, rwClass: number, object: number, bio: number): void {
    const rqs = this.requests
    const counters = this.counters
    this.slots.chargeBatch(io)
    const rq = rqs.claim(object, this.#sim.now)
    rqs.rwClass[rq] = rwClass
    initRequestFromBio(rqs, rq, this.bios, bio)
    this.stats.start()
    if (this.trace.getrq.enabled) this.trace.bio(this.trace.getrq, this.bios, bio)
    counters.bios++
    counters.requests++
    counters.mostRequests[rwClass] = Math.max(counters.mostRequests[rwClass], this.slots.count[rwClass])
    ctx.ns += this.costs.bioNs + this.costs.requestNs
    if (io.plugDepth > 0) {
      if (io.plugged.count >= BLK_MAX_REQUEST_COUNT) this.#flushPlug(ctx, io)
      if (io.plugged.count === 0 && this.trace.plug.enabled) this.trace.plugged()
      rqs.state[rq] = RQ_PLUGGED
      io.plugged.addTail(rqs, rq)
    } else {
      this.insert(rq)
      this.runQueue()
    }
  }

  #flushPlug(ctx: Context | null, io: TaskIo): void {
    const { count } = io.plugged
    if (count === 0) return
    const rqs = this.requests
    this.counters.plugFlushes++
    for (let rq = io.plugged.popHead(rqs); rq !== NO_REQUEST; rq = io.plugged.popHead(rqs)) {
      if (this.elevator.count !== 0 && mergeIntoQueued(rqs, this.elevator, this.bios, rq, this.maxPages)) {
        if (this.trace.rqInsert.enabled) this.trace.request(this.trace.rqInsert, rqs, rq)
        this.counters.requestMerges++
        this.stats.absorbed(rqs.write[rq])
        this.putRequest(ctx ?? this.#nobody, rq)
        continue
      }
      this.insert(rq)
    }
    if (this.trace.unplug.enabled) this.trace.unplugged(count)
    this.runQueue()
  }
}
