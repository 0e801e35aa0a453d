// The event queue of one simulated cluster: a 4-ary heap in typed arrays, keyed by time, then by sequence number.
// Modelled: exact order; events of one instant fire in the order in which they were scheduled, after those of kinds that are
// interrupts, which have an order of their own.
// Not modelled: cancelling. A cancelled timer is a deadline that its owner moved (see timer.ts), which keeps every event
// a row of four numbers and the heap free of handles. The cost is one no-op event for each cancelled timer.
import { assert } from "./assert.ts"
import { keepAsDoubles } from "./doubles.ts"

/** Time and durations of the simulation: a count of nanoseconds, an integer in a float64, at most 2^53 (104 days). */
export type Nanoseconds = number

/** A registered kind of event; the index of its handler. */
export type EventKind = number

/** Largest time that a float64 counts exactly. */
export const MAX_TIME: Nanoseconds = Number.MAX_SAFE_INTEGER

/** Above the arguments of interrupts. */
const MAX_INTERRUPT_ARG = 2 ** 20

/** How many events may fire at one instant before the run is declared a livelock. */
export const MAX_EVENTS_PER_INSTANT = 5_000_000

export interface EventKindOptions {
  /** What the event is, for people who compare two runs event by event. */
  readonly name?: string
  /** A poll, retry or time-out: it can wake somebody, but by itself it is no work in flight (see `pendingWork`). */
  readonly retry?: boolean
  /**
   * At equal times such an event fires before all that are not, and among such those of the kind that was registered first, then
   * of the lower argument: the order does not depend on when it was scheduled. For interrupts, whose times are known early or
   * late by who looks. The argument is at least 0 and less than 2^20.
   */
  readonly interrupt?: boolean
  /**
   * Somebody only looks whether something has happened. When, depends on who else has looked, so such an event is no part of
   * the fingerprint nor of the count; what it finds is, by `found`.
   */
  readonly look?: boolean
  /** The group (one per emulated machine) that the event belongs to; 0 is the cluster itself. */
  readonly group?: number
}

/**
 * Future events in order of time.
 *
 * **When to use.** For whatever happens at a time and needs no task: `register` a handler once, then schedule by `at`
 * or `after`. A deadline that moves is a {@link Timer}; a sleep of a task is `Process.hold`.
 *
 * **Details.** An event is a time, a kind and an argument of 32 bits; scheduling allocates nothing until the heap has
 * to grow. Events of one time fire in the order in which they were scheduled, those of kinds with `interrupt` first.
 * `pendingWork(group)` counts what is under way on one machine, without kinds with `retry`.
 *
 * **Gotchas.** An event cannot be cancelled: let its handler find that it is no longer wanted. Times in the past, in
 * fractions of a nanosecond or beyond 2^53 fail an assertion, as do 5,000,000 events at one time. Kinds are never given
 * back: register at boot.
 */
export class EventQueue {
  /** Time of the event that is firing, or of the last one that fired. */
  now: Nanoseconds = 0
  /** Events fired so far, without looks that found nothing. */
  fired = 0
  /** Events waiting. */
  size = 0
  #seq = 0
  #time = new Float64Array(1024)
  #order = new Float64Array(1024)
  #kind = new Int32Array(1024)
  #arg = new Int32Array(1024)
  readonly #handlers: Array<(arg: number) => void> = []
  /** The group of each kind. */
  readonly #groups: Array<number> = []
  /** The name of each kind: read when somebody looks at an event, never when one fires. */
  readonly #names: Array<string> = []
  /** Of each kind of interrupts: its place among them, below all sequence numbers; 0 for others. */
  #rank = new Float64Array(64)
  /** 1 for kinds that only look. */
  #looks = new Int32Array(64)
  /** Index into #pending of each kind; retry kinds share the bin 0, which nobody reads. */
  #bin = new Int32Array(64)
  #pending = new Int32Array(64)
  #hashA = 0x811c9dc5 | 0
  #hashB = 0x1b873593 | 0
  #instant = 0

  constructor() {
    keepAsDoubles<EventQueue>(this, "now")
  }

  /** Makes a kind of event whose firing calls `handler(arg)`. */
  register(handler: (arg: number) => void, options: EventKindOptions = {}): EventKind {
    const kind = this.#handlers.push(handler) - 1
    this.#groups.push(options.group ?? 0)
    this.#names.push(options.name ?? `kind ${kind}`)
    const bin = options.retry === true ? 0 : (options.group ?? 0) + 1
    if (kind >= this.#bin.length) this.#bin = grown(this.#bin)
    while (bin >= this.#pending.length) this.#pending = grown(this.#pending)
    this.#bin[kind] = bin
    if (kind >= this.#rank.length) {
      const wider = new Float64Array(2 * this.#rank.length)
      wider.set(this.#rank)
      this.#rank = wider
    }
    if (kind >= this.#looks.length) this.#looks = grown(this.#looks)
    this.#looks[kind] = options.look === true ? 1 : 0
    this.#rank[kind] = options.interrupt === true ? kind * MAX_INTERRUPT_ARG - MAX_TIME : 0
    return kind
  }

  /** Schedules an event of `kind` at the absolute time `time`, which must not lie in the past. */
  at(time: Nanoseconds, kind: EventKind, arg: number): void {
    assert(time >= this.now && time <= MAX_TIME, "event in the past, or beyond 2^53 ns")
    assert(Math.floor(time) === time, "time is a whole number of nanoseconds")
    if (this.size === this.#time.length) this.#grow()
    this.#pending[this.#bin[kind]]++
    const times = this.#time
    const orders = this.#order
    const kinds = this.#kind
    const args = this.#arg
    const rank = this.#rank[kind]
    const order = rank === 0 ? this.#seq++ : rank + arg
    let i = this.size++
    while (i > 0) {
      const parent = (i - 1) >> 2
      // at equal times the older event stays above, and an interrupt above others
      if (times[parent] < time || (times[parent] === time && orders[parent] <= order)) break
      times[i] = times[parent]
      orders[i] = orders[parent]
      kinds[i] = kinds[parent]
      args[i] = args[parent]
      i = parent
    }
    times[i] = time
    orders[i] = order
    kinds[i] = kind
    args[i] = arg
  }

  /** Schedules an event `delay` nanoseconds from now. */
  after(delay: Nanoseconds, kind: EventKind, arg: number): void {
    this.at(this.now + delay, kind, arg)
  }

  /** Time of the next event, or Infinity. */
  nextTime(): Nanoseconds {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#time[0]
  }

  /** Kind and argument of the next event. The queue must not be empty. */
  next(): { readonly kind: EventKind; readonly arg: number } {
    return { kind: this.#kind[0], arg: this.#arg[0] }
  }

  /** What a kind of event is, and the group that it belongs to. */
  describe(kind: EventKind): { readonly name: string; readonly group: number } {
    return { name: this.#names[kind], group: this.#groups[kind] }
  }

  /** Events of a group under way that are work (a frame on a wire, a burst of CPU), not polls or time-outs. */
  pendingWork(group: number): number {
    return group + 1 < this.#pending.length ? this.#pending[group + 1] : 0
  }

  /** From now on events of a group do nothing, those that wait included. Its handlers are let go of. */
  silence(group: number): void {
    assert(group > 0, "the events of the cluster itself cannot be silenced")
    this.#groups.forEach((of, kind) => {
      if (of === group) this.#handlers[kind] = nothing
    })
  }

  /** Fires the next event. The queue must not be empty. */
  step(): void {
    const time = this.#time[0]
    const kind = this.#kind[0]
    const arg = this.#arg[0]
    this.#removeTop()
    this.#pending[this.#bin[kind]]--
    if (time === this.now) {
      assert(++this.#instant < MAX_EVENTS_PER_INSTANT, "livelock: simulated time stands still")
    } else {
      this.now = time
      this.#instant = 0
    }
    if (this.#looks[kind] === 0) this.#record(kind, arg)
    this.#handlers[kind](arg)
  }

  /** A look of `group` has found something: from here on it is an event as others. */
  found(group: number): void {
    this.#record(-1, group)
  }

  #record(kind: number, arg: number): void {
    const time = this.now
    this.fired++
    // each step maps different inputs to different states: no event can change unseen
    this.#hashA = Math.imul(Math.imul(this.#hashA ^ kind, 0x01000193) ^ arg, 0x85ebca6b)
    this.#hashB = Math.imul(Math.imul(this.#hashB ^ time, 0x01000193) ^ (time / 4294967296), 0x85ebca6b) + this.#hashA |
      0
  }

  /** Mixes a 32-bit value of the model into the fingerprint (the queue mixes in every event by itself). */
  mix(value: number): void {
    this.#hashB = Math.imul(this.#hashB ^ value, 0x01000193)
  }

  /** Running hash over kind, argument and time of every event so far: 16 hexadecimal digits. */
  fingerprint(): string {
    return formatFingerprint(this.#hashA, this.#hashB)
  }

  /** Writes the two words of the fingerprint so far, its halves, into `into` from `at` on. */
  readFingerprint(into: Int32Array, at: number): void {
    into[at] = this.#hashA
    into[at + 1] = this.#hashB
  }

  /** Every parent is due before its children, and the counts of pending work add up. */
  checkInvariants(): void {
    const pending = new Int32Array(this.#pending.length)
    for (let i = 0; i < this.size; i++) {
      pending[this.#bin[this.#kind[i]]]++
      if (i === 0) continue
      const parent = (i - 1) >> 2
      assert(
        this.#time[parent] < this.#time[i] ||
          (this.#time[parent] === this.#time[i] && this.#order[parent] <= this.#order[i]),
        "heap order broken"
      )
    }
    for (let bin = 0; bin < pending.length; bin++) {
      assert(pending[bin] === this.#pending[bin], "pending work miscounted")
    }
  }

  #removeTop(): void {
    const times = this.#time
    const orders = this.#order
    const kinds = this.#kind
    const args = this.#arg
    const last = --this.size
    if (last === 0) return
    const time = times[last]
    const order = orders[last]
    let i = 0
    for (;;) {
      let child = 4 * i + 1
      if (child >= last) break
      const end = child + 4 < last ? child + 4 : last
      let best = child
      let bestTime = times[child]
      for (child++; child < end; child++) {
        const t = times[child]
        if (t < bestTime || (t === bestTime && orders[child] < orders[best])) {
          best = child
          bestTime = t
        }
      }
      if (time < bestTime || (time === bestTime && order < orders[best])) break
      times[i] = bestTime
      orders[i] = orders[best]
      kinds[i] = kinds[best]
      args[i] = args[best]
      i = best
    }
    times[i] = time
    orders[i] = order
    kinds[i] = kinds[last]
    args[i] = args[last]
  }

  #grow(): void {
    const capacity = this.#time.length * 2
    const time = new Float64Array(capacity)
    const order = new Float64Array(capacity)
    const kind = new Int32Array(capacity)
    const arg = new Int32Array(capacity)
    time.set(this.#time)
    order.set(this.#order)
    kind.set(this.#kind)
    arg.set(this.#arg)
    this.#time = time
    this.#order = order
    this.#kind = kind
    this.#arg = arg
  }
}

/** The two words of a fingerprint as text. */
export const formatFingerprint = (a: number, b: number): string =>
  (a >>> 0).toString(16).padStart(8, "0") + (b >>> 0).toString(16).padStart(8, "0")

const nothing = (): void => {}

const grown = (column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const wider = new Int32Array(column.length * 2)
  wider.set(column)
  return wider
}
