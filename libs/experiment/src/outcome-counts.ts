// How many runs ended in which way, and which of them shares are taken of.
import type { Outcome } from "@swaplab/cluster"

/** Runs by outcome. */
export type OutcomeCounts = { readonly [outcome in Outcome]: number }

/** Counts the outcomes of runs. */
export const countOutcomes = (runs: ReadonlyArray<{ readonly outcome: Outcome }>): OutcomeCounts => {
  const counts = { completed: 0, corruption: 0, lockup: 0, "lost-swap": 0, sigbus: 0, oom: 0, timeout: 0, stopped: 0 }
  for (const { outcome } of runs) counts[outcome]++
  return counts
}

/** Runs that came to their own end. One that the user has stopped says nothing about a share of outcomes. */
export const endedRuns = <A extends { readonly outcome: Outcome }>(runs: ReadonlyArray<A>): ReadonlyArray<A> =>
  runs.filter(({ outcome }) => outcome !== "stopped")
