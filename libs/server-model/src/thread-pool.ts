// The threads of one connection, as nbd-server has them since 3.12: the main thread reads requests, a pool performs and
// answers them, so that one request that waits for the disk does not hold up the next.
// Modelled: a queue of requests in the order of arrival, so many threads, one reply at a time on the socket.
//   A pool that grows starts a thread when a request finds none idle; others have all from the beginning.
// Not modelled: threads that end when they are idle.
import type { Job } from "@swaplab/nbd"
import type { Task } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"

/** Performs a request and answers it. */
type Perform = (job: Job, arrivedAt: Nanoseconds) => Sleeps<void>

/** A lock that one thread holds while it sends. */
class Turn {
  readonly #wait: WaitQueue
  #holder: Task | null = null

  constructor(sim: Sim, name: string) {
    this.#wait = new WaitQueue(sim, name, "the thread that sends")
  }

  *lock(task: Task): Sleeps<void> {
    while (this.#holder !== null) yield* this.#wait.sleepExclusive(task.process)
    this.#holder = task
  }

  unlock(task: Task): void {
    assert(this.#holder === task, "a thread ends the turn of another")
    this.#holder = null
    this.#wait.wakeOne()
  }
}

/** The threads of one connection. */
export class ThreadPool {
  /** Requests that were read and are not answered yet. */
  pending = 0
  readonly sending: Turn
  readonly #threads: number
  readonly #fork: (program: (task: Task) => Sleeps<void>) => void
  readonly #queue: Array<{ readonly job: Job; readonly arrivedAt: Nanoseconds }> = []
  readonly #idle: WaitQueue
  readonly #grows: boolean
  #started = 0
  #startThread: () => void = () => {}

  /** `fork` starts a task of the server. `grows`: threads are started when they are needed. */
  constructor(
    sim: Sim,
    name: string,
    threads: number,
    fork: (program: (task: Task) => Sleeps<void>) => void,
    grows = false
  ) {
    this.#grows = grows
    this.sending = new Turn(sim, `${name} send lock`)
    this.#idle = new WaitQueue(sim, `${name} thread pool`, "the next request")
    this.#threads = threads
    this.#fork = fork
  }

  /** Starts the threads; each makes itself what it performs requests with. */
  start(open: (task: Task) => Perform): void {
    this.#startThread = () => {
      this.#started++
      this.#fork((task) => this.#run(task, open(task)))
    }
    if (!this.#grows) { while (this.#started < this.#threads) this.#startThread() }
  }

  /** Leaves a request to the next idle thread. */
  put(job: Job, arrivedAt: Nanoseconds): void {
    this.pending++
    this.#queue.push({ job, arrivedAt })
    if (!this.#idle.wakeOne() && this.#grows && this.#started < this.#threads) this.#startThread()
  }

  /** The process has ended: calls back with the time of arrival of each request that no thread had taken. */
  abandon(request: (arrivedAt: Nanoseconds) => void): void {
    this.pending -= this.#queue.length
    for (const { arrivedAt } of this.#queue.splice(0)) request(arrivedAt)
  }

  *#run(task: Task, perform: Perform): Sleeps<void> {
    while (!task.process.killed) {
      const next = this.#queue.shift()
      if (next === undefined) {
        yield* this.#idle.sleepExclusive(task.process, "interruptible")
        continue
      }
      yield* perform(next.job, next.arrivedAt)
      this.pending--
      yield* task.condResched()
    }
  }
}
