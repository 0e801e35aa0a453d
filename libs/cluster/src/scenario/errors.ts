// A user's mistake in a scenario: which file, which path in it, what stood there, what was expected.
import { Data, ParseResult, SchemaAST as AST } from "effect"
import { nearest } from "./nearest.ts"

/** Keys and indices from the top of a scenario to a value. */
export type Path = ReadonlyArray<string | number>

/** One mistake. */
export interface Problem {
  /** File, or flag of the command line, that the value came from. */
  readonly source: string
  readonly path: Path
  /** The mistake in words, without file and path. */
  readonly text: string
}

/** Writes a path as users know it: `clients[0].ram`. */
export const formatPath = (path: Path): string =>
  path.map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`)).join("")

/** Writes a value as it would stand in a file, cut to a line. */
export const formatValue = (value: unknown): string => {
  if (value === undefined) return "nothing"
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** Says what was found and what was expected. */
export const mismatch = (value: unknown, expected: string): string => `got ${formatValue(value)}, expected ${expected}`

/** Writes a problem as one line: `scenarios/x.yaml: clients[0].ram: got "64 MB/s", expected a size such as 64 MiB`. */
export const formatProblem = (problem: Problem): string =>
  problem.path.length === 0
    ? `${problem.source}: ${problem.text}`
    : `${problem.source}: ${formatPath(problem.path)}: ${problem.text}`

/** A scenario that cannot be run. Its message has one line a mistake. */
export class ScenarioError extends Data.TaggedError("ScenarioError")<{
  readonly problems: ReadonlyArray<Problem>
}> {
  override get message(): string {
    return this.problems.map(formatProblem).join("\n")
  }
}

/** An error with a single problem. */
export const scenarioError = (source: string, path: Path, text: string): ScenarioError =>
  new ScenarioError({ problems: [{ source, path, text }] })

const titleOf = (ast: AST.Annotated): string | undefined => {
  const title = ast.annotations[AST.TitleAnnotationId]
  return typeof title === "string" ? title : undefined
}

/** Words for a type that carries no title of its own. */
const describe = (ast: AST.AST): string => {
  switch (ast._tag) {
    case "TypeLiteral":
      return "a mapping"
    case "TupleType":
      return "a list"
    case "StringKeyword":
      return "a text"
    case "NumberKeyword":
      return "a number"
    case "BooleanKeyword":
      return "true or false"
    case "Literal":
      return String(ast.literal)
    case "Union":
      return ast.types.map(describe).join(", ").replace(/, ([^,]*)$/, " or $1")
    case "Transformation":
    case "Refinement":
      return titleOf(ast) ?? describe(ast.from)
    default:
      return titleOf(ast) ?? String(ast)
  }
}

/** The keys that a mapping at `ast` may have. */
const keysOf = (ast: AST.AST): ReadonlyArray<string> => {
  if (AST.isTransformation(ast) || AST.isRefinement(ast)) return keysOf(ast.from)
  if (!AST.isTypeLiteral(ast)) return []
  return ast.propertySignatures.map((signature) => String(signature.name))
}

const unknownKey = (key: string, keys: ReadonlyArray<string>): string => {
  const near = nearest(key, keys)
  if (near !== null) return `unknown key, did you mean "${near}"?`
  return keys.length === 0 ? "unknown key" : `unknown key, expected one of ${keys.join(", ")}`
}

const toPath = (path: ParseResult.Path): Path =>
  (Array.isArray(path) ? path : [path]).map((part) => (typeof part === "number" ? part : String(part)))

/** What stands at a path; undefined where nothing does. */
export const valueAt = (root: unknown, path: Path): unknown => {
  let value = root
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}

/**
 * The mistakes behind a failed decode, in words for whoever wrote the file. `input` is what was decoded: values are
 * quoted from there, not from the middle of a transformation.
 */
export const problemsOf = (
  issue: ParseResult.ParseIssue,
  input: unknown
): ReadonlyArray<{ readonly path: Path; readonly text: string }> => {
  const problems: Array<{ readonly path: Path; readonly text: string }> = []
  const visit = (
    node: ParseResult.ParseIssue,
    path: Path,
    expected: string | undefined,
    parent: AST.AST | undefined
  ): void => {
    switch (node._tag) {
      case "Pointer":
        return visit(node.issue, [...path, ...toPath(node.path)], undefined, parent)
      case "Unexpected": {
        const keys = parent === undefined ? [] : keysOf(parent)
        problems.push({ path, text: unknownKey(String(path.at(-1)), keys) })
        return
      }
      case "Missing":
        problems.push({ path, text: `missing, expected ${titleOf(node.ast) ?? describe(node.ast.type)}` })
        return
      case "Refinement":
      case "Transformation":
        return visit(node.issue, path, expected ?? titleOf(node.ast), node.ast)
      case "Composite": {
        const words = expected ?? titleOf(node.ast)
        if (AST.isUnion(node.ast)) {
          problems.push({ path, text: mismatch(valueAt(input, path), words ?? describe(node.ast)) })
          return
        }
        const issues = (Array.isArray(node.issues) ? node.issues : [node.issues]) as ReadonlyArray<
          ParseResult.ParseIssue
        >
        for (const inner of issues) visit(inner, path, undefined, node.ast)
        return
      }
      case "Type":
      case "Forbidden": {
        const words = node.message ?? expected ?? ("ast" in node ? titleOf(node.ast) ?? describe(node.ast) : "")
        problems.push({ path, text: mismatch(valueAt(input, path), words) })
      }
    }
  }
  visit(issue, [], undefined, undefined)
  return problems
}
