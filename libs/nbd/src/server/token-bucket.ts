// A rate with a burst.
//
// Work may start while the bucket is not in debt, and takes what it costs. A request that is larger than the burst passes, too;
// the next one waits until the debt is paid.

/** What a bucket gives. */
interface TokenRate {
  /** Tokens that are added a second. */
  readonly perSecond: number
  /** What may be taken at once; the bucket starts with it. */
  readonly burst: number
  /** One second of the clock that the bucket is asked by: 1000 for milliseconds. */
  readonly second: number
}

/**
 * A bucket of tokens: a rate with a burst.
 *
 * **When to use.** To hold a client to so many bytes or requests a second: when `wait(now)` is 0, start the work and
 * `take` its cost.
 *
 * **Details.** The unit of time is the caller's: `second` says how long a second of that clock is (1000 for
 * milliseconds). `wait` returns a time in that unit. Work may start while there is no debt, however large it is, and
 * the next one waits for the debt.
 *
 * **Gotchas.** `take` never refuses and adds nothing earned: ask `wait` before it. A clock that steps back earns
 * nothing.
 */
export class TokenBucket {
  readonly #rate: TokenRate
  #tokens: number
  #last: number

  constructor(rate: TokenRate, now: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#last = now
  }

  /** Time until work may start; 0: now. */
  wait(now: number): number {
    const { burst, perSecond, second } = this.#rate
    const earned = Math.max(0, now - this.#last) / second * perSecond
    this.#tokens = Math.min(burst, this.#tokens + earned)
    this.#last = Math.max(now, this.#last)
    return this.#tokens >= 0 ? 0 : -this.#tokens / perSecond * second
  }

  take(tokens: number): void {
    this.#tokens -= tokens
  }
}
