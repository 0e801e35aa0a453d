// The capacity of one seed: the last level before the first one that fails. Levels are numbered from 1, from the easiest to the
// hardest. Between a level that holds and one that fails the next one to be run is where earlier seeds say that either answer is
// as likely; a bad guess costs runs, never an error. That everything below a level that holds holds, too, is not taken for
// granted: an audit runs one such level. Where it fails, what was found between is void, and all levels are run upward instead.
import { assert, Random } from "@swaplab/sim"

/** What is asked of a seed. */
export interface SeedBracket {
  /** Levels up to `low` and from `high` on are decided: only those between them are run. */
  readonly low: number
  readonly high: number
  /** How likely it is that the capacity is this level, by level; only ratios count. */
  readonly weights: Float64Array
  /** The level to begin with, if it is in question; 0: none. */
  readonly first: number
  /** Whether a level below the capacity is run again. */
  readonly audited: boolean
}

/** The level between two at which the weight below and above it differ least. */
const splitOf = (low: number, high: number, weights: Float64Array): number => {
  let total = 0
  for (let level = low; level < high; level++) total += weights[level]
  let below = 0
  let best = low + 1
  let bestMiss = Number.POSITIVE_INFINITY
  for (let level = low + 1; level < high; level++) {
    below += weights[level - 1]
    const miss = Math.abs(total - 2 * below)
    if (miss < bestMiss) {
      best = level
      bestMiss = miss
    }
  }
  return best
}

/** The search of one seed, one run after the other. */
export class SeedSearch {
  readonly seed: number
  readonly #bracket: SeedBracket
  readonly #results = new Map<number, boolean>()
  #low: number
  #high: number
  /** What goes on: the interval is halved, a level is audited, levels are run upward until `high`. */
  #phase: "halve" | "audit" | "scan" | "done" = "halve"
  #audit = 0
  #auditHeld: boolean | null = null

  constructor(seed: number, bracket: SeedBracket) {
    assert(bracket.low < bracket.high, "an open bracket")
    this.seed = seed
    this.#bracket = bracket
    this.#low = bracket.low
    this.#high = bracket.high
    this.#settle()
  }

  /** The capacity, as far as the bracket asks for it: `low` stands for that and less, `high − 1` for that and more. */
  get capacity(): number {
    return this.#low
  }

  get done(): boolean {
    return this.#phase === "done"
  }

  /** Whether a level was in question. */
  asks(level: number): boolean {
    return level > this.#bracket.low && level < this.#bracket.high
  }

  /** What was run, by level. */
  get results(): ReadonlyMap<number, boolean> {
    return this.#results
  }

  /** Whether the audited level held; null: there was no audit. */
  get auditHeld(): boolean | null {
    return this.#auditHeld
  }

  /** The level to be run next. */
  get level(): number {
    assert(!this.done, "nothing is left to be run")
    if (this.#phase === "audit") return this.#audit
    if (this.#phase === "scan") return this.#low + 1
    const { first, weights } = this.#bracket
    return this.#results.size === 0 && first > this.#low && first < this.#high
      ? first
      : splitOf(this.#low, this.#high, weights)
  }

  /** Takes the result of `level`. */
  answer(holds: boolean): void {
    const { level } = this
    this.#results.set(level, holds)
    if (this.#phase === "audit") {
      this.#auditHeld = holds
      this.#phase = "done"
      if (!holds) this.#voidFrom(level)
      return
    }
    if (holds) this.#low = level
    else this.#high = level
    this.#settle()
  }

  /** A level that fails although a higher one held: runs what is below it upward, from the first level in question. */
  #voidFrom(level: number): void {
    this.#phase = "scan"
    this.#low = Math.min(this.#bracket.low, level - 1)
    this.#high = level
    this.#settle()
  }

  #settle(): void {
    // a scan has run some of its levels before
    if (this.#phase === "scan") {
      while (this.#low + 1 < this.#high) {
        const known = this.#results.get(this.#low + 1)
        if (known === undefined) break
        if (known) this.#low++
        else this.#high = this.#low + 1
      }
    }
    if (this.#low + 1 < this.#high) return
    this.#phase = this.#phase === "halve" && this.#chooseAudit() ? "audit" : "done"
  }

  /** Chooses a level below the highest one that held, among those that were not run. */
  #chooseAudit(): boolean {
    const top = this.#results.get(this.#low) === true ? this.#low : 0
    if (!this.#bracket.audited || top < 2) return false
    this.#audit = 1 + new Random(this.seed, "capacity audit").below(top - 1)
    return !this.#results.has(this.#audit)
  }
}
