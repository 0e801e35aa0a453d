// Who runs next: the tasks that are ready, of the CPUs of one memory node.
// A woken task goes before those whose slice is used up, a nice −20 thread before both. A node without a ready task takes one of
// another node that is not bound to it.
// source: kernel/sched/core.c:schedule, kernel/sched/fair.c:idle_balance
import type { KernelTask } from "./task.ts"

/** A first-in-first-out list of tasks, linked through `queuedNext`. */
class TaskFifo {
  #head: KernelTask | null = null
  #tail: KernelTask | null = null

  get empty(): boolean {
    return this.#head === null
  }

  push(task: KernelTask): void {
    task.queuedNext = null
    if (this.#tail === null) this.#head = task
    else this.#tail.queuedNext = task
    this.#tail = task
  }

  shift(): KernelTask | null {
    const task = this.#head
    if (task === null) return null
    this.#head = task.queuedNext
    if (this.#head === null) this.#tail = null
    return task
  }

  /** The first that may run on any node. */
  shiftUnbound(): KernelTask | null {
    let before: KernelTask | null = null
    let task = this.#head
    while (task !== null && task.boundToNode) {
      before = task
      task = task.queuedNext
    }
    if (task === null || before === null) return task === null ? null : this.shift()
    before.queuedNext = task.queuedNext
    if (this.#tail === task) this.#tail = before
    return task
  }
}

/** The ready tasks of a node. */
export class RunQueue {
  readonly high = new TaskFifo()
  readonly woken = new TaskFifo()
  readonly expired = new TaskFifo()

  /** A task that goes before one whose slice is not used up. */
  get preempts(): boolean {
    return !this.high.empty || !this.woken.empty
  }

  get empty(): boolean {
    return !this.preempts && this.expired.empty
  }

  /** Takes the task that is next off the queue. */
  next(): KernelTask | null {
    return this.high.shift() ?? this.woken.shift() ?? this.expired.shift()
  }

  /** The same for a CPU of another node. */
  nextUnbound(): KernelTask | null {
    return this.high.shiftUnbound() ?? this.woken.shiftUnbound() ?? this.expired.shiftUnbound()
  }
}
