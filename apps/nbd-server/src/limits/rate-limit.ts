import { TokenBucket } from "@swaplab/nbd"

/** Limits of requests and bytes a second; null: none. */
export interface Rate {
  readonly requestsPerSecond: number | null
  readonly bytesPerSecond: number | null
}

/** The two buckets of a `Rate`; a tenth of a second may come at once. */
export class RateLimit {
  readonly #requests: TokenBucket | null
  readonly #bytes: TokenBucket | null

  constructor({ bytesPerSecond, requestsPerSecond }: Rate, nowMs: number) {
    const bucket = (rate: number | null) =>
      rate === null ? null : new TokenBucket({ perSecond: rate, burst: Math.max(1, rate / 10), second: 1000 }, nowMs)
    this.#requests = bucket(requestsPerSecond)
    this.#bytes = bucket(bytesPerSecond)
  }

  /** False when nothing is limited. */
  get limits(): boolean {
    return this.#requests !== null || this.#bytes !== null
  }

  waitMs(nowMs: number): number {
    return Math.max(this.#requests?.wait(nowMs) ?? 0, this.#bytes?.wait(nowMs) ?? 0)
  }

  take(bytes: number): void {
    this.#requests?.take(1)
    this.#bytes?.take(bytes)
  }
}
