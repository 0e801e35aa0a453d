// Makes the runs that a machine asks for, one after the other as it asks, as many side by side as there are workers. What a run
// is decides the machine from results alone, so that these do not depend on who is done first.
import type { RunProgress, RunResult } from "@swaplab/cluster"
import { Cause, Effect, Exit, Fiber, Queue, Schedule } from "effect"
import { Board } from "../board.ts"
import { cellOf, type CellResult } from "../cell.ts"
import type { JobStore } from "../jobs.ts"
import type { Job } from "../plan.ts"
import type { RunFailure } from "../protocol.ts"
import { Runner } from "../runner.ts"

const NONE = Effect.succeed(null)

/** Something that asks for runs. */
export interface Asker<P, A = CellResult> {
  /** A run that nobody makes yet; null: none is wanted until a result comes in, or at all. */
  readonly next: () => P | null
  readonly answer: (probe: P, result: A) => void
  /** A run was lost to a fault of swaplab. Without it that ends everything. */
  readonly lost?: (probe: P, failure: RunFailure) => void
  /** Whether it has all that it wants; runs under way are then in vain. */
  readonly finished: () => boolean
}

/** Keeps a cell of each run. */
export const toCell = (_probe: unknown, { loaded: { scenario, workloads } }: Job, run: RunResult): CellResult =>
  cellOf(scenario, run, workloads)

/** Where the runs have got to. */
export interface DriveProgress {
  /** Runs that are over, and how many of them a store had. */
  readonly runs: number
  readonly found: number
  /** CPU time of the host that the others took, in seconds. */
  readonly cpuSeconds: number
  /** Events of the runs that no store had, with those of the runs under way. */
  readonly events: number
  readonly running: ReadonlyArray<RunProgress>
}

export interface DriveOptions<P, A = CellResult> {
  /** The run of a probe; its `id` does not matter. */
  readonly jobOf: (probe: P) => Job
  /** What is kept of it. */
  readonly reduce: (probe: P, job: Job, run: RunResult) => A
  readonly store?: JobStore<A>
  readonly onProgress?: (progress: DriveProgress) => Effect.Effect<void>
  /** Called when an interruption has told the runs to stop, before they have. */
  readonly onStop?: Effect.Effect<void>
  /** Ends when the time is up. */
  readonly timeUp?: Effect.Effect<void>
}

/** How it went. */
export interface Driven extends Omit<DriveProgress, "running"> {
  /** A run was lost to a fault of swaplab; the others were ended. */
  readonly failure: RunFailure | null
  readonly ended: "finished" | "interrupted" | "time is up"
}

/** What comes back from a run. */
interface Ended<P, A> {
  readonly slot: number
  readonly probe: P
  readonly result: A | null
  readonly events: number
  readonly cpuSeconds: number
  readonly failure: RunFailure | null
  readonly found: boolean
}

/** The runs of one machine. */
class Drive<P, A> {
  readonly #asker: Asker<P, A>
  readonly #options: DriveOptions<P, A>
  readonly #runner: typeof Runner.Service
  readonly #board: Board
  readonly #free: Array<number>
  readonly #ended: Queue.Queue<Ended<P, A>>
  #runs = 0
  #found = 0
  #cpuSeconds = 0
  #events = 0
  failure: RunFailure | null = null

  constructor(
    asker: Asker<P, A>,
    options: DriveOptions<P, A>,
    runner: typeof Runner.Service,
    ended: Queue.Queue<Ended<P, A>>
  ) {
    this.#asker = asker
    this.#options = options
    this.#runner = runner
    this.#board = new Board(runner.size)
    this.#free = Array.from({ length: runner.size }, (_, slot) => slot)
    this.#ended = ended
  }

  /** Tells all runs to stop as soon as they look, and begins none. */
  stop(): void {
    this.#board.stop()
  }

  get figures(): Omit<DriveProgress, "running"> {
    return { runs: this.#runs, found: this.#found, cpuSeconds: this.#cpuSeconds, events: this.#events }
  }

  /** Calls `onProgress`. */
  get tell(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const busy = Array.from({ length: this.#runner.size }, (_, slot) => slot).filter((slot) =>
        !this.#free.includes(slot)
      )
      const running = busy.map((slot) => this.#board.progress(slot))
      const events = running.reduce((sum, run) => sum + run.events, this.#events)
      return this.#options.onProgress?.({ ...this.figures, events, running }) ?? Effect.void
    })
  }

  /** Goes on until nothing is wanted and nothing is under way. */
  get all(): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      for (;;) {
        while (this.#free.length > 0 && !this.#board.stopped) {
          const probe = this.#asker.next()
          if (probe === null) break
          yield* Effect.forkDaemon(this.#run(probe, this.#free.pop() as number))
        }
        if (this.#free.length === this.#runner.size) return
        this.#take(yield* Queue.take(this.#ended))
      }
    })
  }

  #run(probe: P, slot: number): Effect.Effect<unknown> {
    const { earlyStop, ...given } = this.#options.jobOf(probe)
    const whole: Job = { ...given, id: slot }
    const job: Job = earlyStop === undefined ? whole : { ...whole, earlyStop }
    const { store } = this.#options
    this.#board.clear(slot)
    const nothing = { slot, probe, result: null, events: 0, cpuSeconds: 0, failure: null, found: false }
    return Effect.gen(this, function*() {
      // a run to its end is right whatever is demanded; one that was ended early, for the same demands only
      const known = (yield* store?.find(whole) ?? NONE) ?? (job === whole ? null : yield* store?.find(job) ?? NONE)
      if (known !== null) return { ...nothing, result: known, found: true }
      const result = yield* Effect.either(this.#runner.run(job, this.#board))
      if (result._tag === "Left") return { ...nothing, failure: result.left }
      const { right: run } = result
      if (run.outcome === "stopped" && run.endedEarly === undefined) return nothing
      const reduced = this.#options.reduce(probe, job, run)
      if (store !== undefined) yield* store.keep(run.endedEarly === undefined ? whole : job, reduced)
      return { ...nothing, result: reduced, events: run.events, cpuSeconds: run.cpuSeconds }
    }).pipe(Effect.flatMap((ended) => Queue.offer(this.#ended, ended)))
  }

  #take({ cpuSeconds, events, failure, found, probe, result, slot }: Ended<P, A>): void {
    this.#free.push(slot)
    if (failure !== null && this.#asker.lost !== undefined) {
      this.#asker.lost(probe, failure)
      this.#runs++
      if (this.#asker.finished()) this.stop()
      return
    }
    this.failure ??= failure
    if (failure !== null) this.stop()
    if (result === null) return
    this.#runs++
    if (found) this.#found++
    else this.#events += events
    this.#cpuSeconds += cpuSeconds
    this.#asker.answer(probe, result)
    if (this.#asker.finished()) this.stop()
  }
}

/**
 * Makes all runs that are asked for. An interruption is not passed on: the runs under way are told to stop, and what has come in
 * until then is the result. Call it in an uninterruptible region to make use of that.
 */
export const drive = <P, A = CellResult>(
  asker: Asker<P, A>,
  options: DriveOptions<P, A>
): Effect.Effect<Driven, never, Runner> =>
  Effect.uninterruptible(Effect.gen(function*() {
    const { onProgress, onStop, timeUp } = options
    const going = new Drive(asker, options, yield* Runner, yield* Queue.unbounded<Ended<P, A>>())
    const watcher = yield* Effect.forkDaemon(
      Effect.interruptible(
        onProgress === undefined ? Effect.void : Effect.repeat(going.tell, Schedule.spaced("200 millis"))
      )
    )
    const runs = yield* Effect.forkDaemon(going.all)
    const all = Effect.as(Fiber.join(runs), "finished" as const)
    const first = timeUp === undefined ? all : Effect.raceFirst(all, Effect.as(timeUp, "time is up" as const))
    const exit = yield* Effect.exit(Effect.interruptible(first))
    const interrupted = Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
    if (Exit.isFailure(exit) && !interrupted) return yield* Effect.failCause(exit.cause)
    const ended = Exit.isSuccess(exit) ? exit.value : "interrupted"
    if (ended !== "finished") {
      going.stop()
      if (interrupted && onStop !== undefined) yield* onStop
      yield* Fiber.await(runs)
    }
    yield* Fiber.interrupt(watcher)
    yield* going.tell
    return { ...going.figures, failure: going.failure, ended }
  }))
