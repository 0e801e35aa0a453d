// The end of a run: at once when all workloads are at their end, or so long after it as the scenario says.
import type { EventKind, Nanoseconds, Sim } from "@swaplab/sim"

/** Ends the simulation when everything has been done for `settleNs`. */
export class Settling {
  readonly #sim: Sim
  readonly #settleNs: Nanoseconds
  readonly #end: EventKind | null
  /** Everything is done. How often it was is what an event has to agree with. */
  #done = false
  #times = 0
  /** The run has come to its end, and the time after it is over. */
  over = false

  constructor(sim: Sim, settleNs: Nanoseconds) {
    this.#sim = sim
    this.#settleNs = settleNs
    // one that is not asked for is no event of the run
    this.#end = settleNs === 0 ? null : sim.queue.register((times) => {
      if (!this.#done || this.#times !== times) return
      this.over = true
      sim.stop()
    }, { name: "end of the run" })
  }

  /** Whether everything is done now. A client that boots again takes it back. */
  look(done: boolean): void {
    if (done && this.#end === null) this.#sim.stop()
    else if (done && !this.#done && this.#end !== null) this.#sim.queue.after(this.#settleNs, this.#end, ++this.#times)
    this.#done = done
  }
}
