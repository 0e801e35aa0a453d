import type { Scheduler } from "effect"
import { assert } from "./assert.ts"

/** How many steps fibers may take between two events before the run is declared a livelock. */
const MAX_FIBER_STEPS_PER_EVENT = 5_000_000

/**
 * The Effect scheduler of a simulation: one first-in-first-out run queue, drained synchronously between two events.
 * No microtask, no timer, no yielding by operation count: the order of fibers depends on the model alone.
 */
export class RunQueue implements Scheduler.Scheduler {
  readonly #tasks: Array<() => void> = []
  #late: Array<readonly [number, () => void]> = []

  get empty(): boolean {
    return this.#tasks.length === 0 && this.#late.length === 0
  }

  shouldYield(): number | false {
    return false
  }

  scheduleTask(task: () => void, priority: number): void {
    if (priority === 0) this.#tasks.push(task)
    else this.#late.push([priority, task])
  }

  /** Runs tasks until none is left; those of a priority above 0 come after all others. */
  flush(): void {
    const tasks = this.#tasks
    let steps = 0
    for (;;) {
      for (let i = 0; i < tasks.length; i++) {
        assert(++steps < MAX_FIBER_STEPS_PER_EVENT, "livelock: fibers keep waking each other without an event")
        tasks[i]()
      }
      tasks.length = 0
      if (this.#late.length === 0) return
      const late = this.#late.sort((a, b) => a[0] - b[0])
      this.#late = []
      for (const entry of late) {
        assert(++steps < MAX_FIBER_STEPS_PER_EVENT, "livelock: fibers keep waking each other without an event")
        entry[1]()
      }
    }
  }
}
