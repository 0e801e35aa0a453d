// A configuration as it was written: values with the place that each came from. What a schema decodes is the plain value
// of such a tree; what it complains about is looked up in the tree again. Trees are immutable and share parts: an alias
// in YAML is the same node twice.
import { type Path, type Place, wholeOf } from "./problem.ts"

/** A text, number, boolean or null. */
interface ScalarNode {
  readonly kind: "scalar"
  readonly place: Place
  readonly value: unknown
  /** As it stood in the file: `.nan`, `1e400`, `"a"`. */
  readonly text: string
}

/** A list. */
export interface ListNode {
  readonly kind: "list"
  readonly place: Place
  readonly items: ReadonlyArray<Tree>
}

/** A mapping; its keys are texts. */
export interface MappingNode {
  readonly kind: "mapping"
  readonly place: Place
  readonly entries: ReadonlyMap<string, Entry>
}

/** A key of a mapping, with its value. */
export interface Entry {
  /** Where the key stands. */
  readonly key: Place
  readonly value: Tree
}

/** A value with its places. */
export type Tree = ScalarNode | ListNode | MappingNode

/** A mapping as plain data. */
export type Mapping = { readonly [key: string]: unknown }

/** A mapping, and no list. */
export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A mapping without keys. */
export const emptyMapping = (place: Place): MappingNode => ({ kind: "mapping", place, entries: new Map() })

const numberText = (value: number): string =>
  Number.isNaN(value) ? ".nan" : Number.isFinite(value) ? String(value) : value > 0 ? ".inf" : "-.inf"

const scalarText = (value: unknown): string =>
  typeof value === "number" ? numberText(value) : JSON.stringify(value) ?? "nothing"

/** Plain data as a tree; all of it comes from one place, such as a flag. */
export const treeOf = (value: unknown, source: string): Tree => {
  const place = wholeOf(source)
  const visit = (inner: unknown): Tree => {
    if (Array.isArray(inner)) return { kind: "list", place, items: inner.map(visit) }
    if (!isMapping(inner)) return { kind: "scalar", place, value: inner, text: scalarText(inner) }
    const entries = Object.entries(inner).filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, { key: place, value: visit(item) }] as const)
    return { kind: "mapping", place, entries: new Map(entries) }
  }
  return visit(value)
}

/** The plain value of a tree, as a schema takes it. */
export const plainOf = (tree: Tree): unknown => {
  switch (tree.kind) {
    case "scalar":
      return tree.value
    case "list":
      return tree.items.map(plainOf)
    case "mapping":
      // fromEntries and not assignment: a key called __proto__ stays a key
      return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, plainOf(value)]))
  }
}

const stepInto = (tree: Tree, part: string | number): Tree | undefined =>
  tree.kind === "mapping"
    ? tree.entries.get(String(part))?.value
    : tree.kind === "list"
    ? tree.items[Number(part)]
    : undefined

/** What stands at a path; undefined where nothing does. */
export const nodeAt = (root: Tree, path: Path): Tree | undefined =>
  path.reduce<Tree | undefined>((tree, part) => (tree === undefined ? undefined : stepInto(tree, part)), root)

/** Where the value at a path was written; of one that is not there, where the mapping or list that lacks it was. */
export const placeAt = (root: Tree, path: Path): Place => {
  let tree = root
  for (const part of path) {
    const inner = stepInto(tree, part)
    if (inner === undefined) return tree.place
    tree = inner
  }
  return tree.place
}

/** Where the last key of a path was written. */
export const keyPlaceAt = (root: Tree, path: Path): Place => {
  const parent = nodeAt(root, path.slice(0, -1))
  const entry = parent?.kind === "mapping" ? parent.entries.get(String(path.at(-1))) : undefined
  return entry?.key ?? placeAt(root, path)
}

/** Letters of a quoted value that are shown. */
const MAX_QUOTED = 80

/** Writes a value as it stood there, cut to a line. */
export const quote = (tree: Tree | undefined): string => {
  if (tree === undefined) return "nothing"
  let text = ""
  const visit = (inner: Tree): void => {
    // a value of ten megabytes is not put together to be cut
    if (text.length > MAX_QUOTED) return
    if (inner.kind === "scalar") text += inner.text
    else if (inner.kind === "list") {
      text += "["
      inner.items.some((item, i) => {
        if (i > 0) text += ","
        visit(item)
        return text.length > MAX_QUOTED
      })
      text += "]"
    } else {
      text += "{"
      let first = true
      for (const [key, { value }] of inner.entries) {
        text += `${first ? "" : ","}${JSON.stringify(key)}:`
        first = false
        visit(value)
        if (text.length > MAX_QUOTED) break
      }
      text += "}"
    }
  }
  visit(tree)
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED - 3)}...` : text
}

/** Writes plain data as {@link quote} writes a tree. */
export const quoteValue = (value: unknown): string => value === undefined ? "nothing" : quote(treeOf(value, ""))
