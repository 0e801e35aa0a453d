// Jobs in rounds: which come next depends on the results of those before.
import { Effect } from "effect"
import { type JobOptions, type JobResults, runJobs } from "../jobs.ts"
import type { Job } from "../plan.ts"
import type { RunFailure } from "../protocol.ts"
import type { Runner } from "../runner.ts"

/**
 * Runs jobs until `next` gives no more; it gets all results so far, by the id of the job. Ids are unique over all rounds.
 * Interruption as with `runJobs`: the round under way ends early, and none follows it.
 */
export const runRounds = <A>(
  next: (results: ReadonlyMap<number, A>) => ReadonlyArray<Job>,
  options: JobOptions<A>
): Effect.Effect<JobResults<A>, never, Runner> =>
  Effect.uninterruptible(Effect.gen(function*() {
    const results = new Map<number, A>()
    const failures: Array<RunFailure> = []
    let found = 0
    for (;;) {
      const jobs = next(results)
      if (jobs.length === 0) return { results, found, failures, interrupted: false }
      // a list of jobs counts from 0
      const round = yield* runJobs(jobs.map((job, id) => ({ ...job, id })), options)
      jobs.forEach((job, id) => {
        const result = round.results.get(id)
        if (result !== undefined) results.set(job.id, result)
      })
      failures.push(...round.failures)
      found += round.found
      if (round.interrupted) return { results, found, failures, interrupted: true }
    }
  }))
