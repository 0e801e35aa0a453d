// Two kernels of an experiment side by side, over the seeds that both have completed.
import type { RunResult } from "@swaplab/cluster"
import type { ExperimentResult } from "./experiment.ts"
import {
  type Estimate,
  type Faster,
  faster,
  medianOf,
  mmtestsEstimate,
  pairedDifference,
  significant
} from "./statistics.ts"

/** A time that kernels are compared by. */
export type ComparedTime = "elapsed" | "sys" | "user+sys" | "user"
const COMPARED_TIMES: ReadonlyArray<ComparedTime> = ["user", "sys", "user+sys", "elapsed"]

/** One time of both kernels, in seconds. */
export interface ComparedRow {
  readonly time: ComparedTime
  /** MMTests' estimates over the seeds. */
  readonly baseline: Estimate
  readonly against: Estimate
  readonly significant: boolean
  /** Difference against − baseline, paired by seed, in seconds. */
  readonly difference: Estimate
  readonly faster: Faster
}

/** Two kernels side by side. */
export interface Comparison {
  readonly baseline: string
  readonly against: string
  /** Seeds that both kernels have completed. */
  readonly seeds: ReadonlyArray<number>
  /** Empty when there is no such seed. */
  readonly rows: ReadonlyArray<ComparedRow>
  /** Medians of the time ratio over the seeds: against / baseline, elapsed. */
  readonly elapsedRatio: number
}

const secondsOf = (run: RunResult, time: ComparedTime): number => {
  switch (time) {
    case "elapsed":
      return run.elapsedNs / 1e9
    case "sys":
      return run.sysNs / 1e9
    case "user":
      return run.userNs / 1e9
    case "user+sys":
      return (run.userNs + run.sysNs) / 1e9
  }
}

/** Runs of one kernel, by seed. */
export const runsOf = (runs: ReadonlyArray<RunResult>, kernel: string): ReadonlyArray<RunResult> =>
  runs.filter((run) => run.kernel === kernel)

/** Compares two kernels. Runs that did not complete have no elapsed time worth the name and are left out, in pairs. */
const compareKernels = (runs: ReadonlyArray<RunResult>, baseline: string, against: string): Comparison => {
  const others = new Map(runsOf(runs, against).map((run) => [run.seed, run]))
  const pairs = runsOf(runs, baseline).flatMap((run) => {
    const other = others.get(run.seed)
    return other !== undefined && run.outcome === "completed" && other.outcome === "completed"
      ? [[run, other] as const]
      : []
  })
  const rows = pairs.length === 0 ? [] : COMPARED_TIMES.map((time): ComparedRow => {
    const a = pairs.map(([run]) => secondsOf(run, time))
    const b = pairs.map(([, run]) => secondsOf(run, time))
    const before = mmtestsEstimate(a)
    const after = mmtestsEstimate(b)
    return {
      time,
      baseline: before,
      against: after,
      significant: significant(before, after, pairs.length),
      difference: pairedDifference(a, b),
      faster: faster(before.value, after.value)
    }
  })
  return {
    baseline,
    against,
    seeds: pairs.map(([run]) => run.seed),
    rows,
    elapsedRatio: medianOf(pairs.map(([run, other]) => other.elapsedNs / run.elapsedNs))
  }
}

/** The comparisons that a scenario asks for; without such, its first kernel with each of the others. */
export const comparisonsOf = (result: ExperimentResult): ReadonlyArray<Comparison> => {
  const { kernels, loaded } = result.plan
  const wanted = loaded.scenario.compare ?? kernels.slice(1).map((against) => ({ baseline: kernels[0], against }))
  return wanted
    .filter(({ baseline, against }) => kernels.includes(baseline) && kernels.includes(against) && baseline !== against)
    .map(({ baseline, against }) => compareKernels(result.runs, baseline, against))
}
