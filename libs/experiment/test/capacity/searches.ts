// Searches of a response like that of class-start, made in thought: how many runs they take.
import { honest, logistic, search } from "./oracles.ts"

/** Clients from 1 to four times those of the file. */
const LEVELS = 120
const WITHIN = 0.15

interface Asked {
  /** Half of the seeds reach it. */
  readonly middle: number
  /** Standard deviation of the seeds' capacities, as a share of that. */
  readonly spread: number
  readonly holds: number
  readonly sure: number
  readonly searches: number
}

/** Runs of so many searches: the median, the 95th percentile, the most; and how many ended with an interval that is narrow enough. */
export const searchesOf = ({ holds, middle, searches, spread, sure }: Asked) => {
  // a logistic distribution has the standard deviation 1.8 of its scale
  const oracle = logistic(LEVELS, middle, spread * middle / 1.8)
  const found = Array.from(
    { length: searches },
    (_, trial) => search(oracle, trial, honest(holds, 1 - sure), WITHIN, 10_000)
  )
  const runs = found.map((each) => each.runs).toSorted((a, b) => a - b)
  return {
    median: runs[searches >> 1],
    p95: runs[Math.ceil(0.95 * searches) - 1],
    most: runs[searches - 1],
    within:
      found.filter(({ high, low, state }) => state === "decided" && high - low <= Math.max(1, WITHIN * high)).length
  }
}
