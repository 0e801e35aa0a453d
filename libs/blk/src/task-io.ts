// What the block layer remembers of a task: its plug and its batch.
//
// Modelled: plugs nest (an inner one does nothing), hold at most 16 requests, and belong to the task that opened them; a
// task that had to wait for a request becomes a batcher.
// Not modelled: plugs that span several queues: each queue keeps its own part of the plug, flushed on its own count of 16.
// source: include/linux/blkdev.h:struct blk_plug; include/linux/iocontext.h:struct io_context
import { assert, type Process, type Sim } from "@swaplab/sim"
import { RequestFifo } from "./requests.ts"

/** `BLK_MAX_REQUEST_COUNT`: plugged requests at which the next one flushes them. */
export const BLK_MAX_REQUEST_COUNT = 16
/** `BLK_BATCH_REQ`: requests that a batcher may allocate while the queue is full. */
const BLK_BATCH_REQ = 32
/** `BLK_BATCH_TIME`: how long it may. */
const BLK_BATCH_TIME_NS = 20_000_000

/** Plug and batching state of one task. */
export class TaskIo {
  /** Plugs opened and not closed; requests are held back while it is not 0. */
  plugDepth = 0
  readonly plugged = new RequestFifo()
  nrBatchRequests = 0
  /** Tick at which it became a batcher. */
  lastWaited = 0
}

/** The states of all tasks that ever used the queue. */
export class TaskIoTable {
  readonly #sim: Sim
  readonly #table = new Map<number, TaskIo>()
  readonly #batchTicks: number
  #lastId = -1
  #last: TaskIo = new TaskIo()

  constructor(sim: Sim) {
    this.#sim = sim
    this.#batchTicks = Math.floor(BLK_BATCH_TIME_NS / sim.tickNs)
  }

  /** The state of the task, made on first use. */
  of(process: Process): TaskIo {
    if (process.id === this.#lastId) return this.#last
    let io = this.#table.get(process.id)
    if (io === undefined) {
      io = new TaskIo()
      this.#table.set(process.id, io)
    }
    this.#lastId = process.id
    this.#last = io
    return io
  }

  /** The state of the task, or null when it never used the queue. */
  peek(process: Process): TaskIo | null {
    return process.id === this.#lastId ? this.#last : this.#table.get(process.id) ?? null
  }

  /** Drops the state of a task that has ended. */
  forget(process: Process): void {
    const io = this.#table.get(process.id)
    if (io === undefined) return
    assert(io.plugged.count === 0 && io.plugDepth === 0, "a task ended with an open plug")
    this.#table.delete(process.id)
    if (this.#lastId === process.id) this.#lastId = -1
  }

  /** `ioc_batching`. A full batch does not time out, so that whoever was woken gets at least one request. */
  batching(io: TaskIo): boolean {
    return io.nrBatchRequests === BLK_BATCH_REQ ||
      (io.nrBatchRequests > 0 && this.#jiffies() < io.lastWaited + this.#batchTicks)
  }

  /** `ioc_set_batching`. */
  setBatching(io: TaskIo): void {
    if (this.batching(io)) return
    io.nrBatchRequests = BLK_BATCH_REQ
    io.lastWaited = this.#jiffies()
  }

  /** Requests held back in plugs. */
  pluggedRequests(): number {
    let count = 0
    for (const io of this.#table.values()) count += io.plugged.count
    return count
  }

  [Symbol.iterator](): Iterator<TaskIo> {
    return this.#table.values()
  }

  #jiffies(): number {
    return Math.floor(this.#sim.now / this.#sim.tickNs)
  }
}
