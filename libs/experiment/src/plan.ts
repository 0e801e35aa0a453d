// What an experiment consists of: every kernel of a scenario with every seed, and the fields of its map of outcomes.
import type { EarlyStop, LoadedScenario, Replay } from "@swaplab/cluster"
import { type ConfigError, mistake, mistakeAt } from "@swaplab/config"
import { Either } from "effect"
import type { Axis, Field } from "./sweep/grid.ts"
import { makeSweep, type SweepPlan } from "./sweep/sweep.ts"

/** One simulation to be run. */
export interface Job {
  /** Place in the plan. Results are in this order, whatever order they are finished in. */
  readonly id: number
  readonly loaded: LoadedScenario
  readonly kernel: string
  readonly seed: number
  /** The field of the map or of the sweep it belongs to; null for the table. */
  readonly field: Field | null
  /** What is different from the run that kernel and seed name: a replay. */
  readonly replay?: Replay
  /** Invariants of every structure are looked at now and then. */
  readonly checked?: boolean
  /** Ends the run as soon as it has missed for good. */
  readonly earlyStop?: EarlyStop
}

/** The map of outcomes that is to be made: a sweep over one or two paths of which outcomes are shown. */
export interface MapPlan {
  readonly x: Axis
  /** Null for a map of one parameter. */
  readonly y: Axis | null
  readonly kernels: ReadonlyArray<string>
  readonly seeds: ReadonlyArray<number>
  readonly sweep: SweepPlan
}

/** What an experiment consists of. */
export interface Plan {
  readonly loaded: LoadedScenario
  readonly kernels: ReadonlyArray<string>
  readonly seeds: ReadonlyArray<number>
  /** Null where no map is asked for, or none of the kernels to run is in it. */
  readonly map: MapPlan | null
  readonly jobs: ReadonlyArray<Job>
}

/** What of a scenario is run. */
export interface PlanOptions {
  /** Kernels to run; all of the scenario without it. */
  readonly kernels?: ReadonlyArray<string>
  /** Leaves out the map. */
  readonly noMap?: boolean
  /** Leaves out the table: the map alone. */
  readonly noTable?: boolean
}

/** The axes of a map: across, and down where there is a second one. */
const axesOf = ({ x, y }: Pick<MapPlan, "x" | "y">): ReadonlyArray<Axis> => (y === null ? [x] : [x, y])

/**
 * Makes the plan of an experiment: a job for each kernel and seed of the table, and for each field of the map.
 *
 * **When to use.** Between `loadScenario` and {@link runExperiment}.
 *
 * **Details.** `options` choose kernels and leave out the table or the map. Jobs have ids from 0.
 *
 * **Gotchas.** An unknown kernel, or a field of the map that is no valid scenario, is a Left with a ConfigError:
 * nothing is run.
 */
export const makePlan = (loaded: LoadedScenario, options: PlanOptions = {}): Either.Either<Plan, ConfigError> =>
  Either.gen(function*() {
    const { scenario } = loaded
    const all = Object.keys(scenario.kernels)
    for (const name of options.kernels ?? []) {
      if (!all.includes(name)) {
        return yield* Either.left(
          mistake(`--kernel ${name}`, `no kernel of this scenario, expected one of ${all.join(", ")}`)
        )
      }
    }
    const kernels = options.kernels === undefined ? all : all.filter((name) => options.kernels?.includes(name))
    const jobs: Array<Job> = []
    if (options.noTable !== true) {
      for (const kernel of kernels) {
        for (const seed of scenario.seeds) jobs.push({ id: jobs.length, loaded, kernel, seed, field: null })
      }
    }

    const config = options.noMap === true ? undefined : scenario.map
    if (config === undefined) return { loaded, kernels, seeds: scenario.seeds, map: null, jobs }
    if (config.kernels?.length === 0) {
      return yield* Either.left(
        mistakeAt(loaded.tree, { path: ["map", "kernels"], text: "is empty, expected at least one kernel" })
      )
    }
    const mapped = kernels.filter((name) => config.kernels?.includes(name) ?? true)
    if (mapped.length === 0) {
      if (options.noTable !== true) return { loaded, kernels, seeds: scenario.seeds, map: null, jobs }
      return yield* Either.left(
        mistake(
          `--kernel ${kernels.join(", ")}`,
          `the scenario does not map it, expected one of ${config.kernels?.join(", ")}`
        )
      )
    }
    const { seeds, x, y = null } = config
    const sweep = yield* makeSweep(
      loaded,
      { axes: axesOf({ x, y }), drawn: [], kernels: mapped, seeds, mostSeeds: seeds, metrics: [] },
      { called: "map", firstId: jobs.length }
    )
    const map: MapPlan = { x, y, kernels: mapped, seeds: Array.from({ length: seeds }, (_, i) => i + 1), sweep }
    return { loaded, kernels, seeds: scenario.seeds, map, jobs: [...jobs, ...sweep.cells.flatMap((cell) => cell.jobs)] }
  })
