import { assert } from "./assert.ts"
import type { EventKind, EventKindOptions, EventQueue, Nanoseconds } from "./event-queue.ts"

/**
 * A kernel timer (`mod_timer`, `del_timer`): one deadline that may be moved or dropped at any time.
 *
 * **When to use.** For a time-out that is often pushed back or cancelled. What always happens at its time is a plain
 * event of the {@link EventQueue}.
 *
 * **Details.** Moving a deadline later costs nothing: the event already queued finds its deadline moved and re-arms. So
 * a timer that is pushed back by every packet (TCP's RTO) puts one event into the queue per period, not per packet. The
 * timer is disarmed before its handler runs, which may arm it again.
 *
 * **Gotchas.** Without `options` it is a `retry`, which is no work in flight; options that are given take the place of
 * that default, so pass `retry: true` beside a group. A cancelled timer's event still fires, without effect, and counts
 * in the fingerprint. Each timer registers a kind of event for good: make it with its owner. A deadline in the past
 * fails an assertion.
 */
export class Timer {
  /** Absolute expiry time, or Infinity when not armed. */
  deadline: Nanoseconds = Number.POSITIVE_INFINITY
  /** Time of the earliest event queued for this timer, or Infinity. */
  #queuedAt: Nanoseconds = Number.POSITIVE_INFINITY
  readonly #queue: EventQueue
  readonly #kind: EventKind
  readonly #onExpire: () => void

  constructor(queue: EventQueue, onExpire: () => void, options: EventKindOptions = { retry: true }) {
    this.#queue = queue
    this.#onExpire = onExpire
    this.#kind = queue.register(() => this.#fire(), options)
  }

  get armed(): boolean {
    return this.deadline !== Number.POSITIVE_INFINITY
  }

  /** Arms, or moves, the timer to expire `delay` from now. */
  arm(delay: Nanoseconds): void {
    this.armAt(this.#queue.now + delay)
  }

  /** Arms, or moves, the timer to an absolute time. */
  armAt(time: Nanoseconds): void {
    assert(time >= this.#queue.now, "a timer armed in the past")
    this.deadline = time
    if (time < this.#queuedAt) {
      this.#queuedAt = time
      this.#queue.at(time, this.#kind, 0)
    }
  }

  cancel(): void {
    this.deadline = Number.POSITIVE_INFINITY
  }

  #fire(): void {
    const now = this.#queue.now
    // an event overtaken by an earlier one for the same timer
    if (now !== this.#queuedAt) return
    this.#queuedAt = Number.POSITIVE_INFINITY
    if (this.deadline === Number.POSITIVE_INFINITY) return
    if (this.deadline > now) {
      this.#queuedAt = this.deadline
      this.#queue.at(this.deadline, this.#kind, 0)
      return
    }
    this.deadline = Number.POSITIVE_INFINITY
    this.#onExpire()
  }
}
