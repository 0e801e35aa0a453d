// The whole of a capacity search: finds N*, and keeps of each run what the answer is told from.
import { Effect } from "effect"
import type { CellResult } from "../cell.ts"
import type { JobStore } from "../jobs.ts"
import type { RunFailure } from "../protocol.ts"
import type { Runner } from "../runner.ts"
import { ConfidenceSequence } from "./confidence.ts"
import { drive, type DriveProgress, toCell } from "./drive.ts"
import { Foresight, type Progress } from "./forecast.ts"
import { enough } from "./ladder.ts"
import { CapacitySearch, type Probe, type SearchOptions, type SearchState } from "./search.ts"
import { cutShort, missesOf, Place, type Situation } from "./situation.ts"

/** How sure the answer has to be. */
export interface Demand {
  /** The wanted probability that a run holds. */
  readonly holds: number
  /** The wanted probability that the answer is right. */
  readonly sure: number
  /** How wide the interval of the answer may be, as a share of it. */
  readonly within: number
  readonly maxSeeds: number
}

/** One run of a search. */
export interface Sample {
  /** The seed, counted from 0. */
  readonly index: number
  readonly level: number
  readonly holds: boolean
  readonly cell: CellResult
}

/** What a search has found. Levels count from 1; see {@link Situation} for their values. */
export interface Capacity {
  readonly situation: Situation
  readonly demand: Demand
  readonly state: SearchState | "interrupted" | "time is up"
  /** N* is at least this level; 0: perhaps none holds. */
  readonly low: number
  /** And less than this one; one more than there are: perhaps all hold. */
  readonly high: number
  readonly seeds: number
  readonly audit: { readonly runs: number; readonly failed: number }
  /** Runs of the seeds that count, by seed, in each by level. */
  readonly samples: ReadonlyArray<Sample>
  /** Of each level the seeds whose capacity was in question there, and how many of them reach it. */
  readonly reached: ReadonlyArray<{ readonly seeds: number; readonly reach: number }>
  readonly failure: RunFailure | null
}

export interface CapacityOptions {
  readonly store?: JobStore<CellResult>
  readonly onProgress?: (progress: Progress, search: CapacitySearch) => Effect.Effect<void>
  readonly onStop?: Effect.Effect<void>
  readonly timeUp?: Effect.Effect<void>
  /** Makes each run to its end, also where it has missed for good before. It changes no answer. */
  readonly wholeRuns?: boolean
}

/** What a search asks of its seeds. */
export const askedOf = ({ ladder }: Situation, { holds, maxSeeds, sure, within }: Demand): SearchOptions => ({
  levels: ladder.values.length,
  bound: new ConfidenceSequence(holds, (1 - sure) / 2),
  enough: enough(ladder, within),
  maxSeeds
})

/**
 * Searches N*, the highest level of a ladder at which a run holds with the wanted probability.
 *
 * **When to use.** For "how many clients can this server carry": `makeLadder` gives the levels, `demand` how sure to
 * be.
 *
 * **Details.** `holds`, `sure` and `within` are shares from 0 to 1. Levels count from 1; N* is at least `low` and less
 * than `high`. The same runs are made with any number of workers.
 *
 * **Gotchas.** Look at `state` first: only `decided` is an answer as sure as asked for. `not-monotone` gives no number,
 * and an interruption or the end of the time gives what is known. `failure` is a run lost to a bug. Runs end as soon as
 * they have missed for good, unless `wholeRuns` is set.
 */
export const findCapacity = (
  situation: Situation,
  demand: Demand,
  { onProgress, ...options }: CapacityOptions = {}
): Effect.Effect<Capacity, never, Runner> =>
  Effect.gen(function*() {
    const place = new Place(situation)
    const asked = askedOf(situation, demand)
    const search = new CapacitySearch(asked)
    const foresight = onProgress === undefined ? null : new Foresight(asked, situation)
    const cells = new Map<string, CellResult>()
    const driven = yield* drive<Probe>({
      next: () => search.next(),
      answer: (probe, cell) => {
        cells.set(`${probe.index} ${probe.level}`, cell)
        foresight?.add(probe.level, cell.events)
        search.answer(probe, missesOf(situation, cell).length === 0)
      },
      finished: () => search.state !== "searching"
    }, {
      ...options,
      reduce: toCell,
      jobOf: ({ index, level }) => cutShort(place.job(index, level), options),
      ...(onProgress === undefined || foresight === null
        ? {}
        : { onProgress: (progress: DriveProgress) => onProgress(foresight.of(progress, search), search) })
    })
    const { state } = search
    return {
      situation,
      demand,
      state: state === "searching" && driven.ended !== "finished" ? driven.ended : state,
      low: search.low,
      high: search.high,
      seeds: search.seeds.length,
      audit: search.audit,
      samples: search.seeds.flatMap(({ results, seed: index }) =>
        [...results].sort(([a], [b]) => a - b).flatMap(([level, holds]) => {
          const cell = cells.get(`${index} ${level}`)
          return cell === undefined ? [] : [{ index, level, holds, cell }]
        })
      ),
      reached: search.reached(),
      failure: driven.failure
    }
  })
