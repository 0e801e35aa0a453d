// A sweep: every combination of the values of some paths, each with several seeds, and what the runs have measured.
// Seed n is the same chance at every field, so that differences between fields are paired. The runs of a field are more when
// a precision is wanted: see precision.ts.
import type { LoadedScenario } from "@swaplab/cluster"
import { withOverrides } from "@swaplab/cluster"
import { type ConfigError, formatPath, mistake, parsePath } from "@swaplab/config"
import { Either } from "effect"
import type { CellResult } from "../cell.ts"
import type { JobResults } from "../jobs.ts"
import type { Job } from "../plan.ts"
import { type DrawnAxis, drawnValue } from "./draws.ts"
import { atField, type Axis, type AxisValue, type Field, fieldsOf, valueOverride, valuesAt } from "./grid.ts"
import type { SweepMetric } from "./sweep-metrics.ts"

/** What is swept. */
export interface SweepOptions {
  readonly axes: ReadonlyArray<Axis>
  readonly drawn: ReadonlyArray<DrawnAxis>
  /** Kernels of the scenario; empty: all. */
  readonly kernels: ReadonlyArray<string>
  /** Seeds that each field gets in any case, and the most that a wanted precision may ask for. */
  readonly seeds: number
  readonly mostSeeds: number
  /** What the table and the charts show. */
  readonly metrics: ReadonlyArray<SweepMetric>
}

/** A field with one kernel, and its runs in the order of their seeds. */
export interface PlannedCell {
  readonly kernel: string
  readonly field: Field
  readonly jobs: ReadonlyArray<Job>
}

/** A sweep that can be run. */
export interface SweepPlan extends SweepOptions {
  readonly loaded: LoadedScenario
  readonly cells: ReadonlyArray<PlannedCell>
}

/** A field with one kernel, and what its runs have measured. */
export interface SweepCell {
  readonly kernel: string
  readonly field: Field
  readonly at: ReadonlyArray<AxisValue>
  readonly runs: ReadonlyArray<CellResult>
}

/** What a sweep has measured. */
export interface SweepResult extends Pick<JobResults<unknown>, "failures" | "interrupted"> {
  readonly plan: SweepPlan
  readonly cells: ReadonlyArray<SweepCell>
}

/** The most fields of a grid, kernels counted. */
const MAX_FIELDS = 4096

const key = (path: string): string => formatPath(parsePath(path) ?? [])

const twice = (paths: ReadonlyArray<string>): string | undefined =>
  paths.find((path, i) => paths.findIndex((other) => key(other) === key(path)) !== i)

/** Who sweeps: how messages call it, and the id of its first job. */
export interface SweepPlace {
  readonly called: string
  readonly firstId: number
}

/**
 * Makes the plan of a sweep: every combination of the values of its axes, with each kernel.
 *
 * **When to use.** To see how measures change with settings. `makeRounds` turns the plan into rounds of runs,
 * `runRounds` makes them, `sweepOf` puts the results together.
 *
 * **Details.** Seeds count from 1 to `mostSeeds`; `seeds` of them are run in any case, more only where a precision asks
 * for them. `drawn` settings get a value of their own for each seed.
 *
 * **Gotchas.** Every value of every axis is checked before anything is run: a wrong one, an unknown kernel, a path
 * given twice or more than 4096 fields (kernels counted) is a Left with a ConfigError.
 */
export const makeSweep = (
  loaded: LoadedScenario,
  options: SweepOptions,
  { called, firstId }: SweepPlace = { called: "the sweep", firstId: 0 }
): Either.Either<SweepPlan, ConfigError> =>
  Either.gen(function*() {
    const all = Object.keys(loaded.scenario.kernels)
    for (const name of options.kernels) {
      if (all.includes(name)) continue
      return yield* Either.left(
        mistake(`--kernel ${name}`, `no kernel of this scenario, expected one of ${all.join(", ")}`)
      )
    }
    const { axes, drawn } = options
    const double = twice([...axes, ...drawn].map(({ path }) => path))
    if (double !== undefined) return yield* Either.left(mistake(double, "is swept twice, expected each path once"))
    const kernels = all.filter((name) => options.kernels.length === 0 || options.kernels.includes(name))
    const fields = fieldsOf(axes)
    if (fields.length * kernels.length > MAX_FIELDS) {
      return yield* Either.left(
        mistake(called, `has ${fields.length * kernels.length} fields, expected at most ${MAX_FIELDS}`)
      )
    }
    const cells: Array<PlannedCell> = []
    let id = firstId
    for (const field of fields) {
      const at = yield* atField(loaded, axes, field, `${called}:`)
      const places: Array<LoadedScenario> = []
      for (let seed = 1; seed <= options.mostSeeds; seed++) {
        places.push(drawn.length === 0 ? at : yield* withDraws(at, drawn, seed))
      }
      for (const kernel of kernels) {
        const jobs = places.map((place, i): Job => ({ id: id++, loaded: place, kernel, seed: i + 1, field }))
        cells.push({ kernel, field, jobs })
      }
    }
    return { ...options, kernels, loaded, cells }
  })

/** The scenario with the values that a run draws. */
const withDraws = (
  at: LoadedScenario,
  drawn: ReadonlyArray<DrawnAxis>,
  seed: number
): Either.Either<LoadedScenario, ConfigError> =>
  withOverrides(
    at,
    drawn.map((axis) => valueOverride(`${axis.text}, seed ${seed}:`, axis.path, drawnValue(axis, seed)))
  )

/** The sweep that some runs make. */
export const sweepOf = (
  plan: SweepPlan,
  { failures, interrupted, results }: Pick<JobResults<CellResult>, "failures" | "interrupted" | "results">
): SweepResult => ({
  plan,
  failures,
  interrupted,
  cells: plan.cells.map(({ field, jobs, kernel }) => ({
    kernel,
    field,
    at: valuesAt(plan.axes, field),
    runs: jobs.flatMap(({ id }) => results.get(id) ?? [])
  }))
})
