// How many runs a search will take, and how many events they have: what its time is told from.
// Runs: the search itself is made, in thought, with the seeds that have ended and others like them; before the first one has
// ended, with seeds somewhere in the middle of the ladder that differ by some percent. The median of several such searches is told.
// Events of a run: a line through those of the runs so far, by level.
// The first run is the pilot: it has the easiest level, and where the ladder is a number of clients a run of N of them is taken to have
// N times its events per client. What is told from it is the most that the search will take, with N* at the end of the ladder; an
// estimate is told once the first seed has ended, some seven runs later, because before that nobody knows where N* lies.
// Not foreseen: seeds that are unlike all before them. What that costs: a forecast from one seed is as good as that seed is typical.
import { log, Random } from "@swaplab/sim"
import type { DriveProgress } from "./drive.ts"
import { relaxedRows } from "./resources.ts"
import { CapacitySearch, type SearchOptions } from "./search.ts"
import type { Situation } from "./situation.ts"
import { FIRST_SEEDS, SEEDS } from "./trial-seeds.ts"

/** Searches that are made in thought. */
const TRIALS = 7
/** Seeds that are not known differ by so much of their capacity. */
const SPREAD = 0.05
/** A search of more runs than this is told as one of so many. */
const MOST_RUNS = 5000

/** Runs that show what twice of the bottleneck gives: four a seed. */
export const ADVICE_RUNS = 4 * SEEDS

/** Where a search, or what follows it, has got to. */
export interface Progress extends DriveProgress {
  readonly phase: "search" | "limits" | "advice"
  /** Runs of this phase in all, as foreseen. */
  readonly total: number
  /** Events that are foreseen for the rest of this phase and those after it; null: no run is known. */
  readonly eventsLeft: number | null
  /** Whether they are the most that it may come to, as long as only the pilot is known. */
  readonly atMost?: boolean
}

/** Runs, and the sum of their levels. */
export interface Load {
  readonly runs: number
  readonly levels: number
}

/** Events of runs, as a line through those that are known, by level. */
export class Effort {
  #runs = 0
  #levels = 0
  #events = 0
  #squares = 0
  #products = 0

  add(level: number, events: number): void {
    this.#runs++
    this.#levels += level
    this.#events += events
    this.#squares += level * level
    this.#products += level * events
  }

  /** Events of runs of which only easier ones are known, each with so many times those events as its level is theirs. */
  mostEventsOf({ levels }: Load): number | null {
    return this.#levels === 0 ? null : levels * this.#events / this.#levels
  }

  /** Null: no run is known. */
  eventsOf({ levels, runs }: Load): number | null {
    const n = this.#runs
    if (n === 0) return null
    const spread = n * this.#squares - this.#levels * this.#levels
    const slope = spread > 0 ? Math.max(0, (n * this.#products - this.#levels * this.#events) / spread) : 0
    const base = Math.max(0, (this.#events - slope * this.#levels) / n)
    return base * runs + slope * levels
  }

  /** Events that are left where `rest` is what has not ended. */
  eventsLeft({ running }: DriveProgress, rest: Load): number | null {
    const events = this.eventsOf({ runs: Math.max(0, rest.runs), levels: Math.max(0, rest.levels) })
    return events === null ? null : Math.max(0, events - running.reduce((sum, run) => sum + run.events, 0))
  }
}

/** What a search will have taken in all, and where it will end. */
interface SearchForecast extends Load {
  readonly low: number
  /** Whether a level will be known to hold and a harder one to fail. */
  readonly bounded: boolean
}

/** Capacity of a seed that is not known; where none is, they lie around `middle`. */
const drawn = (random: Random, levels: number, known: ReadonlyArray<number>, middleOfAll: number): number => {
  const chance = Math.min(1 - 1e-9, Math.max(1e-9, random.unit()))
  const middle = known.length === 0 ? middleOfAll : known[random.below(known.length)]
  // a logistic distribution has the standard deviation 1.8 of its scale
  const value = middle + (SPREAD / 1.8) * middle * log(chance / (1 - chance))
  return Math.min(levels, Math.max(0, Math.round(value)))
}

const inThought = (options: SearchOptions, known: ReadonlyArray<number>, trial: number): SearchForecast => {
  const search = new CapacitySearch(options)
  const random = new Random(trial, "capacity forecast")
  const capacities = [...known]
  const middle = options.levels * (0.3 + 0.4 * random.unit())
  let runs = 0
  let levels = 0
  for (let probe = search.next(); probe !== null && runs < MOST_RUNS; probe = search.next()) {
    while (capacities.length <= probe.index) capacities.push(drawn(random, options.levels, known, middle))
    search.answer(probe, probe.level <= capacities[probe.index])
    runs++
    levels += probe.level
  }
  return { runs, levels, low: search.low, bounded: search.low >= 1 && search.high <= options.levels }
}

/** Foresees a search of whose seeds the first ones have these capacities: the median of several made in thought. */
export const forecastSearch = (options: SearchOptions, known: ReadonlyArray<number>): SearchForecast =>
  Array.from({ length: TRIALS }, (_, trial) => inThought(options, known, trial))
    .toSorted((a, b) => a.runs - b.runs)[TRIALS >> 1]

/** Runs that follow a search: what limits it, and what twice of that gives. */
const followingLoad = ({ bounded, low }: SearchForecast, rows: number): Load => {
  if (!bounded) return { runs: 0, levels: 0 }
  // every resource and none with the first seeds; none and the one that limits with the others
  const limits = FIRST_SEEDS * (rows + 1) + 2 * (SEEDS - FIRST_SEEDS)
  return { runs: limits + ADVICE_RUNS, levels: low * (1.1 * limits + 2 * ADVICE_RUNS) }
}

/** What of a search is still to come. It is foreseen anew after each seed at first, later when there are a fifth more. */
export class Foresight {
  readonly #asked: SearchOptions
  readonly #rows: number
  readonly #effort = new Effort()
  /** Whether harder levels are more clients. */
  readonly #grows: boolean
  #levels = 0
  #forecast: SearchForecast
  #dueAt = 1

  constructor(asked: SearchOptions, { ladder, loaded }: Situation) {
    this.#asked = asked
    this.#grows = /^clients\.\d+\.count$/.test(ladder.path) && !ladder.least
    this.#rows = relaxedRows(loaded, ladder.path).length
    this.#forecast = forecastSearch(asked, [])
  }

  add(level: number, events: number): void {
    this.#effort.add(level, events)
    this.#levels += level
  }

  of(progress: DriveProgress, { seeds }: CapacitySearch): Progress {
    if (seeds.length >= this.#dueAt) {
      this.#forecast = forecastSearch(this.#asked, seeds.map(({ capacity }) => capacity))
      this.#dueAt = Math.ceil(seeds.length * 1.2)
    }
    const following = followingLoad(this.#forecast, this.#rows)
    const { levels, runs } = this.#forecast
    return {
      ...progress,
      phase: "search",
      total: Math.max(runs, progress.runs),
      ...(seeds.length === 0 ? { eventsLeft: this.#most(progress, runs + following.runs), atMost: true } : {
        eventsLeft: this.#effort.eventsLeft(progress, {
          runs: Math.max(0, runs - progress.runs) + following.runs,
          levels: Math.max(0, levels - this.#levels) + following.levels
        })
      })
    }
  }

  /** With every run at the hardest level. */
  #most({ running }: DriveProgress, runs: number): number | null {
    if (!this.#grows) return null
    const events = this.#effort.mostEventsOf({ runs, levels: runs * this.#asked.levels })
    return events === null ? null : Math.max(0, events - running.reduce((sum, run) => sum + run.events, 0))
  }
}
