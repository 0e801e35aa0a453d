// The morning that a report of a capacity shows: the seed in the middle of all that were run at the number that holds, there and
// with a tenth more. Both runs are the same people on the same machines, so what is different comes from the number alone.
import type { RunResult, Threshold } from "@swaplab/cluster"
import { Effect } from "effect"
import type { Capacity } from "./capacity/capacity.ts"
import { demandsOf, Place } from "./capacity/situation.ts"
import type { CellResult } from "./cell.ts"
import { type JobOptions, runJobs } from "./jobs.ts"
import type { Runner } from "./runner.ts"
import { axisNumbers } from "./sweep/axis-values.ts"

/** What a run has of a demand; of clients, groups or servers the one that is worst off. Null: nothing of the kind is in it. */
export const demandedValue = ({ comparison, metric }: Threshold, { metrics }: CellResult): number | null => {
  const value = metrics[metric] ?? null
  if (value === null || typeof value === "number") return value
  return comparison.startsWith("<") ? value.max : value.min
}

/** A run at a level of a search, with its time series. */
export interface TypicalRun {
  readonly level: number
  readonly run: RunResult
}

/** How much more than N* the second one has. */
const BEYOND = 0.1

/** The first level that is a tenth beyond another one; the last one where none is so far away. Null: there is none at all. */
const beyond = ({ situation: { ladder: { values } } }: Capacity, level: number): number | null => {
  if (level >= values.length) return null
  const numbers = axisNumbers(values)?.numbers
  if (numbers === undefined) return level + 1
  const from = numbers[level - 1]
  const found = numbers.findIndex((n, i) => i >= level && Math.abs(n - from) >= BEYOND * from * 0.999)
  return (found < 0 ? values.length - 1 : found) + 1
}

/** The seed in the middle by the first demand, of the runs at a level; of all seeds where none was run there. */
const middleSeed = ({ samples, seeds, situation }: Capacity, level: number): number => {
  const [demand] = demandsOf(situation.loaded)
  const at = samples.filter((sample) => sample.level === level).map(({ cell, index }) => ({
    index,
    value: demand === undefined ? 0 : demandedValue(demand, cell) ?? 0
  })).toSorted((a, b) => a.value - b.value || a.index - b.index)
  return at[Math.floor((at.length - 1) / 2)]?.index ?? Math.floor(Math.max(0, seeds - 1) / 2)
}

/** Makes the runs: at N* and beyond it; where nothing holds at the easiest level. None for an answer without a number. */
export const findTypicalRuns = (
  capacity: Capacity,
  options: Omit<JobOptions<RunResult>, "reduce">
): Effect.Effect<ReadonlyArray<TypicalRun>, never, Runner> => {
  if (capacity.state === "not-monotone" || capacity.failure !== null) return Effect.succeed([])
  const level = Math.max(1, capacity.low)
  const further = beyond(capacity, level)
  const levels = [level, ...(further === null ? [] : [further])]
  const index = middleSeed(capacity, level)
  const place = new Place(capacity.situation)
  const jobs = levels.map((at, id) => ({ ...place.job(index, at), id }))
  return Effect.map(
    runJobs(jobs, { ...options, reduce: (_, run) => run }),
    ({ results }) =>
      levels.flatMap((at, id) => {
        const run = results.get(id)
        return run === undefined || run.outcome === "stopped" ? [] : [{ level: at, run }]
      })
  )
}
