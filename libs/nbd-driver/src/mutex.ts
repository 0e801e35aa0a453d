import type { Task } from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"

/** A sleeping lock. Waiters are woken one at a time, in order; a newcomer may get in before the one that was woken. */
export class Mutex {
  readonly wait: WaitQueue
  /** The task that holds it. */
  owner: Task | null = null

  constructor(sim: Sim, name: string) {
    this.wait = new WaitQueue(sim, name, "the holder unlocks")
  }

  *lock(task: Task): Sleeps<void> {
    assert(this.owner !== task, "a task locks a mutex twice")
    while (this.owner !== null) yield* this.wait.sleepExclusive(task.process)
    this.owner = task
  }

  unlock(task: Task): void {
    assert(this.owner === task, "a mutex is unlocked by another than its holder")
    this.owner = null
    this.wait.wakeOne()
  }
}
