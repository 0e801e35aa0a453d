// The state of a search for the smallest scenario: the smallest one so far, what was tried, and what comes next. Runs
// nothing by itself.
import {
  decodeScenario,
  firstBegin,
  fitsSwap,
  type LoadedScenario,
  type LockupReport,
  pruneScenario
} from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import type { WorkloadTable } from "@swaplab/workload"
import { Either } from "effect"
import { RunFailure } from "./protocol.ts"
import type { SavedLockup, SavedResult } from "./saved-result.ts"
import { shrinkSteps } from "./shrink-steps.ts"

/** A step that could not be tried. */
export interface LostStep {
  readonly what: string
  /** Why its run was lost: a fault of swaplab. */
  readonly reason: string
}

/** What a candidate has shown: a lockup of the class, none, or a run that was lost. */
export type Tried = LockupReport | RunFailure | null

/** A smaller scenario that is valid and new. */
export interface Candidate {
  readonly what: string
  readonly given: Mapping
  readonly loaded: LoadedScenario
  readonly key: string
}

const S = 1e9

/** The scenario without defaults, and without kernels that no group uses; `kernel` is the one of the cell. */
const pruned = (given: Mapping, kernel: string, workloads: WorkloadTable): Mapping => {
  const groups = given.clients as ReadonlyArray<Mapping>
  const used = new Set([kernel, ...groups.map((group) => group.kernel)])
  const kernels = Object.entries(given.kernels as Mapping).filter(([name]) => used.has(name))
  return pruneScenario({ ...given, kernels: Object.fromEntries(kernels) }, workloads)
}

/** The run of the lockup alone: its kernel, its seed, no map, nothing expected. */
const alone = (loaded: LoadedScenario, { atNs, kernel, seed }: SavedLockup): Mapping => {
  const { compare: _compare, description: _description, map: _map, slo: _slo, thresholds: _thresholds, ...rest } =
    loaded.given
  return pruned(
    { ...rest, ...shortened(loaded, atNs), seeds: [seed], expect: { default: "any" } },
    kernel,
    loaded.workloads
  )
}

/**
 * The scenario with twice the time that the lockup took to be proved, because a candidate that takes longer is not worth the
 * wait, and without the faults that would begin later.
 */
const shortened = ({ given, scenario: { clock, faults } }: LoadedScenario, atNs: number): Mapping => {
  const seconds = Math.ceil((2 * atNs) / S)
  const written = (given.faults ?? []) as ReadonlyArray<Mapping>
  return {
    duration: `${seconds} s`,
    ...(written.length > 0 && { faults: written.filter((_, i) => firstBegin(faults[i], clock) < seconds * S) })
  }
}

/** A search under way. */
export class ShrinkSearch {
  readonly lockup: SavedLockup
  best: Mapping
  /** Simulations that count. */
  runs = 0
  /** What was made smaller so far. */
  readonly kept: Array<string> = []
  readonly lost: Array<LostStep> = []
  readonly #file: string
  readonly #workloads: WorkloadTable
  /** The scenario had less swap than its load asks for from the beginning. */
  readonly #tight: boolean
  readonly #tried = new Set<string>()

  constructor({ file, loaded }: SavedResult, lockup: SavedLockup) {
    this.lockup = lockup
    this.best = alone(loaded, lockup)
    this.#file = file
    this.#workloads = loaded.workloads
    this.#tight = !this.#fits(loaded)
  }

  /** A scenario that can be run; null if it is none. */
  decode(given: Mapping): LoadedScenario | null {
    const decoded = decodeScenario(this.#file, given, this.#file, this.#workloads)
    if (Either.isLeft(decoded)) return null
    // with less swap than the load asks for, another question is asked: whom the OOM killer ends
    return this.#tight || this.#fits(decoded.right) ? decoded.right : null
  }

  #fits({ scenario }: LoadedScenario): boolean {
    return scenario.clients.every((group) => fitsSwap(group, this.#workloads))
  }

  /** Smaller scenarios that are valid and new, without those whose step was tried in this pass. */
  candidates(pass: ReadonlySet<string>): ReadonlyArray<Candidate> {
    const seen = new Set<string>()
    return shrinkSteps(this.best, this.#workloads).flatMap(({ given, what }) => {
      const key = JSON.stringify(given)
      // two steps can lead to the same scenario
      const known = this.#tried.has(key) || pass.has(what) || seen.has(key) || seen.has(what)
      seen.add(key).add(what)
      const loaded = known ? null : this.decode(given)
      return loaded === null ? [] : [{ what, given, loaded, key }]
    })
  }

  /** Takes what candidates have shown, and keeps the first that has the lockup. Its report, or null. */
  take(batch: ReadonlyArray<Candidate>, shown: ReadonlyArray<Tried>, pass: Set<string>): LockupReport | null {
    // a lost run is one without a lockup here: the smaller scenario may be a strange one
    const hit = shown.findIndex((found) => found !== null && !(found instanceof RunFailure))
    // results after the first success do not count: with one worker those candidates would not have been run
    const counted = hit < 0 ? batch : batch.slice(0, hit + 1)
    this.runs += counted.length
    for (const [i, { key, what }] of counted.entries()) {
      this.#tried.add(key)
      pass.add(what)
      const found = shown[i]
      if (found instanceof RunFailure) this.lost.push({ what, reason: found.reason })
    }
    if (hit < 0) return null
    const report = shown[hit] as LockupReport
    const { given, loaded, what } = batch[hit]
    this.best = pruned({ ...given, ...shortened(loaded, report.atNs) }, this.lockup.kernel, this.#workloads)
    this.kept.push(what)
    return report
  }
}
