// Single values from the command line, put over a configuration: `--set clients.0.ram=128MiB`.
import { Either } from "effect"
import { parsePath, setAt } from "./merge.ts"
import { ConfigError, mismatch, mistake, type Path, wholeOf } from "./problem.ts"
import { type MappingNode, type Tree, treeOf } from "./tree.ts"
import { parseValue } from "./yaml.ts"

/** A value and where to put it. */
export interface Override {
  /** As the user typed it, for messages. */
  readonly source: string
  readonly path: Path
  readonly value: Tree
}

/** A value that is known already, from a flag of its own: `--seed 7`. */
export const overrideOf = (source: string, path: Path, value: unknown): Override => ({
  source,
  path,
  value: treeOf(value, source)
})

/** Reads `path=value` of a flag. The value is YAML, so `[1, 2]` and `{}` work too. */
export const parseOverride = (flag: string, text: string): Either.Either<Override, ConfigError> => {
  const source = `${flag} ${text === "" ? "''" : text}`
  const equals = text.indexOf("=")
  const path = equals < 0 ? null : parsePath(text.slice(0, equals).trim())
  if (path === null) return Either.left(mistake(source, "expected path=value, such as clients.0.ram=128MiB"))
  const value = text.slice(equals + 1).trim()
  return parseValue(source, value).pipe(
    Either.map((tree) => ({ source, path, value: tree })),
    Either.mapLeft(() => {
      const words = mismatch(JSON.stringify(value), "a value as in a YAML file")
      return new ConfigError({ problems: [{ place: wholeOf(source), path, text: words }] })
    })
  )
}

/** Puts values over a configuration, in their order. */
export const applyOverrides = (
  tree: MappingNode,
  overrides: ReadonlyArray<Override>
): Either.Either<MappingNode, ConfigError> => {
  let root: Tree = tree
  for (const { path, source, value } of overrides) {
    const set = setAt(root, path, value)
    if (typeof set === "string") {
      return Either.left(new ConfigError({ problems: [{ place: wholeOf(source), path, text: set }] }))
    }
    root = set.tree
  }
  return Either.right(root as MappingNode)
}
