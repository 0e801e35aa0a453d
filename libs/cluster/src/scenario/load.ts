// From a file to a scenario: read, include, merge, set, decode, check. Reads through `ScenarioFiles`, so that it works on
// any kind of storage. Nothing is started before all of it has succeeded.
import { Context, Effect, Either, Schema } from "effect"
import { LineCounter, parseDocument } from "yaml"
import { checkScenario, warningsOf } from "./checks.ts"
import { mismatch, type Path, type Problem, problemsOf, ScenarioError, scenarioError, valueAt } from "./errors.ts"
import { movedKeys } from "./moved-keys.ts"
import { Scenario } from "./scenario.ts"
import { isMapping, type Mapping, merge, parsePath, setPath } from "./tree.ts"

/** Larger files are refused unread. A scenario of a thousand client groups has 200 kB. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024
/** Files that one scenario may include, itself counted. */
export const MAX_FILES = 64
/** Mistakes that are shown at once. */
const MAX_PROBLEMS = 20

/** How files and values of the command line are read. */
const YAML = { version: "1.2", prettyErrors: false, logLevel: "silent" } as const
/** Aliases that may be expanded. */
const MAX_ALIASES = 1000

/** What lies under a path. */
export type FileKind =
  | { readonly kind: "file"; readonly bytes: number }
  | { readonly kind: "directory" | "other" | "missing" }
  | { readonly kind: "unreadable"; readonly reason: string }

/** The files that scenarios are read from. */
export class ScenarioFiles extends Context.Tag("@swaplab/cluster/ScenarioFiles")<ScenarioFiles, {
  /** Never fails: what is not there is missing. */
  readonly look: (path: string) => Effect.Effect<FileKind>
  /** Content of a file; fails with the reason. */
  readonly read: (path: string) => Effect.Effect<string, string>
  /** Path of `relative` as seen from the file `from`, in a form that is equal for equal files. */
  readonly resolve: (from: string, relative: string) => string
}>() {}

/** A value from the command line, `clients.0.ram=128MiB`. */
export interface Override {
  /** As the user typed it, for messages. */
  readonly source: string
  readonly path: Path
  readonly value: unknown
}

/** A scenario ready to be run. */
export interface LoadedScenario {
  /** The file it was loaded from. */
  readonly file: string
  /** As it stands in the files, merged and overridden, and not decoded. */
  readonly given: Mapping
  readonly scenario: Scenario
  /** What the user should know: settings without effect. */
  readonly warnings: ReadonlyArray<string>
}

/** One piece of a scenario and where it came from, lowest first. */
interface Layer {
  readonly source: string
  readonly data: Mapping
}

/** Reads `path=value` of a command line. The value is YAML, so `[1, 2]` and `{}` work too. */
export const parseOverride = (text: string): Either.Either<Override, ScenarioError> => {
  const source = `--set ${text}`
  const equals = text.indexOf("=")
  const path = equals < 0 ? null : parsePath(text.slice(0, equals).trim())
  if (path === null) {
    return Either.left(scenarioError(source, [], "expected path=value, such as clients.0.ram=128MiB"))
  }
  const value = text.slice(equals + 1).trim()
  const noValue = () => scenarioError(source, path, mismatch(value, "a value as in a YAML file"))
  const document = parseDocument(value, YAML)
  if (document.errors.length > 0) return Either.left(noValue())
  return Either.try({
    try: () => ({ source, path, value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown }),
    catch: noValue
  })
}

const readText = (path: string): Effect.Effect<string, ScenarioError, ScenarioFiles> =>
  Effect.gen(function*() {
    const files = yield* ScenarioFiles
    const found = yield* files.look(path)
    const fail = (text: string) => Effect.fail(scenarioError(path, [], text))
    switch (found.kind) {
      case "missing":
        return yield* fail("no such file, expected a scenario")
      case "directory":
        return yield* fail("is a directory, expected a scenario file")
      case "other":
        return yield* fail("is no regular file, expected a scenario")
      case "unreadable":
        return yield* fail(`cannot be read: ${found.reason}`)
      case "file":
        if (found.bytes > MAX_FILE_BYTES) {
          return yield* fail(`has ${found.bytes} bytes, expected a scenario of at most ${MAX_FILE_BYTES} (10 MiB)`)
        }
    }
    return yield* files.read(path).pipe(
      Effect.mapError((reason) => scenarioError(path, [], `cannot be read: ${reason}`))
    )
  })

/** Parses YAML 1.2 to a mapping. */
const parseYaml = (source: string, text: string): Either.Either<Mapping, ScenarioError> => {
  const lines = new LineCounter()
  const document = parseDocument(text, { ...YAML, lineCounter: lines })
  if (document.errors.length > 0) {
    const { message, pos } = document.errors[0]
    const { line, col } = lines.linePos(pos[0])
    const words = message.split("\n")[0]
    return Either.left(scenarioError(source, [], `line ${line}, column ${col}: not YAML: ${words}`))
  }
  try {
    const data: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    if (data === null || data === undefined) {
      return Either.left(scenarioError(source, [], "is empty, expected a scenario"))
    }
    return isMapping(data)
      ? Either.right(data)
      : Either.left(scenarioError(source, [], mismatch(data, "a scenario: a mapping with name, kernels and clients")))
  } catch (error) {
    // yaml throws on aliases that expand without end
    return Either.left(scenarioError(source, [], `not YAML: ${error instanceof Error ? error.message : String(error)}`))
  }
}

const includesOf = (source: string, data: Mapping): Either.Either<ReadonlyArray<string>, ScenarioError> => {
  const { include } = data
  if (include === undefined) return Either.right([])
  if (!Array.isArray(include) || !include.every((item) => typeof item === "string" && item !== "")) {
    return Either.left(scenarioError(source, ["include"], mismatch(include, "a list of files such as [common.yaml]")))
  }
  return Either.right(include)
}

/** The layers of a file: those of its includes in order, then its own. */
const readLayers = (
  path: string,
  chain: ReadonlyArray<string>,
  budget: { files: number }
): Effect.Effect<ReadonlyArray<Layer>, ScenarioError, ScenarioFiles> =>
  Effect.gen(function*() {
    const files = yield* ScenarioFiles
    const data = yield* parseYaml(path, yield* readText(path))
    const layers: Array<Layer> = []
    for (const [i, include] of (yield* includesOf(path, data)).entries()) {
      const target = files.resolve(path, include)
      const at = ["include", i]
      if (chain.includes(target)) {
        const cycle = [...chain.slice(chain.indexOf(target)), target].join(" -> ")
        return yield* scenarioError(path, at, mismatch(include, `a file that does not include this one: ${cycle}`))
      }
      if (++budget.files > MAX_FILES) return yield* scenarioError(path, at, `more than ${MAX_FILES} files are included`)
      const found = yield* files.look(target)
      if (found.kind === "missing") {
        return yield* scenarioError(path, at, mismatch(include, `a file, but there is no ${target}`))
      }
      layers.push(...(yield* readLayers(target, [...chain, target], budget)))
    }
    const { $schema: _schema, include: _include, ...own } = data
    return [...layers, { source: path, data: own }]
  })

const startsWith = (path: Path, start: Path): boolean => start.every((part, i) => String(path[i]) === String(part))

/** Where a value came from: the flag that set it, else the topmost file that has something at its path. */
const sourceOf = (path: Path, layers: ReadonlyArray<Layer>, overrides: ReadonlyArray<Override>): string => {
  const override = overrides.findLast((item) => startsWith(path, item.path) || startsWith(item.path, path))
  if (override !== undefined) return override.source
  const top = layers[layers.length - 1]
  // groups are merged by name, so an index is good for the topmost file only where it has the whole list
  const layer = layers.findLast(({ data }) => valueAt(data, path) !== undefined)
  return (layer ?? top).source
}

const decode = Schema.decodeUnknownEither(Scenario, { errors: "all", onExcessProperty: "error" })

/** Decodes and checks scenario data. `sourceAt` names the origin of the value at a path, for messages. */
export const decodeScenario = (
  file: string,
  given: Mapping,
  sourceAt: (path: Path) => string
): Either.Either<LoadedScenario, ScenarioError> => {
  const fail = (found: ReadonlyArray<{ readonly path: Path; readonly text: string }>) => {
    const problems: ReadonlyArray<Problem> = found.slice(0, MAX_PROBLEMS).map(({ path, text }) => ({
      source: sourceAt(path),
      path,
      text
    }))
    return Either.left(new ScenarioError({ problems }))
  }
  const moved = movedKeys(given)
  if (moved.length > 0) return fail(moved)
  const decoded = decode(given)
  if (Either.isLeft(decoded)) return fail(problemsOf(decoded.left.issue, given))
  const scenario = decoded.right
  const found = checkScenario(scenario)
  if (found.length > 0) return fail(found)
  return Either.right({ file, given, scenario, warnings: warningsOf(scenario, (path) => valueAt(given, path)) })
}

/** Puts values over a loaded scenario: a field of a map, or another seed. */
export const withOverrides = (
  loaded: LoadedScenario,
  overrides: ReadonlyArray<Override>
): Either.Either<LoadedScenario, ScenarioError> =>
  Either.gen(function*() {
    const given = yield* applyOverrides(loaded.given, overrides)
    return yield* decodeScenario(loaded.file, given, (path) =>
      sourceOf(path, [{ source: loaded.file, data: loaded.given }], overrides))
  })

const applyOverrides = (
  given: Mapping,
  overrides: ReadonlyArray<Override>
): Either.Either<Mapping, ScenarioError> => {
  let data: unknown = given
  for (const override of overrides) {
    const set = setPath(data, override.path, override.value)
    if (typeof set === "string") return Either.left(scenarioError(override.source, override.path, set))
    data = set.value
  }
  return Either.right(data as Mapping)
}

/** Loads a scenario. Every mistake of the user ends in a {@link ScenarioError}. */
export const loadScenario = (
  file: string,
  overrides: ReadonlyArray<Override> = []
): Effect.Effect<LoadedScenario, ScenarioError, ScenarioFiles> =>
  Effect.gen(function*() {
    const files = yield* ScenarioFiles
    const layers = yield* readLayers(file, [files.resolve(file, "")], { files: 1 })
    const merged = layers.reduce<unknown>((below, layer) => merge(below, layer.data), {}) as Mapping
    const given = yield* applyOverrides(merged, overrides)
    return yield* decodeScenario(file, given, (path) => sourceOf(path, layers, overrides))
  })
