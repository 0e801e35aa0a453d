// The smallest scenario that still shows the same: one thing after the other is made smaller, and stays so while the same seed still
// ends in a lockup of the same class, breaks the same law, or shows whatever else is looked for.
import type { LoadedScenario, LockupReport, RunResult } from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { Effect } from "effect"
import { runJobs } from "./jobs.ts"
import type { Job } from "./plan.ts"
import { RunFailure } from "./protocol.ts"
import { Runner } from "./runner.ts"
import type { SavedLockup, SavedResult } from "./saved-result.ts"
import { type LostStep, ShrinkSearch, type ShrinkStart, type ShrinkTarget, type Tried } from "./shrink-search.ts"

/** How far a search goes. */
export interface ShrinkOptions {
  /** Most simulations that count. */
  readonly maxRuns: number
  /** Whether its time is up. Asked before each step; never, without it. */
  readonly timeUp?: () => boolean
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
export interface Shrunk<A = LockupReport> {
  readonly given: Mapping
  /** How the smallest one shows it. */
  readonly report: A
  /** Simulations that the search needed, one after the other; side by side some more may have been run in vain. */
  readonly runs: number
  /** What was made smaller, in order. */
  readonly kept: ReadonlyArray<string>
  /** Steps whose runs were lost, in order; they count as steps that show nothing. */
  readonly lost: ReadonlyArray<LostStep>
  /** The search ended because there was nothing left to try, not because of `maxRuns` or the user. */
  readonly finished: boolean
  /** Whether the user, or the end of its time, ended it before its end. */
  readonly interrupted: boolean
}

/** A lockup of the class in any client, or null. */
const lockupOf = (run: RunResult, taxonomy: string): LockupReport | null => {
  for (const { lockup, rescue } of run.clients) {
    for (const report of [lockup, rescue]) if (report !== null && report.taxonomy === taxonomy) return report
  }
  return null
}

const wrap = <A>(shown: A | null): { readonly shown: A } | null => shown === null ? null : { shown }

/** Runs scenarios side by side; null when the user has ended that. */
const tryAll = <A>(
  scenarios: ReadonlyArray<LoadedScenario>,
  { job, kernel, lost, seed, shows }: ShrinkTarget<A>
): Effect.Effect<ReadonlyArray<Tried<A>> | null, never, Runner> =>
  Effect.gen(function*() {
    const jobs = scenarios.map((loaded, id): Job => ({ ...job?.(loaded), id, loaded, kernel, seed, field: null }))
    const ended = yield* runJobs(jobs, { reduce: ({ loaded }, result) => wrap(shows(loaded, result)) })
    if (ended.interrupted) return null
    const failures = [...ended.failures]
    // jobs and failures are in the same order
    return jobs.map(({ id }): Tried<A> => {
      if (ended.results.has(id)) return ended.results.get(id) ?? null
      const failure = failures.shift() ?? null
      return failure === null ? null : wrap(lost?.(failure) ?? null) ?? failure
    })
  })

/** What is looked for, as the search begins; null if it is not there any more. */
const firstShown = <A>(search: ShrinkSearch<A>): Effect.Effect<{ readonly shown: A } | null, RunFailure, Runner> =>
  Effect.gen(function*() {
    const loaded = search.decode(search.best)
    if (loaded === null) return null
    const shown = yield* tryAll([loaded], search.target)
    if (shown === null) return yield* Effect.interrupt
    search.runs++
    const [first] = shown
    return first instanceof RunFailure ? yield* first : first
  })

/** What a pass over all steps has come to. */
interface Pass<A> {
  /** What the last scenario that was kept shows; null if none was. */
  readonly report: { readonly shown: A } | null
  readonly interrupted: boolean
}

/** Tries every step once. */
const onePass = <A>(search: ShrinkSearch<A>, options: ShrinkOptions): Effect.Effect<Pass<A>, never, Runner> =>
  Effect.gen(function*() {
    const { size } = yield* Runner
    const pass = new Set<string>()
    let report: Pass<A>["report"] = null
    for (;;) {
      const batch = search.candidates(pass, Math.min(size, options.maxRuns - search.runs))
      if (batch.length === 0) return { report, interrupted: false }
      if (options.timeUp?.() === true) return { report, interrupted: true }
      if (options.onProgress !== undefined) {
        yield* options.onProgress({ runs: search.runs, kept: search.kept.length, trying: batch[0].what })
      }
      const shown = yield* tryAll(batch.map(({ loaded }) => loaded), search.target)
      if (shown === null) return { report, interrupted: true }
      report = search.take(batch, shown, pass) ?? report
    }
  })

/**
 * Makes a scenario smaller while its run shows what is looked for. Null: it does not show it to begin with. An interruption is not
 * passed on: what was found until then is the result, marked as interrupted. Call it in an uninterruptible region to make use of
 * that.
 */
export const shrinkTo = <A>(
  start: ShrinkStart,
  target: ShrinkTarget<A>,
  options: ShrinkOptions
): Effect.Effect<Shrunk<A> | null, RunFailure, Runner> =>
  Effect.uninterruptible(Effect.gen(function*() {
    const search = new ShrinkSearch(start, target)
    let report = yield* firstShown(search)
    if (report === null) return null
    // pass after pass, until one of them has kept nothing
    let last: Pass<A> = { report, interrupted: false }
    while (!last.interrupted && last.report !== null && search.runs < options.maxRuns) {
      last = yield* onePass(search, options)
      report = last.report ?? report
    }
    const finished = !last.interrupted && last.report === null && search.candidates(new Set(), 1).length === 0
    const { best, kept, lost, runs } = search
    return { given: best, report: report.shown, runs, kept, lost, finished, interrupted: last.interrupted }
  }))

/** Makes the scenario of a lockup smaller. Null: the run does not lock up any more. See `shrinkTo`. */
export const shrink = (
  { file, loaded }: SavedResult,
  { atNs, kernel, seed, taxonomy }: SavedLockup,
  options: ShrinkOptions
): Effect.Effect<Shrunk | null, RunFailure, Runner> =>
  shrinkTo(
    { file, loaded, provedNs: atNs },
    { kernel, seed, shows: (_loaded, run) => lockupOf(run, taxonomy), provedNs: (report) => report.atNs },
    options
  )
