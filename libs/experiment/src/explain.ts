// Explains a lockup by running it again: once to look closely at the seconds before it, then with one patch after the other
// switched on shortly before, and everything else as it was.
import {
  clientsOf,
  kernelOf,
  type KernelSpec,
  type LockupReport,
  machineFacts,
  noEffect,
  PATCHES,
  patchesOf,
  type PatchName,
  type Replay,
  type RunResult,
  type Series,
  SETTLED_AT_BOOT
} from "@swaplab/cluster"
import { type ConfigError, mistake } from "@swaplab/config"
import { Effect } from "effect"
import { type Counterfactual, fateOf } from "./fate.ts"
import { type ExperimentOptions, runJobs } from "./jobs.ts"
import type { Job } from "./plan.ts"
import { RunFailure } from "./protocol.ts"
import type { Runner } from "./runner.ts"
import type { SavedLockup, SavedResult } from "./saved-result.ts"

/** How long before the last progress the close-up begins, and how long after it it ends. */
const BEFORE_NS = 2_000_000_000
const AFTER_NS = 500_000_000
const SAMPLE_NS = 1_000_000

/** A lockup explained. */
export interface Explanation {
  readonly lockup: SavedLockup
  /** As the replay saw it: the same, with everything in it. */
  readonly report: LockupReport
  /** Samples around it, and the last one at which anything had been touched, completed or reclaimed. */
  readonly closeUp: Series
  readonly momentNs: number
  /** When the patches were switched on. */
  readonly switchNs: number
  readonly single: ReadonlyArray<Counterfactual>
  /**
   * All that it lacks of the series and its fix, and that can be switched on while it runs, at once; null where those are
   * fewer than two.
   */
  readonly together: Counterfactual | null
  /** Where no single patch saves it and all together do: patches that are enough, none of which can be left out. */
  readonly enough: ReadonlyArray<PatchName> | null
}

/** How a lockup is explained. */
export interface ExplainOptions extends ExperimentOptions {
  /** How long before the last progress the patches are switched on. */
  readonly beforeNs: number
  /** How long a replay may go on after that; null: to the end of the scenario. */
  readonly limitNs: number | null
  /** Leaves out the replays with other patches. */
  readonly lookOnly: boolean
}

const PROGRESS = ["pages_touched_total", "requests_completed_total", "pages_reclaimed_total"]

/** The last sample at which a counter of progress was higher than before. */
const lastProgress = ({ columns, timesNs }: Series, otherwise: number): number => {
  const counters = columns.filter(({ name }) => PROGRESS.includes(name))
  for (let i = timesNs.length - 1; i > 0; i--) {
    if (counters.some(({ values }) => values[i] !== values[i - 1])) return timesNs[i]
  }
  return otherwise
}

/** Samples up to a time. */
const until = (series: Series, ns: number): Series => {
  const count = series.timesNs.filter((time) => time <= ns).length
  return {
    timesNs: series.timesNs.slice(0, count),
    columns: series.columns.map(({ name, values }) => ({ name, values: values.slice(0, count) }))
  }
}

const reportOf = (run: RunResult, client: string): LockupReport | null => {
  const found = run.clients.find(({ name }) => name === client)
  return found?.lockup ?? found?.livelock ?? found?.standstill ?? found?.rescue ?? null
}

/** Runs replays one beside the other; a run that fails is our bug and ends it. */
const replayAll = (
  { kernel, seed }: SavedLockup,
  { loaded }: SavedResult,
  replays: ReadonlyArray<Replay>,
  options: ExperimentOptions
): Effect.Effect<ReadonlyArray<RunResult>, RunFailure, Runner> =>
  Effect.gen(function*() {
    const jobs = replays.map((replay, id): Job => ({ id, loaded, kernel, seed, field: null, replay }))
    const { failures, interrupted, results } = yield* runJobs(jobs, { ...options, reduce: (_job, run) => run })
    if (interrupted) return yield* Effect.interrupt
    if (failures.length > 0) return yield* failures[0]
    return jobs.map(({ id }) => results.get(id) as RunResult)
  })

/** Why a patch is not tried on this client, or null. */
const notTried = (kernel: KernelSpec, facts: Parameters<typeof noEffect>[1], patch: PatchName): string | null => {
  const reason = SETTLED_AT_BOOT[patch]
  return reason === undefined ? noEffect(kernel, facts, patch) : `only a boot exchanges it: ${reason}`
}

/** The kernel of the client, and what of its machine decides whether a patch can matter. */
const clientKernel = ({ loaded: { scenario } }: SavedResult, { client, kernel }: SavedLockup) => {
  const spec = clientsOf(scenario, kernel).find(({ name }) => name === client)
  if (spec === undefined) return null
  return { spec: kernelOf(scenario, spec.kernel), facts: machineFacts(spec.group) }
}

/** Explains one lockup of a result. */
export const explain = (
  saved: SavedResult,
  lockup: SavedLockup,
  options: ExplainOptions
): Effect.Effect<Explanation, ConfigError | RunFailure, Runner> =>
  Effect.gen(function*() {
    const { client, sinceNs } = lockup
    const closeUp = { fromNs: Math.max(0, sinceNs - BEFORE_NS), toNs: sinceNs + AFTER_NS, everyNs: SAMPLE_NS }
    const [base] = yield* replayAll(lockup, saved, [{ client, closeUp }], options)
    const report = reportOf(base, client)
    const known = clientKernel(saved, lockup)
    if (report === null || known === null || report.text !== lockup.text || base.closeUp === undefined) {
      return yield* mistake(
        saved.file,
        "the run is another one than it was: this version of swaplab simulates differently, run the scenario again"
      )
    }
    const momentNs = lastProgress(base.closeUp, sinceNs)
    const switchNs = Math.max(0, momentNs - options.beforeNs)
    const shown = Math.max(100_000_000, (momentNs - closeUp.fromNs) / 4)
    const looked = {
      lockup,
      report,
      closeUp: until(base.closeUp, momentNs + shown),
      momentNs,
      switchNs
    }
    // no kernel swaps over a network that carries nothing
    if (options.lookOnly || report.taxonomy === "dead network") {
      return { ...looked, single: [], together: null, enough: null }
    }

    const has = patchesOf(known.spec)
    const missing = PATCHES.filter(({ kind, name }) => kind !== "revision" && !has.has(name))
    const replayOf = (patches: ReadonlyArray<PatchName>): Replay => ({
      client,
      change: { atNs: switchNs, patches: Object.fromEntries(patches.map((name) => [name, true])) },
      ...(options.limitNs === null ? {} : { untilNs: switchNs + options.limitNs })
    })
    const series = missing.filter(({ kind, name }) =>
      (kind === "series" || kind === "stream-fix") && SETTLED_AT_BOOT[name] === undefined
    ).map(({ name }) => name)

    const reasons = new Map(missing.map(({ name }) => [name, notTried(known.spec, known.facts, name)]))
    const sets = missing.filter(({ name }) => reasons.get(name) === null).map(({ name }) => [name])
    const all = series.length > 1 ? [...sets, series] : sets
    const runs = yield* replayAll(lockup, saved, all.map(replayOf), options)
    const tried = runs.map((run, i) => fateOf(run, base, lockup, all[i]))
    const single = missing.map(({ name }): Counterfactual =>
      tried.find(({ patches }) => patches.length === 1 && patches[0] === name) ??
        { patches: [name], fate: "not tried", ns: null, reason: reasons.get(name) ?? "", unchanged: true }
    )
    const together = series.length > 1 ? tried[tried.length - 1] : null
    const search = together?.fate === "saved" && !single.some(({ fate }) => fate === "saved")
    const enough = search
      ? yield* leaveOut(useful(known.spec, known.facts, series), series, (patches) =>
        Effect.map(
          replayAll(lockup, saved, [replayOf(patches)], options),
          ([run]) => fateOf(run, base, lockup, patches).fate === "saved"
        ))
      : null
    return { ...looked, single, together, enough }
  })

/** Those that may matter once all of them are there. */
const useful = (
  kernel: KernelSpec,
  facts: Parameters<typeof noEffect>[1],
  patches: ReadonlyArray<PatchName>
): ReadonlyArray<PatchName> => {
  const all = { ...kernel, patches: { ...kernel.patches, ...Object.fromEntries(patches.map((name) => [name, true])) } }
  return patches.filter((name) => noEffect(all, facts, name) === null)
}

/** Begins with `first`, or with `all` where that is not enough, and leaves out one after the other while the rest saves. */
const leaveOut = <E, R>(
  first: ReadonlyArray<PatchName>,
  all: ReadonlyArray<PatchName>,
  saves: (patches: ReadonlyArray<PatchName>) => Effect.Effect<boolean, E, R>
): Effect.Effect<ReadonlyArray<PatchName>, E, R> =>
  Effect.gen(function*() {
    let left = (yield* saves(first)) ? first : all
    for (const name of left) {
      const without = left.filter((other) => other !== name)
      if (yield* saves(without)) left = without
    }
    return left
  })
