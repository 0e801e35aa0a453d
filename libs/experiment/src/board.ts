// A board in shared memory between the runs and the thread that waits for them: runs write how far they are, and read
// whether they are to stop. A worker thread that simulates sees no messages until it is done; shared memory it sees.
import type { RunHooks, RunProgress } from "@swaplab/cluster"

const HEADER_BYTES = 8
const FIELDS = 4

/** The board. One row a run; rows that nobody has written to are zero. */
export class Board {
  readonly buffer: SharedArrayBuffer
  readonly #stop: Int32Array
  readonly #rows: Float64Array

  /** A new board for `runs` runs, or one made elsewhere. */
  constructor(source: number | SharedArrayBuffer) {
    this.buffer = typeof source === "number" ? new SharedArrayBuffer(HEADER_BYTES + source * FIELDS * 8) : source
    this.#stop = new Int32Array(this.buffer, 0, 1)
    this.#rows = new Float64Array(this.buffer, HEADER_BYTES)
  }

  /** Tells all runs to stop as soon as they look. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1)
  }

  get stopped(): boolean {
    return Atomics.load(this.#stop, 0) === 1
  }

  /** Where a run has got to. A row is not written at once, so its figures may be of two moments; it is for show only. */
  progress(run: number): RunProgress {
    const at = run * FIELDS
    return {
      simulatedNs: this.#rows[at],
      events: this.#rows[at + 1],
      clientsAlive: this.#rows[at + 2],
      clients: this.#rows[at + 3]
    }
  }

  /** Another run takes the row. */
  clear(run: number): void {
    this.#rows.fill(0, run * FIELDS, (run + 1) * FIELDS)
  }

  /** What a run calls while it goes on. `cpuSeconds` is the CPU time of its thread so far. */
  hooks(run: number, cpuSeconds: () => number = () => 0): RunHooks {
    const at = run * FIELDS
    const start = cpuSeconds()
    return {
      progress: (progress) => {
        this.#rows[at] = progress.simulatedNs
        this.#rows[at + 1] = progress.events
        this.#rows[at + 2] = progress.clientsAlive
        this.#rows[at + 3] = progress.clients
      },
      shouldStop: () => this.stopped,
      cpuSeconds: () => cpuSeconds() - start
    }
  }
}
