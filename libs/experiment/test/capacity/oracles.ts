// Responses whose capacity is known, and a search that asks them.
import { type Bound, ConfidenceSequence } from "#src/capacity/confidence.ts"
import { CapacitySearch } from "#src/capacity/search.ts"
import { exp, Random } from "@swaplab/sim"

/** A response: the chance that a seed's capacity is at least a level. It falls with the level. */
export interface Oracle {
  readonly name: string
  readonly levels: number
  readonly reaches: (level: number) => number
}

/** Half of the seeds reach `middle`; the smaller `spread`, the more alike they are. */
export const logistic = (levels: number, middle: number, spread: number): Oracle => ({
  name: `${levels} levels, logistic ${middle} ± ${spread}`,
  levels,
  reaches: (level) => 1 / (1 + exp((level - middle) / spread))
})

/** The true answer. */
export const answerOf = ({ levels, reaches }: Oracle, share: number): number => {
  let level = 0
  while (level < levels && reaches(level + 1) >= share) level++
  return level
}

/** Capacity of a seed of a trial, by inversion. */
export const capacityOf = ({ levels, reaches }: Oracle, trial: number, index: number): number => {
  const chance = new Random(trial, "seed", String(index)).unit()
  let low = 0
  let high = levels + 1
  while (high - low > 1) {
    const level = (low + high) >> 1
    if (reaches(level) >= chance) low = level
    else high = level
  }
  return low
}

/** What a search of one trial has found. */
export interface Found {
  readonly low: number
  readonly high: number
  readonly runs: number
  readonly seeds: number
  readonly state: string
}

/** Searches one trial. */
export const search = (
  oracle: Oracle,
  trial: number,
  bound: Bound,
  within: number,
  maxSeeds = 2000
): Found => {
  const machine = new CapacitySearch({
    levels: oracle.levels,
    bound,
    enough: (low, high) => high - low <= Math.max(1, within * high),
    maxSeeds
  })
  const capacities = new Map<number, number>()
  let runs = 0
  for (let probe = machine.next(); probe !== null; probe = machine.next()) {
    const { index, level } = probe
    const capacity = capacities.get(index) ?? capacityOf(oracle, trial, index)
    capacities.set(index, capacity)
    machine.answer(probe, level <= capacity)
    runs++
  }
  return { low: machine.low, high: machine.high, runs, seeds: machine.seeds.length, state: machine.state }
}

/** The bound of the procedure. */
export const honest = (share: number, risk: number): Bound => new ConfidenceSequence(share, risk / 2)
