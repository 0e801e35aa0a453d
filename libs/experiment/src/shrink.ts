// The smallest scenario that still locks up in the same way: one thing after the other is made smaller, and stays so while
// the same seed still ends in a lockup of the same class.
import {
  decodeScenario,
  type LoadedScenario,
  type LockupReport,
  type Mapping,
  pruneScenario,
  type RunResult
} from "@swaplab/cluster"
import { Effect, Either } from "effect"
import { runJobs } from "./jobs.ts"
import type { Job } from "./plan.ts"
import type { RunFailure } from "./protocol.ts"
import { Runner } from "./runner.ts"
import type { SavedLockup, SavedResult } from "./saved-result.ts"
import { shrinkSteps } from "./shrink-steps.ts"

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

export interface Shrunk {
  readonly given: Mapping
  readonly report: LockupReport
  /** Simulations that the search needed, one after the other; side by side some more may have been run in vain. */
  readonly runs: number
  /** What was made smaller, in order. */
  readonly kept: ReadonlyArray<string>
  /** The search ended because there was nothing left to try, not because of `maxRuns`. */
  readonly finished: boolean
}

const S = 1e9

/** A lockup of the class in any client, or null. */
const lockupOf = (run: RunResult, taxonomy: string): LockupReport | null => {
  for (const { lockup, rescue } of run.clients) {
    for (const report of [lockup, rescue]) if (report !== null && report.taxonomy === taxonomy) return report
  }
  return null
}

/** The run of the lockup alone: its kernel, its seed, no map, nothing expected. */
const alone = (loaded: LoadedScenario, { atNs, kernel, seed }: SavedLockup): Mapping => {
  const { compare: _compare, description: _description, map: _map, thresholds: _thresholds, ...rest } = loaded.given
  const kernels = rest.kernels as Readonly<Record<string, unknown>>
  const groups = rest.clients as ReadonlyArray<Mapping>
  const used = new Set([kernel, ...groups.flatMap((group) => (typeof group.kernel === "string" ? [group.kernel] : []))])
  return pruneScenario({
    ...rest,
    seeds: [seed],
    duration: durationFor(atNs),
    kernels: Object.fromEntries(Object.entries(kernels).filter(([name]) => used.has(name))),
    expect: { default: "any" }
  })
}

/** Twice the time that the lockup took to be proved: a candidate that takes longer is not worth the wait. */
const durationFor = (atNs: number): string => `${Math.ceil((2 * atNs) / S)} s`

/** Makes the scenario of a lockup smaller. */
export const shrink = (
  { file, loaded }: SavedResult,
  lockup: SavedLockup,
  options: ShrinkOptions
): Effect.Effect<Shrunk | null, RunFailure, Runner> =>
  Effect.gen(function*() {
    const { size } = yield* Runner
    let runs = 0
    let best = alone(loaded, lockup)
    const kept: Array<string> = []
    const tried = new Set<string>()

    const decode = (given: Mapping): LoadedScenario | null => {
      const decoded = decodeScenario(file, given, () => file)
      return Either.isRight(decoded) ? decoded.right : null
    }
    /** Runs scenarios side by side. A lost run is one without a lockup here: the smaller scenario may be a strange one. */
    const run = (given: ReadonlyArray<LoadedScenario>) =>
      Effect.gen(function*() {
        const jobs = given.map((at, id): Job => ({
          id,
          loaded: at,
          kernel: lockup.kernel,
          seed: lockup.seed,
          field: null
        }))
        const { failures, interrupted, results } = yield* runJobs(jobs, { reduce: (_job, result) => result })
        if (interrupted) return yield* Effect.interrupt
        if (failures.length > 0) return yield* failures[0]
        return jobs.map(({ id }) => lockupOf(results.get(id) as RunResult, lockup.taxonomy))
      })

    const first = decode(best)
    if (first === null) return null
    const [start] = yield* run([first])
    runs++
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
    while (kept.length > keptBefore && runs < options.maxRuns) {
      keptBefore = kept.length
      const pass = new Set<string>()
      for (let next = steps(pass); next.length > 0 && runs < options.maxRuns; next = steps(pass)) {
        const batch = next.slice(0, Math.min(size, options.maxRuns - runs))
        if (options.onProgress !== undefined) {
          yield* options.onProgress({ runs, kept: kept.length, trying: batch[0].what })
        }
        const reports = yield* run(batch.map(({ at }) => at))
        const hit = reports.findIndex((found) => found !== null)
        // whoever comes behind the first success does not count: with one worker it would not have been run
        const counted = hit < 0 ? batch : batch.slice(0, hit + 1)
        runs += counted.length
        for (const { key, what } of counted) {
          tried.add(key)
          pass.add(what)
        }
        if (hit < 0) continue
        report = reports[hit] as LockupReport
        best = pruneScenario({ ...batch[hit].given, duration: durationFor(report.atNs) })
        kept.push(batch[hit].what)
      }
    }
    const finished = kept.length === keptBefore && steps(new Set()).length === 0
    return { given: best, report, runs, kept, finished }
  })
