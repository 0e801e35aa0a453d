// From a file to a scenario: read, include, merge, set, decode, check. Nothing is started before all of it has succeeded.
import {
  applyOverrides,
  ConfigError,
  decodeTree,
  type Expected,
  type Files,
  type Mapping,
  type MappingNode,
  type Override,
  plainOf,
  type Problem,
  readWithIncludes,
  type Tree,
  treeOf
} from "@swaplab/config"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import { Effect, Either } from "effect"
import { withMoved } from "./moved-keys.ts"
import { scenarioRules } from "./rules/rules.ts"
import { warningsOf } from "./rules/warnings.ts"
import { type Scenario, scenarioSchema } from "./scenario.ts"
import { withServer } from "./servers.ts"

/** Larger files are refused. A scenario of a thousand client groups has 200 kB. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024

const EXPECTED: Expected = { what: "a scenario", top: "a scenario: a mapping with name, kernels and clients" }

/** A scenario ready to be run. */
export interface LoadedScenario {
  /** The file it was loaded from. */
  readonly file: string
  /** As it stands in the files, merged and overridden, and not decoded; with the place of every value. */
  readonly tree: Tree
  /** The same as plain data. */
  readonly given: Mapping
  readonly scenario: Scenario
  /** What its clients can run. */
  readonly workloads: WorkloadTable
  /** What the user should know: settings without effect. */
  readonly warnings: ReadonlyArray<Problem>
}

const scenarioOf = (
  file: string,
  tree: Tree,
  workloads: WorkloadTable
): Either.Either<LoadedScenario, ConfigError> =>
  decodeTree(scenarioSchema(workloads), scenarioRules(workloads), tree).pipe(
    Either.map(withServer),
    Either.map((scenario) => ({
      file,
      tree,
      given: plainOf(tree) as Mapping,
      scenario,
      workloads,
      warnings: warningsOf(scenario, tree, workloads)
    })),
    Either.mapLeft(({ problems }) => new ConfigError({ problems: problems.map(withMoved) }))
  )

/**
 * Decodes and checks a scenario that is plain data.
 *
 * **When to use.** For scenarios made by a program. {@link loadScenario} reads files.
 *
 * **Details.** `given` is as a YAML file would have it, quantities as texts with units; the result has base units
 * (bytes, nanoseconds, bits per second). `file` is its name in results, and in messages without a `source`. `warnings`
 * name settings without effect.
 *
 * **Gotchas.** Mistakes are a Left with a ConfigError, all of one stage at once, and are not thrown. `include` is for
 * files only. Pass the same `workloads` to the run.
 */
export const decodeScenario = (
  file: string,
  given: Mapping,
  source: string = file,
  workloads: WorkloadTable = WORKLOADS
): Either.Either<LoadedScenario, ConfigError> => scenarioOf(file, treeOf(given, source), workloads)

/** Puts values over a loaded scenario: a field of a map, or another seed. */
export const withOverrides = (
  loaded: LoadedScenario,
  overrides: ReadonlyArray<Override>
): Either.Either<LoadedScenario, ConfigError> =>
  Either.flatMap(
    applyOverrides(loaded.tree as MappingNode, overrides),
    (tree) => scenarioOf(loaded.file, tree, loaded.workloads)
  )

/**
 * Loads a scenario from a file, with what it includes, and puts `overrides` over it.
 *
 * **When to use.** In front of every run of a file. {@link decodeScenario} takes plain data.
 *
 * **Details.** Files are read through the `Files` service, so that a browser can have its own. `--set` of the command
 * line is an override. The result is checked as a whole; quantities are in base units.
 *
 * **Gotchas.** Every mistake of the user ends in a ConfigError with path, line, value and what was expected; nothing
 * has been run by then. Files of more than 10 MiB are refused.
 */
export const loadScenario = (
  file: string,
  overrides: ReadonlyArray<Override> = [],
  workloads: WorkloadTable = WORKLOADS
): Effect.Effect<LoadedScenario, ConfigError, Files> =>
  readWithIncludes(file, { expected: EXPECTED, maxBytes: MAX_FILE_BYTES, own: ["$schema", "include"] }).pipe(
    Effect.flatMap((tree) => applyOverrides(tree, overrides)),
    Effect.flatMap((tree) => scenarioOf(file, tree, workloads))
  )
