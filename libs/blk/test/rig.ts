// A machine small enough for the tests of the block layer: tasks, memory that can run out, and a disk that ends requests
// when the test says so.
import {
  type BlkMemory,
  type BlockDriver,
  BlockQueue,
  type BlockQueueOptions,
  type DispatchQueue,
  NO_ELEMENT
} from "@swaplab/blk"
import { __GFP_WAIT, bootContext, type Context, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import { Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { Effect } from "effect"

/** A task with no memory privilege. */
export class TestTask implements Task {
  flags = 0
  memdie = false
  inInterrupt = false
  servingSoftirq = false
  cpu = 0
  ns = 0
  readonly process: Process

  constructor(sim: Sim, name: string) {
    this.process = new Process(sim, name)
  }

  *condResched(): Sleeps<void> {}
}

/** Starts a task whose whole life is `body`. */
export const start = (sim: Sim, name: string, body: (task: TestTask) => Sleeps<void>): TestTask => {
  const task = new TestTask(sim, name)
  sim.spawn(task.process, Effect.gen(() => body(task)))
  return task
}

/** An object cache with a limit; `mayReclaim` says what a caller that may sleep finds. */
export class TestMemory implements BlkMemory {
  limit = Number.POSITIVE_INFINITY
  inUse = 0
  /** Every mask that was asked for, in order. */
  readonly asked: Array<number> = []
  readonly #free: Array<number> = []
  #made = 0

  tryAlloc(_ctx: Context, gfp: number): number {
    this.asked.push(gfp)
    if (this.inUse < this.limit) {
      this.inUse++
      return this.#free.pop() ?? this.#made++
    }
    return (gfp & __GFP_WAIT) === 0 ? NO_ELEMENT : WOULD_SLEEP
  }

  *alloc(task: Task, gfp: number): Sleeps<number> {
    const object = this.tryAlloc(task, gfp)
    return object === WOULD_SLEEP ? NO_ELEMENT : object
  }

  free(_ctx: Context, object: number): void {
    this.inUse--
    this.#free.push(object)
  }
}

/** Takes every request at once and keeps it until told to end it. */
class TestDisk implements BlockDriver {
  readonly held: Array<number> = []
  /** Calls of the request function. */
  runs = 0
  /** Requests ever taken, as [first page of the disk, pages, write]. */
  readonly taken: Array<readonly [number, number, number]> = []
  readonly arrived: WaitQueue

  constructor(sim: Sim) {
    this.arrived = new WaitQueue(sim, "disk", "a request")
  }

  requestFn(queue: DispatchQueue): void {
    this.runs++
    for (let rq = queue.fetch(); rq >= 0; rq = queue.fetch()) {
      this.held.push(rq)
      this.taken.push([queue.rqSector[rq] / 8, queue.rqPages[rq], queue.rqWrite[rq]])
    }
    this.arrived.wakeAll()
  }

  /** Ends the oldest `n` requests. */
  end(queue: BlockQueue, n = 1, error = 0): void {
    for (const rq of this.held.splice(0, n)) queue.endRequest(bootContext(), rq, error)
  }
}

export interface Rig {
  readonly sim: Sim
  readonly queue: BlockQueue
  readonly disk: TestDisk
  readonly bioMemory: TestMemory
  readonly requestMemory: TestMemory
}

export const rig = (options: BlockQueueOptions = {}, hz = 1000): Rig => {
  const sim = new Sim({ seed: 1, hz })
  const bioMemory = new TestMemory()
  const requestMemory = new TestMemory()
  const queue = new BlockQueue(sim, "nbd0", bioMemory, requestMemory, options)
  const disk = new TestDisk(sim)
  queue.driver = disk
  return { sim, queue, disk, bioMemory, requestMemory }
}
