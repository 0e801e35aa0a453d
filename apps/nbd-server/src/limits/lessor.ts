// Divides the quota of all swap stores between processes. Each has a lease; what one does not use goes to another that asks.

/** A lease grows by at least so much of the quota, divided by the number of processes. */
const SHARE = 1 / 8
const MOST_AT_ONCE = 64 * 2 ** 20

export interface LessorOptions {
  readonly quota: number | null
  readonly processes: number
  /** Tells a process how large its lease is now. */
  readonly grant: (place: number, bytes: number | null) => void
  /** Asks a process to keep only what it uses; `gaveBack` is called with its answer. */
  readonly askBack: (place: number) => void
}

export class Lessor {
  readonly #options: LessorOptions
  #quota: number | null
  /** Bytes by process; null: it has not started. */
  readonly #leases: Array<number | null>
  /** Processes that wait for more, and how much they need. */
  readonly #wants = new Map<number, number>()
  /** Processes that were asked to give back. */
  readonly #asked = new Set<number>()

  constructor(options: LessorOptions) {
    this.#options = options
    this.#quota = options.quota
    this.#leases = Array<number | null>(options.processes).fill(null)
  }

  /** A process has started, with stores of so many bytes. */
  started(place: number, usedBytes: number): void {
    this.#leases[place] = usedBytes
    this.#wants.delete(place)
    this.#options.grant(place, this.#quota === null ? null : usedBytes)
    this.gaveBack(place, usedBytes)
  }

  /** A process needs so many bytes more than it has. */
  wanted(place: number, bytes: number): void {
    this.#wants.set(place, bytes)
    if (this.#left >= bytes) return this.#serve()
    this.#leases.forEach((lease, other) => {
      if (lease !== null && other !== place && !this.#asked.has(other)) {
        this.#asked.add(other)
        this.#options.askBack(other)
      }
    })
    if (this.#asked.size === 0) this.#serve()
  }

  /** A process keeps so many bytes. */
  gaveBack(place: number, bytes: number): void {
    this.#leases[place] = bytes
    this.#asked.delete(place)
    if (this.#asked.size === 0) this.#serve()
  }

  /** A process is gone: its stores stay, and nothing is to be expected of it. */
  gone(place: number): void {
    this.#wants.delete(place)
    if (this.#asked.delete(place) && this.#asked.size === 0) this.#serve()
  }

  /** Another configuration. What is leased above it comes back when somebody asks. */
  set quota(quota: number | null) {
    this.#quota = quota
    this.#leases.forEach((lease, place) => {
      if (lease !== null) this.#options.grant(place, quota === null ? null : lease)
    })
  }

  get #left(): number {
    return (this.#quota ?? Number.POSITIVE_INFINITY) -
      this.#leases.reduce((sum: number, lease) => sum + (lease ?? 0), 0)
  }

  /** Gives everybody who waits what there is. */
  #serve(): void {
    for (const [place, bytes] of this.#wants) {
      const lease = this.#leases[place] ?? 0
      const share = Math.min(MOST_AT_ONCE, (this.#quota ?? 0) * SHARE / this.#options.processes)
      this.#leases[place] = lease + Math.max(0, Math.min(this.#left, Math.max(bytes, Math.floor(share))))
      this.#options.grant(place, this.#leases[place])
    }
    this.#wants.clear()
  }
}
