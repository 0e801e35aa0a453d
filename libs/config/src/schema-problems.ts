// Why a value does not fit a schema, in words for the author of the file: every mistake, with the value as it stood there.
import { ParseResult, SchemaAST as AST } from "effect"
import { didYouMean, nearest, orList } from "./nearest.ts"
import { mismatch, type Path, type Problem } from "./problem.ts"
import { type Remark, RemarkId } from "./quantity.ts"
import { keyPlaceAt, nodeAt, placeAt, quote, type Tree } from "./tree.ts"

const titleOf = (ast: AST.Annotated): string | undefined => {
  const title = ast.annotations[AST.TitleAnnotationId]
  return typeof title === "string" ? title : undefined
}

/** What a type has to say about a value that it refuses: ": MB is …", or nothing. */
const remarkOf = (ast: AST.Annotated, value: unknown): string => {
  const remark = ast.annotations[RemarkId] as Remark | undefined
  const text = remark?.(value) ?? null
  return text === null ? "" : `: ${text}`
}

const isNull = (ast: AST.AST): boolean => AST.isLiteral(ast) && ast.literal === null

/** Words for a type, its title if it has one. */
const describe = (ast: AST.AST): string => {
  const title = titleOf(ast)
  // "string" and "number" are titles of Effect's own
  if (title !== undefined && !AST.isStringKeyword(ast) && !AST.isNumberKeyword(ast)) return title
  switch (ast._tag) {
    case "TypeLiteral":
      return "a mapping"
    case "TupleType":
      return "a list"
    case "StringKeyword":
      return title === undefined || title === "string" ? "a text" : title
    case "NumberKeyword":
      return title === undefined || title === "number" ? "a number" : title
    case "BooleanKeyword":
      return "true or false"
    case "Literal":
      return String(ast.literal)
    case "Union":
      return orList(ast.types.filter((type) => !isNull(type)).map(describe))
    case "Transformation":
    case "Refinement":
      return describe(ast.from)
    case "Suspend":
      return describe(ast.f())
    default:
      return String(ast)
  }
}

/** So many words are read through; among more a name is pointed to. */
const READABLE = 8

/** ", did you mean down?" where a text is refused that is none of many names, and near to one. */
const nearWord = (ast: AST.AST, value: unknown): string => {
  if (!AST.isUnion(ast) || typeof value !== "string") return ""
  const names = ast.types.filter(AST.isLiteral).map(({ literal }) => String(literal))
  return names.length <= READABLE || names.length < ast.types.length ? "" : didYouMean(value, names)
}

/** The keys that a mapping at `ast` may have. */
const keysOf = (ast: AST.AST): ReadonlyArray<string> => {
  if (AST.isTransformation(ast) || AST.isRefinement(ast)) return keysOf(ast.from)
  if (!AST.isTypeLiteral(ast)) return []
  return ast.propertySignatures.map((signature) => String(signature.name))
}

/** What to say of a key that nobody reads. */
const unknownKey = (key: string, keys: ReadonlyArray<string>): string => {
  const near = nearest(key, keys)
  if (near !== null) return `unknown key, did you mean "${near}"?`
  return keys.length === 0 ? "unknown key" : `unknown key, expected one of ${keys.join(", ")}`
}

const toPath = (path: ParseResult.Path): Path =>
  (Array.isArray(path) ? path : [path]).map((part) => (typeof part === "number" ? part : String(part)))

const issuesOf = ({ issues }: ParseResult.Composite): ReadonlyArray<ParseResult.ParseIssue> =>
  (Array.isArray(issues) ? issues : [issues]) as ReadonlyArray<ParseResult.ParseIssue>

/** Whether a list of a fixed length has another one. */
const hasWrongLength = ({ ast, issues }: ParseResult.Composite): boolean =>
  AST.isTupleType(ast) && ast.rest.length === 0 &&
  (Array.isArray(issues) ? issues : [issues]).some((issue: ParseResult.ParseIssue) =>
    issue._tag === "Pointer" && (issue.issue._tag === "Missing" || issue.issue._tag === "Unexpected")
  )

/** Whether an issue is about something inside the value, so that its type is the one that was meant. */
const isInside = (issue: ParseResult.ParseIssue): boolean => {
  switch (issue._tag) {
    case "Pointer":
      return true
    case "Refinement":
    case "Transformation":
      return isInside(issue.issue)
    case "Composite":
      return issuesOf(issue).some(isInside)
    default:
      return false
  }
}

/** What the types of a union have to say about a value that all of them refuse. */
const remarkIn = (issue: ParseResult.ParseIssue): string => {
  switch (issue._tag) {
    case "Type":
      return remarkOf(issue.ast, issue.actual)
    case "Refinement":
    case "Transformation":
      return remarkIn(issue.issue)
    case "Composite":
      return issuesOf(issue).map(remarkIn).find((text) => text !== "") ?? ""
    default:
      return ""
  }
}

/** The mistakes behind a failed decode. `tree` is what was decoded: values are quoted and located there. */
export const problemsOf = (issue: ParseResult.ParseIssue, tree: Tree): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const wrong = (path: Path, expected: string): void => {
    problems.push({ place: placeAt(tree, path), path, text: mismatch(quote(nodeAt(tree, path)), expected) })
  }
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
        const text = unknownKey(String(path.at(-1)), parent === undefined ? [] : keysOf(parent))
        problems.push({ place: keyPlaceAt(tree, path), path, text })
        return
      }
      case "Missing": {
        const text = `missing, expected ${titleOf(node.ast) ?? describe(node.ast.type)}`
        problems.push({ place: placeAt(tree, path), path, text })
        return
      }
      case "Refinement":
      case "Transformation":
        return visit(node.issue, path, expected ?? titleOf(node.ast), node.ast)
      case "Composite": {
        const words = expected ?? titleOf(node.ast)
        const issues = issuesOf(node)
        if (hasWrongLength(node)) return wrong(path, words ?? describe(node.ast))
        if (!AST.isUnion(node.ast)) {
          for (const inner of issues) visit(inner, path, undefined, node.ast)
          return
        }
        const inside = issues.filter(isInside)
        // of several types the value has the shape of one
        if (inside.length === 1) return visit(inside[0], path, undefined, node.ast)
        return wrong(path, (words ?? describe(node.ast)) + remarkIn(node) + nearWord(node.ast, node.actual))
      }
      case "Type":
      case "Forbidden":
        return wrong(
          path,
          (node.message ?? expected ?? describe(node.ast)) + remarkOf(node.ast, node.actual) +
            nearWord(node.ast, node.actual)
        )
    }
  }
  visit(issue, [], undefined, undefined)
  return problems
}
