// What an ablation says: of each kernel how often it completes and at what cost; of each patch whether the load needs it
// and whether it is enough. Statements rest on Wilson's intervals of 95 % that do not overlap; equal fingerprints over all
// seeds are no statistics but a fact: the patch did nothing here.
import type { PatchName } from "@swaplab/kernel"
import type { AblationPlan, Allocator, Variant } from "./ablation.ts"
import type { CellResult } from "./cell.ts"
import type { JobResults } from "./jobs.ts"
import { countOutcomes, endedRuns, type OutcomeCounts } from "./outcome-counts.ts"
import type { RunFailure } from "./protocol.ts"
import { type Estimate, medianOf, orNull, pairedDifference, wilson } from "./statistics.ts"

/** Runs of one kernel, summed up. Stopped runs are counted as such and go into nothing else. */
export interface VariantSummary extends OutcomeCounts {
  readonly variant: Variant
  readonly runs: number
  /** Share of runs that completed. */
  readonly completedShare: Omit<Estimate, "value"> & { readonly value: number | null }
  /** Classes of the lockups with their counts, the most frequent first. */
  readonly classes: ReadonlyArray<readonly [taxonomy: string, count: number]>
  /** The allocation that was stuck in the first lockup that has one; null without. */
  readonly stuck: string | null
  /** Medians; null when there is nothing to take one of. Elapsed: of completed runs. */
  readonly lockupNs: number | null
  readonly elapsedNs: number | null
  readonly throttles: number | null
  readonly drops: number | null
  readonly filterDrops: number | null
  /** Of the run that went deepest below a min watermark. */
  readonly lowWater: CellResult["lowWater"] | null
}

/**
 * What a patch does for a load, from one pair of kernels that differ in it:
 *
 * - `no effect`: the same fingerprint with every seed.
 * - `necessary`: without it no run completes, and the intervals do not overlap.
 * - `sufficient`: with it alone every run completes, and the intervals do not overlap.
 * - `helps`, `harms`: the intervals do not overlap, in between the two above, or the other way round.
 * - `undecided`: the counts differ and the intervals overlap. More seeds would tell.
 * - `not needed`, `not enough`: it changes the course of the runs and not how many complete.
 * - `nothing to show`: the kernel it is taken out of never completes, or the one it is put into always does.
 * - `not run`: no seed has been run with both.
 */
export type PatchVerdict =
  | "no effect"
  | "necessary"
  | "sufficient"
  | "helps"
  | "harms"
  | "undecided"
  | "not needed"
  | "not enough"
  | "nothing to show"
  | "not run"

/** A kernel with a patch against the one without it. */
export interface PatchEffect {
  readonly verdict: PatchVerdict
  readonly changed: VariantSummary
  readonly reference: VariantSummary
  /** Seeds that both have run, and those of them with equal fingerprints. */
  readonly seeds: number
  readonly equal: number
  /** Elapsed time changed − reference, in seconds, by seed, where both completed; null where fewer than two seeds did. */
  readonly elapsedDifference: Estimate | null
}

/** What an ablation says about a patch with one allocator. Null: that kernel is no part of the ablation. */
export interface PatchFinding {
  readonly allocator: Allocator
  readonly patch: PatchName
  /** Its number in the series; 0 for one that is not of it. */
  readonly number: number
  readonly without: PatchEffect | null
  readonly alone: PatchEffect | null
}

/** What an ablation has measured, and what follows from it. */
export interface AblationResult {
  readonly plan: AblationPlan
  /** In the order of the plan, those that were run. */
  readonly runs: ReadonlyArray<CellResult>
  readonly summaries: ReadonlyArray<VariantSummary>
  readonly findings: ReadonlyArray<PatchFinding>
  readonly failures: ReadonlyArray<RunFailure>
  readonly interrupted: boolean
}

const known = (values: ReadonlyArray<number | null>): ReadonlyArray<number> => values.filter((value) => value !== null)

const classesOf = (runs: ReadonlyArray<CellResult>): VariantSummary["classes"] => {
  const counts = new Map<string, number>()
  for (const { lockup } of runs) {
    if (lockup !== null) counts.set(lockup.taxonomy, (counts.get(lockup.taxonomy) ?? 0) + 1)
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
}

const summarise = (variant: Variant, all: ReadonlyArray<CellResult>): VariantSummary => {
  const own = all.filter(({ kernel }) => kernel === variant.kernel)
  const runs = endedRuns(own)
  const counts = countOutcomes(own)
  const share = wilson(counts.completed, runs.length)
  return {
    variant,
    runs: runs.length,
    ...counts,
    completedShare: { ...share, value: orNull(share.value) },
    classes: classesOf(runs),
    stuck: runs.map(({ lockup }) => lockup?.allocation ?? null).find((allocation) => allocation !== null) ?? null,
    lockupNs: orNull(medianOf(runs.flatMap(({ lockup }) => (lockup === null ? [] : [lockup.sinceNs])))),
    elapsedNs: orNull(medianOf(runs.flatMap((run) => (run.outcome === "completed" ? [run.elapsedNs] : [])))),
    throttles: orNull(medianOf(known(runs.map(({ throttles }) => throttles)))),
    drops: orNull(medianOf(runs.map(({ drops }) => drops))),
    filterDrops: orNull(medianOf(runs.map(({ filterDrops }) => filterDrops))),
    lowWater: runs.map(({ lowWater }) => lowWater).reduce<CellResult["lowWater"] | null>(
      (a, b) => (a === null || b.min - b.lowestFree > a.min - a.lowestFree ? b : a),
      null
    )
  }
}

/** Judges a patch that was taken out of `reference`. */
const judgeWithout = (reference: VariantSummary, changed: VariantSummary): PatchVerdict => {
  const [before, after] = [reference.completedShare, changed.completedShare]
  if (reference.completed === 0 && changed.completed === 0) return "nothing to show"
  if (after.high < before.low) return changed.completed === 0 ? "necessary" : "helps"
  if (after.low > before.high) return "harms"
  return after.value === before.value ? "not needed" : "undecided"
}

/** Judges a patch that was put into `reference`. */
const judgeWith = (reference: VariantSummary, changed: VariantSummary): PatchVerdict => {
  const [before, after] = [reference.completedShare, changed.completedShare]
  if (before.value === 1 && after.value === 1) return "nothing to show"
  if (after.low > before.high) return changed.completed === changed.runs ? "sufficient" : "helps"
  if (after.high < before.low) return "harms"
  return after.value === before.value ? "not enough" : "undecided"
}

const effectOf = (
  runs: ReadonlyArray<CellResult>,
  reference: VariantSummary,
  changed: VariantSummary,
  judge: (reference: VariantSummary, changed: VariantSummary) => PatchVerdict
): PatchEffect => {
  const of = (summary: VariantSummary): ReadonlyMap<number, CellResult> =>
    new Map(
      endedRuns(runs).filter(({ kernel }) => kernel === summary.variant.kernel).map((run) => [run.seed, run])
    )
  const others = of(changed)
  const pairs = [...of(reference)].flatMap(([seed, run]) => {
    const other = others.get(seed)
    return other === undefined ? [] : [[run, other] as const]
  })
  const equal = pairs.filter(([a, b]) => a.fingerprint === b.fingerprint).length
  const completed = pairs.filter(([a, b]) => a.outcome === "completed" && b.outcome === "completed")
  return {
    verdict: pairs.length === 0 ? "not run" : equal === pairs.length ? "no effect" : judge(reference, changed),
    changed,
    reference,
    seeds: pairs.length,
    equal,
    elapsedDifference: completed.length < 2 ? null : pairedDifference(
      completed.map(([a]) => a.elapsedNs / 1e9),
      completed.map(([, b]) => b.elapsedNs / 1e9)
    )
  }
}

/** Draws the conclusions of an ablation. */
export const concludeAblation = (plan: AblationPlan, results: JobResults<CellResult>): AblationResult => {
  const runs = plan.jobs.flatMap(({ id }) => {
    const run = results.results.get(id)
    return run === undefined ? [] : [run]
  })
  const summaries = plan.variants.map((variant) => summarise(variant, runs))
  const findings = plan.allocators.flatMap((allocator) => {
    const find = (change: Variant["change"], patch: PatchName | null): VariantSummary | null =>
      summaries.find(({ variant }) =>
        variant.allocator === allocator && variant.change === change && variant.patch === patch
      ) ?? null
    const [all, vanilla] = [find("all", null), find("vanilla", null)]
    return plan.patches.map((patch): PatchFinding => {
      const [without, alone] = [find("without", patch), find("with", patch)]
      return {
        allocator,
        patch,
        number: (without ?? alone)?.variant.number ?? 0,
        without: all === null || without === null ? null : effectOf(runs, all, without, judgeWithout),
        alone: vanilla === null || alone === null ? null : effectOf(runs, vanilla, alone, judgeWith)
      }
    })
  })
  return { plan, runs, summaries, findings, failures: results.failures, interrupted: results.interrupted }
}
