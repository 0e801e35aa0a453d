// The smallest scenario that still locks up in the same way: one thing after the other is made smaller, and stays so while
// the same seed still ends in a lockup of the same class.
import type { LoadedScenario, LockupReport, RunResult } from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { Effect } from "effect"
import { runJobs } from "./jobs.ts"
import type { Job } from "./plan.ts"
import { RunFailure } from "./protocol.ts"
import { Runner } from "./runner.ts"
import type { SavedLockup, SavedResult } from "./saved-result.ts"
import { type LostStep, ShrinkSearch, type Tried } from "./shrink-search.ts"

/** How far a search goes. */
export interface ShrinkOptions {
  /** Most simulations that count. */
  readonly maxRuns: number
  readonly onProgress?: (progress: ShrinkProgress) => Effect.Effect<void>
}

/** Where the search has got to. */
export interface ShrinkProgress {
  readonly runs: number
  /** What was made smaller so far. */
  readonly kept: number
  /** What is tried now. */
  readonly trying: string
}

/** The smallest scenario that was found. */
export interface Shrunk {
  readonly given: Mapping
  readonly report: LockupReport
  /** Simulations that the search needed, one after the other; side by side some more may have been run in vain. */
  readonly runs: number
  /** What was made smaller, in order. */
  readonly kept: ReadonlyArray<string>
  /** Steps whose runs were lost, in order; they count as steps without the lockup. */
  readonly lost: ReadonlyArray<LostStep>
  /** The search ended because there was nothing left to try, not because of `maxRuns` or the user. */
  readonly finished: boolean
  /** Whether the user ended it before its end. */
  readonly interrupted: boolean
}

/** A lockup of the class in any client, or null. */
const lockupOf = (run: RunResult, taxonomy: string): LockupReport | null => {
  for (const { lockup, rescue } of run.clients) {
    for (const report of [lockup, rescue]) if (report !== null && report.taxonomy === taxonomy) return report
  }
  return null
}

/** Runs scenarios side by side; null when the user has ended that. */
const tryAll = (
  scenarios: ReadonlyArray<LoadedScenario>,
  { kernel, seed, taxonomy }: SavedLockup
): Effect.Effect<ReadonlyArray<Tried> | null, never, Runner> =>
  Effect.gen(function*() {
    const jobs = scenarios.map((loaded, id): Job => ({ id, loaded, kernel, seed, field: null }))
    const ended = yield* runJobs(jobs, { reduce: (_job, result) => lockupOf(result, taxonomy) })
    if (ended.interrupted) return null
    const failures = [...ended.failures]
    // jobs and failures are in the same order
    return jobs.map(({ id }) => ended.results.has(id) ? (ended.results.get(id) ?? null) : (failures.shift() ?? null))
  })

/** The lockup as the search begins; null if it is not there any more. */
const firstLockup = (search: ShrinkSearch): Effect.Effect<LockupReport | null, RunFailure, Runner> =>
  Effect.gen(function*() {
    const loaded = search.decode(search.best)
    if (loaded === null) return null
    const shown = yield* tryAll([loaded], search.lockup)
    if (shown === null) return yield* Effect.interrupt
    search.runs++
    const [first] = shown
    return first instanceof RunFailure ? yield* first : first
  })

/** What a pass over all steps has come to. */
interface Pass {
  /** The lockup in the last scenario that was kept; null if none was. */
  readonly report: LockupReport | null
  readonly interrupted: boolean
}

/** Tries every step once. */
const onePass = (search: ShrinkSearch, options: ShrinkOptions): Effect.Effect<Pass, never, Runner> =>
  Effect.gen(function*() {
    const { size } = yield* Runner
    const pass = new Set<string>()
    let report: LockupReport | null = null
    for (;;) {
      const next = search.candidates(pass)
      if (next.length === 0 || search.runs >= options.maxRuns) return { report, interrupted: false }
      const batch = next.slice(0, Math.min(size, options.maxRuns - search.runs))
      if (options.onProgress !== undefined) {
        yield* options.onProgress({ runs: search.runs, kept: search.kept.length, trying: batch[0].what })
      }
      const shown = yield* tryAll(batch.map(({ loaded }) => loaded), search.lockup)
      if (shown === null) return { report, interrupted: true }
      report = search.take(batch, shown, pass) ?? report
    }
  })

/**
 * Makes the scenario of a lockup smaller. Null: the run does not lock up any more. An interruption is not passed on: what
 * was found until then is the result, marked as interrupted. Call it in an uninterruptible region to make use of that.
 */
export const shrink = (
  saved: SavedResult,
  lockup: SavedLockup,
  options: ShrinkOptions
): Effect.Effect<Shrunk | null, RunFailure, Runner> =>
  Effect.uninterruptible(Effect.gen(function*() {
    const search = new ShrinkSearch(saved, lockup)
    let report = yield* firstLockup(search)
    if (report === null) return null
    // pass after pass, until one of them has kept nothing
    let last: Pass = { report, interrupted: false }
    while (!last.interrupted && last.report !== null && search.runs < options.maxRuns) {
      last = yield* onePass(search, options)
      report = last.report ?? report
    }
    const finished = !last.interrupted && last.report === null && search.candidates(new Set()).length === 0
    const { best, kept, lost, runs } = search
    return { given: best, report, runs, kept, lost, finished, interrupted: last.interrupted }
  }))
