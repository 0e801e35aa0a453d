/**
 * A rate with a burst. Work may start while the bucket is not in debt, and takes what it costs, so that one large request
 * passes even when it is larger than the burst; the next one then waits for as long as it takes to pay the debt.
 */
export class TokenBucket {
  readonly perSecond: number
  readonly burst: number
  #tokens: number
  #lastMs: number

  /** `perSecond` tokens are added a second; the bucket starts full with `burst`. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.perSecond = perSecond
    this.burst = burst
    this.#tokens = burst
    this.#lastMs = nowMs
  }

  /** Milliseconds until work may start; 0: now. */
  waitMs(nowMs: number): number {
    const earned = Math.max(0, nowMs - this.#lastMs) / 1000 * this.perSecond
    this.#tokens = Math.min(this.burst, this.#tokens + earned)
    this.#lastMs = Math.max(nowMs, this.#lastMs)
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.perSecond * 1000
  }

  take(tokens: number): void {
    this.#tokens -= tokens
  }
}

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
    const bucket = (rate: number | null) => rate === null ? null : new TokenBucket(rate, Math.max(1, rate / 10), nowMs)
    this.#requests = bucket(requestsPerSecond)
    this.#bytes = bucket(bytesPerSecond)
  }

  /** False when nothing is limited. */
  get limits(): boolean {
    return this.#requests !== null || this.#bytes !== null
  }

  waitMs(nowMs: number): number {
    return Math.max(this.#requests?.waitMs(nowMs) ?? 0, this.#bytes?.waitMs(nowMs) ?? 0)
  }

  take(bytes: number): void {
    this.#requests?.take(1)
    this.#bytes?.take(bytes)
  }
}
