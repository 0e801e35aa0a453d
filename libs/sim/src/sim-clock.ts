import { Clock, Duration, Effect } from "effect"
import { type EventKind, type EventQueue, MAX_TIME, type Nanoseconds } from "./event-queue.ts"

/** Effect's Clock on virtual time: sleeps, time-outs and schedules of Effect become events of the queue. */
export class SimClock implements Clock.Clock {
  readonly [Clock.ClockTypeId]: Clock.ClockTypeId = Clock.ClockTypeId
  readonly #queue: EventQueue
  readonly #kind: EventKind
  /** Callbacks of queued events; null once cancelled. A slot is reused only after its event has fired. */
  readonly #callbacks: Array<(() => void) | null> = []
  readonly #free: Array<number> = []

  readonly currentTimeMillis: Effect.Effect<number>
  readonly currentTimeNanos: Effect.Effect<bigint>

  constructor(queue: EventQueue) {
    this.#queue = queue
    this.#kind = queue.register((slot) => {
      const callback = this.#callbacks[slot]
      this.#callbacks[slot] = null
      this.#free.push(slot)
      if (callback !== null) callback()
    }, { name: "sleep of a program" })
    this.currentTimeMillis = Effect.sync(() => this.unsafeCurrentTimeMillis())
    this.currentTimeNanos = Effect.sync(() => this.unsafeCurrentTimeNanos())
  }

  unsafeCurrentTimeMillis(): number {
    return Math.floor(this.#queue.now / 1e6)
  }

  unsafeCurrentTimeNanos(): bigint {
    return BigInt(this.#queue.now)
  }

  scheduler(): Effect.Effect<Clock.ClockScheduler> {
    return Effect.succeed({
      unsafeSchedule: (task, duration) => this.#schedule(nanosOf(duration), task)
    })
  }

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const delay = nanosOf(duration)
    return Effect.async<void>((resume) => {
      if (delay === Number.POSITIVE_INFINITY) return
      const cancel = this.#schedule(delay, () => resume(Effect.void))
      return Effect.sync(cancel)
    })
  }

  #schedule(delay: Nanoseconds, callback: () => void): () => boolean {
    if (this.#queue.now + delay > MAX_TIME) return () => false
    const slot = this.#free.pop() ?? this.#callbacks.push(null) - 1
    this.#callbacks[slot] = callback
    this.#queue.after(delay, this.#kind, slot)
    return () => {
      if (this.#callbacks[slot] !== callback) return false
      this.#callbacks[slot] = null
      return true
    }
  }
}

/** Exact to the nanosecond: nothing is rounded to a millisecond. */
const nanosOf = (duration: Duration.Duration): Nanoseconds => {
  const nanos = Duration.toNanos(duration)
  return nanos._tag === "Some" ? Number(nanos.value) : Number.POSITIVE_INFINITY
}
