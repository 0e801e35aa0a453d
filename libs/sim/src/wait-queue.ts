// Named wait queues. Every sleep of the model goes through one of these, so at any instant the registry of the
// simulation (Sim.processes) says who waits for what, since when, and what would wake it.
import { assert } from "./assert.ts"
import type { Nanoseconds } from "./event-queue.ts"
import type { Process, ProcessState, Sleeps } from "./process.ts"
import type { Sim } from "./sim.ts"

/**
 * wait_queue_head_t: tasks in order of arrival; exclusive waiters stand behind the others and are woken one at a time.
 *
 * **When to use.** For every sleep of a task that waits for somebody else. Name what is waited for and what would wake
 * the waiter: both stand in lockup reports and in the `deadlock` of {@link Sim}.
 *
 * **Details.** The sleeping methods are entered with `yield*`. Those with a time-out return true when woken, false when
 * `delay` nanoseconds have passed. `wakeUp` wakes all plain waiters and at most one exclusive one, `wakeAll` everybody;
 * both return how many. A woken task runs after the event that is firing at the earliest.
 *
 * **Gotchas.** Others run between the wake-up and the waiter: look at the condition again, in a loop. A killed task
 * does not sleep unless the state is `uninterruptible`: the call returns at once (true from those with a time-out), so
 * such a loop must ask `process.killed`. To sleep on two queues, or to wake a task that does not wait here, fails an
 * assertion.
 */
export class WaitQueue {
  readonly name: string
  /** What would wake a waiter, in words: printed as the edge of the wait-for graph. */
  readonly wokenBy: string
  waiters = 0
  readonly #sim: Sim
  #head: Process | null = null
  #tail: Process | null = null

  constructor(sim: Sim, name: string, wokenBy = "") {
    this.#sim = sim
    this.name = name
    this.wokenBy = wokenBy
  }

  /** Sleeps until woken. As in `schedule()`, a killed task falls asleep uninterruptibly only: otherwise this returns. */
  *sleep(process: Process, state: ProcessState = "uninterruptible"): Sleeps<void> {
    if (process.killed && state !== "uninterruptible") return
    this.#enqueue(process, state, false)
    yield process.park
  }

  /** Sleeps until it is this waiter's turn to be woken by `wakeUp`. */
  *sleepExclusive(process: Process, state: ProcessState = "uninterruptible"): Sleeps<void> {
    if (process.killed && state !== "uninterruptible") return
    this.#enqueue(process, state, true)
    yield process.park
  }

  /** Sleeps until woken, but at most `delay`. True when woken, false when the time ran out. */
  *sleepTimeout(process: Process, delay: Nanoseconds, state: ProcessState = "uninterruptible"): Sleeps<boolean> {
    if (process.killed && state !== "uninterruptible") return true
    this.#enqueue(process, state, false)
    this.#sim.timeoutEvent(process, delay)
    yield process.park
    return !process.timedOut
  }

  /** As `sleepTimeout`, as an exclusive waiter. */
  *sleepExclusiveTimeout(
    process: Process,
    delay: Nanoseconds,
    state: ProcessState = "uninterruptible"
  ): Sleeps<boolean> {
    if (process.killed && state !== "uninterruptible") return true
    this.#enqueue(process, state, true)
    this.#sim.timeoutEvent(process, delay)
    yield process.park
    return !process.timedOut
  }

  /** wake_up: all non-exclusive waiters and at most one exclusive one. Returns how many were woken. */
  wakeUp(): number {
    let woken = 0
    let process = this.#head
    while (process !== null) {
      const next = process.queueNext
      const exclusive = process.exclusive
      this.wake(process)
      woken++
      if (exclusive) break
      process = next
    }
    return woken
  }

  /** Wakes the waiter that came first. */
  wakeOne(): boolean {
    if (this.#head === null) return false
    this.wake(this.#head)
    return true
  }

  /** wake_up_all. Returns how many were woken. */
  wakeAll(): number {
    const woken = this.waiters
    while (this.#head !== null) this.wake(this.#head)
    return woken
  }

  /** Wakes one given waiter. */
  wake(process: Process): void {
    this.#remove(process)
    process.timedOut = false
    process.ready()
  }

  /** Ends the sleep of a waiter whose time has run out. */
  expire(process: Process): void {
    this.#remove(process)
    process.timedOut = true
    process.ready()
  }

  /** Those who wait, in order of arrival. */
  *[Symbol.iterator](): Generator<Process, void, undefined> {
    for (let process = this.#head; process !== null; process = process.queueNext) yield process
  }

  #enqueue(process: Process, state: ProcessState, exclusive: boolean): void {
    assert(process.waitingOn === null, "a task can sleep on one queue only")
    process.waitingOn = this
    process.state = state
    process.since = this.#sim.queue.now
    process.exclusive = exclusive
    process.wakeAt = -1
    process.timedOut = false
    this.waiters++
    // as in the kernel, exclusive waiters stand behind all others; unlike it, the others stand in order of arrival
    if (exclusive || this.#tail === null || !this.#tail.exclusive) {
      process.queuePrev = this.#tail
      process.queueNext = null
      if (this.#tail === null) this.#head = process
      else this.#tail.queueNext = process
      this.#tail = process
    } else {
      this.#insertBeforeExclusive(process, this.#tail)
    }
    if (process.dispatcher !== null) process.dispatcher.sleeping(process)
  }

  #insertBeforeExclusive(process: Process, tail: Process): void {
    let before: Process = tail
    while (before.queuePrev !== null && before.queuePrev.exclusive) before = before.queuePrev
    process.queueNext = before
    process.queuePrev = before.queuePrev
    if (before.queuePrev === null) this.#head = process
    else before.queuePrev.queueNext = process
    before.queuePrev = process
  }

  #remove(process: Process): void {
    assert(process.waitingOn === this, "waking a task that does not wait here")
    if (process.queuePrev === null) this.#head = process.queueNext
    else process.queuePrev.queueNext = process.queueNext
    if (process.queueNext === null) this.#tail = process.queuePrev
    else process.queueNext.queuePrev = process.queuePrev
    process.queueNext = null
    process.queuePrev = null
    process.waitingOn = null
    process.state = "running"
    process.wakeAt = -1
    this.waiters--
  }
}
