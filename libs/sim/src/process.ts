// A task of the model: one Effect fiber that is suspended only while the task sleeps.
import { Effect, Utils } from "effect"
import { assert } from "./assert.ts"
import { keepAsDoubles } from "./doubles.ts"
import type { Nanoseconds } from "./event-queue.ts"
import type { Sim } from "./sim.ts"
import type { WaitQueue } from "./wait-queue.ts"

/**
 * Code that may sleep. It is written as a `function*` and entered with `yield*`, from another such function or from
 * `Effect.gen`; the only thing it ever yields is the suspension of its own fiber, so a deep call chain costs the Effect
 * runtime nothing. A plain function cannot `yield*`: scheduling while atomic does not compile.
 */
export type Sleeps<A> = Generator<Utils.YieldWrap<Effect.Effect<void>>, A, unknown>

/** As in ps: R, S, K (killable) and D. A task in D can neither be killed nor interrupted. */
export type ProcessState = "running" | "interruptible" | "killable" | "uninterruptible"

/** Decides when a task that was woken runs: a CPU with its run queue. */
export interface Dispatcher {
  /** The task may run; call `process.resume()` when it gets the CPU. */
  ready(process: Process): void
  /** `schedule()`: the task that runs has just been put on a wait queue and gives up its CPU. */
  sleeping(process: Process): void
}

/** Of tasks that never run again. */
const HALTED: Dispatcher = { ready: () => {}, sleeping: () => {} }

/** A task of the simulation, bound to one fiber by `Sim.spawn`. */
export class Process {
  readonly sim: Sim
  readonly name: string
  /** The machine it belongs to (see `Sim.group`); 0 is the cluster itself. */
  readonly group: number
  readonly id: number
  /** A daemon waits for ever by design; a run may end while it sleeps. */
  daemon = false
  dispatcher: Dispatcher | null = null

  state: ProcessState = "running"
  /** The queue it sleeps on, or null. */
  waitingOn: WaitQueue | null = null
  /** When it went to sleep. */
  since: Nanoseconds = 0
  /** What it needs, for the lockup report: an allocation with order and gfp, a page, a request slot. */
  why: string | null = null
  /** A fatal signal is pending. */
  killed = false
  /** A fiber has been started for it. */
  spawned = false
  finished = false

  /** Links of the wait queue. */
  queueNext: Process | null = null
  queuePrev: Process | null = null
  exclusive = false
  /** Deadline of the sleep under way, or −1. */
  wakeAt: Nanoseconds = -1
  timedOut = false

  #resume: ((effect: Effect.Effect<void>) => void) | null = null
  /** Continues a body that `program` drives; null while the body runs, or when there is none. */
  #step: (() => void) | null = null
  #woken = false
  /**
   * Suspends the fiber until `resume`. Made once: a sleep allocates only what the fiber itself needs. It has no
   * canceller (that would double the cost of every sleep), so never put a sleep of a task under `Effect.timeout` or
   * `Effect.race`: `sleepTimeout` is there for that.
   */
  readonly park: Utils.YieldWrap<Effect.Effect<void>>

  constructor(sim: Sim, name: string, group = 0) {
    this.sim = sim
    this.name = name
    this.group = group
    this.id = sim.processes.push(this) - 1
    keepAsDoubles<Process>(this, "since", "wakeAt")
    this.park = new Utils.YieldWrap(
      Effect.async<void>((resume) => {
        // woken between going to sleep and suspending the fiber (a wake-up from the code that puts it to sleep)
        if (this.#woken) {
          this.#woken = false
          resume(Effect.void)
        } else {
          this.#resume = resume
        }
      })
    )
  }

  /**
   * The Effect of a body that sleeps: one suspension of the fiber for the whole body, in which the body is stepped from
   * the run queue of the simulation. A sleep so costs a call instead of a round through the Effect runtime; any other
   * Effect that the body yields is run by the runtime as usual. Not for fibers that are interrupted from outside.
   */
  program(body: () => Sleeps<void>): Effect.Effect<void> {
    return Effect.suspend(() => this.#drive(body()))
  }

  #drive(body: Sleeps<void>): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const step = (): void => {
        this.sim.running = this
        try {
          for (;;) {
            const { done, value } = body.next()
            if (done === true) return resume(Effect.void)
            if (value !== this.park) return resume(Effect.zipRight(Utils.yieldWrapGet(value), this.#drive(body)))
            if (!this.#woken) {
              this.#step = step
              return
            }
            this.#woken = false
          }
        } catch (error) {
          resume(Effect.die(error))
        } finally {
          this.sim.running = null
        }
      }
      step()
    })
  }

  /** Continues the fiber: it runs when the event that is firing has finished. */
  resume(): void {
    const step = this.#step
    if (step !== null) {
      this.#step = null
      this.sim.runLater(step)
      return
    }
    const resume = this.#resume
    if (resume === null) {
      assert(!this.#woken, "a task was resumed twice")
      this.#woken = true
      return
    }
    this.#resume = null
    resume(Effect.void)
  }

  /** Makes a task that left its wait queue runnable. */
  ready(): void {
    if (this.dispatcher === null) this.resume()
    else this.dispatcher.ready(this)
  }

  /** Lets `delay` pass, without using any CPU. */
  *hold(delay: Nanoseconds): Sleeps<void> {
    this.sim.holdEvent(this, delay)
    if (this.dispatcher !== null) this.dispatcher.sleeping(this)
    yield this.park
  }

  /** Never runs again, whoever wakes it. It stays on the queue that it waits on. */
  halt(): void {
    this.finished = true
    this.dispatcher = HALTED
  }

  /** Sends SIGKILL: wakes the task if it sleeps interruptibly or killably. */
  kill(): void {
    this.killed = true
    if (this.waitingOn !== null && (this.state === "interruptible" || this.state === "killable")) {
      this.waitingOn.wake(this)
    }
  }
}
