// One simulation: virtual time, its fibers, its random streams and its registry of tasks.
import { Cause, Effect, Exit, Random as EffectRandom, Runtime, Supervisor } from "effect"
import { assert } from "./assert.ts"
import { type EventKind, EventQueue, type Nanoseconds } from "./event-queue.ts"
import { Process } from "./process.ts"
import { Random } from "./random.ts"
import { RunQueue } from "./run-queue.ts"
import { SimClock } from "./sim-clock.ts"
import { TraceRegistry } from "./trace.ts"
import { unroot } from "./unrooted.ts"

export interface SimOptions {
  readonly seed: number
  /** Ticks per second of the emulated machines: time-outs of Linux round to these. 250 by default. */
  readonly hz?: number
}

/** A task found asleep with no event left that could wake it. */
export interface BlockedTask {
  readonly process: string
  /** The wait queue; "no wait queue" for a program suspended in a primitive of Effect (a Deferred, a Queue). */
  readonly waitingOn: string
  readonly wokenBy: string
  readonly sinceNs: Nanoseconds
  readonly why: string | null
}

/** Where a task sleeps that is suspended in a primitive of Effect (Deferred, Queue …), which keeps no name. */
const NO_QUEUE = "no wait queue"

/** Why `run` returned. */
export type RunEnd =
  /** `stop` was called. */
  | { readonly reason: "stopped" }
  /** The next event lies after the given time. */
  | { readonly reason: "until" }
  /** The given number of events has fired. */
  | { readonly reason: "events" }
  /** No event is left, and nobody but daemons sleeps. */
  | { readonly reason: "finished" }
  /** No event is left that could wake these tasks. */
  | { readonly reason: "deadlock"; readonly blocked: ReadonlyArray<BlockedTask> }

/**
 * Virtual time under Effect: an event queue, a deterministic scheduler and a clock, for one simulated cluster.
 *
 * **When to use.** Make one for each simulation, build the machines on it, then call `run`. Equal seeds and equal calls
 * give equal runs; `fingerprint` shows whether two runs were equal.
 *
 * **Details.** Times are nanoseconds, whole numbers from 0. `spawn` starts the one fiber of a task, `fork` an Effect
 * without a task; both read the clock and draw random numbers of the simulation. `run` fires events until a time, a
 * number of events or `stop`, or until none is left, and returns the reason: with tasks asleep that nothing can wake it
 * is `deadlock`, which names each of them.
 *
 * **Gotchas.** `run` throws the cause of a fiber that failed, because that is a bug of the program. A periodic event
 * that arms itself again keeps `run` from ever returning `finished`: give a time. `hz` must divide 10^9.
 */
export class Sim {
  readonly queue = new EventQueue()
  readonly seed: number
  readonly hz: number
  /** Nanoseconds between two ticks. */
  readonly tickNs: Nanoseconds
  /** Every task ever made, by id: with `waitingOn` this is the wait-for registry. */
  readonly processes: Array<Process> = []
  readonly trace = new TraceRegistry(this.queue)
  /** The task whose step is under way (`current`); null between steps, and while an event is the work of an interrupt. */
  running: Process | null = null
  readonly #runQueue = new RunQueue()
  readonly #groups: Array<string> = ["cluster"]
  readonly #holdKinds: Array<EventKind> = []
  readonly #timeoutKinds: Array<EventKind> = []
  /** Programs of `fork` that have not ended. */
  readonly #scripts = new Set<{ readonly name: string; readonly since: Nanoseconds }>()
  /** Virtual time and random numbers for all fibers; made once, so that a fiber keeps no wrappers of its own. */
  readonly #runtime: Runtime.Runtime<never>
  /** Stands where tasks were that were halted. */
  #halted: Process | null = null
  #stopped = false
  #failure: Cause.Cause<unknown> | null = null

  constructor(options: SimOptions) {
    this.seed = options.seed
    this.hz = options.hz ?? 250
    assert(1_000_000_000 % this.hz === 0, "HZ must divide a second into whole nanoseconds")
    this.tickNs = 1_000_000_000 / this.hz
    this.#runtime = Effect.runSync(
      Effect.runtime<never>().pipe(
        Effect.supervised(new ChildDeaths((cause) => this.#fail(cause))),
        Effect.withClock(new SimClock(this.queue)),
        Effect.withRandom(EffectRandom.make(options.seed))
      )
    )
    this.#addKinds(0)
  }

  get now(): Nanoseconds {
    return this.queue.now
  }

  /** A random stream of its own: adding other streams never changes it. */
  stream(...path: ReadonlyArray<string>): Random {
    return new Random(this.seed, ...path)
  }

  /** Makes a group: the events and tasks of one emulated machine are counted together. */
  group(name: string): number {
    const group = this.#groups.push(name) - 1
    this.#addKinds(group)
    return group
  }

  /**
   * The machine of this group has lost its power: its events do nothing any more, its tasks and `others` (people who sit before
   * it) never run again, whoever wakes them. Called from an event, never from a task of the group.
   */
  halt(group: number, others: ReadonlyArray<Process> = []): void {
    this.queue.silence(group)
    this.#halted ??= haltedProcess(this)
    const gone = this.#halted
    for (const [id, process] of this.processes.entries()) {
      if (process === gone || (process.group !== group && !others.includes(process))) continue
      process.halt()
      this.processes[id] = gone
    }
  }

  groupName(group: number): string {
    return this.#groups[group]
  }

  /**
   * `schedule_timeout`: how long a sleep of `duration` lasts when it starts now, at a resolution of one tick.
   * It ends at a tick, at least (duration − one tick) and at most `duration` rounded up to ticks from now.
   */
  jiffies(duration: Nanoseconds): Nanoseconds {
    const ticks = Math.max(1, Math.ceil(duration / this.tickNs))
    return (Math.floor(this.queue.now / this.tickNs) + ticks) * this.tickNs - this.queue.now
  }

  /** Starts the fiber of a task; its first step runs after the event that is firing. */
  spawn(process: Process, program: Effect.Effect<void>): void {
    assert(!process.spawned, "a task has one fiber only")
    process.spawned = true
    this.#start(program, () => {
      process.finished = true
    })
  }

  /** Runs an Effect of its own (a fault script, a controller) on virtual time, without a task. */
  fork(program: Effect.Effect<void>, name = "script"): void {
    const script = { name, since: this.queue.now }
    this.#scripts.add(script)
    this.#start(program, () => {
      this.#scripts.delete(script)
    })
  }

  /** Puts a step of a task at the end of the run queue. */
  runLater(step: () => void): void {
    this.#runQueue.scheduleTask(step, 0)
  }

  /** Makes `run` return after the event that is firing. */
  stop(): void {
    this.#stopped = true
  }

  /** Fires events until one of the reasons of `RunEnd` holds. A failed fiber is our bug: its cause is thrown. */
  run(until: Nanoseconds = Number.POSITIVE_INFINITY, maxEvents = Number.POSITIVE_INFINITY): RunEnd {
    const queue = this.queue
    const runQueue = this.#runQueue
    const last = queue.fired + maxEvents
    this.#stopped = false
    runQueue.flush()
    for (;;) {
      if (this.#failure !== null) throw Cause.squash(this.#failure)
      if (this.#stopped) return { reason: "stopped" }
      if (queue.size === 0) return this.#ended()
      if (queue.nextTime() > until) {
        if (queue.now < until) queue.now = until
        return { reason: "until" }
      }
      if (queue.fired >= last) return { reason: "events" }
      queue.step()
      if (!runQueue.empty) runQueue.flush()
    }
  }

  /**
   * Fires the next event, whatever it is, and runs all that follows from it at its time. Null: the simulation can go on. So many
   * calls do what one call of `run` does, several times slower: for who looks at each event.
   */
  step(until: Nanoseconds = Number.POSITIVE_INFINITY): RunEnd | null {
    const queue = this.queue
    this.#stopped = false
    this.#runQueue.flush()
    if (this.#failure !== null) throw Cause.squash(this.#failure)
    if (queue.size === 0) return this.#ended()
    if (queue.nextTime() > until) {
      if (queue.now < until) queue.now = until
      return { reason: "until" }
    }
    queue.step()
    this.#runQueue.flush()
    if (this.#failure !== null) throw Cause.squash(this.#failure)
    return this.#stopped ? { reason: "stopped" } : null
  }

  /** Wakes the process after `delay` (see `Process.hold`). */
  holdEvent(process: Process, delay: Nanoseconds): void {
    this.queue.after(delay, this.#holdKinds[process.group], process.id)
  }

  /** Ends the sleep of the process after `delay` unless somebody wakes it (see `WaitQueue.sleepTimeout`). */
  timeoutEvent(process: Process, delay: Nanoseconds): void {
    process.wakeAt = this.queue.now + delay
    this.queue.at(process.wakeAt, this.#timeoutKinds[process.group], process.id)
  }

  /** Hash over every event so far; equal runs have equal fingerprints. */
  fingerprint(): string {
    return this.queue.fingerprint()
  }

  #addKinds(group: number): void {
    this.#holdKinds[group] = this.queue.register((id) => this.processes[id].ready(), { name: "task goes on", group })
    this.#timeoutKinds[group] = this.queue.register((id) => {
      const process = this.processes[id]
      if (process.waitingOn !== null && process.wakeAt === this.queue.now) process.waitingOn.expire(process)
    }, { name: "schedule_timeout", group, retry: true })
  }

  #start(program: Effect.Effect<void>, onExit: () => void): void {
    const fiber = Runtime.runFork(this.#runtime)(program, { scheduler: this.#runQueue, immediate: false })
    unroot(fiber)
    fiber.addObserver((exit) => {
      onExit()
      if (Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)) this.#fail(exit.cause)
    })
  }

  #fail(cause: Cause.Cause<unknown>): void {
    this.#failure ??= cause
  }

  #ended(): RunEnd {
    const blocked: Array<BlockedTask> = []
    for (const process of this.processes) {
      if (process.daemon || process.finished) continue
      const queue = process.waitingOn
      if (queue === null && !process.spawned) continue
      blocked.push({
        process: process.name,
        waitingOn: queue === null ? NO_QUEUE : queue.name,
        wokenBy: queue === null ? "" : queue.wokenBy,
        sinceNs: process.since,
        why: process.why
      })
    }
    for (const script of this.#scripts) {
      blocked.push({ process: script.name, waitingOn: NO_QUEUE, wokenBy: "", sinceNs: script.since, why: null })
    }
    return blocked.length === 0 ? { reason: "finished" } : { reason: "deadlock", blocked }
  }
}

const haltedProcess = (sim: Sim): Process => {
  const process = new Process(sim, "halted")
  process.daemon = true
  process.halt()
  return process
}

/** Hears of fibers that a program forks by itself: nobody joins them, so their death would be silent. */
class ChildDeaths extends Supervisor.AbstractSupervisor<void> {
  readonly #onDeath: (cause: Cause.Cause<unknown>) => void

  constructor(onDeath: (cause: Cause.Cause<unknown>) => void) {
    super()
    this.#onDeath = onDeath
  }

  override readonly value: Effect.Effect<void> = Effect.void

  override onEnd<A, E>(exit: Exit.Exit<A, E>): void {
    if (Exit.isFailure(exit) && Cause.isDie(exit.cause)) this.#onDeath(exit.cause)
  }
}
