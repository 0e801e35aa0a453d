// From the text of a file to a tree. YAML 1.2 with merge keys (<<), and limits: nothing in a file makes the reader run out
// of stack, memory or time. All mistakes of a file are found at once, each with line and column.
import { Either } from "effect"
import { type Document, LineCounter, parseDocument } from "yaml"
import { nestingOf } from "./nesting.ts"
import { ConfigError, mismatch, type Place, type Problem, wholeOf } from "./problem.ts"
import { type MappingNode, quote, type Tree } from "./tree.ts"
import { MAX_DEPTH, TreeBuilder } from "./yaml-tree.ts"

/** What a file is expected to be, for messages. */
export interface Expected {
  /** In a few words: "a scenario". */
  readonly what: string
  /** What its top is: "a scenario: a mapping with name, kernels and clients". */
  readonly top: string
}

/** Words for what yaml complains about, where its own are of no help. */
const WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a second document starts here (---), expected one in a file"
}

/** What yaml has to say about a document: one complaint a line of the file, as the others follow from it. */
const complaints = (builder: TreeBuilder, document: Document.Parsed): ReadonlyArray<Problem> => {
  const seen = new Set<number>()
  return [...document.errors, ...document.warnings].flatMap(({ code, message, pos }) => {
    const place = builder.place(pos[0])
    const line = place.position?.line ?? 0
    if (seen.has(line)) return []
    seen.add(line)
    return [{ place, path: [], text: WORDS[code] ?? `not YAML: ${message.split("\n")[0]}` }]
  })
}

/** Parses YAML to a tree, or to null where the text holds no value. A flag has no lines. */
const parse = (
  source: string,
  text: string,
  flag: boolean
): Either.Either<Tree | null, ConfigError> => {
  const fail = (problems: ReadonlyArray<Problem>) => Either.left(new ConfigError({ problems }))
  // a byte order mark is no letter of the first line
  const clean = text.startsWith("\uFEFF") ? text.slice(1) : text
  if (nestingOf(clean) > 2 * MAX_DEPTH) {
    const text = `lists and mappings are nested more than ${MAX_DEPTH} deep`
    return fail([{ place: wholeOf(source), path: [], text }])
  }
  const lines = new LineCounter()
  // keys that come twice are found by the builder, which says where the first one is
  const options = { version: "1.2", prettyErrors: false, logLevel: "error", uniqueKeys: false } as const
  const document = parseDocument(clean, { ...options, lineCounter: lines })
  const builder = new TreeBuilder(source, flag ? null : lines)
  const wrong = complaints(builder, document)
  if (wrong.length > 0) return fail(wrong)
  if (document.contents === null) return Either.right(null)
  const { tree } = builder.node(document.contents, builder.place(0))
  return builder.problems.length > 0 ? fail(builder.problems) : Either.right(tree)
}

const isNothing = (tree: Tree): boolean => tree.kind === "scalar" && tree.value === null

/** Reads the text of a file, which must hold a mapping. `source` is the file's name, for messages. */
export const parseYaml = (
  source: string,
  text: string,
  { top, what }: Expected
): Either.Either<MappingNode, ConfigError> =>
  Either.flatMap(parse(source, text, false), (tree): Either.Either<MappingNode, ConfigError> => {
    const fail = (place: Place, text: string) => Either.left(new ConfigError({ problems: [{ place, path: [], text }] }))
    if (tree === null || isNothing(tree)) return fail(wholeOf(source), `is empty, expected ${what}`)
    return tree.kind === "mapping" ? Either.right(tree) : fail(tree.place, mismatch(quote(tree), top))
  })

/** Reads one value, as a flag has it: `[1, 2]`, `64 MiB`, `{}`. Nothing at all is null. */
export const parseValue = (source: string, text: string): Either.Either<Tree, ConfigError> =>
  Either.map(
    parse(source, text, true),
    (tree) => tree ?? { kind: "scalar", place: wholeOf(source), value: null, text: "nothing" }
  )
