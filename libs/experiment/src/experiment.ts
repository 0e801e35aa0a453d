// Runs a plan: the table of kernels and seeds with everything that was measured, and the fields of the map reduced.
import type { RunResult } from "@swaplab/cluster"
import { Effect } from "effect"
import { cellOf, type CellResult } from "./cell.ts"
import { CELL_FORM, type Form, RUN_FORM } from "./form.ts"
import { type ExperimentOptions, type JobResults, type JobStore, runJobs } from "./jobs.ts"
import type { Job, MapPlan, Plan } from "./plan.ts"
import type { RunFailure } from "./protocol.ts"
import type { Runner } from "./runner.ts"

/** Runs in one field of the map with one kernel, by seed. Fewer than there are seeds when they were cut short. */
export interface MapCell {
  readonly kernel: string
  readonly x: number
  readonly y: number
  readonly runs: ReadonlyArray<CellResult>
}

/** The map of outcomes. */
export interface OutcomeMap {
  readonly plan: MapPlan
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

/** Puts the runs of a map into its fields. `of` gives the result of a job by its id. */
export const mapOf = (
  plan: MapPlan,
  jobs: ReadonlyArray<Job>,
  of: (id: number) => CellResult | undefined
): OutcomeMap => {
  const cells = new Map<string, { kernel: string; x: number; y: number; runs: Array<CellResult> }>()
  for (const job of jobs) {
    if (job.field === null) continue
    const [x, y = 0] = job.field
    const key = `${job.kernel} ${x} ${y}`
    const cell = cells.get(key) ?? { kernel: job.kernel, x, y, runs: [] }
    cells.set(key, cell)
    const result = of(job.id)
    if (result !== undefined) cell.runs.push(result)
  }
  return { plan, cells: [...cells.values()] }
}

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
  map: plan.map === null ? null : mapOf(plan.map, plan.jobs, (id) => {
    const kept = results.get(id)
    return kept !== undefined && "cell" in kept ? kept.cell : undefined
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
