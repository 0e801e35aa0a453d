// Whether an experiment went as its scenario says it should, and the exit code for that.
import { type Expectation, formatMiss, formatThreshold, keeps, type Outcome, type Scenario } from "@swaplab/cluster"
import type { WorkloadTable } from "@swaplab/workload"
import { cellOf, type CellResult } from "./cell.ts"
import type { ExperimentResult } from "./experiment.ts"
import type { JobResults } from "./jobs.ts"

/** Exit codes of the command. */
export const EXIT = {
  ok: 0,
  ourFault: 1,
  userError: 2,
  behind: 97,
  lockup: 98,
  threshold: 99,
  interrupted: 130
} as const

/** Something that is not as the scenario wants it. */
export interface Finding {
  readonly kind: "lockup" | "outcome" | "threshold" | "law" | "failure" | "behind"
  readonly kernel: string
  readonly seed: number
  /** In words, without kernel and seed. */
  readonly text: string
}

/** How an experiment went. */
export interface Verdict {
  readonly findings: ReadonlyArray<Finding>
  readonly exitCode: number
}

/** What a scenario expects of a kernel. */
export const expectationOf = (scenario: Scenario, kernel: string): Expectation =>
  scenario.expect[kernel] ?? scenario.expect.default ?? "completed"

/** An outcome may be the expected one or completion: what comes by chance may stay away. */
const outcomeFinding = (expected: Expectation, outcome: Outcome): Pick<Finding, "kind" | "text"> | null => {
  if (expected === "any" || outcome === expected || outcome === "completed" || outcome === "stopped") return null
  if (outcome === "lockup") return { kind: "lockup", text: "lockup where the scenario expects none" }
  const words = expected === "completed" ? "completion" : `${expected} or completion`
  return { kind: "outcome", text: `${outcome} where the scenario expects ${words}` }
}

/** What a run has against the thresholds; of a metric of clients the client that misses it by most. */
const thresholdFindings = (
  { thresholds }: Scenario,
  { metrics }: CellResult,
  workloads?: WorkloadTable
): ReadonlyArray<string> =>
  thresholds.flatMap((threshold) => {
    // a counter that no kernel of the run has is zero
    const value = metrics[threshold.metric] ?? (threshold.metric.startsWith("client.vmstat.") ? 0 : null)
    const limit = formatThreshold(threshold, workloads)
    // of nothing nothing is too much, and nothing is enough
    if (value === null) return threshold.comparison.startsWith("<") ? [] : [`${limit}: nothing has it`]
    if (typeof value === "number") {
      return keeps(threshold, value)
        ? []
        : [`${limit}: is ${formatMiss(threshold, value, workloads)}`]
    }
    const [worst, client] = threshold.comparison.startsWith("<")
      ? [value.max, value.maxClient]
      : [value.min, value.minClient]
    return keeps(threshold, worst) ? [] : [`${limit}: ${client} has ${formatMiss(threshold, worst, workloads)}`]
  })

const lawFindings = ({ brokenLaws, kernel, seed }: CellResult): ReadonlyArray<Finding> =>
  brokenLaws.map((text) => ({ kernel, seed, kind: "law", text }))

/** What a run has against its scenario. */
export const runFindings = (scenario: Scenario, run: CellResult, workloads?: WorkloadTable): ReadonlyArray<Finding> => {
  const at = { kernel: run.kernel, seed: run.seed }
  const outcome = outcomeFinding(expectationOf(scenario, run.kernel), run.outcome)
  // lateness of the host is part of all that was measured, but no reason for a page to be wrong
  if (run.behind !== undefined) {
    return [
      ...(outcome === null || run.outcome !== "corruption" ? [] : [{ ...at, ...outcome }]),
      { ...at, kind: "behind", text: `not judged: ${run.behind}` },
      ...lawFindings(run)
    ]
  }
  // a run cut short has no figures to be held against a limit
  const missed = run.outcome === "stopped" ? [] : thresholdFindings(scenario, run, workloads)
  return [
    ...(outcome === null ? [] : [{ ...at, ...outcome }]),
    ...missed.map((text) => ({ ...at, kind: "threshold" as const, text })),
    ...lawFindings(run)
  ]
}

const has = (findings: ReadonlyArray<Finding>, ...kinds: ReadonlyArray<Finding["kind"]>): boolean =>
  findings.some(({ kind }) => kinds.includes(kind))

/**
 * Judges runs of a scenario. A broken law or a lost run is a fault of swaplab and outweighs all else. Of `others` only the
 * laws are judged.
 */
export const judgeRuns = (
  scenario: Scenario,
  runs: ReadonlyArray<CellResult>,
  { failures, interrupted }: Pick<JobResults<unknown>, "failures" | "interrupted">,
  others: ReadonlyArray<CellResult> = [],
  workloads?: WorkloadTable
): Verdict => {
  const findings: ReadonlyArray<Finding> = [
    ...runs.flatMap((run) => runFindings(scenario, run, workloads)),
    ...others.flatMap(lawFindings),
    ...failures.map(({ kernel, reason, seed }): Finding => ({ kernel, seed, kind: "failure", text: reason }))
  ]
  const exitCode = has(findings, "failure", "law")
    ? EXIT.ourFault
    : interrupted
    ? EXIT.interrupted
    : has(findings, "lockup")
    ? EXIT.lockup
    : has(findings, "threshold", "outcome")
    ? EXIT.threshold
    : has(findings, "behind")
    ? EXIT.behind
    : EXIT.ok
  return { findings, exitCode }
}

/** Judges an experiment: the runs of its table by what its scenario expects, those of its map by the laws alone. */
export const judge = (result: ExperimentResult): Verdict => {
  const { scenario, workloads } = result.plan.loaded
  return judgeRuns(
    scenario,
    result.runs.map((run) => cellOf(scenario, run, workloads)),
    result,
    result.map?.cells.flatMap(({ runs }) => runs) ?? [],
    workloads
  )
}
