// From a tree to a checked value: the schema first, then the rules over what it has decoded.
import { Either, Schema } from "effect"
import { ConfigError, type Finding, type Path, type Problem } from "./problem.ts"
import { problemsOf } from "./schema-problems.ts"
import { placeAt, plainOf, type Tree } from "./tree.ts"

/** What one field alone cannot tell: names that must refer to something, sizes that must fit together. */
export interface Rule<A> {
  /** What it asks for, in a few words. */
  readonly name: string
  /** Where it does not hold. */
  readonly broken: (value: A) => ReadonlyArray<Finding>
}

/** The mistakes that findings are about, in the order of the files. */
const locate = (tree: Tree, findings: ReadonlyArray<Finding>): ReadonlyArray<Problem> =>
  findings.map((finding) => ({ ...finding, place: placeAt(tree, finding.path) }))

/** Problems of one source by line and column; sources in the order of their first problem. */
const inOrder = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> => {
  const sources = [...new Set(problems.map(({ place }) => place.source))]
  return problems.toSorted((a, b) =>
    sources.indexOf(a.place.source) - sources.indexOf(b.place.source)
    || (a.place.position?.line ?? 0) - (b.place.position?.line ?? 0)
    || (a.place.position?.column ?? 0) - (b.place.position?.column ?? 0)
  )
}

/** An error about the values at some paths. */
export const mistakeAt = (tree: Tree, ...findings: ReadonlyArray<Finding>): ConfigError =>
  new ConfigError({ problems: inOrder(locate(tree, findings)) })

/** Decodes a tree and holds it against rules. Every mistake is in the error; rules are asked once the schema is content. */
export const decodeTree = <A, I>(
  schema: Schema.Schema<A, I>,
  rules: ReadonlyArray<Rule<A>>,
  tree: Tree
): Either.Either<A, ConfigError> => {
  const options = { errors: "all", onExcessProperty: "error" } as const
  const decoded = Schema.decodeUnknownEither(schema, options)(plainOf(tree))
  if (Either.isLeft(decoded)) {
    return Either.left(new ConfigError({ problems: inOrder(problemsOf(decoded.left.issue, tree)) }))
  }
  const problems = locate(tree, rules.flatMap(({ broken }) => broken(decoded.right)))
  return problems.length > 0
    ? Either.left(new ConfigError({ problems: inOrder(problems) }))
    : Either.right(decoded.right)
}

/** A rule about one value: where it is, what is asked of it, and the words when it does not hold. */
export interface RuleRow<A> {
  readonly name: string
  /** From the value that the rule is about. */
  readonly path: Path
  readonly holds: (value: A) => boolean
  readonly words: (value: A) => string
}

/** Rows as rules. */
export const rulesOf = <A>(rows: ReadonlyArray<RuleRow<A>>): ReadonlyArray<Rule<A>> =>
  rows.map(({ holds, name, path, words }) => ({
    name,
    broken: (value) => (holds(value) ? [] : [{ path, text: words(value) }])
  }))

/** Rules about parts of a value, such as each client group of a scenario. */
export const forEach = <A, B>(
  parts: (value: A) => ReadonlyArray<readonly [path: Path, part: B]>,
  rules: ReadonlyArray<Rule<B>>
): ReadonlyArray<Rule<A>> =>
  rules.map(({ broken, name }) => ({
    name,
    broken: (value) =>
      parts(value).flatMap(([at, part]) => broken(part).map(({ path, text }) => ({ path: [...at, ...path], text })))
  }))
