// The smallest scenario with a finding of the same signature. It stays a scenario of the same kind: faults have an end, and what was
// not expected does not become so by a kernel that is known for it.
import type { LoadedScenario } from "@swaplab/cluster"
import { Effect, Either } from "effect"
import { runJobs } from "../jobs.ts"
import type { RunFailure } from "../protocol.ts"
import type { Runner } from "../runner.ts"
import type { ShrinkTarget } from "../shrink-search.ts"
import { type ShrinkOptions, shrinkTo, type Shrunk } from "../shrink.ts"
import { type Drawn, DRAWN_KERNEL, drawScenario } from "./draw-scenario.ts"
import { findingsOf, lostFinding, type SoakFinding } from "./findings.ts"
import type { SoakPlan } from "./soak-file.ts"
import { type SoakExample, type SoakGroup, soakJob } from "./soak.ts"

/** A finding as a smaller scenario shows it. */
interface Shown {
  readonly finding: SoakFinding
  readonly provedNs: number | null
}

const allEnd = ({ scenario: { faults } }: LoadedScenario): boolean => faults.every((fault) => fault.for !== undefined)

const targetOf = (plan: SoakPlan, drawn: Drawn, wanted: SoakFinding): ShrinkTarget<Shown> => {
  const with_ = (loaded: LoadedScenario): Drawn => ({ ...drawn, loaded, given: loaded.given })
  const find = (findings: ReadonlyArray<SoakFinding>): SoakFinding | null =>
    findings.find(({ expected, signature }) =>
      signature === wanted.signature && (expected === null) === (wanted.expected === null)
    ) ?? null
  return {
    kernel: DRAWN_KERNEL,
    seed: drawn.seed,
    job: (loaded) => soakJob(plan, with_(loaded)),
    valid: allEnd,
    shows: (loaded, run) => {
      const finding = find(findingsOf(plan, with_(loaded), run))
      const lockup = run.clients.find(({ name }) => name === finding?.client)?.lockup ?? null
      return finding === null ? null : { finding, provedNs: lockup?.atNs ?? null }
    },
    lost: ({ reason }) => {
      const finding = find([lostFinding(reason)])
      return finding === null ? null : { finding, provedNs: null }
    },
    provedNs: ({ provedNs }) => provedNs
  }
}

/** Makes the run of a seed again, for a finding whose run is not at hand. Null: the run does not show it. */
export const findAgain = (
  plan: SoakPlan,
  { finding: wanted, seed, signature }: SoakGroup
): Effect.Effect<SoakExample | null, never, Runner> =>
  Effect.gen(function*() {
    const drawn = drawScenario(plan, seed)
    if (Either.isLeft(drawn)) return null
    const { failures, results } = yield* runJobs([soakJob(plan, drawn.right)], { reduce: (_job, run) => run })
    const run = results.get(0) ?? null
    const found = run === null
      ? failures.map(({ reason }) => lostFinding(reason))
      : findingsOf(plan, drawn.right, run)
    const finding = found.find((one) =>
      one.signature === signature && (one.expected === null) === (wanted.expected === null)
    )
    return finding === undefined ? null : { drawn: drawn.right, finding, run }
  })

/** Makes the scenario of a finding smaller. Null: another run of it does not show it. */
export const shrinkFinding = (
  plan: SoakPlan,
  { drawn, finding }: SoakExample,
  options: ShrinkOptions
): Effect.Effect<Shrunk<SoakFinding> | null, RunFailure, Runner> =>
  shrinkTo(
    { file: drawn.loaded.file, loaded: drawn.loaded, provedNs: null },
    targetOf(plan, drawn, finding),
    options
  ).pipe(Effect.map((shrunk) => shrunk === null ? null : { ...shrunk, report: shrunk.report.finding }))
