// Runs a plan: the table of kernels and seeds with everything that was measured, and the fields of the map reduced.
import type { RunResult } from "@swaplab/cluster"
import { Effect } from "effect"
import { cellOf, type CellResult } from "./cell.ts"
import { CELL_FORM, type Form, RUN_FORM } from "./form.ts"
import { type ExperimentOptions, type JobResults, type JobStore, runJobs } from "./jobs.ts"
import type { Job, MapPlan, Plan } from "./plan.ts"
import type { RunFailure } from "./protocol.ts"
import type { Runner } from "./runner.ts"
import { sweepOf } from "./sweep/sweep.ts"

/** Runs in one field of the map with one kernel, by seed. Fewer than there are seeds when they were cut short. */
export interface MapCell {
  readonly kernel: string
  readonly x: number
  readonly y: number
  readonly runs: ReadonlyArray<CellResult>
}

/** The map of outcomes. */
export interface OutcomeMap {
  readonly plan: Omit<MapPlan, "sweep">
  readonly cells: ReadonlyArray<MapCell>
}

/** What an experiment has measured. */
export interface ExperimentResult {
  readonly plan: Plan
  /** In the order of the plan: by kernel, then by seed. */
  readonly runs: ReadonlyArray<RunResult>
  readonly map: OutcomeMap | null
  /** Runs lost to a fault of swaplab. */
  readonly failures: ReadonlyArray<RunFailure>
  /** Whether the user ended it before its end. */
  readonly interrupted: boolean
}

/** The map that some runs make: the cells of its sweep. */
export const mapOf = (plan: MapPlan, results: Parameters<typeof sweepOf>[1]): OutcomeMap => ({
  plan,
  cells: sweepOf(plan.sweep, results).cells.map(({ field: [x, y = 0], kernel, runs }) => ({ kernel, x, y, runs }))
})

/** What is kept of a run: all of one of the table, little of one of the map. */
export type Kept = { readonly run: RunResult } | { readonly cell: CellResult }

const RUN_KEPT: Form<Kept> = {
  ...RUN_FORM,
  pack: (kept) => RUN_FORM.pack((kept as { readonly run: RunResult }).run),
  unpack: (content, job) => {
    const run = RUN_FORM.unpack(content, job)
    return run === null ? null : { run }
  }
}

const CELL_KEPT: Form<Kept> = {
  ...CELL_FORM,
  pack: (kept) => CELL_FORM.pack((kept as { readonly cell: CellResult }).cell),
  unpack: (content, job) => {
    const cell = CELL_FORM.unpack(content, job)
    return cell === null ? null : { cell }
  }
}

/** How the result of a job of an experiment is written. */
export const keptForm = ({ field }: Job): Form<Kept> => (field === null ? RUN_KEPT : CELL_KEPT)

/** How an experiment is watched, and where its runs are kept. */
export interface RunExperimentOptions extends ExperimentOptions {
  readonly store?: JobStore<Kept>
}

/** What is kept of a run. */
export const keptOf = (job: Job, run: RunResult): Kept =>
  job.field === null ? { run } : { cell: cellOf(job.loaded.scenario, run, job.loaded.workloads) }

/** The experiment that the runs of a plan make. */
export const experimentOf = (plan: Plan, { failures, interrupted, results }: JobResults<Kept>): ExperimentResult => ({
  plan,
  runs: plan.jobs.flatMap(({ id }) => {
    const kept = results.get(id)
    return kept !== undefined && "run" in kept ? [kept.run] : []
  }),
  map: plan.map === null ? null : mapOf(plan.map, {
    failures,
    interrupted,
    results: new Map([...results].flatMap(([id, kept]) => "cell" in kept ? [[id, kept.cell] as const] : []))
  }),
  failures,
  interrupted
})

/**
 * Runs all jobs of a plan: the kernels and seeds of a scenario, and the fields of its map.
 *
 * **When to use.** After `makePlan`; give the result to a report. Searches and sweeps have functions of their own.
 *
 * **Details.** The {@link Runner} decides where simulations run: worker threads, or this thread. Results depend on the
 * plan alone, not on the number of workers. A `store` keeps finished runs, so that a second call makes only what is
 * missing.
 *
 * **Gotchas.** It never fails: a run lost to a bug is in `failures`, and an interruption gives what there is, with
 * `interrupted` set, as in every list of jobs. Look at both before you trust a table. With `layerInProcess` nothing
 * else happens during a run.
 */
export const runExperiment = (
  plan: Plan,
  options: RunExperimentOptions = {}
): Effect.Effect<ExperimentResult, never, Runner> =>
  Effect.map(runJobs(plan.jobs, { ...options, reduce: keptOf }), (results) => experimentOf(plan, results))
