// swaplab map: the outcome over one or two parameters.
import { Command } from "@effect/cli"
import { type LoadedScenario, loadScenario, type Override, type ScenarioError, withOverrides } from "@swaplab/cluster"
import {
  type CellResult,
  cellsExitCode,
  EXIT,
  type JobResults,
  jsonFile,
  makePlan,
  mapCsv,
  mapJson,
  mapOf,
  type OutcomeMap,
  parseAxis
} from "@swaplab/experiment"
import { heatMap, renderMap } from "@swaplab/report"
import { Console, Effect, Either, Option } from "effect"
import { runCells } from "./cells.ts"
import { ExitWith, tellFailures, UsageError } from "./exit.ts"
import type { Flags } from "./options-first.ts"
import { file, fresh, json, seeds, set, text, texts, workers } from "./options.ts"
import { writeOut } from "./out.ts"
import { overridesOf } from "./run.ts"
import { sheet } from "./screen.ts"

/** Options of `map` once more, as words. */
export const MAP_FLAGS: Flags = {
  withValue: ["--x", "-x", "--y", "-y", "--seeds", "--kernel", "--set", "--out", "--workers"],
  alone: ["--json", "--fresh"]
}

const options = {
  file,
  x: text("x", "The parameter across: PATH=a,b,c or PATH=from..to/steps or PATH=log:from..to/steps."),
  y: text("y", "The parameter down, likewise."),
  seeds,
  kernel: texts("kernel", "Maps this kernel of the scenario only. Any number of times."),
  set,
  json,
  out: text("out", "Writes map.json, map.csv, map.svg and report.txt there, and each run as soon as it is over."),
  fresh,
  workers
}

interface MapFlags {
  readonly x: Option.Option<string>
  readonly y: Option.Option<string>
  readonly seeds: Option.Option<number>
}

/** The scenario with the map that the flags ask for, on top of what the scenario says about one. */
const withMap = (loaded: LoadedScenario, flags: MapFlags): Either.Either<LoadedScenario, ScenarioError | UsageError> =>
  Either.gen(function*() {
    if (flags.x._tag === "None" && loaded.scenario.map === undefined) {
      return yield* Either.left(new UsageError({ message: "map: expected --x PATH=range, or a scenario with a map" }))
    }
    const overrides: Array<Override> = []
    if (flags.x._tag === "Some") {
      // another parameter across makes another map
      overrides.push({ source: "--x", path: ["map"], value: { x: yield* parseAxis("--x", flags.x.value) } })
    }
    if (flags.y._tag === "Some") {
      overrides.push({ source: "--y", path: ["map", "y"], value: yield* parseAxis("--y", flags.y.value) })
    }
    if (flags.seeds._tag === "Some") {
      overrides.push({ source: "--seeds", path: ["map", "seeds"], value: flags.seeds.value })
    }
    return yield* withOverrides(loaded, overrides)
  })

const finish = (
  loaded: LoadedScenario,
  map: OutcomeMap,
  results: JobResults<CellResult>,
  asJson: boolean,
  out: Option.Option<string>
) =>
  Effect.gen(function*() {
    const { failures, interrupted } = results
    const data = mapJson(loaded, map, results)
    yield* Console.log(asJson ? JSON.stringify(data) : renderMap(loaded, map, failures, interrupted, sheet()).trimEnd())
    yield* tellFailures(failures)
    if (out._tag === "Some") {
      yield* writeOut(out.value, [
        ["map.json", jsonFile(data)],
        ["map.csv", mapCsv(map)],
        ["map.svg", heatMap(loaded.scenario.name, map)],
        ["report.txt", renderMap(loaded, map, failures, interrupted)]
      ])
    }
    const code = cellsExitCode(map.cells.flatMap(({ runs }) => runs), failures, interrupted)
    if (code !== EXIT.ok) return yield* new ExitWith({ code })
  })

/** The sub-command; `worker` is the module that worker threads start with. */
export const map = (worker: URL) =>
  Command.make("map", options, (flags) =>
    Effect.gen(function*() {
      const given = yield* loadScenario(
        flags.file,
        yield* overridesOf({ ...flags, seed: Option.none(), seeds: Option.none() })
      )
      const loaded = yield* withMap(given, flags)
      const plan = yield* makePlan(loaded, {
        noTable: true,
        ...(flags.kernel.length > 0 ? { kernels: flags.kernel } : {})
      })
      const { jobs, map: mapPlan } = plan
      if (mapPlan === null) return
      yield* runCells(
        worker,
        flags,
        loaded,
        jobs,
        (results) =>
          finish(loaded, mapOf(mapPlan, jobs, (id) => results.results.get(id)), results, flags.json, flags.out)
      )
    })).pipe(Command.withDescription("Maps the outcome of a scenario over one or two of its parameters."))
