// What twice as much of the resource that limits gives. The bottleneck law (utilisation = throughput × demand) says what to expect:
// use grows in proportion to the clients, so twice the resource carries twice as many, until the next resource is as busy as
// this one was. That is not taken on trust: the seeds that showed the bottleneck are searched again with twice of it, each by
// halves, beginning where the law says. A few seeds show the size of the gain; they do not have the confidence of the number.
import { Effect, Either } from "effect"
import type { CellResult } from "../cell.ts"
import type { RunFailure } from "../protocol.ts"
import type { Runner } from "../runner.ts"
import type { Limit, TriedSeed } from "./bottleneck.ts"
import type { Capacity, CapacityOptions } from "./capacity.ts"
import { type Asker, drive, type DriveProgress, toCell } from "./drive.ts"
import { type Ladder, longer } from "./ladder.ts"
import { type Change, grow, type Resource } from "./resources.ts"
import type { Probe } from "./search.ts"
import { SeedSearch } from "./seed-search.ts"
import { cutShort, missesOf, Place, type Situation } from "./situation.ts"

/** How much more there is of the resource. */
const TIMES = 2

/** The least and the most level that the seeds carry. */
interface Carried {
  readonly least: number
  readonly most: number
}

/** What to change, and what it gives. */
export interface Advice {
  readonly resource: string
  readonly changes: ReadonlyArray<Change>
  /** The ladder on which the levels are: longer than that of the search where its end was near. */
  readonly ladder: Ladder
  readonly seeds: number
  readonly before: Carried
  readonly after: Carried
  /** What the bottleneck law expects; null: it says nothing of what is searched. */
  readonly expected: Carried | null
  readonly runs: number
}

/** What is known of a bottleneck. */
export interface Proved {
  readonly resource: Resource
  readonly use: number | null
  readonly next: Limit | null
  readonly seeds: ReadonlyArray<TriedSeed>
}

/** How many times as much the law allows, with twice the resource. */
const gainOf = (use: number | null, next: number | null): number =>
  Math.max(1, Math.min(TIMES, next === null || next === 0 ? TIMES : (use ?? 1) / next))

/** Searches several seeds, each on its own. */
class SeedSearches implements Asker<Probe> {
  readonly searches: ReadonlyArray<SeedSearch>
  readonly #holds: (cell: CellResult) => boolean
  readonly #asked = new Set<SeedSearch>()

  constructor(searches: ReadonlyArray<SeedSearch>, holds: (cell: CellResult) => boolean) {
    this.searches = searches
    this.#holds = holds
  }

  next(): Probe | null {
    const search = this.searches.find((each) => !each.done && !this.#asked.has(each))
    if (search === undefined) return null
    this.#asked.add(search)
    return { index: search.seed, level: search.level }
  }

  answer({ index }: Probe, cell: CellResult): void {
    const search = this.searches.find(({ seed }) => seed === index)
    if (search === undefined) return
    this.#asked.delete(search)
    search.answer(this.#holds(cell))
  }

  finished(): boolean {
    return this.searches.every(({ done }) => done)
  }
}

/** How likely each level is: most of all near what the law expects, then between that and what the seed carries now. */
const weightsFor = (levels: number, carries: number, expected: number): Float64Array => {
  const weights = new Float64Array(levels + 1).fill(0.05 / (levels + 1))
  const add = (from: number, to: number, weight: number): void => {
    const last = Math.min(levels, to)
    for (let level = Math.max(0, from); level <= last; level++) weights[level] += weight / (to - from + 1)
  }
  const reach = Math.max(1, Math.round(expected / 20))
  add(expected - reach, expected + reach, 0.7)
  add(carries, Math.max(carries, expected), 0.25)
  return weights
}

const spanOf = (levels: ReadonlyArray<number>): Carried => ({
  least: levels.reduce((least, level) => Math.min(least, level)),
  most: levels.reduce((most, level) => Math.max(most, level))
})

/** Finds what twice the resource gives. Without a fit key there is no advice. */
export const adviseOn = (
  { situation }: Capacity,
  { next, resource, seeds, use }: Proved,
  options: Omit<CapacityOptions, "onProgress"> & {
    readonly onProgress?: (progress: DriveProgress) => Effect.Effect<void>
  }
): Effect.Effect<
  {
    readonly advice: Advice | null
    readonly state: "finished" | "interrupted" | "time is up"
    readonly failure: RunFailure | null
  },
  never,
  Runner
> =>
  Effect.gen(function*() {
    const more = grow(situation.loaded, resource, situation.ladder.path, TIMES)
    if (more === null || Either.isLeft(more)) return { advice: null, state: "finished", failure: null }
    const gain = gainOf(use, next?.use ?? null)
    const { loaded, changes } = more.right
    const before = spanOf(seeds.map(({ carries }) => carries))
    const ladder = longer(loaded, situation.ladder, before.most, gain)
    const grownSituation: Situation = { ...situation, loaded, ladder }
    const place = new Place(grownSituation)
    const levels = ladder.values.length
    const ofLaw = (level: number): number => levelAt(ladder, level, gain)
    const asker = new SeedSearches(
      seeds.map(({ carries, index }) =>
        new SeedSearch(index, {
          low: 0,
          high: levels + 1,
          weights: weightsFor(levels, carries, ofLaw(carries)),
          first: 0,
          audited: false
        })
      ),
      (cell) => missesOf(grownSituation, cell).length === 0
    )
    const driven = yield* drive(asker, {
      ...options,
      reduce: toCell,
      jobOf: ({ index, level }) => cutShort(place.job(index, level), options)
    })
    if (!asker.finished()) return { advice: null, state: driven.ended, failure: driven.failure }
    const advice: Advice = {
      resource: resource.name,
      changes,
      ladder,
      seeds: seeds.length,
      before,
      after: spanOf(asker.searches.map(({ capacity }) => capacity)),
      expected: ladder.least ? null : spanOf(seeds.map(({ carries }) => ofLaw(carries))),
      runs: asker.searches.reduce((sum, { results }) => sum + results.size, 0)
    }
    return { advice, state: "finished", failure: driven.failure }
  })

/** The highest level whose value is at most `gain` times that of another one; without numbers, and downward, that level itself. */
const levelAt = ({ least, values }: Ladder, level: number, gain: number): number => {
  const value = values[level - 1]
  if (least || typeof value !== "number") return level
  return values.findLastIndex((each) => typeof each === "number" && each <= value * gain) + 1
}
