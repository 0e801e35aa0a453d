// The smallest scenario that still locks up in the same way: one thing after the other is made smaller, and stays so while
// the same seed still ends in a lockup of the same class.
import {
  decodeScenario,
  fitsSwap,
  type LoadedScenario,
  type LockupReport,
  pruneScenario,
  type RunResult
} from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { Effect, Either } from "effect"
import { runJobs } from "./jobs.ts"
import type { Job } from "./plan.ts"
import { RunFailure } from "./protocol.ts"
import { Runner } from "./runner.ts"
import type { SavedLockup, SavedResult } from "./saved-result.ts"
import { shrinkSteps } from "./shrink-steps.ts"

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

/** A step that could not be tried. */
export interface LostStep {
  readonly what: string
  /** Why its run was lost: a fault of swaplab. */
  readonly reason: string
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

const S = 1e9

/** A lockup of the class in any client, or null. */
const lockupOf = (run: RunResult, taxonomy: string): LockupReport | null => {
  for (const { lockup, rescue } of run.clients) {
    for (const report of [lockup, rescue]) if (report !== null && report.taxonomy === taxonomy) return report
  }
  return null
}

/** The scenario without defaults, and without kernels that no group uses; `kernel` is the one of the cell. */
const pruned = (given: Mapping, kernel: string): Mapping => {
  const groups = given.clients as ReadonlyArray<Mapping>
  const used = new Set([kernel, ...groups.map((group) => group.kernel)])
  const kernels = Object.entries(given.kernels as Mapping).filter(([name]) => used.has(name))
  return pruneScenario({ ...given, kernels: Object.fromEntries(kernels) })
}

/** The run of the lockup alone: its kernel, its seed, no map, nothing expected. */
const alone = (loaded: LoadedScenario, { atNs, kernel, seed }: SavedLockup): Mapping => {
  const { compare: _compare, description: _description, map: _map, thresholds: _thresholds, ...rest } = loaded.given
  return pruned({
    ...rest,
    seeds: [seed],
    duration: durationFor(atNs),
    expect: { default: "any" }
  }, kernel)
}

/** Twice the time that the lockup took to be proved: a candidate that takes longer is not worth the wait. */
const durationFor = (atNs: number): string => `${Math.ceil((2 * atNs) / S)} s`

/** What a candidate has shown: a lockup of the class, none, or a run that was lost. */
type Tried = LockupReport | RunFailure | null

/**
 * Makes the scenario of a lockup smaller. Null: the run does not lock up any more. An interruption is not passed on: what
 * was found until then is the result, marked as interrupted. Call it in an uninterruptible region to make use of that.
 */
export const shrink = (
  { file, loaded }: SavedResult,
  lockup: SavedLockup,
  options: ShrinkOptions
): Effect.Effect<Shrunk | null, RunFailure, Runner> =>
  Effect.uninterruptible(Effect.gen(function*() {
    const { size } = yield* Runner
    let runs = 0
    let best = alone(loaded, lockup)
    let interrupted = false
    const kept: Array<string> = []
    const lost: Array<LostStep> = []
    const tried = new Set<string>()
    const tight = !loaded.scenario.clients.every(fitsSwap)

    const decode = (given: Mapping): LoadedScenario | null => {
      const decoded = decodeScenario(file, given)
      if (Either.isLeft(decoded)) return null
      const { scenario } = decoded.right
      // with less swap than the load asks for, another question is asked: whom the OOM killer ends
      return tight || scenario.clients.every(fitsSwap) ? decoded.right : null
    }
    /** Runs scenarios side by side; null when the user has ended that. */
    const run = (given: ReadonlyArray<LoadedScenario>): Effect.Effect<ReadonlyArray<Tried> | null, never, Runner> =>
      Effect.gen(function*() {
        const jobs = given.map((at, id): Job => ({
          id,
          loaded: at,
          kernel: lockup.kernel,
          seed: lockup.seed,
          field: null
        }))
        const ended = yield* runJobs(jobs, { reduce: (_job, result) => lockupOf(result, lockup.taxonomy) })
        if (ended.interrupted) return null
        const failures = [...ended.failures]
        // jobs and failures are in the same order
        return jobs.map(({ id }) =>
          ended.results.has(id) ? (ended.results.get(id) ?? null) : (failures.shift() ?? null)
        )
      })

    const first = decode(best)
    if (first === null) return null
    const starts = yield* run([first])
    if (starts === null) return yield* Effect.interrupt
    const [start] = starts
    runs++
    if (start instanceof RunFailure) return yield* start
    if (start === null) return null
    let report = start

    /** Smaller scenarios that are valid and new, without those whose step was tried in this pass. */
    const steps = (pass: ReadonlySet<string>) => {
      const seen = new Set<string>()
      return shrinkSteps(best).flatMap(({ given, what }) => {
        const key = JSON.stringify(given)
        // two steps can lead to the same scenario
        const known = tried.has(key) || pass.has(what) || seen.has(key) || seen.has(what)
        seen.add(key).add(what)
        const at = known ? null : decode(given)
        return at === null ? [] : [{ at, given, key, what }]
      })
    }
    // pass after pass over all steps, until one of them has kept nothing
    let keptBefore = -1
    while (!interrupted && kept.length > keptBefore && runs < options.maxRuns) {
      keptBefore = kept.length
      const pass = new Set<string>()
      for (let next = steps(pass); next.length > 0 && runs < options.maxRuns; next = steps(pass)) {
        const batch = next.slice(0, Math.min(size, options.maxRuns - runs))
        if (options.onProgress !== undefined) {
          yield* options.onProgress({ runs, kept: kept.length, trying: batch[0].what })
        }
        const reports = yield* run(batch.map(({ at }) => at))
        if (reports === null) {
          interrupted = true
          break
        }
        // a lost run is one without a lockup here: the smaller scenario may be a strange one
        const hit = reports.findIndex((found) => found !== null && !(found instanceof RunFailure))
        // whoever comes behind the first success does not count: with one worker it would not have been run
        const counted = hit < 0 ? batch : batch.slice(0, hit + 1)
        runs += counted.length
        for (const [i, { key, what }] of counted.entries()) {
          tried.add(key)
          pass.add(what)
          const found = reports[i]
          if (found instanceof RunFailure) lost.push({ what, reason: found.reason })
        }
        if (hit < 0) continue
        report = reports[hit] as LockupReport
        best = pruned({ ...batch[hit].given, duration: durationFor(report.atNs) }, lockup.kernel)
        kept.push(batch[hit].what)
      }
    }
    const finished = !interrupted && kept.length === keptBefore && steps(new Set()).length === 0
    return { given: best, report, runs, kept, lost, finished, interrupted }
  }))
