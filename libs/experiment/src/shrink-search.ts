// The state of a search for the smallest scenario: the smallest one so far, what was tried, and what comes next. Runs
// nothing by itself.
import {
  decodeScenario,
  firstBegin,
  fitsSwap,
  type LoadedScenario,
  pruneScenario,
  type RunResult
} from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import type { WorkloadTable } from "@swaplab/workload"
import { Either } from "effect"
import type { Job } from "./plan.ts"
import { RunFailure } from "./protocol.ts"
import { shrinkSteps } from "./shrink-steps.ts"

/** A step that could not be tried. */
export interface LostStep {
  readonly what: string
  /** Why its run was lost: a fault of swaplab. */
  readonly reason: string
}

/** What a smaller scenario still has to show; `A` is how a run shows it. */
export interface ShrinkTarget<A> {
  readonly kernel: string
  readonly seed: number
  /** How it is run besides. */
  readonly job?: (loaded: LoadedScenario) => Partial<Job>
  /** A scenario that may be tried. Without it: every one. */
  readonly valid?: (loaded: LoadedScenario) => boolean
  /** What is looked for, as a run shows it; null: it does not. */
  readonly shows: (loaded: LoadedScenario, run: RunResult) => A | null
  /** The same of a run that was lost to a fault of swaplab. Without it, such a run shows nothing. */
  readonly lost?: (failure: RunFailure) => A | null
  /** When it was there for sure, so that a run needs no more than twice that time; null: to the end. */
  readonly provedNs: (shown: A) => number | null
}

/** The run that shows it first. */
export interface ShrinkStart {
  /** Names the scenario in messages. */
  readonly file: string
  readonly loaded: LoadedScenario
  /** See {@link ShrinkTarget.provedNs}. */
  readonly provedNs: number | null
}

/** What a candidate has shown: what is looked for, nothing, or that its run was lost. */
export type Tried<A> = { readonly shown: A } | RunFailure | null

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

/** The run alone: its kernel, its seed, no map, nothing expected. */
const alone = (loaded: LoadedScenario, kernel: string, seed: number, provedNs: number | null): Mapping => {
  const { compare: _compare, description: _description, map: _map, slo: _slo, thresholds: _thresholds, ...rest } =
    loaded.given
  return pruned(
    { ...rest, ...shortened(loaded, provedNs), seeds: [seed], expect: { default: "any" } },
    kernel,
    loaded.workloads
  )
}

/**
 * The scenario with twice the time that it took until it was there, because a candidate that takes longer is not worth the wait,
 * and without the faults that would begin later.
 */
const shortened = ({ given, scenario: { clock, faults } }: LoadedScenario, atNs: number | null): Mapping => {
  if (atNs === null) return {}
  const seconds = Math.ceil((2 * atNs) / S)
  const written = (given.faults ?? []) as ReadonlyArray<Mapping>
  return {
    duration: `${seconds} s`,
    ...(written.length > 0 && { faults: written.filter((_, i) => firstBegin(faults[i], clock) < seconds * S) })
  }
}

/** A search under way. */
export class ShrinkSearch<A> {
  readonly target: ShrinkTarget<A>
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

  constructor({ file, loaded, provedNs }: ShrinkStart, target: ShrinkTarget<A>) {
    this.target = target
    this.best = alone(loaded, target.kernel, target.seed, provedNs)
    this.#file = file
    this.#workloads = loaded.workloads
    this.#tight = !this.#fits(loaded)
  }

  /** A scenario that can be run; null if it is none. */
  decode(given: Mapping): LoadedScenario | null {
    const decoded = decodeScenario(this.#file, given, this.#file, this.#workloads)
    if (Either.isLeft(decoded) || this.target.valid?.(decoded.right) === false) return null
    // with less swap than the load asks for, another question is asked: whom the OOM killer ends
    return this.#tight || this.#fits(decoded.right) ? decoded.right : null
  }

  #fits({ scenario }: LoadedScenario): boolean {
    return scenario.clients.every((group) => fitsSwap(group, this.#workloads))
  }

  /**
   * The first smaller scenarios that are valid and new, without those whose step was tried in this pass; at most so many, because to
   * see whether one is valid takes longer than to make it up.
   */
  candidates(pass: ReadonlySet<string>, most: number): ReadonlyArray<Candidate> {
    const seen = new Set<string>()
    const found: Array<Candidate> = []
    for (const { given, what } of shrinkSteps(this.best, this.#workloads)) {
      if (found.length >= most) break
      const key = JSON.stringify(given)
      // two steps can lead to the same scenario
      const known = this.#tried.has(key) || pass.has(what) || seen.has(key) || seen.has(what)
      seen.add(key).add(what)
      const loaded = known ? null : this.decode(given)
      if (loaded !== null) found.push({ what, given, loaded, key })
    }
    return found
  }

  /** Takes what candidates have shown, and keeps the first that shows what is looked for: how it does, or null. */
  take(
    batch: ReadonlyArray<Candidate>,
    shown: ReadonlyArray<Tried<A>>,
    pass: Set<string>
  ): { readonly shown: A } | null {
    // a lost run shows nothing: the smaller scenario may be a strange one
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
    const found = shown[hit] as { readonly shown: A }
    const { given, loaded, what } = batch[hit]
    const { kernel, provedNs } = this.target
    this.best = pruned({ ...given, ...shortened(loaded, provedNs(found.shown)) }, kernel, this.#workloads)
    this.kept.push(what)
    return found
  }
}
