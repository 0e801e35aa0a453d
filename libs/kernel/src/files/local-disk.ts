// A disk of the client's own, for files that background loads write: requests one after the other, each with a latency
// and the time of its bytes.
// Not modelled: seeks, a queue that reorders, bios and requests of its own (swap has those); what that costs: writing files
// takes no memory beyond its pages here, where Linux takes some 500 bytes a request from mempools.
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { Nanoseconds, Sim } from "@swaplab/sim"

export interface LocalDiskOptions {
  readonly bytesPerSecond: number
  /** Of each request. */
  readonly latencyNs: Nanoseconds
}

export class LocalDisk {
  /** Pages of requests that have not ended. */
  queued = 0
  readonly #sim: Sim
  readonly #options: LocalDiskOptions
  readonly #kind: number
  readonly #ends: Array<() => void> = []
  readonly #pages: Array<number> = []
  #busyUntil: Nanoseconds = 0

  constructor(sim: Sim, group: number, options: LocalDiskOptions) {
    this.#sim = sim
    this.#options = options
    this.#kind = sim.queue.register(() => {
      this.queued -= this.#pages.shift() ?? 0
      this.#ends.shift()?.()
    }, { name: "end of a disk request", group })
  }

  /** Starts a request; `end` is called when it is done. Requests end in order. */
  submit(pages: number, end: () => void): void {
    const { bytesPerSecond, latencyNs } = this.#options
    const start = Math.max(this.#sim.now, this.#busyUntil)
    this.#busyUntil = start + latencyNs + Math.ceil((pages * PAGE_SIZE * 1e9) / bytesPerSecond)
    this.queued += pages
    this.#pages.push(pages)
    this.#ends.push(end)
    this.#sim.queue.at(this.#busyUntil, this.#kind, 0)
  }
}
