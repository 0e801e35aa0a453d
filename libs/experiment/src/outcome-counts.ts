// How many runs ended in which way.
import type { Outcome } from "@swaplab/cluster"

/** Runs by outcome. */
export type OutcomeCounts = { readonly [outcome in Outcome]: number }

/** Counts the outcomes of runs. */
export const countOutcomes = (runs: ReadonlyArray<{ readonly outcome: Outcome }>): OutcomeCounts => {
  const counts = { completed: 0, corruption: 0, lockup: 0, sigbus: 0, oom: 0, timeout: 0, stopped: 0 }
  for (const { outcome } of runs) counts[outcome]++
  return counts
}
