// When so many successes of so many trials prove that the chance of a success is above, or below, a given share, however often
// one looks. Robbins' mixture bound (Annals of Mathematical Statistics 41, 1970): with true chance p, the probability that
// (n + 1) · C(n, S) · p^S · (1 − p)^(n − S) is ever at most ε, for any n from 1 on, is at most ε. So a look after every trial costs
// nothing, as it does with intervals for a fixed n. Ding, Gandy and Hahn (arXiv:1611.01675) search p-values with it.
// Logarithms are those of @swaplab/sim: the same in every engine.
import { assert, log } from "@swaplab/sim"

/** What decides whether the chance of a success is above or below a share. */
export interface Bound {
  readonly provesAbove: (trials: number, successes: number) => boolean
  readonly provesBelow: (trials: number, successes: number) => boolean
}

/** The bound for one share and one risk ε. Boundaries are found once, in order of n. */
export class ConfidenceSequence implements Bound {
  readonly #share: number
  readonly #logShare: number
  readonly #logRest: number
  readonly #logRisk: number
  /** ln n! by n. */
  readonly #logFactorial = [0]
  /** By n: the least successes that prove "above"; n + 1 where none do. The most that prove "below"; −1 where none do. */
  readonly #above = [1]
  readonly #below = [-1]

  constructor(share: number, risk: number) {
    assert(share > 0 && share < 1 && risk > 0 && risk < 1, "shares and risks are between 0 and 1")
    this.#share = share
    this.#logShare = log(share)
    this.#logRest = log(1 - share)
    this.#logRisk = log(risk)
  }

  /** Whether the chance of a success is proved to be above the share. */
  provesAbove(trials: number, successes: number): boolean {
    this.#extend(trials)
    return successes >= this.#above[trials]
  }

  /** Whether it is proved to be below. */
  provesBelow(trials: number, successes: number): boolean {
    this.#extend(trials)
    return successes <= this.#below[trials]
  }

  #extend(trials: number): void {
    for (let n = this.#above.length; n <= trials; n++) {
      this.#logFactorial.push(this.#logFactorial[n - 1] + log(n))
      let above = this.#above[n - 1]
      while (above <= n && !(above > n * this.#share && this.#unlikely(n, above))) above++
      this.#above.push(above)
      let below = this.#below[n - 1]
      while (below + 1 < n * this.#share && this.#unlikely(n, below + 1)) below++
      this.#below.push(below)
    }
  }

  #unlikely(n: number, successes: number): boolean {
    const factorial = this.#logFactorial
    return log(n + 1) + factorial[n] - factorial[successes] - factorial[n - successes] +
        successes * this.#logShare + (n - successes) * this.#logRest <= this.#logRisk
  }
}
