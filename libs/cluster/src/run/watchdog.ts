// The watchdog of one client: tells a stall from a hang from a deadlock.
//
// A stall is a pause of the workload while completions go on. A hang is what khungtaskd would report: no completion for so
// long, with a task asleep uninterruptibly. A deadlock is proved from the event queue:
//   (a) no block request of the client has completed and no page of its workload was touched since T0;
//   (b) since T0 the client's memory is the same at every sample: free pages, LRU, slabs;
//   (c) the client and its server connection have no work under way at any sample: no frame on a wire, no burst of CPU, no
//       request inside the server. All that is left are polls and time-outs (retries of allocations, mempool rounds, TCP
//       timers);
//   (d) this has lasted PROOF_NS, twice the longest such poll (5 s of mempool_alloc), so each of them has come round and
//       changed nothing.
// The machine is deterministic and each poll has found the state that it will find again: no future event can free a page
// or complete a request.
// Not covered: time-outs longer than 5 s (a TCP retransmission timer that has backed off further). While one is armed, the
// verdict is a hang, after `hangNs`.
import type { Machine } from "@swaplab/kernel"
import type { Nanoseconds } from "@swaplab/sim"
import { memoryUnchanged, type ProgressSample, sampleProgress } from "./progress.ts"

/** How often a client is looked at. */
export const WATCHDOG_PERIOD_NS: Nanoseconds = 100_000_000

/** How long nothing must have changed for the proof of a deadlock: two rounds of the longest poll. */
export const PROOF_NS: Nanoseconds = 10_000_000_000

export interface WatchdogOptions {
  readonly stallNs: Nanoseconds
  readonly hangNs: Nanoseconds
}

/** What a look at a client found. */
export type Verdict = "progress" | "stall" | "hang" | "deadlock"

/** Watches one client. */
export class Watchdog {
  readonly machine: Machine
  /** Stalls of at least `stallNs` so far, and the longest pause of the workload. */
  stalls = 0
  longestStallNs: Nanoseconds = 0
  lastTouch: Nanoseconds = 0
  lastCompletion: Nanoseconds = 0
  /** Since when the memory of the client has been the same and nothing was under way. */
  quietSince: Nanoseconds = 0
  readonly #options: WatchdogOptions
  readonly #workUnderWay: () => boolean
  #last: ProgressSample
  #stalled = false

  /** `workUnderWay`: is anything of this client on a wire or in the server? */
  constructor(machine: Machine, workUnderWay: () => boolean, options: WatchdogOptions) {
    this.machine = machine
    this.#workUnderWay = workUnderWay
    this.#options = options
    this.#last = sampleProgress(machine)
    this.restart()
  }

  /** Starts to count from now on: the workload begins. */
  restart(): void {
    const now = this.machine.sim.now
    this.lastTouch = now
    this.lastCompletion = now
    this.quietSince = now
  }

  /** Looks at the client. */
  look(): Verdict {
    const now = this.machine.sim.now
    const sample = sampleProgress(this.machine)
    const last = this.#last
    this.#last = sample
    // an idle disk has nothing to complete
    if (sample.completions !== last.completions || sample.outstanding === 0) this.lastCompletion = now
    if (sample.touched !== last.touched) {
      this.lastTouch = now
      this.#stalled = false
    }
    const pause = now - this.lastTouch
    if (pause > this.longestStallNs) this.longestStallNs = pause
    if (pause >= this.#options.stallNs && !this.#stalled) {
      this.#stalled = true
      this.stalls++
    }
    const busy = this.machine.sim.queue.pendingWork(this.machine.group) > 0 || this.#workUnderWay()
    if (
      busy || sample.touched !== last.touched || sample.completions !== last.completions ||
      !memoryUnchanged(sample, last)
    ) this.quietSince = now
    if (now - this.quietSince >= PROOF_NS) return "deadlock"
    if (now - Math.max(this.lastCompletion, this.lastTouch) >= this.#options.hangNs && this.#someoneInD()) return "hang"
    return this.#stalled ? "stall" : "progress"
  }

  #someoneInD(): boolean {
    for (const process of this.machine.sim.processes) {
      if (process.group === this.machine.group && process.state === "uninterruptible") return true
    }
    return false
  }
}
