// The search for the highest level at which a run holds with a wanted probability. Each seed has a capacity of its own, the last
// level before the first that fails. S(N), the number of seeds with a capacity of at least N, falls with N; N* is the highest
// level at which a seed's capacity is at least N with the wanted probability. A confidence sequence decides the levels one by one
// after each seed: they are proved to hold from below, and to fail from above. Because the S(N) are nested, the answer is wrong
// only where the decision about N* or that about N* + 1 is; each has half of the risk, however many levels there are.
//
// Seed r begins when all seeds up to r − WINDOW have ended, and knows what those, and no others, have decided. So a search makes
// the same runs with any number of workers, and up to WINDOW of them are busy.
// source: Robbins (1970), Ding, Gandy and Hahn (arXiv:1611.01675)
import { assert } from "@swaplab/sim"
import type { Bound } from "./confidence.ts"
import { SeedSearch } from "./seed-search.ts"

/** Seeds that are under way at the same time. */
export const WINDOW = 8

/** The first seeds begin with the easiest level, so that a situation in which nothing can ever hold is known at once. */
const EASY_FIRST = 3

/** Every so many seeds one is audited; the first ones all are. */
const AUDIT_EVERY = 3
const AUDITED_FIRST = 2

/** What is asked. */
export interface SearchOptions {
  /** Levels, from the easiest to the hardest. */
  readonly levels: number
  /** Proves that levels hold with the wanted probability or that they do not, each with half of the risk. */
  readonly bound: Bound
  /** Whether an interval is narrow enough: N* is at least `low` and less than `high`. */
  readonly enough: (low: number, high: number) => boolean
  /** Most seeds. */
  readonly maxSeeds: number
}

/** What a search can be in. `not-monotone`: it refuses to give a number. `out-of-seeds`: undecided after all seeds. */
export type SearchState = "searching" | "decided" | "not-monotone" | "out-of-seeds"

/** A run that is wanted. */
export interface Probe {
  /** Which seed, from 0. */
  readonly index: number
  readonly level: number
}

/** The search, as a machine that asks for runs and takes their results in any order. */
export class CapacitySearch {
  readonly #options: SearchOptions
  readonly #seeds: Array<SeedSearch> = []
  readonly #asked = new Set<number>()
  /** Bracket after so many seeds. */
  readonly #brackets: Array<readonly [low: number, high: number]>
  /** S(N) by level, over the seeds that count. */
  readonly #reached: Int32Array
  /** How likely each capacity is, going by the seeds that count; after each of the last of them. */
  #weights: Float64Array
  readonly #weightsAfter: Array<Float64Array> = []
  #counted = 0
  #audits = 0
  #auditsFailed = 0
  #state: SearchState = "searching"

  constructor(options: SearchOptions) {
    assert(options.levels >= 1, "at least one level")
    this.#options = options
    this.#brackets = [[0, options.levels + 1]]
    this.#reached = new Int32Array(options.levels + 2)
    this.#weights = new Float64Array(options.levels + 1).fill(1 / (options.levels + 1))
    this.#weightsAfter.push(this.#weights)
  }

  get state(): SearchState {
    return this.#state
  }

  /** N* is at least this; 0: perhaps no level holds. */
  get low(): number {
    return this.#brackets[this.#counted][0]
  }

  /** And less than this; one more than there are levels: perhaps all hold. */
  get high(): number {
    return this.#brackets[this.#counted][1]
  }

  /** Seeds that count: those that have ended, up to the first that has not. */
  get seeds(): ReadonlyArray<SeedSearch> {
    return this.#seeds.slice(0, this.#counted)
  }

  /** Of each level, from 1, the seeds that count and had it in question, and how many of them have a capacity of at least it. */
  reached(): ReadonlyArray<{ readonly seeds: number; readonly reach: number }> {
    return Array.from({ length: this.#options.levels }, (_, i) => {
      const asked = this.seeds.filter((seed) => seed.asks(i + 1))
      return { seeds: asked.length, reach: asked.filter(({ capacity }) => capacity > i).length }
    })
  }

  /** How many levels below a seed's capacity were run again, and how many of them failed. */
  get audit(): { readonly runs: number; readonly failed: number } {
    return { runs: this.#audits, failed: this.#auditsFailed }
  }

  /** A run that nobody makes yet; null: none is wanted until a result comes in, or at all. */
  next(): Probe | null {
    if (this.#state !== "searching") return null
    while (this.#seeds.length < Math.min(this.#counted + WINDOW, this.#options.maxSeeds)) this.#begin()
    for (let index = this.#counted; index < this.#seeds.length; index++) {
      if (this.#seeds[index].done || this.#asked.has(index)) continue
      this.#asked.add(index)
      return { index, level: this.#seeds[index].level }
    }
    return null
  }

  /** Takes the result of a run that `next` has asked for. */
  answer({ index }: Probe, holds: boolean): void {
    assert(this.#asked.delete(index), "nobody has asked for this run")
    this.#seeds[index].answer(holds)
    while (this.#state === "searching" && this.#seeds[this.#counted]?.done === true) this.#count()
  }

  #begin(): void {
    const index = this.#seeds.length
    const known = Math.max(0, index - WINDOW + 1)
    const [low, high] = this.#brackets[known]
    this.#seeds.push(
      new SeedSearch(index, {
        low,
        high,
        weights: this.#weightsAfter[known % WINDOW],
        first: index < EASY_FIRST ? 1 : 0,
        audited: index < AUDITED_FIRST || index % AUDIT_EVERY === 0
      })
    )
  }

  /** The next seed in their order has ended: decides what it decides. */
  #count(): void {
    const seed = this.#seeds[this.#counted]
    const before = this.#brackets[this.#counted]
    let [low, high] = before
    this.#counted++
    this.#weigh(seed)
    for (let level = low + 1; level < high && level <= seed.capacity; level++) this.#reached[level]++
    const { bound } = this.#options
    while (low + 1 < high && bound.provesAbove(this.#counted, this.#reached[low + 1])) low++
    while (low + 1 < high && bound.provesBelow(this.#counted, this.#reached[high - 1])) high--
    this.#brackets.push([low, high])
    if (seed.auditHeld !== null) {
      this.#audits++
      if (!seed.auditHeld) this.#auditsFailed++
    }
    if (this.#auditsFailed >= 2 && this.#auditsFailed * 10 > this.#audits) this.#state = "not-monotone"
    else if (this.#options.enough(low, high)) this.#state = "decided"
    else if (this.#counted >= this.#options.maxSeeds) this.#state = "out-of-seeds"
  }

  /** Puts a seed's capacity into the weights, spread over a tenth of it to both sides. */
  #weigh({ capacity }: SeedSearch): void {
    const weights = Float64Array.from(this.#weights)
    const reach = Math.max(1, Math.round(capacity / 10))
    for (
      let level = Math.max(0, capacity - reach);
      level <= Math.min(this.#options.levels, capacity + reach);
      level++
    ) {
      weights[level] += (reach + 1 - Math.abs(level - capacity)) / ((reach + 1) * (reach + 1))
    }
    this.#weights = weights
    this.#weightsAfter[this.#counted % WINDOW] = weights
  }
}
