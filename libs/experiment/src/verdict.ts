// Whether an experiment went as its scenario says it should, and the exit code for that.
import {
  type Expectation,
  formatMiss,
  formatThreshold,
  keeps,
  metricOf,
  type Outcome,
  type RunResult,
  type Scenario
} from "@swaplab/cluster"
import type { CellResult } from "./cell.ts"
import type { ExperimentResult } from "./experiment.ts"
import type { RunFailure } from "./protocol.ts"

/** Exit codes of the command. */
export const EXIT = {
  ok: 0,
  ourFault: 1,
  userError: 2,
  lockup: 98,
  threshold: 99,
  interrupted: 130
} as const

/** Something that is not as the scenario wants it. */
export interface Finding {
  readonly kind: "lockup" | "outcome" | "threshold" | "law" | "failure"
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

const thresholdFindings = (scenario: Scenario, run: RunResult): ReadonlyArray<string> =>
  scenario.thresholds.flatMap((threshold) => {
    const metric = metricOf(threshold.metric)
    if (metric === null) return []
    const limit = formatThreshold(threshold)
    if (metric.scope === "run") {
      const value = metric.of(run)
      return keeps(threshold, value) ? [] : [`${limit}: is ${formatMiss(threshold, value)}`]
    }
    return run.clients.flatMap((client) => {
      const value = metric.of(client)
      return keeps(threshold, value) ? [] : [`${limit}: ${client.name} has ${formatMiss(threshold, value)}`]
    })
  })

/** Judges an experiment. A broken law or a lost run is a fault of swaplab and outweighs all else. */
export const judge = (result: ExperimentResult): Verdict => {
  const { scenario } = result.plan.loaded
  const findings: Array<Finding> = []
  for (const run of result.runs) {
    const at = { kernel: run.kernel, seed: run.seed }
    const outcome = outcomeFinding(expectationOf(scenario, run.kernel), run.outcome)
    if (outcome !== null) findings.push({ ...at, ...outcome })
    // a run cut short has no figures to be held against a limit
    if (run.outcome !== "stopped") {
      for (const text of thresholdFindings(scenario, run)) findings.push({ ...at, kind: "threshold", text })
    }
    for (const law of run.laws) {
      if (!law.holds) findings.push({ ...at, kind: "law", text: `${law.law}, ${law.subject}: ${law.detail}` })
    }
  }
  for (const failure of result.failures) {
    findings.push({ kernel: failure.kernel, seed: failure.seed, kind: "failure", text: failure.reason })
  }
  const has = (...kinds: ReadonlyArray<Finding["kind"]>): boolean => findings.some(({ kind }) => kinds.includes(kind))
  const exitCode = has("failure", "law")
    ? EXIT.ourFault
    : result.interrupted
    ? EXIT.interrupted
    : has("lockup")
    ? EXIT.lockup
    : has("threshold", "outcome")
    ? EXIT.threshold
    : EXIT.ok
  return { findings, exitCode }
}

/**
 * The exit code of a command whose subject is where kernels lock up, so that no lockup is a failure: a broken law or a lost
 * run, else an interruption.
 */
export const cellsExitCode = (
  runs: ReadonlyArray<CellResult>,
  failures: ReadonlyArray<RunFailure>,
  interrupted: boolean
): number =>
  failures.length > 0 || runs.some(({ brokenLaws }) => brokenLaws.length > 0)
    ? EXIT.ourFault
    : interrupted
    ? EXIT.interrupted
    : EXIT.ok
