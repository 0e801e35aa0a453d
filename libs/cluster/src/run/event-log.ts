// The events of a run, one by one, each with the fingerprint after it: for who compares two runs event by event. A fingerprint is
// a hash over everything before it, so once two runs differ, all fingerprints that follow do, and the first is found by halving.
// What it costs: each event is stepped to by itself and written down, which takes some times as long as a run. The run is not
// changed by it.
import { formatFingerprint } from "@swaplab/sim"
import type { ClusterRun } from "./cluster-run.ts"

/** An event of a run. */
export interface LoggedEvent {
  /** How many events came before it. */
  readonly number: number
  readonly timeNs: number
  /** What it is: `tcp_write_timer`. */
  readonly name: string
  /** The machine that it belongs to; `cluster`: to none. */
  readonly machine: string
  /** What it is told: the number of a task, a CPU, a cable or a request, by its kind. */
  readonly argument: number
  /** After it and all that followed from it at once. */
  readonly fingerprint: string
}

/** The last events of a run under way. Looks that found nothing are none of its events. */
export class EventLog {
  /** Events that it holds, and those before the first of them. */
  count = 0
  first = 0
  readonly #run: ClusterRun
  readonly #times: Float64Array
  readonly #kinds: Int32Array
  readonly #arguments: Int32Array
  /** The fingerprint before the first event, then that after each: two words each. */
  readonly #words: Int32Array

  /** `capacity`: the most events that it holds. */
  constructor(run: ClusterRun, capacity: number) {
    this.#run = run
    this.#times = new Float64Array(capacity)
    this.#kinds = new Int32Array(capacity)
    this.#arguments = new Int32Array(capacity)
    this.#words = new Int32Array(2 * capacity + 2)
    run.cluster.sim.queue.readFingerprint(this.#words, 0)
  }

  /** Forgets what it holds, and goes on for so many events. False: the run has come to its end before. */
  fill(events: number): boolean {
    const { queue } = this.#run.cluster.sim
    const words = this.#words
    this.first += this.count
    this.count = 0
    queue.readFingerprint(words, 0)
    while (this.count < events) {
      const { arg, kind } = queue.next()
      const end = this.#run.step()
      const at = 2 * (this.count + 1)
      queue.readFingerprint(words, at)
      if (words[at] !== words[at - 2] || words[at + 1] !== words[at - 1]) {
        this.#times[this.count] = queue.now
        this.#kinds[this.count] = kind
        this.#arguments[this.count] = arg
        this.count++
      }
      if (end !== null) return false
    }
    return true
  }

  /** After the first `count` of the events that it holds. */
  fingerprintAfter(count: number): string {
    return formatFingerprint(this.#words[2 * count], this.#words[2 * count + 1])
  }

  /** One of the events that it holds. */
  event(index: number): LoggedEvent {
    const { sim } = this.#run.cluster
    const { group, name } = sim.queue.describe(this.#kinds[index])
    return {
      number: this.first + index,
      timeNs: this.#times[index],
      name,
      machine: sim.groupName(group),
      argument: this.#arguments[index],
      fingerprint: this.fingerprintAfter(index + 1)
    }
  }
}
