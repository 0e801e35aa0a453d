// swaplab map: the outcome over one or two parameters.
import { type LoadedScenario, loadScenario, withOverrides } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { type ConfigError, type Override, overrideOf } from "@swaplab/config"
import {
  CELL_FORM,
  cellOf,
  type CellResult,
  EXIT,
  type JobResults,
  jsonFile,
  judgeRuns,
  makePlan,
  mapCsv,
  mapJson,
  mapOf,
  type OutcomeMap,
  parseAxis
} from "@swaplab/experiment"
import { heatMap, renderMap } from "@swaplab/report"
import { Console, Effect, Either } from "effect"
import type { Commands } from "./commands.ts"
import { ExitWith, tellFailures, UsageError } from "./exit.ts"
import { keepRuns } from "./kept-runs.ts"
import type { Out } from "./out.ts"
import { overridesOf } from "./overrides.ts"
import { sheet } from "./screen.ts"

type Flags = Values<Commands["map"]>

/** The scenario with the map that the flags ask for, on top of what the scenario says about one. */
const withMap = (loaded: LoadedScenario, flags: Flags): Either.Either<LoadedScenario, ConfigError | UsageError> =>
  Either.gen(function*() {
    if (flags.x === undefined && loaded.scenario.map === undefined) {
      return yield* Either.left(new UsageError({ message: "map: expected --x PATH=range, or a scenario with a map" }))
    }
    const overrides: Array<Override> = []
    if (flags.x !== undefined) {
      // another parameter across makes another map
      overrides.push(overrideOf("--x", ["map"], { x: yield* parseAxis("--x", flags.x) }))
    }
    if (flags.y !== undefined) {
      overrides.push(overrideOf("--y", ["map", "y"], yield* parseAxis("--y", flags.y)))
    }
    if (flags.seeds !== undefined) {
      overrides.push(overrideOf("--seeds", ["map", "seeds"], flags.seeds))
    }
    return yield* withOverrides(loaded, overrides)
  })

const finish = (
  loaded: LoadedScenario,
  map: OutcomeMap,
  results: JobResults<CellResult>,
  asJson: boolean,
  out: Out | null
) =>
  Effect.gen(function*() {
    const { failures, interrupted } = results
    const data = mapJson(loaded, map, results)
    yield* Console.log(asJson ? JSON.stringify(data) : renderMap(loaded, map, failures, interrupted, sheet()).trimEnd())
    yield* tellFailures(failures)
    if (out !== null) {
      yield* out.write([
        ["map.json", jsonFile(data)],
        ["map.csv", mapCsv(map)],
        ["map.svg", heatMap(loaded.scenario.name, map)],
        ["report.txt", renderMap(loaded, map, failures, interrupted)]
      ])
    }
    const { exitCode } = judgeRuns(loaded.scenario, map.cells.flatMap(({ runs }) => runs), results)
    if (exitCode !== EXIT.ok) return yield* new ExitWith({ code: exitCode })
  })

/** `swaplab map`, with worker threads that start at `worker`. */
export const map = (flags: Flags, worker: URL) =>
  Effect.gen(function*() {
    const given = yield* loadScenario(
      flags.file,
      yield* overridesOf({ set: flags.set, seed: undefined, seeds: undefined })
    )
    const loaded = yield* withMap(given, flags)
    const plan = yield* makePlan(loaded, {
      noTable: true,
      ...(flags.kernel.length > 0 ? { kernels: flags.kernel } : {})
    })
    const { jobs, map: mapPlan } = plan
    if (mapPlan === null) return
    yield* keepRuns(
      worker,
      flags,
      {
        loaded,
        jobs,
        reduce: (job, run) => cellOf(job.loaded.scenario, run),
        outcomeOf: ({ outcome }) => outcome,
        formOf: () => CELL_FORM
      },
      (results, out) => finish(loaded, mapOf(mapPlan, results), results, flags.json, out)
    )
  })
