// Files that include others: `include: [common.yaml]` puts a file over those it names.
import { Effect, Either } from "effect"
import { Files, obstacle, readYaml } from "./files.ts"
import { merge } from "./merge.ts"
import { ConfigError, mismatch, type Path, type Problem } from "./problem.ts"
import { type Entry, type MappingNode, nodeAt, placeAt, quote, type Tree } from "./tree.ts"
import type { Expected } from "./yaml.ts"

/** Files that one may include, itself counted. */
const MAX_FILES = 64

/** How a file that may include others is read. */
export interface IncludeOptions {
  readonly expected: Expected
  readonly maxBytes: number
  /** Keys that the file has for itself, and that are not merged. */
  readonly own: ReadonlyArray<string>
}

const problemAt = (tree: Tree, path: Path, text: string): ConfigError =>
  new ConfigError({ problems: [{ place: placeAt(tree, path), path, text }] })

const includesOf = (tree: MappingNode): Either.Either<ReadonlyArray<string>, ConfigError> => {
  const include = nodeAt(tree, ["include"])
  if (include === undefined) return Either.right([])
  const names = include.kind === "list"
    ? include.items.map((item) => (item.kind === "scalar" ? item.value : null))
    : [null]
  return names.every((name) => typeof name === "string" && name !== "")
    ? Either.right(names as ReadonlyArray<string>)
    : Either.left(problemAt(tree, ["include"], mismatch(quote(include), "a list of files such as [common.yaml]")))
}

const without = (tree: MappingNode, keys: ReadonlyArray<string>): MappingNode => ({
  ...tree,
  entries: new Map<string, Entry>([...tree.entries].filter(([key]) => !keys.includes(key)))
})

const readMerged = (
  path: string,
  chain: ReadonlyArray<string>,
  budget: { files: number },
  options: IncludeOptions
): Effect.Effect<MappingNode, ConfigError, Files> =>
  Effect.gen(function*() {
    const files = yield* Files
    const tree = yield* readYaml(path, options.expected, options.maxBytes)
    const below: Array<MappingNode> = []
    const problems: Array<Problem> = []
    for (const [i, include] of (yield* includesOf(tree)).entries()) {
      const target = files.resolve(path, include)
      const refuse = (expected: string) => problemAt(tree, ["include", i], mismatch(JSON.stringify(include), expected))
      if (chain.includes(target)) {
        const cycle = [...chain.slice(chain.indexOf(target)), target].join(" -> ")
        return yield* refuse(`a file that does not include this one: ${cycle}`)
      }
      if (++budget.files > MAX_FILES) {
        return yield* problemAt(tree, ["include", i], `more than ${MAX_FILES} files are included`)
      }
      const found = yield* files.look(target)
      const inTheWay = obstacle(found, options.expected, options.maxBytes)
      if (inTheWay !== null) {
        problems.push(
          ...refuse(
            found.kind === "missing" ? `a file, but there is no ${target}` : `a file, but ${target} ${inTheWay}`
          )
            .problems
        )
        continue
      }
      const read = yield* Effect.either(readMerged(target, [...chain, target], budget, options))
      if (Either.isLeft(read)) problems.push(...read.left.problems)
      else below.push(read.right)
    }
    if (problems.length > 0) return yield* new ConfigError({ problems })
    const layers = [...below, without(tree, options.own)]
    return layers.reduce((under, over) => merge(under, over) as MappingNode)
  })

/** Reads a file and those it includes, lowest first, and merges them. The mistakes of all of them are found at once. */
export const readWithIncludes = (
  path: string,
  options: IncludeOptions
): Effect.Effect<MappingNode, ConfigError, Files> =>
  Effect.flatMap(Files, (files) => readMerged(path, [files.resolve(path, "")], { files: 1 }, options))
